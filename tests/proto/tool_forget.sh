#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# forget: nothing in the database names the person any more, in its file not even in
# free pages; counts stay; other people's rows are as they were.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/log.sh"
need_command python3 sqlite3
cd "$builddir" || exit 99

mkdir -p "$gate/conf.d"
printf '[store]\nkeep = full\n' >"$gate/conf.d/keep.conf"
log_fill || exit 99
db() {
    sqlite3 -cmd '.timeout 5000' "$gate_db" "$1"
}
# In each table that can name a person: bob, a stranger to whom carol wrote, and others
# whose names are longer or elsewhere.
db "update message set rcpt_to = 'ann@there.example, Zoe@There.example, bob@here.example.org'
    where id = 8;
    update message set rcpt_to = 'zoe@there.example' where id = 1;
    update message set rcpt_to = 'mozoe@there.example' where id = 6;
    update message set subject = 'ask zoe@there.example.' where id = 6;
    update evidence set body = 'write to zoe@there.example!' where message = 8;
    update evidence set body = 'write to mozoe@there.example' where message = 7;
    insert into feedback (at_us, kind, message, sender, recipient, status, reason,
        is_counted, reporter, detail, tied_by, source_hash) values
        (1, 'bounce', 1, 'sasl_user:bob', 'zoe@there.example', '5.1.1', 'address', 1,
            'mx', 'zoe@there.example: unknown', 'message_id', 'h1'),
        (2, 'bounce', 7, 'sasl_user:carol', 'mozoe@there.example', '5.1.1', 'address', 1,
            'mx', 'mozoe@there.example: unknown', 'message_id', 'h2');
    insert into provider_report (at_us, blocked_ip, destination_ip, message_id, score,
        message, sender) values (1, '192.0.2.25', '', 'one.1@xxxx', 300, 1, 'sasl_user:bob');
    insert or ignore into sender_seen (sender, first_us, last_us, messages, recipients)
        values ('sasl_user:bob', 1, 2, 3, 4), ('sasl_user:carol', 1, 2, 3, 4);
    insert or ignore into sender_trait (sender, kind, value, first_us, last_us, times)
        select id, 'header_from', 'bob@here.example', 1, 2, 3 from sender_seen
        where sender in ('sasl_user:bob', 'sasl_user:carol');
    insert or ignore into sender_trait (sender, kind, value, first_us, last_us, times)
        select id, 'x_mailer', 'Thing', 1, 2, 3 from sender_seen
        where sender = 'sasl_user:carol';
    insert or ignore into sender_recipient select id, 77, 1 from sender_seen;
    insert into campaign (id, key, sketch, first_us, last_us, messages, recipients,
        senders, subject) values (1, 'c1', '00', 1, 2, 3, 4, 1, 'from bob'),
        (2, 'c2', '00', 1, 2, 3, 4, 1, 'from carol');
    insert into campaign_sender values (1, 'sasl_user:bob', 3), (2, 'sasl_user:carol', 3);
    insert into incident (kind, key, sender, level, opened_us, last_us, times, what,
        told_level, told_times, tried_times, told_ways) values
        ('limit', 'lim sasl_user:bob', 'sasl_user:bob', 0, 1, 2, 3, 'sasl_user:bob sent 300',
            0, 0, 0, 0),
        ('limit', 'lim sasl_user:bobby', 'sasl_user:bobby', 0, 1, 2, 3,
            'sasl_user:bobby sent 300', 0, 0, 0, 0);
    insert into blocked_sender (sender, since_us, reason, by) values
        ('sasl_user:bob', 1, 'spam', 'root');" || exit 99
names() { # TEXT - how many files of the database hold it
    cat "$gate_db" "$gate_db-wal" 2>/dev/null | tr 'A-Z' 'a-z' | grep -a -o -e "$1" |
        wc -l | tr -d ' '
}

# what bob's history keeps of friend@there.example
known=$(db "select max(recipient) from sender_recipient where recipient <> 77")
ok 'a recipient is known by its hash' test -n "$known"

# a dry run, and asking
before=$(db .dump | sha256sum)
out=$(og forget --dry-run sasl_user:bob)
is $? 1 'a message that waits: 1'
like "$out" ' 2  messages sent$' 'a dry run counts'
like "$out" 'nothing was changed' 'and changes nothing'
is "$(db .dump | sha256sum)" "$before" 'nothing at all'
og forget sasl_user:bob </dev/null >/dev/null 2>&1
is $? 2 'it wants to be confirmed'
og forget bob >/dev/null 2>&1
is $? 2 'neither address nor key'
og forget client_ip:198.51.100.0/24 --yes >/dev/null 2>&1
is $? 2 'a network is nobody'

# Ended at a write in the middle (SIGXFSZ, as a kill -9), then run again: the same end.
copy() {
    rm -f "$scratch/copy.db"*
    cat "$scratch/before.sql" | sqlite3 "$scratch/copy.db" &&
        sqlite3 "$scratch/copy.db" "update held_message set state = 'released';
            pragma journal_mode = wal;
            pragma user_version = $(db 'pragma user_version')" >/dev/null
}
forget_copy() {
    og --db "$scratch/copy.db" forget --yes sasl_user:bob
}
db .dump >"$scratch/before.sql"
copy
forget_copy >/dev/null
sqlite3 "$scratch/copy.db" .dump >"$scratch/want.sql"
stopped=0
for blocks in 20 66 130 260; do
    copy
    (
        ulimit -c 0
        ulimit -f "$blocks"
        forget_copy
    ) >/dev/null 2>&1 || stopped=$((stopped + 1))
    is "$(sqlite3 "$scratch/copy.db" 'pragma integrity_check')" ok "stopped at $blocks: sound"
    forget_copy >/dev/null
    sqlite3 "$scratch/copy.db" .dump >"$scratch/got.sql"
    ok '... and run again: as if it had never been stopped' cmp "$scratch/want.sql" \
        "$scratch/got.sql"
done
ok "some were stopped ($stopped)" test "$stopped" -ge 2

# what waits in the hold queue needs its sender for its release
out=$(og forget --yes sasl_user:bob)
like "$out" '2 of its messages wait in the hold queue' 'held mail is passed over'
is "$(db "select sender, queue_id from message where id = 4")" 'sasl_user:bob|AAAAAA04' \
    'and untouched'
db "update held_message set state = 'released'"
totals=$(db "select count(*), sum(recipients), sum(size_bytes), round(sum(score), 3)
    from message; select sum(messages), sum(recipients) from summary_sender")

# as a sender
out=$(og forget --yes bob@here.example)
is $? 0 'an address'
like "$out" 'was charged to sasl_user:bob' 'and who else was charged for its mail'
like "$(og forget --yes sasl_user:bob)" 'Blocks, exemptions .* stay' 'its block stays'
is "$(db "select count(*) from message where sender = 'forgotten'")" 4 'four messages'
is "$(db "select count(*), sum(recipients), sum(size_bytes), round(sum(score), 3)
    from message; select sum(messages), sum(recipients) from summary_sender")" \
    "$totals" 'all counts are as before'
is "$(db "select count(*) from summary_sender where sender = 'sasl_user:bob'")" 0 \
    'the summaries name another'
is "$(db "select count(*) from hit where message in (1, 2, 3, 4)")" 1 'hits stay'
is "$(db "select count(*) from evidence where message in (1, 2, 3, 4)")" 0 \
    'headers, bodies and facts are gone'
is "$(db "select sender, recipient from feedback where source_hash = 'h1'")" \
    'forgotten|zoe@there.example' 'feedback'
is "$(db "select group_concat(sender) from sender_seen")" sasl_user:carol 'history'
is "$(db "select group_concat(value) from sender_trait")" Thing \
    'traits, also where another sender wrote under its name'
is "$(db "select count(*) from sender_recipient")" 1 'recipients that it knew'
is "$(db "select key, what from incident where key like 'lim sasl_user:bobby'")" \
    'lim sasl_user:bobby|sasl_user:bobby sent 300' 'a longer name is another'\''s'
is "$(db "select subject from campaign order by id")" "
from carol" 'campaigns'
is "$(db "select rcpt_to from message where id = 8")" \
    'ann@there.example, Zoe@There.example, bob@here.example.org' \
    'a longer address is another'\''s'

# with its orders, nothing is left
og forget --yes --all bob@here.example >/dev/null
og forget --yes --all sasl_user:bob >/dev/null
is "$(db "select (select count(*) from blocked_sender), (select count(*) from limit_slot
    where key like 'sasl_user:bob%')")" '0|0' '--all: its block and what limits count'
tests/unit/fill_log "$gate_conf" </dev/null # the daemon's connection empties the WAL
is "$(names 'sasl_user:bob[^b]')$(names 'bob@here\.example[^.]')" 00 \
    'no page of the file names it'

# as a recipient
out=$(og forget --yes ZOE@there.example)
is $? 0 'a recipient'
is "$(db "select rcpt_to from message where id = 8")" \
    'ann@there.example, (forgotten), bob@here.example.org' 'is taken out of the list'
is "$(db "select length(headers), length(body) from evidence where message = 8")" '0|0' \
    'and out of what was kept'
is "$(db "select rcpt_to, subject from message where id = 6")" 'mozoe@there.example|' \
    'a subject that names it'
is "$(db "select body from evidence where message = 7")" 'write to mozoe@there.example' \
    'another one stays'
is "$(db "select recipient, detail from feedback where source_hash = 'h1'")" \
    'forgotten:1|' 'feedback'
tests/unit/fill_log "$gate_conf" </dev/null
is "$(names '[^o]zoe@there\.example')" 0 'no page of the file names it'
db "insert into sender_recipient select id, $known, 1 from sender_seen;
    update sender_seen set known_recipients = 1;
    insert into border_message values (5, null, '', '', 'sound', 'Friend@there.example')"
og forget --yes Friend@There.example >/dev/null
is "$(db "select count(*) from sender_recipient where recipient = $known")|$(db "select
    known_recipients from sender_seen")|$(db 'select forwarded_by from border_message')" \
    '0|0|' 'the hash of a recipient goes with it, and who forwarded'
out=$(og forget --yes zoe@there.example)
is $? 0 'once more'
like "$out" 'nothing of it is in the log' 'finds nothing'
like "$out" 'backups' 'and says what is out of reach'
is "$(og forget --json --yes zoe@there.example | field done)" true 'JSON'
is "$(db 'pragma integrity_check')" ok 'the database is sound'
ok 'and its views work' db 'select count(*) from recent; select * from held;
    select * from top_senders; select * from top_rules; select * from timeline'

# Every text column of the schema is either blanked or cannot name a person: who adds a
# column adds it to store/forget.c or to this list.
cat >"$scratch/kept" <<'LIST'
border_message.first_path border_message.first_queue_id border_message.ticket
brake.by brake.reason blocked_sender.by blocked_sender.reason
campaign.key campaign.sketch charge.limit_name dns_figure.name domain_seen.domain
exemption.by exemption.limit_name exemption.reason
feedback.kind feedback.reason feedback.reporter feedback.source_hash feedback.status
feedback.tied_by held_message.asked_by held_message.asked_for held_message.cause held_message.queue_id held_message.state
held_message.state_by hit.rule incident.kind limit_in_force.action
limit_in_force.class limit_in_force.keys limit_in_force.name limit_in_force.sentence
limit_in_force.unit limit_override.by limit_override.limit_name
limit_override.reason limit_override.sentence limit_slot.limit_name
message.action message.campaign message.class message.dkim message.dmarc message.from_domain
message.identified_by message.incident message.limit_name message.meant message.path
message.queue_id message.spf meta.name meta.value notice.mark notice.purpose probe.mark
provider_report.blocked_ip provider_report.destination_ip sender_trait.kind
snds_day.comments snds_day.complaint_rate snds_day.end_at snds_day.filter_result
snds_day.ip snds_day.sample_helo snds_day.start_at snds_day.trap_end_at
snds_day.trap_start_at summary_domain.domain summary_hour.action summary_hour.class summary_rule.rule
ticket.action ticket.class ticket.client_ip ticket.digest ticket.mark ticket.path
ticket.passed_queue_id ticket.queue_id ticket.recipients
ticket.sender
LIST
tr ' ' '\n' <"$scratch/kept" | sort >"$scratch/kept.sorted"
missing=
for column in $(db "select m.name || '.' || c.name from sqlite_schema m, pragma_table_info(m.name) c
    where m.type = 'table' and m.name not like 'sqlite_%' and c.type in ('TEXT', 'ANY')
    order by 1"); do
    table=${column%.*}
    grep -qx "$column" "$scratch/kept.sorted" ||
        grep -Eq "\b$table\b" "$srcdir/milter/store/forget.c" &&
        { grep -qx "$column" "$scratch/kept.sorted" ||
            grep -Eq "\b${column#*.}\b" "$srcdir/milter/store/forget.c"; } ||
        missing="$missing $column"
done
is "$missing" '' 'each column is forgotten or known to name nobody'
tap_end
