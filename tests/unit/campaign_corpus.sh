#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# On real mail: copies of one spam are known again however they are dressed, and ham is
# taken neither for spam nor for a stranger's. Floors lie a little below what was
# measured (tests/bench/bench_campaign.c prints it).
. "${srcdir:-.}/tests/lib/tap.sh"
data=$builddir/cache/corpus/package/data
[ -d "$data/spam-1" ] || skip_all 'the public mail corpus is not there'
make -s -C "$builddir" tests/bench/bench_campaign >"$scratch/make" 2>&1
result $? 'bench_campaign builds' || {
    diag "$(cat "$scratch/make")"
    tap_end
}
"$builddir/tests/bench/bench_campaign" "spam=$data/spam-1" "ham=$data/hard-ham-1" \
    >"$scratch/out"
is $? 0 'bench_campaign runs'
sed 's/^/# /' "$scratch/out"

# at_least FLOOR NUMBER TEXT
at_least() {
    ok "$3 ($2)" awk -v floor="$1" -v number="$2" \
        'BEGIN { exit !(number != "" && number + 0 >= floor) }'
}

# after PATTERN - what stands behind it on its line.
after() {
    sed -n "s/^.*$1 *//p" "$scratch/out" | head -n 1
}

set -- $(after '>= 10')
at_least 0.95 "$1" 'pairs with one text are known by their sketches'
is "$3" 0 'no ham is taken for the text of another sender'
is "$4" 0 'no ham is taken for spam'
set -- $(after 'none [0-9]*;')
at_least 90 "$1" 'campaigns in the spam'
at_least 250 "$(after 'two or more,')" 'mails in them'
at_least 0.97 "$(after 'greeting, numbers, links')" 'another greeting, numbers, links'
at_least 0.97 "$(after '\.\.\. and two names')" 'names as well'
at_least 0.93 "$(after '\.\.\. and sentences in another order')" 'sentences moved'
at_least 0.88 "$(after '\.\.\. and one sentence in eight left out')" 'sentences left out'
at_least 0.94 "$(after ' 5 % of the words')" 'one word in twenty replaced'
at_least 0.75 "$(after '10 % of the words')" 'one word in ten replaced'
tap_end
