#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Held mail leaves a real Postfix when it is due: in order, each once, across kill -9 of
# the releaser in mid-batch.
#
#   MAILS=1000 SPREAD_S=10   how many, over how long
#   LATE_MS=10000            the latest of them; 2000 on a machine with nothing else to do
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command postfix postqueue sqlite3 perl
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/postfix.sh"
. "$srcdir/tests/lib/release.sh"

case $builddir in
*sanitize*) : "${MAILS:=200}" "${SPREAD_S:=4}" ;;
esac
mails=${MAILS:-1000}
spread_s=${SPREAD_S:-10}
late_ms=${LATE_MS:-10000}

held_config
gate_start
held_postfix
fill many "$mails"
is "$(waiting)" "$mails" "$mails messages wait"
held_config_without
releaser_start
make_due 1 $((spread_s * 1000))
due_list 'many%' >"$scratch/due"

is_asked() {
    [ "$(sql "select count(*) > 0 from held_message where asked_at_us is not null")" = 1 ]
}

# Killed where the wish is written and the answer is not.
killed_asked=0
for part in 3 5 7; do
    wait_for 60 has_arrived $((mails * part / 10))
    wait_for 5 is_asked
    releaser_kill
    killed_asked=$((killed_asked + $(sql "select count(*) from held_message
        where state = 'waiting' and asked_at_us is not null")))
    releaser_start
done
diag "$killed_asked messages stood between wish and answer when it was killed"
ok 'killed in mid-batch' test "$killed_asked" -gt 0
wait_for 60 has_arrived $((mails + 1))
wait_for 10 test "$(waiting)" = 0
is "$(sql "select state, state_by, count(*) from held_message group by 1, 2")" \
    "released|due|$mails" 'all are recorded as released when due'
check_arrivals "$scratch/due" "$late_ms" "$mails over $spread_s s"

releaser_stop
like "$(cat "$releaser_log")" ' ends$' 'SIGTERM ends it'
tap_end
