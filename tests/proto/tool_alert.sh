#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# alert: who sent what a provider names, what is queued, containment; against stand-ins
# for Postfix's tools.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/log.sh"
need_root
need_command python3 sqlite3 gzip
cd "$builddir" || exit 99

mta_fake
log_fill || exit 99
cat >"$scratch/alert.eml" <<'EOF'
From: support@provider.example
Subject: [spam] your address

Our anti-spam protection layer has detected that your IP 192.0.2.25 is
sending spam. In order to protect our network, we have blocked the port 25 of
your server.

Destination IP: 198.51.100.33 - Message-ID: one.1@xxxx.xxxxxxx - Spam score: 300
Destination IP: 198.51.100.33 - Message-ID: two.2@xxxx.xxxxxxx - Spam score: 410
Destination IP: 198.51.100.33 - Message-ID: stranger-to-us@xxxx.example - Spam score: 300
EOF
alert() {
    og alert --json --maillog /dev/null "$@" "$scratch/alert.eml"
}

out=$(alert --no-record)
is $? 0 'nothing of theirs queued: 0'
is "$(printf '%s\n' "$out" | field blocked_ip)" 192.0.2.25 'the address'
is "$(printf '%s\n' "$out" | field found)" 2 'found by the part before the @'
is "$(printf '%s\n' "$out" | python3 -c 'import json, sys
d = json.load(sys.stdin); c = d["culprits"][0]
print(len(d["culprits"]), c["sender"], c["named"], c["client_ip"])')" \
    '1 sasl_user:bob 2 198.51.100.7' 'the culprit'
is "$(sqlite3 "$gate_db" 'select count(*) from provider_report')" 0 'unrecorded'
is "$(printf '%s\n' "$out" | field queue)" clean 'the queue is clean'
alert >/dev/null
alert >/dev/null
is "$(sqlite3 "$gate_db" "select count(*), sum(score), count(message) from provider_report")" \
    '3|1010|2' 'what the provider said is kept, once'

mta_put deferred AAAAAA01 45 bob@here.example
mta_put hold AAAAAA03 30 bob@here.example
mta_put deferred AAAAAA08 5 dave@here.example
mta_put deferred AAAAAA02 1 other@here.example
out=$(alert)
is $? 1 'something of theirs is queued: 1'
is "$(printf '%s\n' "$out" | field queue)" dirty 'the queue is dirty'
is "$(printf '%s\n' "$out" | python3 -c 'import json, sys
c = json.load(sys.stdin)["culprits"][0]
print(c["queued"], c["on_hold"], c["blocked"])')" '1 1 False' \
    'one would leave, one is held; a stranger with a known queue id does not count'
out=$(og alert --maillog /dev/null "$scratch/alert.eml")
like "$out" 'NOT clean' 'people are told'
like "$out" 'NOT YET' 'and not to unblock'
like "$out" '  stop +outgate alert --contain .*alert\.eml' 'and what to do first'

og alert --contain "$scratch/alert.eml" </dev/null >/dev/null 2>"$scratch/err"
is $? 2 'containment wants to be confirmed'
is "$(sqlite3 "$gate_db" 'select count(*) from blocked_sender')" 0 'nothing was done'
out=$(alert --contain --yes)
is "$(printf '%s\n' "$out" | field queue)" contained 'contained'
is "$(sqlite3 "$gate_db" 'select sender, until_us is null from blocked_sender')" \
    'sasl_user:bob|1' 'the sender is locked'
is "$(sqlite3 "$gate_db" "select message, state, cause from held_message where cause = 'alert'
    order by message")" '1|waiting|alert
3|waiting|alert' 'what was queued waits where drop finds it'
like "$(cat "$mta_calls")" '^-h -$' 'the MTA was asked to hold'
is "$(og held --no-mta --json --cause alert | wc -l)" 2 "and held shows it by its cause"
like "$(cat "$mta_list")" '"deferred".*AAAAAA08' 'other mail goes on'
og drop --yes --sender sasl_user:bob >/dev/null
is "$(alert | field queue)" clean 'dropped: clean'
like "$(og alert --maillog /dev/null "$scratch/alert.eml")" '  unblock  at the provider' \
    'now it may be unblocked'

# the MTA's log says where it went
printf '%s\n' 'Nov 22 10:00:00 mx postfix/smtp[9]: AAAAAA01: to=<a@there.example>, relay=mx.there.example[203.0.113.9]:25, delay=1, dsn=2.0.0, status=sent (250 ok)' \
    'Nov 22 10:00:00 mx postfix/smtp[9]: BBBBBB: relay=x[192.0.2.9]:25, status=sent' |
    gzip >"$scratch/mail.log.gz"
is "$(og alert --json --no-mta --maillog "$scratch/mail.log.gz" "$scratch/alert.eml" |
    python3 -c 'import json, sys
print(json.load(sys.stdin)["samples"][0]["relay_ip"])')" 203.0.113.9 'a gzipped log'
og alert --maillog "$scratch/none" "$scratch/alert.eml" >/dev/null 2>"$scratch/err"
is $? 74 'a log that is not there'
like "$(cat "$scratch/err")" 'none: No such file' 'is said'

printf 'Subject: lunch\n\nhello\n' | og alert >/dev/null 2>"$scratch/err"
is $? 2 'a mail that is no alert'
like "$(cat "$scratch/err")" 'does not look like' 'is said to be none'
printf 'your IP 192.0.2.25 is sending spam, port 25 blocked\n' |
    og alert --no-mta >"$scratch/out"
is $? 1 'an alert that names no message'
like "$(cat "$scratch/out")" 'None of these' 'is one all the same'
tap_end
