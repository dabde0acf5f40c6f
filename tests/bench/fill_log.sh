#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# fill_log - a month's log of many messages, by SQL alone: the same rows for the same
# number, but for the time they end at.
#
#   sh tests/bench/fill_log.sh DATABASE [MESSAGES]     (10000000)
#
# Ten million take some 5 GB and some minutes. 5000 senders of very different size; the
# login user7777 is stolen on the last day but two; 30 % have hits, the last 200000 the
# facts kept, the last million their charges.
set -eu
srcdir=${srcdir:-.}
database=$1
rows=${2:-10000000}
[ ! -e "$database" ] || {
    echo "fill_log: $database exists" >&2
    exit 1
}
folder=$(dirname "$database")
free_kb=$(df -Pk "$folder" | awk 'NR == 2 { print $4 }')
[ "$free_kb" -gt $((rows / 1000 * 1200)) ] || {
    echo "fill_log: too little room in $folder" >&2
    exit 1
}
version=$(basename "$(ls "$srcdir"/sql/[0-9]*.sql | tail -n 1)" | sed 's/^0*//; s/-.*//')
fast="PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
PRAGMA cache_size = -1000000; PRAGMA temp_store = MEMORY;"

cat "$srcdir"/sql/[0-9]*.sql "$srcdir/sql/views.sql" | sqlite3 "$database"
indexes=$(sqlite3 "$database" "SELECT sql || ';' FROM sqlite_schema WHERE type = 'index'
    AND tbl_name = 'message' AND sql IS NOT NULL")
sqlite3 "$database" "SELECT 'DROP INDEX ' || name || ';' FROM sqlite_schema WHERE
    type = 'index' AND tbl_name = 'message' AND sql IS NOT NULL" | sqlite3 "$database"

sqlite3 "$database" <<SQL
$fast
CREATE TEMP TABLE clock AS
SELECT CAST((julianday('now') - 2440587.5) * 86400e6 AS INTEGER) AS now_us;

-- h1 to h3: numbers that look like chance. u: 0..1.
INSERT INTO message
SELECT id, at_us, CASE WHEN h2 % 50 = 0 THEN 'forwarded' ELSE 'outbound' END,
       CASE WHEN h2 % 10 = 0 THEN 'local' ELSE 'smtp' END,
       'sasl_user:user' || who, 'sasl_user', printf('4q%08X', id),
       printf('m.%08x.%d@here%d.example', h1, id, who % 40),
       printf('m.%08x.%d', h1, id),
       printf('198.51.%d.%d', 100 + who / 250, 1 + who % 250 ), '', 'laptop',
       printf('user%d@here%d.example', who, who % 40),
       printf('user%d@here%d.example', who, who % 40),
       printf('here%d.example', who % 40),
       CASE WHEN who = 7777 THEN 'Win a prize today' ELSE
           CASE h3 % 6 WHEN 0 THEN 'minutes of Monday' WHEN 1 THEN 'your invoice '
           WHEN 2 THEN 'question about order ' WHEN 3 THEN 'Résumé, the figures'
           WHEN 4 THEN 'holiday plan' ELSE 'draft ' END || (h1 % 1000) END,
       '', '', rcpts,
       printf('friend%d@there%d.example', h3 % 3000, h3 % 700) ||
           CASE WHEN rcpts > 1 THEN printf(', other@there%d.example', h1 % 700)
           ELSE '' END,
       2000 + h1 % 30000, score, action, action,
       CASE action WHEN 'accept' THEN 'clean' WHEN 'hold' THEN
           'score ' || score || ', hold at 5' ELSE 'score ' || score END,
       NULL, NULL, NULL, '', CASE action WHEN 'reject' THEN printf('i%08x', id) ELSE '' END,
       0, 300 + h1 % 900, CASE WHEN who = 7777 THEN 'c0001' ELSE '' END
FROM (
    SELECT *, CASE WHEN score >= 15 THEN 'reject' WHEN score >= 5 THEN 'hold'
              WHEN score >= 3 THEN 'slow' ELSE 'accept' END AS action
    FROM (
        SELECT *, CASE WHEN who = 7777 THEN 4.5 WHEN h2 % 1000 < 2 THEN 16.5
                  WHEN h2 % 1000 < 10 THEN 5.0 + h3 % 50 / 10.0
                  WHEN h2 % 1000 < 30 THEN 3.0 + h3 % 20 / 10.0
                  WHEN h2 % 1000 < 300 THEN h3 % 30 / 10.0 ELSE 0.0 END AS score,
               1 + (h2 % 7 = 0) * (h3 % 5) AS rcpts
        FROM (
            SELECT *, CASE WHEN id BETWEEN $rows * 0.91 AND $rows * 0.912 THEN 7777
                      ELSE CAST(5000 * (h1 / 4294967296.0) * (h1 / 4294967296.0) *
                           (h1 / 4294967296.0) AS INTEGER) END AS who
            FROM (
                SELECT value AS id,
                       now_us - ($rows - value) * (30 * 86400000000 / $rows) AS at_us,
                       value * 2654435761 % 4294967296 AS h1,
                       value * 2246822519 % 4294967291 AS h2,
                       value * 3266489917 % 4294967279 AS h3
                FROM clock, generate_series(1, $rows)
            )
        )
    )
);

INSERT INTO hit SELECT id, 'RULE_A' || (id * 7919 % 40), min(score, 1.5)
FROM message WHERE score > 0;
INSERT INTO hit SELECT id, 'RULE_B' || (id * 104729 % 40), score - 1.5
FROM message WHERE score > 1.5;
INSERT INTO charge SELECT id, 'login', sender, recipients, at_us
FROM message WHERE id > $rows - 1000000 AND action <> 'reject';
INSERT INTO charge SELECT id, 'egress', 'egress', CAST(score * 1000 AS INTEGER), at_us
FROM message WHERE id > $rows - 1000000 AND action <> 'reject' AND score > 0;
INSERT INTO evidence SELECT id, '{"spf": "pass", "dkim": "none", "dmarc": "pass", ' ||
       '"links_per_100_words": 1.5, "recipients": ' || recipients || '}',
       'From: ' || header_from || char(13, 10) || 'Subject: ' || subject || char(13, 10),
       ''
FROM message WHERE id > $rows - 200000;
INSERT INTO held_message (message, queue_id, held_at_us, due_at_us, state, state_at_us,
       state_by, cause)
SELECT id, queue_id, at_us, NULL,
       CASE WHEN id > $rows * 0.999 THEN 'waiting' ELSE 'released' END,
       at_us + 3600000000 * (id <= $rows * 0.999), '', 'score'
FROM message WHERE action = 'hold';
INSERT INTO feedback (at_us, kind, message, sender, recipient, status, reason,
       is_counted, reporter, detail, tied_by, source_hash)
SELECT at_us + 60000000, 'bounce', id, sender, rcpt_to, '5.1.1', 'address', 1,
       'mx.there.example', 'no such user', 'message_id', 'h' || id
FROM message WHERE id % 500 = 0;
SQL

{
    echo "$fast"
    echo "$indexes"
    echo 'DROP INDEX summary_sender_sender;'
    sed -n '/^INSERT INTO summary_hour/,/^CREATE/p' "$srcdir/sql/008-summary.sql" |
        sed '/^CREATE/d'
    echo 'CREATE INDEX summary_sender_sender ON summary_sender (sender, hour);'
    echo "PRAGMA user_version = $version;"
    echo 'PRAGMA locking_mode = NORMAL; SELECT count(*) FROM summary_hour;'
} | sqlite3 "$database" >/dev/null
sqlite3 "$database" 'PRAGMA journal_mode = WAL' >/dev/null
