#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Mails made to cost much: each gets a verdict, and none takes long. The time allowed is
# generous, for sanitizers and slow machines; work that grows by the square does not
# fit in it. HOSTILE_SCALE=1 makes the mails as large as they come.

. "${srcdir:-.}/tests/lib/tap.sh"
need_command perl

mails=$scratch/mails
scale=${HOSTILE_SCALE:-0.12}

: >"$scratch/empty.conf"
perl "$srcdir/tests/lib/hostile.pl" "$mails" "$scale" || exit 99

outgate scan --json --config "$scratch/empty.conf" --rules "$srcdir/rules" "$mails" \
    >"$scratch/out.json" 2>"$scratch/scan.log"
status=$?
[ "$status" -le 1 ]
result $? 'the scan ends as one that judged all' || diag "status $status"

# field NAME SHAPE - of the shape's verdict; nothing without one.
field() {
    grep "/$2\\.eml\", \"score\": [-0-9]" "$scratch/out.json" |
        sed -n "s/.*\"$1\": \"\\{0,1\\}\\([^\"{}]*\\)[\"}].*/\\1/p"
}

# in_time SHAPE MOST_SECONDS
in_time() {
    took_us=$(field elapsed_us "$1")
    [ -n "$took_us" ] && [ "$took_us" -lt $(($2 * 1000000)) ]
    result $? "$1 in time" || diag "took ${took_us:-no verdict} us"
}

# bounds SHAPE WANT - what was not read is named.
bounds() {
    is "$(field bounds "$1")" "$2" "$1: what was not read is a fact"
}

for mail in "$mails"/*.eml; do
    shape=${mail##*/}
    in_time "${shape%.eml}" 20
done

# Whole: what once took many seconds, and what runs into a bound.
perl "$srcdir/tests/lib/hostile.pl" "$scratch/whole" 1 \
    from_each_quotes html_recipient rfc822_qp_bad \
    header_names header_one to_short parts_tiny parts_nested charsets html_images \
    words_short
outgate scan --json --config "$scratch/empty.conf" --rules "$srcdir/rules" \
    "$scratch/whole" >"$scratch/out.json" 2>>"$scratch/scan.log"
in_time from_each_quotes 6
in_time html_recipient 6
in_time rfc822_qp_bad 6
bounds header_names fields
bounds header_one header_bytes
bounds to_short addresses
bounds parts_tiny parts
bounds parts_nested depth
bounds charsets charsets
bounds html_images links
bounds words_short text,rule_text
tap_end
