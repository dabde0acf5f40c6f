#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Each stock rule means what it says: tests/rules/RULE/hit*.eml are hit by RULE,
# miss*.eml are not, and no miss mail, honest as it is, reaches the hold threshold.
# Each rule with a score has both, and a describe line that fits a report.
# hit.facts beside hit.eml: facts that no mail has in itself, NAME=VALUE a line.

. "${srcdir:-.}/tests/lib/tap.sh"

rules=$srcdir/rules
mails=$srcdir/tests/rules
[ -x "$builddir/outgate" ] || skip_all 'needs outgate'

: >"$scratch/none.conf"
scan() {
    outgate scan --json --config "$scratch/none.conf" --rules "$rules" "$@" \
        >>"$scratch/scan.json" 2>>"$scratch/scan.log"
    [ $? -le 1 ] || echo "$*" >>"$scratch/failed"
}
: >"$scratch/scan.json"
: >"$scratch/failed"
set --
for mail in "$mails"/*/*.eml; do
    [ -f "${mail%.eml}.facts" ] || set -- "$@" "$mail"
done
scan "$@"
for facts in "$mails"/*/*.facts; do
    set --
    while read -r fact; do
        set -- "$@" --fact "$fact"
    done <"$facts"
    scan "$@" "${facts%.facts}.eml"
done
is "$(cat "$scratch/failed")" '' 'the mails can be scanned'

# "file score rule,rule," for each mail.
sed -n 's/^{"file": "\([^"]*\)", "score": \([-0-9.]*\),.*"hits": \[\(.*\)\], "facts":.*/\1 \2 \3/p' \
    "$scratch/scan.json" |
    sed -e 's/{"rule": "\([A-Z0-9_]*\)", "score": [-0-9.]*[^}]*}/\1/g' -e 's/, /,/g' \
        -e 's/$/,/' >"$scratch/hits"

set -- "$mails"/*/*.eml
is "$(wc -l <"$scratch/hits" | tr -d ' ')" $# 'each mail has a verdict'

awk '$1 == "score" { print $2 }' "$rules"/*.cf | sort >"$scratch/scored"
awk '$1 == "describe" { print $2 }' "$rules"/*.cf | sort >"$scratch/described"
is "$(uniq -d "$scratch/scored")" '' 'no rule has two scores'
is "$(comm -3 "$scratch/scored" "$scratch/described")" '' \
    'each rule with a score has a describe line, and none else'
is "$(awk '$1 == "describe" { $1 = ""; n = $2; $2 = ""; if (length($0) > 62) print n }' \
    "$rules"/*.cf)" '' 'no describe line has more than 60 characters'
is "$(awk '$1 ~ /^(header|body|rawbody|uri|full|mimeheader|meta|fact)$/ && $2 ~ /^__/ \
        { made[$2] = 1 }
    { for (i = 3; i <= NF; i++) { w = $i; gsub(/[^A-Za-z0-9_]/, " ", w)
        n = split(w, part, " "); for (k = 1; k <= n; k++) used[part[k]] = 1 } }
    END { for (name in made) if (!(name in used)) print name }' "$rules"/*.cf)" '' \
    'each sub-rule is used'

while read -r rule; do
    for kind in hit miss; do
        set -- "$mails/$rule/$kind"*.eml
        [ -f "$1" ]
        result $? "$rule has a $kind mail" || diag "none in tests/rules/$rule"
    done
done <"$scratch/scored"

while read -r file score hits; do
    name=${file##*/}
    rule=${file%/*}
    rule=${rule##*/}
    case ,$hits in
    *,"$rule",*) got=hit ;;
    *) got=miss ;;
    esac
    case $name in
    hit*) want=hit ;;
    *) want=miss ;;
    esac
    is "$got" "$want" "$rule/$name" || diag "score $score, hits: $hits"
    [ "$want" = hit ] || {
        [ "${score%%.*}" -lt 5 ]
        result $? "$rule/$name is not held" || diag "score $score, hits: $hits"
    }
done <"$scratch/hits"

for folder in "$mails"/*/; do
    folder=${folder%/}
    grep -Fqx -- "${folder##*/}" "$scratch/scored" ||
        result 1 "tests/rules/${folder##*/} belongs to a rule with a score"
done

tap_end
