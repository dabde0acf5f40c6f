#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# kill -9 of the daemon under load: every reply that a client saw from the gate has its
# audit row and its charge, whatever happened around it.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command postfix smtp-sink sqlite3 perl
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/postfix.sh"

clients='ann ben cat dan'
batches=24

gate_config '[limits]
police = 150 messages per 1h per sender, then defer
host   = 100000 recipients per 1d per host, then hold'
gate_start
postfix_start

cat >"$scratch/mail.eml" <<'EOF'
From: Bob <bob@here.example>
To: ann@there.example
Subject: load
Message-ID: <@TAG@-@N@@load.example>

Mail @TAG@ @N@.
EOF

# One client: batches of ten on a connection, "TAG-N reply" for each mail.
load() {
    batch=0
    while [ $batch -lt $batches ]; do
        batch=$((batch + 1))
        mta_smtp --xclient "LOGIN=$1" --repeat 10 --tag "$1-$batch" --timeout 30 \
            "$scratch/mail.eml" | sed "s/^/$1-$batch-/"
    done >"$scratch/replies.$1"
}

load_pids=
for client in $clients; do
    load "$client" &
    load_pids="$load_pids $!"
done

kills=0
for pause in 0.4 0.7 0.3 0.9 0.5; do
    sleep "$pause"
    gate_kill
    kills=$((kills + 1))
    gate_start || break
done
for pid in $load_pids; do
    wait "$pid"
done
is "$kills" 5 'killed five times under load'

cat "$scratch"/replies.* >"$scratch/replies"
passed=$(grep -c ' 250 ' "$scratch/replies")
refused=$(grep -c ' 451 4\.7\.28 ' "$scratch/replies")
lost=$(grep -vc ' 250 \| 451 4\.7\.28 ' "$scratch/replies")
diag "$passed accepted, $refused refused by the limit, $lost without the gate's word"
ok 'the load was heavy enough to say something' test "$passed" -gt 200
ok 'the limit spoke' test "$refused" -gt 0

sql "select substr(message_id, 1, instr(message_id, '@') - 1), action, incident
    from message" >"$scratch/rows"
sql "select substr(message_id, 1, instr(message_id, '@') - 1), charge.limit_name
    from message join charge on charge.message = message.id
    where charge.at_us is not null" >"$scratch/charges"
awk -F'[ |]' '
    FILENAME ~ /rows$/ { row[$1 "|" $2] = 1; incident[$3] = 1; next }
    FILENAME ~ /charges$/ { charge[$1 "|" $2] = 1; next }
    $2 == 250 && !row[$1 "|accept"] { print "no row: " $0; bad++ }
    $2 == 250 && !(charge[$1 "|police"] && charge[$1 "|host"]) {
        print "no charge: " $0; bad++ }
    $2 == 451 && $3 == "4.7.28" {
        match($0, /incident [0-9A-Z]+/)
        if (!incident[substr($0, RSTART + 9, RLENGTH - 9)]) {
            print "no row: " $0; bad++ } }
    END { exit bad > 0 }
' "$scratch/rows" "$scratch/charges" "$scratch/replies" >"$scratch/missing"
result $? 'each 250 has its row and both charges, each 451 its row' ||
    diag "$(head "$scratch/missing")"

is "$(sql "select count(*) from message where action = 'accept' and id not in
    (select message from charge where at_us is not null)")" 0 'no row without charges'
is "$(sql "select count(*) from charge join message on message.id = message
    where charge.at_us is not null and action <> 'accept'")" 0 \
    'nothing that was refused is charged'
is "$(sql "select max(n) <= 150 from (select count(*) as n from charge
    where limit_name = 'police' and at_us is not null group by key)")" 1 \
    'no login passed its limit over five restarts'
is "$(sql "select count(*) from (
    select key, sum(amount) as n from limit_slot where limit_name = 'police'
        group by key
    except
    select key, sum(amount) from charge where limit_name = 'police'
        and at_us is not null group by key)")" 0 'state and audit log agree'
wait_for 30 mta_is_idle
is "$(grep -rh '^Message-ID: .*load.example' "$sink" | sort | uniq -d | wc -l)" 0 \
    'nothing was delivered twice'
is "$(awk '$2 == 250 { print "Message-ID: <" $1 "@load.example>" }' "$scratch/replies" |
    sort >"$scratch/sent"
    grep -rh '^Message-ID: ' "$sink" | tr -d '\r' | sort |
        comm -23 "$scratch/sent" - | wc -l)" 0 'and all that was accepted arrived'
is "$(sql 'pragma integrity_check')" ok 'the database is sound'
tap_end
