#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Notices through a real Postfix: one an incident, out while a limit holds all other
# mail, by a mark that nobody can forge; the command is told the same.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command postfix postqueue smtp-sink sqlite3 perl setpriv
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/postfix.sh"
. "$srcdir/tests/e2e/lib_actions.sh"

hooked=$scratch/hooked
mkdir "$hooked"
cat >"$scratch/hook" <<EOF
#!/bin/sh
echo "\$OUTGATE_KIND \$OUTGATE_LEVEL \$OUTGATE_KEY" >>"$hooked/list"
cat >"$hooked/text.\$OUTGATE_ID"
EOF
chmod 755 "$scratch/hook"

mta_name=Postfix
notify="[notify]
to = admin@there.example, second@else.example
command = $scratch/hook"

hook_said() {
    grep -qx "$1" "$hooked/list"
}

gate_config ''
gate_overlay "$(mta_section)
$notify
senders = yes
[limits]
login = 2 messages per 1h per sender, then hold"
gate_start
postfix_start

# a flood of one login
for number in 1 2 3 4 5 6 7 8; do
    by_smtp "f-$number" "$(printf 'pills \303\251')" --from eve@here.example \
        --xclient 'ADDR=203.0.113.9 LOGIN=eve'
done
is "$(sql "select count(*) from message where action = 'hold'")" 6 'a flood is held'
ok 'it is told' wait_for 20 hook_said 'limit 0 login sasl_user:eve'
ok 'the notice arrives' wait_for 20 sink_has 'limit login reached' 1
wait_for 10 mta_is_idle
is "$(sink_count 'limit login reached')" 1 'once'
is "$(sql "select count(*), sum(times), sum(told_times) from incident
    where kind = 'limit'")" '1|6|1' 'one incident, told once'
notice=$(cat "$(grep -lr 'limit login reached' "$sink")")
like "$notice" 'X-Rcpt-Args: <(admin@there|second@else).example>' 'to whom it should'
unlike "$notice" 'X-Outgate' 'its mark does not leave the host'
like "$notice" '^  outgate log --since 24h --sender sasl_user:eve' \
    'it says what to run next'
like "$notice" 'CLIENTS  *[0-9]+  203.0.113.9' 'with the evidence'
is "$(sql "select class, path, action, score, count(*) from message
    where reason = 'outgate''s own notice'")" 'outbound|local|accept|0.0|1' \
    'the gate knew it'
is "$(sql "select count(*) from charge join message on message.id = message
    where reason = 'outgate''s own notice'")" 0 'and charged nobody'
is "$(sql 'select count(*) from notice where used_us is not null')" 1 'the mark is used'
like "$(cat "$gate/gate.log")" \
    'warning: incident=1, kind=limit, .*key=login sasl_user:eve' 'the log says so, too'
like "$(cat "$hooked/text.1")" 'MAIL  *[0-9]+ messages' 'the command has the text'
unlike "$(cat "$hooked/text.1")" 'X-Outgate|Subject:' 'and not the mark'

# the sender is told, in the local mailbox
ok 'the sender is told' wait_for 20 sink_has 'Nothing is lost' 1
like "$(cat "$(grep -lr 'Nothing is lost' "$sink")")" 'X-Rcpt-Args: <eve@here.example>' \
    'at the address here'

# a limit that holds everything from now on, and a brake
gate_overlay "$(mta_section)
$notify
[limits]
login = 2 messages per 1h per sender, then hold
all = 1 messages per 1h per host, then hold"
gate_reload
by_smtp a-1 'plain words' --from a@here.example
by_smtp a-2 'plain words' --from b@here.example
by_cli a-3 'plain words'
is_held a-3 'sendmail(1) itself'
sql "insert into brake values (1, cast(strftime('%s') as integer) * 1000000, null,
    'panic', 'uid:0')"
ok 'the budget is told through the closed gate' wait_for 20 sink_has 'ALARM: 100 %'
ok 'the brake is told as well' wait_for 20 sink_has 'brake was put on by uid:0: panic'

# marks that do not help
forged() {
    mail_text "$1" 'plain words' | sed "1i X-Outgate-Notice: $2" | mta_smtp >/dev/null
    field "$1" 'action'
}
is "$(forged x-1 0123456789abcdef0123456789abcdef)" hold 'an unknown mark'
is "$(forged x-2 "$(sql 'select mark from notice where used_us is not null limit 1')")" \
    hold 'a mark that was used'
sql "insert into notice values ('ffffffffffffffffffffffffffffffff',
    (cast(strftime('%s') as integer) - 6 * 86400) * 1000000, null, 'incident', 1, 1)"
is "$(forged x-3 ffffffffffffffffffffffffffffffff)" hold 'a mark of six days ago'
is "$(sink_count 'X-Outgate-Notice')" 0 'no mark ever left'

# 50, 80, 100 %, in order, once each
sql 'delete from brake; delete from limit_slot; delete from incident'
rm "$hooked/list"
gate_overlay "$(mta_section)
$notify
[limits]
ip = 10 messages per 1h per egress, then hold"
gate_reload
send_some() {
    for number in $1; do
        by_smtp "b-$number" 'plain words' --from "b$number@here.example"
    done
}
send_some '1 2 3 4'
sleep 1.5
ok 'below half nothing is told' test ! -e "$hooked/list"
send_some '5 6'
ok 'half' wait_for 20 hook_said 'budget 50 ip egress'
send_some '7 8 9'
ok 'four fifths' wait_for 20 hook_said 'budget 80 ip egress'
send_some '10 11 12'
ok 'all of it' wait_for 20 hook_said 'budget 100 ip egress'
is "$(tr '\n' ' ' <"$hooked/list")" \
    'budget 50 ip egress budget 80 ip egress budget 100 ip egress ' \
    'in order, once each'
like "$(tool incidents --open)" 'ALARM: 100 % of limit ip is used' 'the tool lists it'
id=$(sql 'select max(id) from incident')
like "$(tool incidents "$id")" '^DO NEXT' 'and tells it whole'
ok 'closed' tool incidents close "$id"
tool incidents --open >/dev/null 2>&1
is $? 1 'none is open'
tap_end
