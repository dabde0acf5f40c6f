#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# limit, exempt and limits --propose: what is ordered on the command line holds in the
# decision, and what they print can be read again.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/log.sh"
need_command python3
cd "$builddir" || exit 99

mta_fake
log_fill || exit 99

# explained KEY LIMIT MEMBER - of outgate explain.
explained() {
    og explain --json "$1" | python3 -c '
import json, sys
for limit in json.loads(sys.stdin.readline())["limits"]:
    if limit["limit"] == sys.argv[1]:
        print(limit[sys.argv[2]])' "$2" "$3"
}

# send ROW - one more message through the gate's own code; its action.
send() {
    echo "$1" | tests/unit/fill_log "$gate_conf" && og log --json -n 1 | field action
}

# --- limit
is "$(og limit list)" 'no limit is overridden for anybody' 'none at first'
out=$(og limit set login sasl_user:BOB '50 recipients per 1h, burst 40' --for 7d \
    --reason 'the yearly letter')
is $? 0 'limit set ends with 0'
like "$out" 'limit login for sasl_user:bob: 50 recipients per 1h, burst 40, until' 'it says what holds'
is "$(og limit list --json | field sentence)" '50 recipients per 1h, burst 40' 'it is listed'
is "$(og limit list --json | field reason)" 'the yearly letter' 'with its reason'
like "$(og limit list)" 'sasl_user:bob' 'for people, too'
is "$(explained bob login amount)" 50 'explain has the amount'
is "$(explained bob login is_overridden)" True 'and says that it is overridden'
like "$(og explain bob)" '\(overridden\)' 'in words, too'
is "$(explained carol login amount)" 10 'nobody else is concerned'
like "$(og limits)" 'sasl_user:bob, .* of 50 recipients per 1h, burst 40' 'limits tells it apart'
like "$(sqlite3 -readonly "$gate_db" "select amount || '|' || sentence from limits_now
    where limit_name = 'login' and key = 'sasl_user:bob'")" '^50[|]50 recipients per 1h.*overridden' \
    'and the view'
is "$(send '1|bob|198.51.100.7|bob@here.example|20|AAAAAB01|<b1@here.example>|more')" accept \
    'the next message has the room'
is "$(send '1|bob|198.51.100.7|bob@here.example|30|AAAAAB02|<b2@here.example>|too many')" hold \
    'and no more than that'
like "$(og log --json -n 1 | field reason)" '/50 recipients for sasl_user:bob' 'what spoke'
og limit remove login sasl_user:bob >/dev/null
is $? 0 'limit remove ends with 0'
is "$(explained bob login amount)" 10 'and it is as before'
og limit remove login sasl_user:bob >/dev/null 2>&1
is $? 1 'removed twice'
og limit set nothing sasl_user:bob '5 recipients per 1h' >/dev/null 2>&1
is $? 1 'no such limit'
like "$(og limit set login sasl_user:bob '5 messages per 1h' 2>&1)" \
    'it counts recipients, not messages' 'the unit is its own'
og limit set login sasl_user:bob '5 messages per 1h' >/dev/null 2>&1
is $? 2 'which ends with 2'
og limit set message sasl_user:bob '5 recipients per 1h' >/dev/null 2>&1
is $? 2 'a limit per message has no key'
og limit set login sasl_user:bob '5 recipients per 1h' --until yesterday >/dev/null 2>&1
is $? 2 'a time that is over'
og limit grow >/dev/null 2>&1
is $? 2 'an unknown verb'

# --- exempt
is "$(og exempt list)" 'nobody is exempt' 'none at first'
og exempt add client_ip:198.51.100.0/28 --limit login --for 30d >/dev/null
is $? 0 'exempt add ends with 0'
is "$(og exempt list --json | field limit)" login 'of one limit'
is "$(send '1|bob|198.51.100.7|bob@here.example|10|AAAAAB03|<b3@here.example>|free')" accept \
    'the limit does not concern it'
is "$(send '1|bob|198.51.100.77|bob@here.example|10|AAAAAB04|<b4@here.example>|not')" hold \
    'another network is concerned'
is "$(sqlite3 -readonly "$gate_db" "select group_concat(limit_name, ' ') from (select limit_name
    from charge where message = (select id from message where queue_id = 'AAAAAB03')
    order by 1)")" login-day 'nor counts it'
og exempt add from_domain:HERE.example --reason 'our own' >/dev/null
is "$(send '1|bob|198.51.100.77|bob@here.example|60|AAAAAB05|<b5@here.example>|all')" accept \
    'of every limit, that of a message too'
like "$(og exempt list)" 'from_domain:here.example +every limit and the brake' 'as people see it'
og exempt remove from_domain:here.example >/dev/null
is $? 0 'exempt remove ends with 0'
og exempt remove client_ip:198.51.100.0/28 >/dev/null 2>&1
is $? 1 'not of all: that one is of login'
og exempt add bob >/dev/null 2>&1
is $? 2 'a key has its kind'
og exempt add client_ip:198.51.100.1/28 >/dev/null 2>&1
is $? 2 'a network has host bits of 0'
og exempt add sasl_user:bob --limit nothing >/dev/null 2>&1
is $? 1 'of a limit that is none'

# --- propose
og limits --propose >"$scratch/proposed"
is $? 0 'limits --propose ends with 0'
like "$(cat "$scratch/proposed")" '^sender-hour = [0-9]+ recipients per 1h per sender, then hold' \
    'a sentence'
unlike "$(cat "$scratch/proposed")" 'x1b' 'not from mail held for its score'
cp "$gate_conf" "$scratch/pasted.conf"
{ echo '[limits]'; cat "$scratch/proposed"; } >>"$scratch/pasted.conf"
ok 'it can be pasted into [limits]' outgate lint --config "$scratch/pasted.conf" \
    --rules "$srcdir/rules"
is "$(og limits --propose --json | field limit | head -n 2 | tr '\n' ' ')" \
    'sender-hour sender-day ' 'as JSON'
is "$(og limits --propose --json | field worst | head -n 1)" 151 \
    'the busiest hour of mail that was let go'
tap_end
