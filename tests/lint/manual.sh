#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# manual - the manual pages are sound mdoc and say what the program says: the lists of
# keys and facts are what it prints, and every command and option has its paragraph.
#   manual.sh --fix     write the lists into the pages
. "${srcdir:-.}/tests/lib/tap.sh"

conf_page=$srcdir/milter/outgate.conf.5
rules_page=$srcdir/milter/rules/outgate.rules.5
tool_page=$srcdir/milter/tool/outgate.1

# with_list PAGE COMMAND - the page with the list that the program prints now.
with_list() {
    sed "/^\.\\\\\" begin $2:/q" "$1"
    outgate "$2" --mdoc
    sed -n "/^\.\\\\\" end $2\$/,\$p" "$1"
}

if [ "$1" = --fix ]; then
    for pair in "$conf_page config" "$rules_page facts"; do
        set -- $pair
        with_list "$1" "$2" >"$scratch/page" && cat "$scratch/page" >"$1"
    done
fi

with_list "$conf_page" config >"$scratch/conf.5"
ok 'outgate.conf(5) has the keys of the program' cmp "$conf_page" "$scratch/conf.5"
with_list "$rules_page" facts >"$scratch/rules.5"
ok 'outgate.rules(5) has the facts of the program' cmp "$rules_page" "$scratch/rules.5"

# section COMMAND - its part of outgate(1).
section() {
    sed -n "/^\.Ss $1\\( \\|\$\\)/,/^\.S[sh] /p" "$tool_page"
}

missing=
seen=0
for command in $(outgate --help | sed -n 's/^  \([a-z]\{3,\}\)  *[^ ].*/\1/p'); do
    [ -n "$(section "$command")" ] || missing="$missing $command"
    for option in $(outgate "$command" --help | sed -n '/^options:/,/^$/p' |
        sed -n 's/^ .*--\([a-z-]*\).*/\1/p'); do
        seen=$((seen + 1))
        section "$command" | grep -Eq "Fl -$option( |\$)" ||
            missing="$missing $command --$option"
    done
done
is "$missing" '' 'outgate(1) has every command and option'
ok "it looked at options ($seen)" test "$seen" -gt 20
missing=
for option in config db rules json help version; do
    sed '/^\.Ss scan/q' "$tool_page" | grep -Eq "Fl -$option( |\$)" ||
        missing="$missing --$option"
done
is "$missing" '' 'outgate(1) has the options of every command'

for page in $(find "$srcdir/milter" -name '*.[1-8]' | sort); do
    if command -v mandoc >/dev/null; then
        is "$(mandoc -Tlint -W warning "$page" 2>&1)" '' "${page##*/} is sound mdoc"
    else
        skip "${page##*/} is sound mdoc" 'mandoc is not here'
    fi
done
tap_end
