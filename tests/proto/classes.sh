#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Whose mail it is: class, path and sender, as they stand in the audit log.
. "${srcdir:-.}/tests/proto/lib.sh"

gate_config ''
gate_start
talk classes

row() {
    sql "select class, path, sender from message where message_id = '$1'"
}
is "$(row by-network)" 'outbound|smtp|client_ip:127.0.0.1' 'a client of our networks'
is "$(row by-login)" 'outbound|smtp|sasl_user:bob@here.example' 'a login, normalised'
is "$(row mixed)" 'outbound|smtp|client_ip:127.0.0.1' 'one recipient elsewhere'
is "$(row forwarded)" 'forwarded|smtp|client_ip:198.51.100.7' 'a stranger passing through'
is "$(row inbound)" '' 'inbound mail has no row'
is "$(row local)" '' 'mail that stays has no row'
is "$(row pickup)" 'outbound|local|uid:33' 'Postfix pickup, the local user'
is "$(row msp)" 'outbound|local|uid:www-data' 'Sendmail submission, the local user'
like "$(row v6)" '^outbound.smtp.sasl_user:eve$' 'IPv6'
is "$(sql "select mail_from from message where message_id = 'null'")" '' 'null sender'
is "$(sql 'select count(*) from message')" 8 'no other rows'
tap_end
