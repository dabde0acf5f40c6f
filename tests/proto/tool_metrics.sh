#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# metrics: OpenMetrics, to a file and over HTTP on loopback alone.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/log.sh"
need_command python3 sqlite3
cd "$builddir" || exit 99

log_fill || exit 99
# as a scraper reads it: every line is a comment or a sample of a family that was named
cat >"$scratch/read.py" <<'EOF'
import re, sys
text = sys.stdin.read()
assert text.endswith("# EOF\n"), "no EOF"
types, seen = {}, set()
for line in text.splitlines()[:-1]:
    if line.startswith("# TYPE "):
        _, _, name, kind = line.split()
        assert name not in types, name
        types[name] = kind
        current = name
    elif line.startswith("# "):
        assert line.split()[2] == current, line
    else:
        match = re.fullmatch(r'([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\})? (\S+)', line)
        assert match, line
        name = match[1]
        suffix = "_total" if types[current] == "counter" else ""
        assert name == current + suffix, line
        assert match[0].rsplit(" ", 1)[0] not in seen, line
        seen.add(match[0].rsplit(" ", 1)[0])
        float(match[3])
print(len(seen))
EOF
og metrics >"$scratch/metrics"
is $? 0 'metrics'
python3 "$scratch/read.py" <"$scratch/metrics" >"$scratch/count"
is $? 0 'every line is good OpenMetrics'
like "$(cat "$scratch/metrics")" '^outgate_messages_total{class="outbound",action="hold"} [1-9]' \
    'counted by action'
is "$(grep -c 'bob\|carol' "$scratch/metrics")" 0 'no sender is named'

# the resolver's, once the daemon has written them and the config names somebody to ask
of_dns() {
    og metrics | grep -c '^outgate_dns\|^outgate_authentication'
}
printf '[dns]\nservers = 127.0.0.1@5\n' >"$gate/conf.d/dns.conf"
is "$(of_dns)" 0 'no daemon asks the DNS: nothing of it'
sqlite3 "$gate_db" "insert into dns_figure values ('questions.cache', 3),
    ('questions.late', 1), ('lookups.bogus', 2), ('deaths', 4), ('messages', 5),
    ('messages_late', 1), ('start_us', 1772442751500000),
    ('dead_since_us', 1772442759000000)"
og metrics >"$scratch/resolver"
python3 "$scratch/read.py" <"$scratch/resolver" >/dev/null
is $? 0 'with the resolver: good OpenMetrics'
is "$(grep '^outgate_dns\|^outgate_authentication' "$scratch/resolver")" \
    'outgate_dns_questions_total{outcome="cache"} 3
outgate_dns_questions_total{outcome="late"} 1
outgate_dns_lookups_total{outcome="bogus"} 2
outgate_authentication_messages_total 5
outgate_authentication_late_messages_total 1
outgate_dns_deaths_total 4
outgate_dns_dead 1
outgate_dns_start_timestamp_seconds 1772442751.5' 'what the resolver did'
printf '[dns]\nservers =\n' >"$gate/conf.d/dns.conf"
is "$(of_dns)" 0 'authentication is off: nothing of it'

sum() {
    og metrics | awk -F' ' '/^outgate_messages_total/ { n += $2 } END { print n }'
}
before=$(sum)
sqlite3 "$gate_db" "insert into summary_hour select 0, class, action, sum(messages),
    sum(recipients), sum(bytes), sum(points) from summary_hour group by 2, 3"
sqlite3 "$gate_db" 'delete from summary_hour where hour > 0'
is "$(sum)" "$before" 'old hours stay in the sum'

og metrics --out "$scratch/outgate.prom"
is "$(tail -n 1 "$scratch/outgate.prom")" '# EOF' 'to a file'
is "$(ls "$scratch" | grep -c 'outgate.prom.')" 0 'with nothing left beside it'
og metrics --out "$scratch/no/such/folder" 2>"$scratch/err"
is $? 74 'a folder that is not there'

for address in 0.0.0.0:9 192.0.2.1:9 localhost:9 9 '[::]:9' 127.0.0.1:99999; do
    og metrics --listen "$address" >/dev/null 2>&1
    is $? 2 "not on $address"
done
port=$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
outgate --config "$gate_conf" metrics --listen "127.0.0.1:$port" >"$scratch/served" 2>&1 &
server=$!
wait_for 10 test -s "$scratch/served"
get() {
    python3 -c 'import sys, urllib.request, urllib.error
try:
    answer = urllib.request.urlopen(sys.argv[1], data=b"x" if len(sys.argv) > 2 else None)
    print(answer.status, answer.headers["Content-Type"])
    sys.stdout.write(answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code)' "$@"
}
get "http://127.0.0.1:$port/metrics" >"$scratch/answer"
is "$(head -n 1 "$scratch/answer")" \
    '200 application/openmetrics-text; version=1.0.0; charset=utf-8' 'served'
is "$(sed 1d "$scratch/answer" | python3 "$scratch/read.py")" "$(cat "$scratch/count")" \
    'the same'
is "$(get "http://127.0.0.1:$port/")" 404 'nothing else is'
is "$(get "http://127.0.0.1:$port/metrics" post)" 405 'nothing is taken'
mv "$gate_db" "$gate_db.away"
is "$(get "http://127.0.0.1:$port/metrics")" 503 'without a database'
mv "$gate_db.away" "$gate_db"
is "$(get "http://127.0.0.1:$port/metrics" | head -n 1 | cut -c1-3)" 200 'it comes back'
end_process "$server" 10
is $? 0 'SIGTERM ends it'
tap_end
