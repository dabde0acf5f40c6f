#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# outgate log: every filter alone, each pair of them, against SQL on the same rows; and
# --follow.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/log.sh"
need_command perl python3 sqlite3
cd "$builddir" || exit 99

log_fill || exit 99
perl "$srcdir/tests/lib/week.pl" 150 | tests/unit/fill_log "$gate_conf" || exit 99
# One pair of hands wrote them all alike; what filters tell apart is strewn in.
sqlite3 "$gate_db" <<'SQL'
UPDATE message SET rcpt_to = CASE id % 5
    WHEN 0 THEN 'Ann@There.Example' WHEN 1 THEN 'x@mail.there.example, ann@other.example'
    WHEN 2 THEN 'ann@notthere.example' WHEN 3 THEN '"a, b"@q.example, z@there.example.org'
    ELSE 'ann@bücher.example' END;
UPDATE message SET header_from = 'boss@sub.here.example' WHERE id % 7 = 0;
UPDATE message SET mail_from = '' WHERE id % 11 = 0;
UPDATE message SET path = 'local' WHERE id % 3 = 0;
UPDATE message SET class = 'forwarded' WHERE id % 4 = 0;
UPDATE message SET campaign = 'c' || (id % 6) WHERE id % 2 = 0;
UPDATE message SET client_ip = '2001:db8::' || id WHERE id % 9 = 0;
UPDATE message SET limit_name = 'egress' WHERE id % 13 = 0;
UPDATE message SET subject = 'RÉSUMÉ 100% _sure_ ' || subject WHERE id % 8 = 0;
UPDATE message SET subject = subject || char(10, 27) || '[31m; DROP TABLE message' WHERE id = 9;
SQL

# filter ARGUMENTS SQL: a row of the table.
: >"$scratch/filters"
filter() {
    printf '%s\t%s\n' "$1" "$2" >>"$scratch/filters"
}
now=$(date +%s)
since=$(date -u -d "@$((now - 2 * 86400))" '+%Y-%m-%dT%H:%M:%SZ')
until=$(date -u -d "@$((now - 1800))" '+%Y-%m-%dT%H:%M:%SZ')
filter "--since $since" "at_us >= $(((now - 2 * 86400) * 1000000))"
filter "--until $until" "at_us < $(((now - 1800) * 1000000))"
filter '--sender shop' "sender = 'sasl_user:shop'"
filter '--action hold' "action = 'hold'"
filter '--rule TEST_HOLD' "id IN (SELECT message FROM hit WHERE rule = 'TEST_HOLD')"
filter '--to there.example' "', ' || rcpt_to || ', ' LIKE '%@there.example, %' OR
    ', ' || rcpt_to || ', ' LIKE '%.there.example, %'"
filter '--from here.example' "mail_from LIKE '%@here.example' OR
    header_from LIKE '%@here.example' OR header_from LIKE '%.here.example'"
filter '--client-ip 198.51.100.0/27' "client_ip LIKE '198.51.100.%' AND
    CAST(substr(client_ip, 12) AS INTEGER) < 32"
filter '--min-score 2' 'score >= 2'
filter '--max-score 6.5' 'score <= 6.5'
filter '--class forwarded' "class = 'forwarded'"
filter '--path local' "path = 'local'"
filter '--campaign c2' "campaign = 'c2'"
filter '--limit-name egress' "limit_name = 'egress'"
filter '--grep INVOICE' "subject LIKE '%invoice%' OR mail_from LIKE '%invoice%' OR
    header_from LIKE '%invoice%' OR rcpt_to LIKE '%invoice%'"

# agree ARGUMENTS SQL - the ids are the same, in the same order; prints what is not.
agree() {
    # Words are wanted apart.
    # shellcheck disable=SC2086
    og log --json -n 0 $1 2>/dev/null | sed 's/^{"id": \([0-9]*\),.*/\1/' >"$scratch/got"
    sqlite3 "$gate_db" "SELECT id FROM message WHERE $2 ORDER BY at_us DESC, id DESC" \
        >"$scratch/want"
    cmp -s "$scratch/got" "$scratch/want" || echo "$1"
}

python3 - "$scratch" <<'PY'
import sys
text = open(sys.argv[1] + "/filters").read()
rows, words = [], None
for line in text.split("\n"):
    if line.startswith("--"):
        rows.append(line.split("\t"))
    elif line:
        rows[-1][1] += " " + line.strip()
one = open(sys.argv[1] + "/one", "w")
two = open(sys.argv[1] + "/two", "w")
for i, (words, sql) in enumerate(rows):
    print(words, sql, sep="\t", file=one)
    for more, other in rows[:i]:
        print(f"{words} {more}\t({sql}) AND ({other})", file=two)
PY
tab=$(printf '\t')
while IFS="$tab" read -r words sql; do
    is "$(agree "$words" "$sql")" '' "log $words is what SQL says"
    ok "  and that is something" test -s "$scratch/want"
done <"$scratch/one"
while IFS="$tab" read -r words sql; do
    agree "$words" "$sql"
done <"$scratch/two" >"$scratch/wrong"
is "$(cat "$scratch/wrong")" '' "$(wc -l <"$scratch/two") pairs of filters are as SQL says"

ids() {
    og log --json -n 0 "$@" 2>/dev/null | sed 's/^{"id": \([0-9]*\),.*/\1/' | tr '\n' ' '
}
select_ids() {
    sqlite3 "$gate_db" "SELECT id FROM message WHERE $1 ORDER BY at_us DESC, id DESC" |
        tr '\n' ' '
}
is "$(ids --to ANN@there.example)" "$(select_ids "rcpt_to LIKE 'ann@there.example'")" \
    'to an address'
is "$(ids --to q.example)" "$(select_ids 'id % 5 = 3')" 'a comma in a quoted address'
is "$(ids --to xn--bcher-kva.example)" "$(select_ids 'id % 5 = 4')" 'a domain as A-labels'
is "$(ids --to bücher.example)" "$(select_ids 'id % 5 = 4')" 'and as U-labels'
is "$(ids --from '<>')" "$(select_ids "mail_from = ''")" 'from a null sender'
is "$(ids --client-ip 2001:db8::/64)" "$(select_ids "client_ip LIKE '2001:%'")" 'an IPv6 network'
is "$(ids --grep 'résumé 100% _SURE_')" "$(select_ids 'id % 8 = 0')" \
    'text is plain, in any case'
is "$(ids --grep "x' OR '1'='1")" '' 'and never SQL'
is "$(ids --rule NEVER_HIT)" '' 'a rule that never hit'
is "$(ids --min-score 500)" '' 'a score that none has'
is "$(ids --max-score -1)" "$(select_ids 'score <= -1')" 'a score below 0'
is "$(ids --queue-id AAAAAA03 --sender carol)" '' 'a queue id of somebody else'
is "$(ids -m d24aa492@xx --sender dave)" '8 ' 'a masked Message-ID and its sender'
is "$(og log --json -n 3 --sender shop --grep receipt | wc -l)" 3 'a page ends where it should'
unlike "$(og log -n 0 --grep 'DROP TABLE')" "$(printf '\033')" 'hostile subjects stay text'
for wrong in '--min-score x' '--path moon' '--class inbound' '--client-ip 300.1.1.1' \
    '--client-ip 10.0.0.1/8'; do
    # shellcheck disable=SC2086
    og log $wrong >/dev/null 2>&1
    is $? 2 "log $wrong ends with 2"
done

# --- follow
put() {
    echo "0|$1|198.51.100.7|$1@here.example|1|$2|<$2@here.example>|$3" |
        tests/unit/fill_log "$gate_conf"
}
has_lines() {
    [ "$(wc -l <"$1")" -ge "$2" ]
}
outgate --config "$gate_conf" log --follow --json -n 2 --sender sasl_user:bob >"$scratch/follow" 2>"$scratch/follow.log" &
follower=$!
at_exit "end_process $follower 5"
outgate --config "$gate_conf" log -F --grep needle >"$scratch/people" 2>>"$scratch/follow.log" &
people=$!
at_exit "end_process $people 5"
wait_for 10 has_lines "$scratch/follow" 2
is "$(field id <"$scratch/follow" | tr '\n' ' ')" '3 4 ' 'follow begins with the last rows'
put bob BBBBBB01 'a Needle'
put carol BBBBBB02 hello
put bob BBBBBB03 hello
ok 'it prints new rows' wait_for 10 has_lines "$scratch/follow" 4
is "$(field queue_id <"$scratch/follow" | tail -n +3 | tr '\n' ' ')" 'BBBBBB01 BBBBBB03 ' \
    'those that pass, in turn, once each'
ok 'for people: a title and a line' wait_for 10 has_lines "$scratch/people" 2
# Another database in its place, as a restored backup: what was shown stays shown.
sqlite3 "$gate_db" "VACUUM INTO '$scratch/copy.db'"
sqlite3 "$scratch/copy.db" 'PRAGMA journal_mode = WAL' >/dev/null
rm -f "$gate_db" "$gate_db-wal" "$gate_db-shm"
sleep 0.6
mv "$scratch/copy.db" "$gate_db"
put bob BBBBBB04 'after the change, needle'
ok 'it goes on in a database that was replaced' wait_for 10 has_lines "$scratch/follow" 5
is "$(field queue_id <"$scratch/follow" | tail -n 1)" BBBBBB04 'with what is new'
ok 'so does the other' wait_for 10 has_lines "$scratch/people" 3
kill -INT "$follower"
kill -TERM "$people"
wait "$follower"
is $? 0 'SIGINT ends it well'
wait "$people"
is $? 0 'SIGTERM as well'
is "$(wc -l <"$scratch/follow")" 5 'nothing was printed twice'
tap_end
