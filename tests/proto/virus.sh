#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A real clamd with a signature of the test's own: what it finds in attachments, what is
# too large for it, and what becomes of mail while it is away.
. "${srcdir:-.}/tests/proto/lib.sh"
need_command clamd python3
. "$srcdir/tests/lib/log.sh"

clamd=$scratch/clamd
clamd_pid=
mkdir -p "$clamd/db" "$clamd/tmp"
chmod 777 "$clamd" "$clamd/tmp"
# The words that this test calls a virus; in no file in one piece.
words="outgate-own-"'signature-of-a-test'
printf 'Outgate.Own.Test-1:0:*:%s\n' \
    "$(printf %s "$words" | od -An -tx1 | tr -d ' \n')" >"$clamd/db/own.ndb"
cat >"$clamd/clamd.conf" <<EOF
Foreground yes
LogFile $clamd/clamd.log
LocalSocket $clamd/socket
LocalSocketMode 666
DatabaseDirectory $clamd/db
TemporaryDirectory $clamd/tmp
StreamMaxLength 1M
ConcurrentDatabaseReload no
SelfCheck 3600
MaxThreads 4
EOF

clamd_start() {
    clamd --config-file="$clamd/clamd.conf" >>"$clamd/start.log" 2>&1 &
    clamd_pid=$!
    wait_for 30 test -S "$clamd/socket"
}
clamd_stop() {
    end_process "$clamd_pid"
    clamd_pid=
    rm -f "$clamd/socket"
}
at_exit clamd_stop

mail=$scratch/mail
mkdir -p "$mail"
# attach BASE64 NAME - a mail with that attached.
attach() {
    cat <<EOF
X-Odd: the first field is none that says mail
From: Bob <bob@here.example>
To: ann@there.example
Subject: the plan
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Hello Ann, here is the plan.
--b
Content-Type: application/octet-stream; name=$2
Content-Disposition: attachment; filename=$2
Content-Transfer-Encoding: base64

$1
--b--
EOF
}
lead=$(printf 'nothing to see here, %.0s' 1 2 3 4 5 6 7 8)
attach "$(printf %s "$lead $lead" | base64)" plan.bin >"$mail/clean.eml"
attach "$(printf %s "$lead $words $lead" | base64)" plan.bin >"$mail/virus.eml"
attach "$(printf %s "$lead $words $lead" | base64 |
    sed '2s/^/\nFrom bob Sat Nov 22 03:12:00 2026 abc\n/')" plan.bin >"$mail/split.eml"
python3 - "$mail/zip" "$lead $words" <<'EOF'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as file:
    file.writestr("inner/plan.bin", sys.argv[2])
EOF
attach "$(base64 "$mail/zip")" plan.zip >"$mail/zip.eml"
attach "$(head -c 1500000 /dev/zero | tr '\0' 'x' | base64)" big.bin >"$mail/big.eml"

gate_rules=$srcdir/rules
gate_config "[virus]
clamd = unix:$clamd/socket
deadline = 20s"
ok 'clamd runs' clamd_start
facts() {
    og scan --json "$mail/$1.eml" | python3 -c '
import json, sys
for line in sys.stdin:
    it = json.loads(line)
    print(it["facts"].get("virus"), it["facts"].get("virus_name"), it["action"],
          *[hit["rule"] for hit in it["hits"] if hit["rule"].startswith("VIRUS")])'
}
is "$(facts clean)" 'pass None accept' 'a clean attachment'
found='fail Outgate.Own.Test-1.UNOFFICIAL reject VIRUS_FOUND'
is "$(facts virus)" "$found" 'the words in an attachment'
is "$(facts zip)" "$found" 'in a zip'
is "$(facts split)" "$found" 'what readers pass over in base64 hides nothing'
is "$(facts big | cut -d' ' -f1-2)" 'neutral None' 'more than clamd takes is not clean'

# what was done with it
action_of() {
    sql "select action from message where message_id = '$1' order by id desc limit 1"
}
gate_start
talk virus -D words="$words"
is "$(action_of clean)" accept 'clean mail leaves'
is "$(action_of virus)" reject 'the virus does not'
is "$(sql "select key, sender, what from incident where kind = 'virus'")" \
    'sasl_user:eve|sasl_user:eve|virus Outgate.Own.Test-1.UNOFFICIAL' \
    'and its sender is an incident'
like "$(og incidents "$(sql "select id from incident where kind = 'virus'")")" \
    'outgate block sasl_user:eve' 'with what to do'

clamd_stop
talk virus -D words="$words" -D away=1
is "$(action_of away-1) $(action_of away-2)" 'hold hold' \
    'without a scanner mail waits, it is not let through'
is "$(sql "select key, times from incident where kind = 'scanner'")" 'clamd|2' \
    'the scanner is an incident'
like "$(og incidents "$(sql "select id from incident where kind = 'scanner'")")" \
    'start clamd' 'with what to do'
is "$(grep -c 'clamd at .*: mail is not scanned for viruses' "$gate/gate.log")" 1 \
    'one line of the log says so'
ok 'clamd runs again' clamd_start
sleep 2
talk virus -D words="$words" -D back=1
is "$(action_of back-1)" accept 'mail leaves again'
is "$(grep -c 'clamd at .* is back after' "$gate/gate.log")" 1 'the log says so'

gate_overlay '[virus]
clamd = unix:relative'
like "$(outgate-milter -t -c "$gate_conf" 2>&1)" 'write unix:/path or inet:PORT@ADDRESS' \
    'a socket that is none is refused'
tap_end
