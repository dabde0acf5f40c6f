#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# log - how long the command line takes over a large log: each command twice, the first
# time as the cache was, the second with what it needs in memory; milliseconds. `alert`
# asks for the MTA's queue as well: where no Postfix runs, postqueue alone takes a second.
#
#   builddir=build sh tests/bench/log.sh DATABASE      (fill_log.sh makes one)
set -u
builddir=${builddir:-build}
database=$1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
printf '[milter]\nmode = shadow\n[mail]\nlocal_domains = here.example\n' >"$scratch/conf"

once() {
    begin=$(date +%s%N)
    "$@" >"$scratch/out" 2>"$scratch/err"
    code=$?
    echo "$((($(date +%s%N) - begin) / 1000000))"
    return $code
}
measure() {
    name=$1
    shift
    first=$(once "$@")
    second=$(once "$@")
    code=$?
    printf '%6s %6s  %5s lines  %s%s\n' "$first" "$second" "$(wc -l <"$scratch/out")" "$name" \
        "$([ $code -le 1 ] || echo " FAILED: $(head -n 1 "$scratch/err")")"
}
og() {
    measure "$*" "$builddir/outgate" --config "$scratch/conf" --db "$database" "$@"
}
view() {
    measure "view $1" sqlite3 -readonly "$database" "SELECT * FROM $1"
}

id=$(sqlite3 -readonly "$database" 'SELECT max(id) - 1000 FROM message')
message_id=$(sqlite3 -readonly "$database" "SELECT message_id_local FROM message
    WHERE id = $id / 2")
cat >"$scratch/alert" <<MAIL
Destination IP: 188.95.235.33 - Message-ID: $message_id@xxxxxxxxxxxxx.xx.local - Spam score: 300
MAIL
echo "$(sqlite3 -readonly "$database" 'SELECT max(id) FROM message') messages, $(du -h "$database" | cut -f 1)"
echo ' first second'
og log
og log --sender sasl_user:user0
og log --sender user3 --action hold
og log --action reject
og log --since 2h --grep invoice
og log --since 2h --grep nowhere
og log --to there5.example
og log --rule RULE_A5
og log --rule NEVER
og log --min-score 16
og log --campaign c0001
og log --limit-name never
og log --message-id "$message_id@xxxx"
og show "$id"
og top
og top --since 1h
og top --by rule
og top --by script
og senders
og senders --since 24h
og explain sasl_user:user0
og alert "$scratch/alert"
og report --out "$scratch/page.html"
og report --since 30d --out "$scratch/page.html"
og metrics
for name in recent top_senders top_rules timeline held; do
    view "$name"
done
