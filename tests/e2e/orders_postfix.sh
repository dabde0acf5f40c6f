#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Orders through a real Postfix: a block as an SMTP client sees it, the brake in the real
# hold queue, the breaker on both paths; nothing bounces, nothing is lost.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command postfix postqueue smtp-sink sqlite3 perl setpriv
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/postfix.sh"
. "$srcdir/tests/e2e/lib_actions.sh"
. "$srcdir/tests/e2e/lib_orders.sh"

mta_name=Postfix
gate_config ''
gate_overlay "$(mta_section)"
gate_start
postfix_start

check_block_cli "$(id -u www-data)" mta_sendmail_as www-data

# Logins, as Postfix alone can pretend.
login='ADDR=203.0.113.9 LOGIN='
by_smtp b-before 'plain words' --xclient "${login}eve"
like "$reply" '^1 250 ' 'before the block: 250'
tool block sasl_user:Eve --for 24h --reason 'stolen password' >/dev/null
by_smtp b-eve 'plain words' --xclient "${login}eve"
like "$reply" '^1 554 5\.7\.1 sending is blocked for this account until 20[0-9-]+ [0-9:]+ UTC; contact postmaster$' \
    'a blocked login: 554 5.7.1, until when, whom to ask'
is "$(grep -c 'milter-reject: MAIL from.*5\.7\.1 sending is blocked' "$postfix_log")" 1 \
    'refused at MAIL FROM, before any body'
is "$(field b-eve id)" '' 'no message, no row'
refusals_are_counted() {
    [ "$(sql "select refused from blocked_sender where sender = 'sasl_user:eve'")" = 1 ]
}
ok 'but counted' wait_for 10 refusals_are_counted
by_smtp b-other 'plain words' --xclient "${login}carol"
like "$reply" '^1 250 ' 'another login from the same address: 250'
by_smtp b-null 'plain words' --xclient "${login}eve" --from ''
like "$reply" '^1 250 ' 'a bounce of a blocked login is not refused'
is_held b-null 'but held'
ok 'unblock' tool unblock sasl_user:eve
by_smtp b-after 'plain words' --xclient "${login}eve"
like "$reply" '^1 250 ' 'and sends again at once'
is_delivered b-after 'delivered'

check_brake
check_breaker

wait_for 15 mta_is_idle
unlike "$(grep -h '^Subject:' "$sink"/* 2>/dev/null)" 'Undeliver|Returned' 'nothing bounced'
tap_end
