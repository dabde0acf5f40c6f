#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# dossier: the original as it was sent, in an archive that others can read or in one
# mail; what is missing is said in both languages.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/log.sh"
need_command python3 sqlite3 tar gzip
cd "$builddir" || exit 99

mkdir -p "$gate/conf.d"
printf '[store]\nkeep = full\n' >"$gate/conf.d/keep.conf"
log_fill || exit 99
sqlite3 "$gate_db" "insert into feedback (at_us, kind, message, sender, recipient,
    status, reason, is_counted, reporter, detail, tied_by, source_hash) values
    (1700000000000000, 'complaint', 1, 'sasl_user:bob', 'friend@there.example', '',
    'other', 1, 'fbl', 'not what I asked for', 'message_id', 'x1')"
dossier() {
    og dossier --maillog /dev/null "$@"
}
unpack() {
    rm -rf "$scratch/unpacked"
    mkdir "$scratch/unpacked"
    tar -xzf "$1" -C "$scratch/unpacked"
}
part() {
    cat "$scratch/unpacked/outgate-dossier/$1"
}

dossier --out "$scratch/one.tar.gz" one.1@xxxx.xxxxxxx >"$scratch/out" 2>&1
is $? 0 'a whole original: 0'
is "$(stat -c %a "$scratch/one.tar.gz")" 600 'for its owner alone'
ok 'tar reads it' unpack "$scratch/one.tar.gz"
is "$(tar -tzf "$scratch/one.tar.gz" | sort | tr '\n' ' ')" \
    'outgate-dossier/1/facts.json outgate-dossier/1/message.txt outgate-dossier/1/original.eml outgate-dossier/README.txt outgate-dossier/senders.txt ' \
    'what is in it'
printf 'From: bob@here.example\r\nTo: friend@there.example\r\nMessage-ID: <one.1@here.example>\r\nSubject: hello\r\n\r\nHello,\r\nall is well.\r\n' \
    >"$scratch/want.eml"
ok 'the original, byte for byte' cmp "$scratch/want.eml" \
    "$scratch/unpacked/outgate-dossier/1/original.eml"
like "$(part README.txt)" '^Address of this server: 192\.0\.2\.25$' 'the address'
like "$(part README.txt)" 'Message-ID: <one\.1@here\.example>' 'the Message-ID'
like "$(part README.txt)" '^Ce qui manque :$' 'in French, too'
like "$(part README.txt)" '^  1: SPF, DKIM and DMARC were not recorded' \
    'authentication that is not recorded'
like "$(part 1/message.txt)" 'NOT verified by outgate' 'is no more than a claim'
like "$(part 1/message.txt)" 'not what I asked for' 'what a recipient answered'
like "$(part senders.txt)" 'sasl_user:bob' 'the sender'
like "$(part senders.txt)" '^  last 24 hours  4 messages to 21 recipients, 2 held' \
    'its volume'
like "$(part senders.txt)" '0 bounces .* 1 complaints' 'its complaints'
ok 'the facts are JSON' python3 -m json.tool \
    "$scratch/unpacked/outgate-dossier/1/facts.json"
dossier --out "$scratch/one.tar.gz" 1 >/dev/null 2>"$scratch/err"
is $? 74 'no file is overwritten'

# what was recorded, and what the header claims
sqlite3 "$gate_db" "update message set spf = 'pass', dkim = 'fail', dmarc = 'pass',
    authentication = 'spf=pass smtp.mailfrom=here.example; dkim=fail' where id = 2;
    update evidence set headers = headers || 'Received-SPF: pass (me)' || char(10) ||
    'DKIM-Signature: v=1; d=here.example; s=k' || char(10) where message = 1"
dossier --out "$scratch/two.tar.gz" 1 2 >/dev/null 2>&1
unpack "$scratch/two.tar.gz"
like "$(part 2/message.txt)" '^  SPF +pass$' 'SPF as recorded'
like "$(part 2/message.txt)" '^  in full +spf=pass smtp.mailfrom=here.example; ' 'in full'
unlike "$(part 2/message.txt)" 'NOT verified' 'is not called a claim'
like "$(part 1/message.txt)" 'DKIM-Signature: v=1; d=here\.example' 'a signature'

# other readers
dossier --out "$scratch/all.zip" 1 5 6 8 >"$scratch/out" 2>&1
is "$(python3 -c '
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
print(z.testzip(), len(z.namelist()), len(z.read("outgate-dossier/5/original.eml")) > 100)
' "$scratch/all.zip")" 'None 14 True' 'a zip'
is "$(dossier --out - 1 | python3 -c '
import sys, tarfile
t = tarfile.open(fileobj=sys.stdin.buffer, mode="r|gz")
print(len(t.getnames()))')" 5 'to standard output'
unpack "$scratch/two.tar.gz"
dossier --out "$scratch/five.tar.gz" 5 >/dev/null 2>&1
unpack "$scratch/five.tar.gz"
esc=$(printf '\033')
unlike "$(part 5/message.txt)" "$esc" 'a hostile subject is escaped'
like "$(part 5/message.txt)" 'x1b\[31mred' 'and legible'
like "$(part senders.txt)" '^of its last 3 messages in the log: 0 let go, 1 held, 0 deferred, 2 refused' \
    'what became of its mail'
dossier --out "$scratch/x.rar" 1 >/dev/null 2>&1
is $? 2 'an archive of no known form'

# a mail
dossier --mail 1 5 >"$scratch/mail.eml" 2>/dev/null
cat >"$scratch/read.py" <<'END'
import email, email.policy, sys
m = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
print(repr(m["To"]), m.get_content_type(), len(m.defects))
for p in m.iter_parts():
    print(p.get_content_type(), p.get_content_disposition(), p.get_filename())
inner = [p for p in m.iter_parts() if p.get_content_type() == "message/rfc822"][0]
print(inner.get_content()["Message-ID"])
print("Ce qui manque" in next(m.iter_parts()).get_content())
END
is "$(python3 "$scratch/read.py" "$scratch/mail.eml" | tr '\n' '|')" \
    "'' multipart/mixed 0|text/plain inline README.txt|text/plain attachment senders.txt|text/plain attachment 1-message.txt|message/rfc822 attachment 1-original.eml|application/json attachment 1-facts.json|text/plain attachment 5-message.txt|message/rfc822 attachment 5-original.eml|application/json attachment 5-facts.json|<one.1@here.example>|True|" \
    'one mail, to nobody yet, with the originals whole'
dossier --mail --out "$scratch/case.eml" 1 >/dev/null 2>&1
is "$(outgate scan --config "$gate_conf" --json "$scratch/case.eml" | field file)" \
    "$scratch/case.eml" 'into a file that is a mail'

# what an alert names
cat >"$scratch/alert.eml" <<'EOF_ALERT'
From: support@provider.example
Subject: [spam] your address

Our anti-spam protection layer has detected that your IP 192.0.2.99 is sending spam.
We have blocked the port 25 of your server.

Destination IP: 198.51.100.33 - Message-ID: one.1@xxxx.xxxxxxx - Spam score: 300
Destination IP: 198.51.100.33 - Message-ID: two.2@xxxx.xxxxxxx - Spam score: 410
Destination IP: 198.51.100.33 - Message-ID: stranger-to-us@xxxx.example - Spam score: 300
EOF_ALERT
og alert --no-mta --maillog /dev/null "$scratch/alert.eml" >/dev/null
dossier --alert "$scratch/alert.eml" </dev/null >/dev/null 2>"$scratch/err"
is $? 2 'a person says which are legitimate'
dossier --alert "$scratch/alert.eml" --out "$scratch/a.tar.gz" 2 >/dev/null 2>&1
unpack "$scratch/a.tar.gz"
is "$(ls "$scratch/unpacked/outgate-dossier" | tr '\n' ' ')" '2 README.txt senders.txt ' \
    'by their ids'
like "$(part README.txt)" '^Address of this server: 192\.0\.2\.99$' 'the address that was cut'
like "$(part README.txt)" 'score 410, to 198\.51\.100\.33' 'and what the provider said'
like "$(part README.txt)" 'stranger-to-us@xxxx' 'what is not in the log is named'
dossier --alert "$scratch/alert.eml" --out "$scratch/b.tar.gz" 3 >/dev/null 2>"$scratch/err"
is $? 2 'one that the alert does not name'
dossier --alert "$scratch/alert.eml" --yes --out "$scratch/b.tar.gz" >"$scratch/out" 2>&1
like "$(cat "$scratch/out")" '2 messages' 'all that it names'

# where it went
printf '%s\n' 'Nov 22 10:00:00 mx postfix/smtp[9]: AAAAAA01: to=<a@there.example>, relay=mx.there.example[203.0.113.9]:25, delay=1, dsn=2.0.0, status=sent (250 ok)' \
    >"$scratch/mail.log"
og dossier --maillog "$scratch/mail.log" --out "$scratch/c.tar.gz" 1 >/dev/null
unpack "$scratch/c.tar.gz"
like "$(part 1/message.txt)" '^went to +mx\.there\.example \[203\.0\.113\.9\]: sent' \
    'the answer of who took it'

# what was not kept
sqlite3 "$gate_db" "update evidence set body = '' where message = 3;
    delete from evidence where message = 4;
    update evidence set body = substr(body, 1, 10) where message = 8"
dossier --out "$scratch/d.tar.gz" 3 4 8 >"$scratch/out" 2>"$scratch/err"
is $? 1 'not whole: 1'
like "$(cat "$scratch/err")" 'keep = full' 'and it is said how to keep it'
unpack "$scratch/d.tar.gz"
like "$(part README.txt)" '^  3: headers-only\.eml: the header alone' 'no body'
like "$(part README.txt)" '^  3: headers-only\.eml : seul l' 'in French'
like "$(part README.txt)" '^  4: no header and no body' 'nothing'
like "$(part README.txt)" '^  8: the body is longer than what is kept' 'half a body'
like "$(part README.txt)" "^  4: ni l'en-t" 'in French'
is "$(ls "$scratch/unpacked/outgate-dossier/4")" message.txt 'nothing is made up'
dossier --mail 3 2>/dev/null >"$scratch/headers.eml"
like "$(cat "$scratch/headers.eml")" 'text/rfc822-headers' 'headers alone are no mail'
dossier 999 >/dev/null 2>&1
is $? 1 'a message that is not in the log'
dossier >/dev/null 2>&1
is $? 2 'no message named'
tap_end
