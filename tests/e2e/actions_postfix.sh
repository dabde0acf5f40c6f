#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Each action by each path through a real Postfix, wired as contrib/postfix says.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command postfix postqueue smtp-sink sqlite3 perl setpriv
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/postfix.sh"
. "$srcdir/tests/e2e/lib_actions.sh"

mta_name=Postfix
stranger='--xclient ADDR=198.51.100.9'

gate_config ''
gate_overlay "$(mta_section)"
gate_start
postfix_start

check_smtp
like "$(cat "$postfix_log")" 'postfix/slow/smtp.*status=sent' 'the slow lane was taken'
unlike "$(cat "$sink"/*)" X-Outgate-Lane 'and its mark does not leave the host'
check_cli
check_limits
check_script_names
check_classes

# Logins and other local users, as Postfix alone can pretend.
by_smtp x-login 'plain words' --xclient 'ADDR=203.0.113.9 LOGIN=Eve@Here.example'
is "$(field x-login 'sender, client_ip')" 'sasl_user:eve@here.example|203.0.113.9' \
    'a login is charged'
mail_text x-www 'plain words' | mta_sendmail_as www-data ann@there.example
is_delivered x-www 'www-data may send'
is "$(field x-www sender)" "uid:$(id -u www-data)" 'www-data is charged'
mail_text x-forged 'plain words' | sed '1i X-Outgate-Local-UID: 0' |
    mta_sendmail_as www-data -f root@here.example ann@there.example
is_delivered x-forged 'a forged local user is no obstacle'
is "$(field x-forged sender)" "uid:$(id -u www-data)" 'but not believed'
by_smtp x-forged-smtp 'plain words' --xclient 'ADDR=203.0.113.9 LOGIN=eve'
mail_text x-forged2 'plain words' | sed '1i X-Outgate-Local-UID: 0' |
    mta_smtp >/dev/null
is "$(field x-forged2 'path, sender')" 'smtp|client_ip:127.0.0.1' \
    'nor over SMTP'

check_release
gate_stop
by_smtp z-down 'plain words'
like "$reply" '^1 451 4\.7\.1' 'without the gate clients come back later'
by_cli z-cli 'plain words'
z_is_held() {
    postqueue -c "$postfix_etc" -j | grep '"hold"' | grep -q root@
}
ok 'without the gate mail from sendmail(1) is held, not lost' wait_for 10 z_is_held
tap_end
