#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# report: a page of a week's traffic; its figures are those of the log. Chromium looks at
# it at three widths where it is installed: nothing overflows, nothing is asked of the
# network, the console stays empty.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
need_command python3 sqlite3 perl
cd "$builddir" || exit 99

gate_config '[limits]
login  = 400 recipients per 1h per sender, burst 200, then hold
egress = 60 points per 1h per egress, then hold
host   = 9000 messages per 1d per host, then hold'
perl "$srcdir/tests/lib/week.pl" 2000 >"$scratch/week"
tests/unit/fill_log "$gate_conf" <"$scratch/week" || exit 99
sql() {
    sqlite3 "$gate_db" "$1"
}
sql "insert into feedback (at_us, kind, message, sender, recipient, status, reason,
    is_counted, reporter, detail, tied_by, source_hash)
    select strftime('%s', 'now') * 1000000 - id, 'bounce', id, sender, 'x' || id, '5.1.1',
    'address', 1, '', '', 'message_id', id from message where sender = 'sasl_user:shop'
    limit 30"
sql "update message set subject = '<script>alert(1)</script>' where id = 7"
sql "insert into summary_sender values (strftime('%s', 'now') / 3600,
    'sasl_user:\"><script>alert(1)</script>', 9, 90000, 0, 0, 0, 0, 0, 0, 0, 0,
    strftime('%s', 'now') * 1000000)"

outgate --config "$gate_conf" report --out "$scratch/report.html" --since 8d
is $? 0 'a page is written'
page=$(cat "$scratch/report.html")
is "$(printf '%s' "$page" | grep -c '<script')" 0 'no script, whatever a sender is called'
like "$page" 'sasl_user:&quot;&gt;&lt;script&gt;' 'it is escaped'
is "$(printf '%s' "$page" | grep -Eio ' (src|href)=[^ >]*' |
    grep -v 'href="#' | grep -v 'href="data:,"')" '' 'no address but its own'
cat >"$scratch/check.py" <<'EOF'
import html.parser, sys
class Reader(html.parser.HTMLParser):
    empty = {"meta", "link", "br", "line", "rect", "path"}
    def __init__(self):
        super().__init__()
        self.open, self.faults, self.ids = [], [], []
    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "svg" and values.get("aria-hidden") != "true" and not values.get("aria-label"):
            self.faults.append("svg without a text")
        if tag not in self.empty and tag not in ("td", "tr", "th"):
            self.open.append(tag)
    def handle_endtag(self, tag):
        if tag in self.empty or tag in ("td", "tr", "th"):
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append("unbalanced " + tag)
reader = Reader()
reader.feed(open(sys.argv[1], encoding="utf-8").read())
if len(set(reader.ids)) != len(reader.ids):
    reader.faults.append("an id twice")
print(" ".join(reader.faults + reader.open))
EOF
is "$(python3 "$scratch/check.py" "$scratch/report.html")" '' 'it is well-formed'

# the figures are the log's
is "$(sql 'select sum(messages), sum(recipients) from summary_hour')" \
    "$(sql 'select count(*), sum(recipients) from message')" 'by hour: all of them'
is "$(sql 'select action, sum(messages) from summary_hour group by 1')" \
    "$(sql 'select action, count(*) from message group by 1')" 'by action'
is "$(sql 'select rule, sum(messages) from summary_rule group by 1')" \
    "$(sql 'select rule, count(*) from hit group by 1')" 'by rule'
is "$(sql "select sender, sum(recipients) from summary_sender where hour > 0 and
    sender not like '%script%' group by 1 order by 1")" \
    "$(sql 'select sender, sum(recipients) from message group by 1 order by 1')" 'by sender'
is "$(sql 'select score, sum(messages) from summary_score group by 1')" \
    "$(sql 'select cast(score as integer), count(*) from message group by 1')" 'by score'
total=$(sql 'select count(*) from message')
like "$page" "$(printf '%s' "$total" | sed 's/\(...\)$/.*\1/')</b>messages decided" \
    'the total stands on the page'

unlike "$page" 'DMARC pass' 'nobody was asked: no section of authentication'
sql "insert into summary_domain values (unixepoch() / 86400, 'signed.example', 40, 10, 20,
    30, 28, 5, 0)"
outgate --config "$gate_conf" report --out "$scratch/asked.html"
is "$(python3 -c '
import re, sys
text = open(sys.argv[1]).read()
row = text[text.index("signed.example"):].split("</table>")[0]
print(" ".join(re.sub("<[^>]*>", " ", row).split()))' "$scratch/asked.html")" \
    'signed.example 40 75 % 28 5 0' 'how the mail of a domain authenticates'

# an older database: the summaries are worked out from its log
sql "delete from summary_hour; delete from summary_score; delete from summary_rule;
    delete from summary_sender"
sed -n '/^INSERT/,/;$/p' "$srcdir/sql/008-summary.sql" | sqlite3 "$gate_db"
is "$(sql 'select sum(messages), sum(recipients) from summary_hour')" \
    "$(sql 'select count(*), sum(recipients) from message')" 'what was logged before counts'

mkdir "$scratch/bin"
printf '#!/bin/sh\ncat >"%s"\necho "$*" >"%s"\n' "$scratch/mail" "$scratch/args" \
    >"$scratch/bin/sendmail"
chmod 755 "$scratch/bin/sendmail"
gate_overlay "[mta]
commands = $scratch/bin"
outgate --config "$gate_conf" report --mail admin@here.example
is "$(cat "$scratch/args")" '-i -- admin@here.example' 'it is mailed'
python3 - "$scratch/mail" "$scratch/attached.html" <<'EOF'
import email, sys
part = email.message_from_file(open(sys.argv[1])).get_payload()[1]
open(sys.argv[2], "wb").write(part.get_payload(decode=True))
EOF
is "$(tail -n 1 "$scratch/attached.html")" '</html>' 'whole'
outgate --config "$gate_conf" report --mail '-oQ/tmp' 2>/dev/null
is $? 2 'an option is no address'

browser=$(command -v chromium || command -v chromium-browser)
if [ -z "$browser" ] || ! command -v node >/dev/null; then
    skip 'the page in a browser' 'chromium and node are not installed'
    tap_end
    exit
fi
scratch=$scratch node "$srcdir/tests/lib/look.js" "$browser" "$scratch/report.html" \
    "${KEEP_PICTURES:-$scratch}" >"$scratch/look" 2>&1
is $? 0 'the page in a browser' || diag "$(cat "$scratch/look")"
is "$(grep '^fault' "$scratch/look")" '' 'nothing overflows, no error, enough contrast'
tap_end
