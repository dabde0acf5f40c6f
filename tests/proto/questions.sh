#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The questions of sql/README.md, run as they stand there over a week of traffic: no
# error, and an answer to each.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/log.sh"
need_command sqlite3 perl awk
cd "$builddir" || exit 99

gate_config '[limits]
login = 30 recipients per 1h per sender, then hold'
perl "$srcdir/tests/lib/week.pl" 1500 | tests/unit/fill_log "$gate_conf" || exit 99
# What a week brings besides messages: answers, a release, a script, a campaign.
sqlite3 "$gate_db" "update message set rcpt_to = 'ann@example.net' where id % 3 = 0;
    update message set script = 'contact.php:33' where id % 50 = 0;
    update message set campaign = 'c1' where subject like '%win now%';
    insert or ignore into campaign (key, sketch, first_us, last_us, messages, recipients,
        senders, subject) select 'c1', '00', min(at_us), max(at_us), count(*), 1, 1,
        'win now' from message where campaign = 'c1';
    update held_message set state = 'released', state_by = 'root' where message in
        (select message from held_message join hit using (message) limit 3);
    insert into held_message (message, queue_id, held_at_us, due_at_us, state,
        state_at_us, state_by, cause) select max(id), '4qlast', 1, 9999999999000000,
        'waiting', 1, '', 'limit' from message where id not in (select message from held_message);
    insert into provider_report (at_us, blocked_ip, destination_ip, message_id, score,
        message, sender) select at_us, '192.0.2.25', '', message_id, 300, id, sender from
        message where subject like '%win now%' limit 2;
    insert into feedback (at_us, kind, message, sender, recipient, status, reason,
        is_counted, reporter, detail, tied_by, source_hash) select
        unixepoch() * 1000000, 'bounce', id, sender, rcpt_to, '5.1.1', 'address', 1, '',
        '', 'message_id', 'h' || id from message where id % 9 = 0" || exit 99

awk -v dir="$scratch" '/^## / { on = $0 == "## Ten questions" }
    on && /^```sql/ { sql = 1; file = sprintf("%s/q%02d.sql", dir, ++n); next }
    /^```/ { sql = 0 }
    on && sql { print > file; next }
    on && /\?/ && !/^  *|`/ { title[n + 1] = $0 }
    END { for (i = 1; i <= n; i++) print title[i] > (dir "/titles") }' \
    "$srcdir/sql/README.md"
is "$(find "$scratch" -name 'q*.sql' | wc -l | tr -d ' ')" 10 'there are ten'
number=0
while read -r title; do
    number=$((number + 1))
    sqlite3 -readonly -header "$gate_db" <"$scratch/q$(printf %02d $number).sql" \
        >"$scratch/answer" 2>"$scratch/err"
    is "$?|$(cat "$scratch/err")" '0|' "$title"
    ok "... has an answer ($(($(wc -l <"$scratch/answer") - 1)) rows)" \
        test "$(wc -l <"$scratch/answer")" -ge 2
done <"$scratch/titles"
is "$number" 10 'each has its question'

# and the right one, where the answer is known
like "$(sqlite3 -readonly "$gate_db" <"$scratch/q02.sql")" '^203\.0\.113\.66\|' \
    'the stolen login sent from an address of its own'
tap_end
