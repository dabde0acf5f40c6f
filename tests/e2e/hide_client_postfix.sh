#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The address of a client that logs in does not leave with its mail: contrib/postfix's
# submission.cf in a real Postfix, with the gate behind it.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command postfix postconf smtp-sink sqlite3 perl
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/postfix.sh"

gate_config ''
gate_start
postfix_start
postfix_stop
sed -e 's/^\(hide_client  *unix  *n  *-  *\)y/\1n/' -e "s|/etc/postfix|$postfix_etc|" \
    "$srcdir/contrib/postfix/submission.cf" >>"$postfix_etc/master.cf"
postconf -c "$postfix_etc" -P "127.0.0.1:$mta_port/inet/cleanup_service_name=hide_client"
postfix_age
ok 'Postfix runs with the service' postfix_up

# send ID XCLIENT - a mail of a client in a hotel.
send() {
    mta_smtp --xclient "$2" >"$scratch/reply.log" <<EOF
X-First: stays first
Received: from inner.example (inner.example [203.0.113.77]) by far.example; Mon, 2 Mar 2026 10:12:31 +0100
From: eve@here.example
To: ann@there.example
Subject: the plan
Message-ID: <$1@here.example>
X-Originating-IP: [203.0.113.9]

Hello Ann.
EOF
}
# delivered ID - the file of what arrived.
delivered() {
    wait_for 60 grep -rlq "<$1@here.example>" "$sink"
    cat "$(grep -rl "<$1@here.example>" "$sink" | head -n 1)"
}
send login 'ADDR=203.0.113.9 NAME=hotel.example LOGIN=eve'
delivered login | tr -d '\r' >"$scratch/login"
ok 'the mail arrives' test -s "$scratch/login"
unlike "$(cat "$scratch/login")" '203\.0\.113\.9|hotel\.example' \
    'neither address nor name of the client leave'
like "$(tr '\n\t' '  ' <"$scratch/login")" \
    'Received: by gate\.test \(Postfix\) +with ESMTPA id [^ ]+ +.*; [A-Z][a-z]+, +[0-9]+ ' \
    'by whom, under which id and when do'
like "$(cat "$scratch/login")" '203\.0\.113\.77' 'the lines of others are not touched'
is "$(grep -c '^Received: by gate\.test' "$scratch/login")" 1 'one line of this host'
is "$(sql "select client_ip, sender, header_from, action from message
    where message_id = 'login@here.example'")" \
    '203.0.113.9|sasl_user:eve|eve@here.example|accept' 'the audit row keeps the address'
like "$(cat "$scratch/login")" '^X-First: stays first' 'the gate reads the header whole'

send stranger 'ADDR=203.0.113.9 NAME=hotel.example'
like "$(delivered stranger | tr -d '\r')" 'Received: from client\.example \(hotel\.example \[203\.0\.113\.9\]\)' \
    'without a login the line is as it was'
tap_end
