#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# feedback: bounces and complaints are tied to a message of the log, once each.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/log.sh"
need_command python3 sqlite3
cd "$builddir" || exit 99

log_fill || exit 99

# bounce FILE MESSAGE-ID RECIPIENT STATUS [BACK-TO]
bounce() {
    cat >"$1" <<EOF
Return-Path: <>
From: MAILER-DAEMON@there.example
To: ${5:-bob@here.example}
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.there.example

Final-Recipient: rfc822; $3
Action: failed
Status: $4

--b
Content-Type: text/rfc822-headers

From: bob@here.example
Subject: hello
${2:+Message-ID: <$2>}

--b--
EOF
}

rcpt() {
    sqlite3 "$gate_db" "select rcpt_to from message where id = $1" | cut -d, -f1
}

rows() {
    sqlite3 "$gate_db" "select $1 from feedback order by id" | tr '\n' ' '
}

bounce "$scratch/one.eml" one.1@here.example "$(rcpt 1)" 5.1.1
out=$(og feedback --json --dry-run "$scratch/one.eml")
is "$(printf '%s\n' "$out" | field id)" 1 'tied by its Message-ID'
is "$(rows id)" '' 'a dry run stores nothing'
out=$(og feedback --json "$scratch/one.eml")
is "$(printf '%s\n' "$out" | field tied_by)" message_id 'and says how'
is "$(printf '%s\n' "$out" | field counted)" 1 'a dead address counts'
is "$(og feedback --json "$scratch/one.eml" | field stored)" 0 'the same report again does not'
bounce "$scratch/two.eml" one.1@here.example "$(rcpt 1)" 5.1.2
is "$(og feedback --json "$scratch/two.eml" | field counted)" 0 \
    'nor another one of the same recipient'
bounce "$scratch/full.eml" two.2@here.example "$(rcpt 2)" 5.2.2
is "$(og feedback --json "$scratch/full.eml" | field counted)" 0 'a full mailbox does not'
bounce "$scratch/soft.eml" two.2@here.example "$(rcpt 2)" 4.1.1
is "$(og feedback --json "$scratch/soft.eml" | field counted)" 0 'nor what may pass'

# more recipients than the message had: forged
for i in 1 2 3 4 5; do
    bounce "$scratch/forged.eml" two.2@here.example "stranger$i@there.example" 5.1.1
    og feedback --quiet "$scratch/forged.eml"
done
is "$(sqlite3 "$gate_db" 'select count(*) from feedback where is_counted and message = 2')" \
    2 'never more of a message than it had recipients'

bounce "$scratch/mask.eml" d24aa492@xxxxxx.example "$(rcpt 8)" 5.1.1
is "$(og feedback --json "$scratch/mask.eml" | field tied_by)" message_id_local \
    'a masked domain'
bounce "$scratch/none.eml" '' "$(rcpt 3)" 5.1.1
is "$(og feedback --json "$scratch/none.eml" | field tied_by)" recipient \
    'without Message-ID: by envelope sender and recipient'
bounce "$scratch/lost.eml" nobody@elsewhere.example x@there.example 5.1.1 eve@there.example
out=$(og feedback "$scratch/lost.eml")
is $? 0 'a stranger to the log'
like "$out" 'not in the log' 'is said to be one'

cat >"$scratch/fbl.eml" <<'EOF'
From: fbl@there.example
To: abuse@here.example
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: There/1
Version: 1

--b
Content-Type: message/rfc822

From: bob@here.example
Message-ID: <three.3@here.example>

hello
--b--
EOF
out=$(og feedback --json - <"$scratch/fbl.eml")
is "$(printf '%s\n' "$out" | field kind) $(printf '%s\n' "$out" | field counted)" \
    'complaint 1' 'a complaint without recipient'
is "$(sqlite3 "$gate_db" "select sender from feedback where kind = 'complaint'")" \
    sasl_user:bob 'is its sender'\''s'

printf 'From: a@b.example\nSubject: hello\n\nhi\n' | og feedback >"$scratch/out"
is $? 0 'a mail that is none'
like "$(og feedback "$scratch/nothing" 2>&1)" '/nothing: No such file' 'a file that is not there'
like "$(cat "$scratch/out")" 'no report' 'is said to be none'
is "$(og feedback --quiet "$scratch/full.eml")" '' 'quiet'
chmod 000 "$gate_db"
if [ "$(id -u)" = 0 ]; then
    setpriv --reuid 65534 --clear-groups outgate --config "$gate_conf" feedback \
        <"$scratch/one.eml" >/dev/null 2>&1
    is $? 75 'a database out of reach: try again'
fi
tap_end
