#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# feedback --rates and --snds: rates by their lower bound, never from a handful;
# Microsoft's export, read twice, stored once.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/log.sh"
need_command python3 sqlite3
cd "$builddir" || exit 99

log_fill || exit 99
is "$(og feedback --rates)" 'no bounce and no complaint was counted' 'nothing yet'
# volumes: SENDER RECIPIENTS; counts: SENDER BOUNCES COMPLAINTS
python3 - "$gate_db" <<'END'
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1])
now = int(time.time())
for sender, sent, bounces, complaints, counted in [
        ("sasl_user:shop", 1000, 30, 0, 1), ("sasl_user:five", 5, 5, 0, 1),
        ("sasl_user:fifty", 50, 4, 0, 1), ("sasl_user:list", 20000, 100, 600, 1),
        ("sasl_user:quiet", 1000, 40, 0, 0)]:
    db.execute("insert into summary_sender values (?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
        (now // 3600, sender, sent, sent))
    # eight days ago: before the usual seven
    db.execute("insert into summary_sender values (?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
        (now // 3600 - 192, sender, sent, sent))
    for kind, count in (("bounce", bounces), ("complaint", complaints)):
        for i in range(count):
            db.execute("insert into feedback (at_us, kind, sender, recipient, status,"
                "reason, is_counted, reporter, detail, tied_by, source_hash) values"
                "(?, ?, ?, ?, '', 'address', ?, '', '', '', ?)", (now * 10**6 - 1, kind,
                sender, "r%d" % i, counted, "%s%s%d" % (sender, kind, i)))
db.commit()
END
out=$(og feedback --rates)
is "$(printf '%s\n' "$out" | awk '/%/ { print $NF, $1, $3 }')" 'sasl_user:fifty 3.15 0.00
sasl_user:list 0.41 2.77
sasl_user:shop 2.11 0.00' 'the worst lower bound first (Wilson, 95 %)'
unlike "$out" 'five' 'five of five are no rate'
like "$out" '^1 sender with .* fewer than 50 recipients' 'but said to be there'
unlike "$out" 'quiet' 'what is not counted does not count'
is "$(og feedback --rates --json | python3 -c '
import json, sys
for line in sys.stdin:
    d = json.loads(line)
    if d["sender"] == "sasl_user:five": print(d["bounces"], d["bounce_rate_least"])')" \
    '5 None' 'JSON: null'
is "$(og feedback --rates --json --since 9d | python3 -c '
import json, sys
print([json.loads(l)["recipients"] for l in sys.stdin if "shop" in l])')" '[2000]' \
    'since when'
og feedback --rates mail.eml >/dev/null 2>&1
is $? 2 'rates and mails exclude each other'

cat >"$scratch/snds.csv" <<'END'
192.0.2.25,11/23/2026 12:00 AM,11/24/2026 12:00 AM,120,118,118,GREEN,< 0.1%,,,0,mail.here.example,bob@here.example,
192.0.2.25,11/24/2026 12:00 AM,11/25/2026 12:00 AM,900,850,850,RED,2.3%,11/24/2026 3:00 AM,11/24/2026 4:00 AM,7,mail.here.example,=cmd|' /C calc'!A0,
END
out=$(og feedback --snds "$scratch/snds.csv" --dry-run)
is "$(sqlite3 "$gate_db" 'select count(*) from snds_day')" 0 'a dry run stores nothing'
is "$(og feedback --json --snds "$scratch/snds.csv" | field new)" 2 'two new rows'
is "$(og feedback --json --snds - <"$scratch/snds.csv" | field new)" 0 'none the second time'
sed -i 's/RED,2.3%/YELLOW,1.1%/' "$scratch/snds.csv"
og feedback --snds "$scratch/snds.csv" >/dev/null
out=$(og feedback --snds-list)
like "$out" '^2026-11-24 00:00 +192\.0\.2\.25 +YELLOW +1\.1% +7 +850 ' \
    'a later export of the same day replaces it'
is "$(printf '%s\n' "$out" | sed -n 's/^\(2026[^ ]*\).*/\1/p' | tr '\n' ' ')" \
    '2026-11-24 2026-11-23 ' 'newest first'
is "$(og feedback --snds-list --since 2026-11-24 --json | field trap_hits)" 7 'JSON, since when'
printf 'hello\n' | og feedback --snds - >/dev/null 2>&1
is $? 2 'no export'
printf '192.0.2.26,11/24/2026,,1,1,1,GREEN\nhello\n' | og feedback --snds - >/dev/null 2>"$scratch/err"
is $? 1 'a line that is no row: 1'
like "$(cat "$scratch/err")" 'the first is line 2' 'and where it is'
og report --since 2026-11-20 --out "$scratch/report.html" >/dev/null 2>&1 ||
    og report --since 2026-11-20 >"$scratch/report.html"
like "$(cat "$scratch/report.html")" 'Microsoft \(SNDS\)' 'the report has it'
tap_end
