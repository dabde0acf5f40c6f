#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# tune --from-audit: what a person released and dropped, and how much of it was kept.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/log.sh"
need_root
need_command python3
cd "$builddir" || exit 99
mta_fake
minutes=900

# held N WORDS - so many messages that are held for their score, with these words;
# their queue ids go to $scratch/ids.
held() {
    : >"$scratch/list"
    : >"$scratch/ids"
    n=0
    while [ $n -lt "$1" ]; do
        minutes=$((minutes - 1))
        echo "$minutes|bob|198.51.100.7|bob@here.example|1|AAAAA$minutes|<$minutes@x>|score-hold $2" \
            >>"$scratch/list"
        echo "AAAAA$minutes" >>"$scratch/ids"
        mta_put hold "AAAAA$minutes" "$minutes" bob@here.example
        n=$((n + 1))
    done
    tests/unit/fill_log "$gate_conf" <"$scratch/list" || exit 99
}
keep() {
    gate_config "[mta]
kind = postfix
commands = $mta_bin
[store]
keep = $1"
}
keep full
cat >>"$gate/rules/test.cf" <<'RULES'
header TEST_WIN  Subject =~ /\bwin\b/
score  TEST_WIN  0.5
RULES
held 20 hello
# shellcheck disable=SC2046
og release $(cat "$scratch/ids") >/dev/null
out=$(og tune --from-audit 2>&1)
is $? 1 'too few decisions'
like "$out" '20 were released by a person and 0 dropped: scores are learned from 20' \
    'how many there are is said'
held 15 win
# shellcheck disable=SC2046
og drop --yes $(cat "$scratch/ids") >/dev/null
keep headers
cat >>"$gate/rules/test.cf" <<'RULES'
header TEST_WIN  Subject =~ /\bwin\b/
score  TEST_WIN  0.5
body   TEST_WELL /all is well/
score  TEST_WELL 0.3
RULES
held 6 win
# shellcheck disable=SC2046
og drop --yes $(cat "$scratch/ids") >/dev/null
held 3 'waits still'
out=$(og tune --from-audit --out "$scratch/tuned.cf" --only 'TEST_*')
is $? 0 'enough of them'
like "$out" '^From the log: 20 released by a person \(ham\), 21 dropped \(spam\). .*35 whole' \
    'what was kept whole'
like "$out" '^6 by header' 'and what by its header'
like "$out" '^  51.220 100.0000   0.0000   1.000 .* TEST_WIN$' \
    'a rule that came later is run on old mail'
like "$out" '^ 100.000 100.0000 100.0000   0.500 .* TEST_HOLD$' 'a rule of that time'
like "$out" '^ 100.000 100.0000 100.0000   0.500 .* TEST_WELL$' 'a rule on the body'
like "$(cat "$scratch/tuned.cf")" '^# ham:  20 mails, held mail that a person released$' \
    'the file names the source'
like "$(cat "$scratch/tuned.cf")" '^score TEST_WIN +[123]\.[0-9] ' 'and has the score'
cat >>"$gate/rules/test.cf" <<'RULES'
body   TEST_LATE /Hello/
score  TEST_LATE 0.3
RULES
out=$(og tune --from-audit)
like "$out" '^  85.366  71.4286 100.0000   0.417 .* TEST_LATE$' \
    'without the body a rule that came later does not hit'
og tune --from-audit --ham . >/dev/null 2>&1
is $? 2 'not both'
og tune --from-audit --db "$scratch/none.db" >/dev/null 2>&1
is $? 1 'no database'
tap_end
