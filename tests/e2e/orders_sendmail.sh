#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Orders through a real Sendmail. Every client of this test is on loopback, as its
# submission program is: none of them is refused at MAIL FROM, lest mail from sendmail(1)
# bounce; a blocked one is refused at the end of its message.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command smtp-sink sqlite3 perl
. "$srcdir/tests/lib/sendmail.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/e2e/lib_actions.sh"
. "$srcdir/tests/e2e/lib_orders.sh"

mta_name=Sendmail
gate_config ''
gate_overlay "$(mta_section)"
gate_start
sendmail_start

check_block_cli root mta_sendmail
tool block client_ip:127.0.0.1 --for 24h >/dev/null
by_smtp b-client 'plain words'
like "$reply" \
    '^1 554 5\.7\.1 sending is blocked for this client until 20[0-9-]+ [0-9:]+ UTC; incident' \
    'a blocked client: 554 5.7.1, until when'
by_cli b-local 'plain words'
is_delivered b-local 'which the submission program is not'
tool unblock client_ip:127.0.0.1 >/dev/null

check_brake
check_breaker
tap_end
