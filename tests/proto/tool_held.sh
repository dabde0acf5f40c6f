#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# held, release, drop against stand-ins for Postfix's tools; the real ones are met in
# tests/e2e.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/log.sh"
need_root
need_command python3
cd "$builddir" || exit 99

mta_fake
log_fill || exit 99
mta_put hold AAAAAA03 30 bob@here.example
mta_put hold AAAAAA04 1 bob@here.example
mta_put hold AAAAAA05 15 carol@here.example
mta_put deferred AAAAAA08 5 dave@here.example

state() {
    og show --json "$1" | field hold_state
}

is "$(og held --json | field id | tr '\n' ' ')" '3 4 5 8 ' 'what is due first, then the rest'
is "$(og held --json | field queue | tr '\n' ' ')" 'held other held leaving ' \
    'what the MTA says of each'
is "$(og held --json --sender sasl_user:carol | field id)" 5 'of one sender'
is "$(og held --json --due | wc -l)" 0 'nothing is due yet'
mv "$mta_bin/postqueue" "$mta_bin/away"
is "$(og held --json 2>"$scratch/err" | wc -l)" 4 'shown also without the MTA'
like "$(cat "$scratch/err")" 'cannot be compared' 'which is said'
mv "$mta_bin/away" "$mta_bin/postqueue"

og release >/dev/null 2>&1
is $? 2 'release needs to know which'
og release 5 nothing >/dev/null 2>&1
is $? 1 'one wrong id'
is "$(cat "$mta_calls")" '' 'and nothing is released'
chmod -R a+rwX "$gate"
out=$(setpriv --reuid 65534 --clear-groups outgate --config "$gate_conf" release 5 2>&1)
is $? 2 'only root can'
like "$out" 'run this as root' 'which is said'

used() {
    og explain --json sasl_user:carol | python3 -c '
import json, sys
print([l["used"] for l in json.loads(sys.stdin.readline())["limits"]][0])'
}
is "$(used)" 0 'what waits for a person is not charged'
touch "$mta_bin/silent"
og release 5 >/dev/null
is $? 1 'the MTA ends with 0 and did nothing'
is "$(state 5)" waiting 'so it waits on'
rm "$mta_bin/silent"
out=$(og release 5)
is $? 0 'release'
like "$out" 'released$' 'is told'
is "$(state 5)" released 'and recorded'
is "$(used)" 1 'and charged, once'
og release 5 >/dev/null 2>&1
is $? 1 'not twice'
is "$(used)" 1 'nor charged twice'
og release AAAAAA04 >/dev/null
is $? 1 'a queue id that belongs to another message'
like "$(cat "$mta_list")" AAAAAA04 'which is not touched'
is "$(state 4)" gone 'ours is gone'
og release 8 >/dev/null
is "$(state 8)" released 'let go by other hands'
is "$(grep -c -e -H "$mta_calls")" 2 'postsuper was asked no more often'

og drop 3 </dev/null >/dev/null 2>&1
is $? 2 'drop wants a yes'
is "$(state 3)" waiting 'and does nothing without'
og drop --yes 3 >/dev/null
is $? 0 'drop'
is "$(state 3)" dropped 'is recorded'
unlike "$(cat "$mta_list")" AAAAAA03 'it has left the queue'
is "$(og held)" 'nothing waits' 'nothing is left'

# mail that waited long gets a new life
tests/unit/fill_log "$gate_conf" <<'LIST'
5000|erin|198.51.100.5|erin@here.example|1|BBBBBB01|<old@here.example>|score-hold old
LIST
mta_put hold BBBBBB01 5000 erin@here.example
og release --sender sasl_user:erin >/dev/null
is "$(tail -n 1 "$mta_calls")" '-r - hold' 'old mail is requeued'
tap_end
