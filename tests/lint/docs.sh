#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# docs - the manual is well-formed and says what the program says.
. "${srcdir:-.}/tests/lib/tap.sh"
need_command mandoc sqlite3 awk

: >"$scratch/none.conf"
find "$srcdir/milter" -name '*.[1-8]' | sort >"$scratch/pages"
ok 'there are man pages' test -s "$scratch/pages"
while read -r page; do
    name=${page##*/}
    # Cross references go to pages that this machine may not have.
    is "$(mandoc -T lint -W warning "$page" | grep -v 'referenced manual not found')" '' \
        "$name: mandoc finds no fault"
    is "$(awk 'length($0) > 100 { print FILENAME ":" FNR }' "$page")" '' "$name: lines"
done <"$scratch/pages"

# contains PAGE FILE TEXT - the page holds the file, line for line.
contains() {
    awk 'NR == FNR { want[++n] = $0; next }
        { if ($0 == want[at + 1]) at++; else at = $0 == want[1]; if (at == n) ok = 1 }
        END { exit !(n > 0 && ok) }' "$2" "$1"
    result $? "$3" || diag "$(diff "$2" "$1" | grep '^<' | head -n 20)"
}
outgate config --mdoc >"$scratch/config.mdoc"
contains "$srcdir/milter/outgate.conf.5" "$scratch/config.mdoc" \
    'outgate.conf(5) has every key as outgate config --mdoc prints it'
outgate facts --mdoc >"$scratch/facts.mdoc"
contains "$(grep 'outgate.rules.5' "$scratch/pages")" "$scratch/facts.mdoc" \
    'outgate.rules(5) has every fact as outgate facts --mdoc prints it'
outgate facts --evals --mdoc >"$scratch/evals.mdoc"
contains "$(grep 'outgate.rules.5' "$scratch/pages")" "$scratch/evals.mdoc" \
    'outgate.rules(5) has every eval function as outgate facts --evals --mdoc prints it'
outgate config >"$scratch/sample.conf"
ok 'the sample config is a good config' outgate lint --config "$scratch/sample.conf" \
    --rules "$srcdir/rules"

# Commands and their options stand in the manual.
page=$srcdir/milter/tool/outgate.1
outgate --help | awk '/^commands:|^  *[a-z]+  +/ { print $1 }' | grep -E '^[a-z]+$' |
    sort -u >"$scratch/commands"
for command in $(cat "$scratch/commands"); do
    outgate "$command" --help >"$scratch/help" 2>/dev/null || continue
    grep -q "^\.\(Ss\|It\|Nm\).* $command" "$page"
    result $? "outgate.1 has $command"
    missing=
    for option in $(sed -n '/^options:/,/^for every/p' "$scratch/help" |
        grep -o -e '--[a-z-]*' | sort -u); do
        grep -q -e "-${option#-}" -e "${option#--}" "$page" || missing="$missing $option"
    done
    is "$missing" '' "outgate.1 has the options of $command"
done
outgate-milter --help | grep -o -e '^ *-[a-zA-Z]' | tr -d ' -' | sort -u \
    >"$scratch/flags"
for flag in $(cat "$scratch/flags"); do
    grep -q "^\.It Fl $flag\|Fl $flag" "$srcdir/milter/outgate-milter.8"
    result $? "outgate-milter.8 has -$flag"
done

# The schema: every table, view and column has its place in sql/README.md.
cat "$srcdir"/sql/[0-9]*.sql "$srcdir/sql/views.sql" | sqlite3 "$scratch/schema.db"
result $? 'the schema and its views are good SQL'
sqlite3 "$scratch/schema.db" "select name from sqlite_schema
    where type in ('table', 'view') and name not like 'sqlite_%'" >"$scratch/tables"
missing=
while read -r table; do
    grep -Eq "^###? .*\b$table\b|^\| *\`?$table\b|\`$table\`" "$srcdir/sql/README.md" ||
        missing="$missing $table"
done <"$scratch/tables"
is "$missing" '' 'sql/README.md has every table and view'
missing=
for table in $(sqlite3 "$scratch/schema.db" "select name from sqlite_schema
    where type = 'table' and name not like 'sqlite_%'"); do
    for column in $(sqlite3 "$scratch/schema.db" \
        "select name from pragma_table_info('$table')"); do
        sed -n "/^### $table\b/,/^##/p" "$srcdir/sql/README.md" |
            grep -Eq "^\|[^|]*\b$column\b" || missing="$missing $table.$column"
    done
done
is "$missing" '' 'sql/README.md has every column'
tap_end
