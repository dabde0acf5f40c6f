#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# replay: the same config over a log of any sort changes nothing; others change what
# they should.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/log.sh"
need_root
need_command python3
cd "$builddir" || exit 99
mta_fake
limits='login = 15 recipients per 1h per sender, burst 12, then hold
login-day = 150 recipients per 1d per sender, then hold
message = 50 recipients per message, then reject
pair = 12 recipients per 1h per sender+recipient_domain, then slow
mails = 3 messages per 50m per client_ip, then defer
flood = 30 messages per 8h per sender, then block for 3h
egress = 30 points per 2h per egress, then hold for review
size = 450 bytes per 2h per sender, then defer
fresh = 15 new_recipients per 1d per sender, then hold
bounces = 2 bounces per 1d per sender, then reject'
config() {
    gate_config "[mta]
kind = postfix
commands = $mta_bin
[store]
keep = full
[limits]
$1"
    cat >>"$gate/rules/test.cf" <<'RULES'
body   TEST_WELL /all is well/
score  TEST_WELL 0.4
fact   TEST_MANY recipients >= 5
score  TEST_MANY 0.7
meta   TEST_BOTH TEST_WELL && TEST_MANY
score  TEST_BOTH 0.2
RULES
}
config "$limits"

# random FROM TO COUNT SEED - messages from so many minutes ago to so many.
random() {
    python3 - "$@" <<'PYTHON'
import random, sys
first, last, count, seed = map(int, sys.argv[1:])
random.seed(seed)
for n in range(count):
    ago = first - (first - last) * n // count
    who = random.choice(["bob", "bob", "bob", "carol", "dave", "erin", ""])
    rcpts = random.choice([1, 1, 1, 2, 3, 5, 8, 14, 60])
    word = random.choice(["hello"] * 12 + ["score-slow", "score-hold", "score-reject"])
    print(f"{ago}|{who}|198.51.100.{len(who)}|{who or 'x'}@here.example|{rcpts}|"
          f"AAAA{seed:02d}{n:04d}|<{seed}.{n}@here.example>|{word} {n % 7}")
PYTHON
}
random 4000 200 400 1 >"$scratch/list"
tests/unit/fill_log "$gate_conf" <"$scratch/list" || exit 99
replay() {
    og replay "$@"
}
summary() {
    replay --json "$@" | tail -n 1
}
unchanged() {
    is "$(summary "$@" | field changed) $(summary "$@" | field other_due)" '0 0' \
        "$unchanged" || replay "$@" | head -n 60 | sed 's/^/# /'
}
actions=$(sqlite3 -readonly "$gate_db" 'select action from message group by action' |
    tr '\n' ' ')
is "$actions" 'accept defer hold reject slow ' 'a log with every answer'
is "$(sqlite3 -readonly "$gate_db" "select count(distinct limit_name) >= 6 from message")" 1 \
    'by many limits'
is "$(summary | field messages)" 400 'all messages are looked at'
unchanged='the same config changes nothing'
unchanged
unchanged='nor do the same rules'
unchanged --rejudge
is "$(summary --rejudge | field judged_whole)" 400 'all of them judged whole'
is "$(summary --rejudge | field rescored)" 0 'to the same score'

# A person releases and drops, brakes, blocks, sets and exempts; then mail goes on.
sqlite3 -readonly -separator ' ' "$gate_db" "select queue_id, (cast(strftime('%s') as
    integer) - at_us / 1000000) / 60, mail_from from message where action = 'hold' and
    queue_id <> ''" >"$scratch/held"
while read -r id ago from; do
    mta_put hold "$id" "$ago" "$from"
done <"$scratch/held"
held=$(sqlite3 -readonly "$gate_db" "select group_concat(message, ' ') from
    (select message from held_message order by message desc limit 24)")
set -- $held
for id in "$@"; do
    case $((id % 3)) in
    0) og release "$id" >/dev/null 2>&1 ;;
    1) og drop --yes "$id" >/dev/null 2>&1 ;;
    esac
done
is "$(sqlite3 -readonly "$gate_db" "select count(distinct state) from held_message")" 3 \
    'some were released, some dropped'
random 0 0 40 2 >"$scratch/list"
tests/unit/fill_log "$gate_conf" <"$scratch/list"
unchanged='what was released and dropped is played, too'
unchanged
# Bounces fill the limit of bounces for dave, whose mail is then refused.
for n in 1 2 3; do
    cat >"$scratch/bounce.eml" <<EOF
Return-Path: <>
From: MAILER-DAEMON@there.example
To: dave@here.example
Subject: Undelivered $n
Message-ID: <bounce.$n@there.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.there.example

Final-Recipient: rfc822; friend@there.example
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

Message-ID: <$(sqlite3 -readonly "$gate_db" "select message_id from message where sender =
    'sasl_user:dave' and action = 'accept' order by id desc limit 1 offset $n")>

--b--
EOF
    og feedback "$scratch/bounce.eml" >/dev/null
done
random 0 0 30 6 >"$scratch/list"
tests/unit/fill_log "$gate_conf" <"$scratch/list"
is "$(sqlite3 -readonly "$gate_db" "select count(*) > 1 from message where limit_name =
    'bounces'")" 1 'bounces have refused mail'
unchanged='and bounces'
unchanged
ok 'without their limit some of it would not be' test "$(summary --without bounces |
    field changed)" -gt 0
og brake on --reason test >/dev/null
og block sasl_user:erin --for 1h >/dev/null 2>&1
random 0 0 20 3 >"$scratch/list"
tests/unit/fill_log "$gate_conf" <"$scratch/list"
og brake off >/dev/null 2>&1
og limit set login sasl_user:bob '500 recipients per 1h' >/dev/null
og exempt add sasl_user:carol >/dev/null
random 0 0 60 4 >"$scratch/list"
tests/unit/fill_log "$gate_conf" <"$scratch/list"
og unblock sasl_user:erin >/dev/null
is "$(sqlite3 -readonly "$gate_db" "select count(*) > 3 from message where reason like
    'the brake is on%'")$(sqlite3 -readonly "$gate_db" "select count(*) > 3 from message
    where reason like 'blocked: %'")" 11 'the brake and a block were in force'
unchanged='orders stand as they were given'
unchanged
total=$(sqlite3 -readonly "$gate_db" 'select count(*) from message')
like "$(replay)" "^0 of $total messages would change \(0.00 %\)\.$" 'for people'

# A time in the log: what was before it is played, not compared.
day=$(date -u -d '-1 day' '+%Y-%m-%d %H:%MZ')
some=$(summary --since "$day" | field messages)
ok "some of the log ($some)" test "$some" -gt 100 -a "$some" -lt "$total"
unchanged='and the same of a part of it'
unchanged --since "$day"
is "$(summary --until "$day" | field messages)" $((total - some)) 'the rest of it'

# Other limits, counted by hand.
by_hand() {
    sqlite3 -readonly "$gate_db" "$1"
}
large=$(by_hand "select count(*) from message where recipients > 7 and action in ('accept',
    'slow') and not (sender = 'sasl_user:carol' and id > 460)")
replay --json --limit 'message = 7 recipients per message, then reject' >"$scratch/json"
ok "a smaller message limit refuses those that passed ($large)" \
    test "$(grep -c '"now": "reject".*' "$scratch/json")" -ge "$large"
is "$(grep '"was": "accept"' "$scratch/json" | grep '"now": "reject"' |
    field recipients | sort -n | head -n 1)" 8 'and no smaller one'
like "$(tail -n 1 "$scratch/json")" '"changed": [1-9]' 'they are summed up'
replay --json --without message >"$scratch/json"
is "$(grep -c '"limit_now": "message"' "$scratch/json")" 0 'without a limit it is silent'
ok 'and what it refused is decided by others' \
    grep -q '"was": "reject", "now": "[ahds].*"limit_was": "message"' "$scratch/json"
out=$(replay --limit 'message = 7 recipients per message, then reject' --show 3)
like "$out" '^accept +reject +[0-9]+$' 'a table of answers'
like "$out" '^message +[0-9]+ +0$' 'of limits'
like "$out" '^sasl_user:bob +[0-9]+ +[0-9]+ +[0-9]+$' 'of senders'
like "$out" '^Worst hour: [0-9]+ of them until ' 'the worst hour'
is "$(echo "$out" | sed '1,/^Messages/d' | grep -c '^ *[0-9][0-9]*  20')" 3 'and messages'

# Another policy and other rules.
cp "$gate_conf" "$scratch/other.conf"
mkdir "$scratch/conf.d"
cp "$gate/conf.d/test.conf" "$scratch/conf.d/"
printf '[policy]\nslow_at = 0.3\nhold_at = 5\n' >"$scratch/conf.d/z.conf"
outgate replay --config "$scratch/other.conf" --db "$gate_db" --json >"$scratch/json"
is "$(grep '"was"' "$scratch/json" | field now | sort -u | tr '\n' ' ')" 'slow ' \
    'a lower threshold slows what passed'
is "$(tail -n 1 "$scratch/json" | field changed)" \
    "$(by_hand "select count(*) from message where action = 'accept' and score >= 0.3")" \
    'all of it'
cp -r "$gate/rules" "$scratch/rules"
printf 'body TEST_WELL /all is well/\nscore TEST_WELL 30\n' >"$scratch/rules/z.cf"
replay --json --rules "$scratch/rules" >"$scratch/json"
is "$(tail -n 1 "$scratch/json" | field rescored)" "$total" 'other rules: other scores'
is "$(grep '"was": "accept"' "$scratch/json" | field now | sort -u)" reject \
    'what passed would be refused'
out=$(replay --rules "$scratch/rules")
like "$out" "^Judged anew: $total whole, 0 by header" 'how it was judged is said'

# By header alone a rule on the body stands as it was.
config "$limits"
sed -i 's/keep = full/keep = headers/' "$gate/conf.d/test.conf"
random 0 0 5 5 | sed 's/score-[a-z]*/hello/; s/|[0-9]*|AAAA/|1|AAAA/' >"$scratch/list"
tests/unit/fill_log "$gate_conf" <"$scratch/list"
out=$(replay --rejudge)
like "$out" "^Judged anew: $total whole, 5 by header" 'what was kept in part is said'
unchanged='with a mixed log, too'
unchanged --rejudge

# Wrong usage.
for bad in '--limit x' '--limit login=nonsense' '--without nothing' 'word' \
    '--since 1h --until 2h'; do
    # shellcheck disable=SC2086
    replay $bad >/dev/null 2>&1
    is $? 2 "wrong usage: $bad"
done
og replay --db "$scratch/none.db" >/dev/null 2>&1
is $? 1 'no database'
is "$(sqlite3 -readonly "$gate_db" 'select count(*) from message')" $((total + 5)) \
    'nothing was written'
tap_end
