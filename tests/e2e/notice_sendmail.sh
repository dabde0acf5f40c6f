#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Notices through a real Sendmail: handed to its submission program, known by their mark,
# charged to nobody, out while a limit holds all other mail.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command smtp-sink sqlite3 perl
. "$srcdir/tests/lib/sendmail.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/e2e/lib_actions.sh"

mta_name=Sendmail
gate_config ''
gate_overlay "$(mta_section)
[notify]
to = admin@there.example, second@else.example
[limits]
login = 2 messages per 1h per sender, then hold
all = 2 messages per 1h per host, then hold"
gate_start
sendmail_start

for number in 1 2 3 4 5; do
    by_smtp "f-$number" 'plain words'
done
is "$(sql "select count(*) from message where action = 'hold'")" 3 'a flood is held'
ok 'the notice arrives' wait_for 20 sink_has 'limit login reached' 1
wait_for 10 mta_is_idle
is "$(sink_count 'limit login reached')" 1 'once, while a limit holds everything'
notice=$(cat "$(grep -lr 'limit login reached' "$sink")")
like "$notice" 'X-Rcpt-Args: <(admin@there|second@else).example>' 'to whom it should'
unlike "$notice" 'X-Outgate' 'its mark does not leave the host'
like "$notice" '^  outgate log --since 24h --sender client_ip:127.0.0.1' \
    'it says what to run next'
is "$(sql "select distinct class, path, action, score from message
    where reason = 'outgate''s own notice'")" 'outbound|local|accept|0.0' \
    'the gate knew it'
is "$(sql "select count(*) from charge join message on message.id = message
    where reason = 'outgate''s own notice'")" 0 'and charged nobody'
tool report --mail admin@there.example >/dev/null 2>"$scratch/report.err"
is $? 0 'the report is handed over, too' || diag "$(cat "$scratch/report.err")"
ok 'and arrives' wait_for 20 sink_has 'outgate report of'
unlike "$(cat "$(grep -lr 'outgate report of' "$sink")")" 'X-Outgate' 'without its mark'
is "$(sql "select path, action, reason from message order by id desc limit 1")" \
    "local|accept|outgate's own notice" 'known by the gate as its own'
tap_end
