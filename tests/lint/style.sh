#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# style - what a machine can see of the house's style.
. "${srcdir:-.}/tests/lib/tap.sh"
need_command awk
cd "$srcdir" || exit 1

# In a checkout: what is committed; in a release: what was shipped.
if git ls-files >"$scratch/all" 2>/dev/null && [ -s "$scratch/all" ]; then
    :
else
    find . -type f ! -path './build*' | sed 's|^\./||' >"$scratch/all"
fi
grep -E '^(milter|tests)/.*\.[ch]$' "$scratch/all" | grep -v '_table\.c$' >"$scratch/c"
while read -r file; do
    [ ! -f "$file" ] || echo "$file"
done <"$scratch/c" >"$scratch/c.there"

if command -v clang-format >/dev/null; then
    is "$(xargs clang-format --dry-run <"$scratch/c.there" 2>&1 |
        sed -n 's/:[0-9]*:[0-9]*: .*clang-format.*//p' | sort | uniq -c)" '' \
        'clang-format changes nothing'
else
    skip 'clang-format' 'not installed'
fi

xargs awk 'FNR == 1 && !/SPDX-License-Identifier: BSD-2-Clause/ { print FILENAME }' \
    <"$scratch/c.there" >"$scratch/spdx"
is "$(cat "$scratch/spdx")" '' 'each C file begins with its SPDX line'

# A function begins with a line "{" and ends with a line "}" at the left edge.
xargs awk '/^\{$/ { from = FNR } /^\}/ && from { if (FNR - from - 1 > 100)
        print FILENAME ":" from ": " FNR - from - 1 " lines"; from = 0 }' \
    <"$scratch/c.there" >"$scratch/long"
is "$(cat "$scratch/long")" '' 'no function has more than 100 lines'

grep -E '^milter/.*\.c$' "$scratch/c.there" |
    xargs awk '/^\{$/ { from = FNR } /^\}/ && from { print FNR - from - 1; from = 0 }' |
    sort -n >"$scratch/lengths"
median=$(awk '{ n[NR] = $1 } END { print n[int((NR + 1) / 2)] }' "$scratch/lengths")
diag "$(wc -l <"$scratch/lengths") functions, median $median lines, 90 % within" \
    "$(awk '{ n[NR] = $1 } END { print n[int(NR * 0.9)] }' "$scratch/lengths")"
ok 'the median function has at most 20 lines' test "$median" -le 20

grep -Ev '^(tests/(data|rules|demo)/|milter/message/html_tag\.def)' "$scratch/all" |
    grep -E '\.(c|h|sh|md|am|ac|m4|sql|cf|lua|pl)$|^bootstrap$' >"$scratch/text"
while read -r file; do
    [ ! -f "$file" ] || grep -nE '[[:space:]]+$' "$file" | sed "s|^|$file:|" | head -n 3
done <"$scratch/text" >"$scratch/blank"
is "$(cat "$scratch/blank")" '' 'no white space at line ends'

# Packages go by name; where a registry is, is the machine's affair.
hosts='registry\.npm''js|deb\.deb''ian\.org|py''pi\.org|npm''mirror|files\.python''hosted'
while read -r file; do
    [ ! -f "$file" ] || grep -nE "$hosts" "$file" | sed "s|^|$file:|"
done <"$scratch/all" >"$scratch/hosts"
is "$(cat "$scratch/hosts")" '' 'no host name of a package registry'
tap_end
