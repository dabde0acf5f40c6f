#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What the daemon's resolver does, as metrics, the doctor and the log show it: counted
# from the daemon's start, over reloads, and dead servers told of once, with no mail
# that comes; nothing where nobody is asked.
. "${srcdir:-.}/tests/proto/lib.sh"
need_command python3

port=$(free_port)
dns_pid=
server_start() {
    printf '%s\n' 'good.test TXT v=spf1 ip4:192.0.2.25 -all' \
        'fine.test TXT v=spf1 ip4:192.0.2.25 -all' >"$scratch/records"
    python3 "$srcdir/tests/lib/hostile_dns.py" "$port" "$scratch/records" \
        >"$scratch/asked" 2>"$scratch/hostile.log" &
    dns_pid=$!
    wait_for 10 grep -q ready "$scratch/asked"
}
server_stop() {
    end_process "$dns_pid"
    dns_pid=
}
at_exit server_stop
ok 'the server starts' server_start

cat "$srcdir/tests/proto/talk.lua" "$srcdir/tests/proto/authentication_hostile.lua" \
    >"$scratch/mail.lua"
mail() { # ID DOMAIN...
    mail_id=$1
    shift
    miltertest -D socket="unix:$gate_socket" -D id="$mail_id-" \
        -D domains="$(echo "$*" | tr ' ' ',')" -s "$scratch/mail.lua"
}
# figure NAME - a sample of the metrics; "" when there is none.
figure() {
    tool metrics | awk -v name="outgate_$1" '$1 == name { print $2 }'
}
is_figure() {
    [ "$(figure "$1")" = "$2" ]
}
doctor() {
    tool doctor --json --only dns 2>"$scratch/doctor.err" | python3 -c '
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    if row["check"] == "resolver":
        print(row["level"], row["what"], *[step["line"] for step in row["repair"]])'
}
asking="[mta]
kind = sendmail
[dns]
servers = 127.0.0.1@$port
deadline = 1s"

# what an earlier daemon left is not this one's
gate_config ''
gate_start
gate_stop
sql "insert into dns_figure values ('start_us', 1), ('deaths', 7)"
gate_start
is_empty() {
    [ "$(sql 'select count(*) from dns_figure')" = 0 ]
}
ok 'without [dns] the store has no figures' wait_for 5 is_empty
is "$(tool metrics | grep -c 'dns\|authentication')" 0 'and metrics says nothing'

# a reload turns it on
gate_overlay "$asking"
is "$(tool metrics | grep -c 'dns\|authentication')" 0 'nor before the daemon has read it'
gate_reload
ok 'zero at first' wait_for 5 is_figure 'authentication_messages_total' 0
mail one good.test good.test fine.test
ok 'each message is counted' wait_for 15 is_figure 'authentication_messages_total' 3
is "$(figure 'authentication_late_messages_total')" 0 'none was late'
tool metrics | sed -n '/^outgate_dns_/p' >"$scratch/first"
like "$(cat "$scratch/first")" 'questions_total.outcome="cache". [1-9]' 'the cache answers'
like "$(cat "$scratch/first")" 'lookups_total.outcome="answered". [1-9]' 'and the server'
is "$(figure 'dns_dead')|$(figure 'dns_deaths_total')" '0|0' 'which lives'
like "$(doctor)" '^ok since' 'the doctor says so, too'

# another resolver counts on
start=$(figure 'dns_start_timestamp_seconds')
answered=$(figure 'dns_lookups_total{outcome="answered"}')
printf 'static.test. 60 IN A 192.0.2.1\n' >"$scratch/zone"
gate_overlay "$asking
zone = $scratch/zone"
gate_reload
mail two good.test
ok 'another resolver counts on' wait_for 15 is_figure 'authentication_messages_total' 4
ok '... of the lookups, too' test "$(figure 'dns_lookups_total{outcome="answered"}')" -gt \
    "$answered"
is "$(figure 'dns_start_timestamp_seconds')" "$start" 'since the same time'

# the servers die
server_stop
mail three new-1.test
said() {
    [ "$(grep -c "$1" "$gate/gate.log")" = 1 ]
}
ok 'dead servers are told of, though no mail comes' \
    wait_for 15 said 'DNS: no server answers'
ok 'metrics has it' wait_for 15 is_figure 'dns_dead' 1
is "$(figure 'dns_deaths_total')" 1 'once'
is "$(figure 'authentication_late_messages_total')" 1 'a message met its deadline'
like "$(doctor)" '^bad no DNS server has answered the daemon since .*dig @127.0.0.1 -p' \
    'the doctor says since when, and what to look at'
mail four new-2.test new-3.test new-4.test
ok 'nobody waits' wait_for 15 is_figure 'authentication_messages_total' 8
is "$(figure 'authentication_late_messages_total')" 1 'so none of these was late'
ok 'and they are counted' test "$(figure 'dns_questions_total{outcome="skipped"}')" -ge 3

# and come back
server_start
ok 'their return is told of, though no mail comes' \
    wait_for 20 said 'DNS: servers answer again after'
ok 'metrics has it' wait_for 15 is_figure 'dns_dead' 0
is "$(figure 'dns_deaths_total')" 1 'that they were dead stays'
like "$(doctor)" '^note .* were dead 1 times' 'the doctor remembers'
is "$(grep -c 'DNS: ' "$gate/gate.log")" 2 'two lines in all'

# the end of the daemon, and another
mail five good.test
gate_stop
is "$(figure 'authentication_messages_total')" 9 'the last figures are written at the stop'
like "$(grep ' dns:' "$gate/gate.log")" 'deaths=1 messages=9' 'and logged'
gate_overlay ''
is "$(tool metrics | grep -c 'dns\|authentication')" 0 'turned off: nothing'
gate_overlay "$asking"
gate_start
ok 'another daemon begins with zero' \
    wait_for 5 is_figure 'authentication_messages_total' 0
ok 'and says when' test "$(figure 'dns_start_timestamp_seconds')" != "$start"
gate_overlay ''
gate_reload
ok 'a reload turns it off' wait_for 5 is_empty
tap_end
