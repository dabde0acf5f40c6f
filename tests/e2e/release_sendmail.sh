#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The releaser and Sendmail's quarantine: when due, in order, each once, across a kill -9.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command sqlite3 perl
. "$srcdir/tests/lib/sendmail.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/release.sh"

releaser_with= # here it delivers, too
held_config
gate_start
sendmail_start
fill many 24
is "$(waiting)" 24 '24 messages wait'
held_config_without
make_due 1 3000
due_list 'many%' >"$scratch/due"
releaser_start
wait_for 60 has_arrived 8
releaser_kill
releaser_start
wait_for 60 has_arrived 25
wait_for 10 test "$(waiting)" = 0
is "$(sql "select state, state_by, count(*) from held_message group by 1, 2")" \
    'released|due|24' 'all are recorded as released when due'
check_arrivals "$scratch/due" 60000 '24 over 3 s'
is "$(mta_held)" '' 'the quarantine is empty'
tap_end
