#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# outgate and SpamAssassin say the same: its own rule files, the same mails, every regex
# and meta rule that outgate says it runs. Here on each 15th mail of the public corpus;
# COMPARE_ALL=1 takes all of it (make compare).
# Differences that are known and why: tests/rules/spamassassin.txt.
. "${srcdir:-.}/tests/lib/tap.sh"
data=${OUTGATE_CACHE:-$srcdir/build/cache}/corpus/package/data
[ -d "$data/spam-1" ] || skip_all 'the public mail corpus is not there'
[ -x "$builddir/outgate" ] || skip_all 'needs outgate'
[ -f /usr/share/spamassassin/72_active.cf ] || skip_all 'needs the rules of SpamAssassin'
perl -MMail::SpamAssassin -e 1 2>/dev/null || skip_all 'needs SpamAssassin'

find "$data" -name '*.txt' | sort >"$scratch/all"
awk -v every="${COMPARE_ALL:+1}" 'BEGIN { if (!every) every = 15 } NR % every == 0' \
    "$scratch/all" >"$scratch/list"
perl "$srcdir/tests/rules/spamassassin.pl" --known "$srcdir/tests/rules/spamassassin.txt" \
    "$scratch/list" >"$scratch/out" 2>"$scratch/compare.log"
is $? 0 'the two can be compared'
sed "s|$data/||; s/^/# /" "$scratch/out"

# value NAME - what stands behind it.
value() {
    sed -n "s/^$1: \([0-9.]*\).*/\1/p" "$scratch/out"
}

# at_least FLOOR NAME TEXT
at_least() {
    ok "$3 ($(value "$2"))" awk -v floor="$1" -v got="$(value "$2")" \
        'BEGIN { exit !(got != "" && got + 0 >= floor) }'
}

is "$(value mails)" "$(wc -l <"$scratch/list" | tr -d ' ')" 'each mail is judged by both'
at_least 99.5 'equal share' 'of all (mail, rule) pairs 99.5 % are equal'
is "$(value unexplained)" 0 'each other pair is explained'
at_least 90 'running share' '90 % of the rules run that need no network'
tap_end
