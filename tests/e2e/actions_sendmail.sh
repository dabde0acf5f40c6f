#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Each action by each path through a real Sendmail, wired as contrib/sendmail says.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command smtp-sink sqlite3 perl
. "$srcdir/tests/lib/sendmail.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/e2e/lib_actions.sh"

mta_name=Sendmail
stranger=

gate_config ''
gate_overlay "$(mta_section)"
gate_start
sendmail_start

check_smtp
check_cli
check_limits

# Here every client is on loopback: take it out of our networks for the classes.
gate_overlay "$(mta_section)
[mail]
networks = 192.0.2.0/24"
gate_reload
check_classes
gate_overlay "$(mta_section)"
gate_reload

check_release
gate_stop
by_smtp z-down 'plain words'
like "$reply" '^1 4[0-9][0-9] ' 'without the gate clients come back later'
tap_end
