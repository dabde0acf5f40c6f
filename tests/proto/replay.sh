#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What the running daemon decided, replayed under the same config: nothing changes. Both
# paths, bounces, forwarded mail, limits of several sorts, the brake, a block by a limit,
# a reload with another limit, a message let go.
. "${srcdir:-.}/tests/proto/lib.sh"
. "$srcdir/tests/lib/log.sh"
need_root
need_command python3
limits='login = 3 messages per 1h per sender, then hold
flood = 6 messages per 1d per sender, then block for 24h
points = 18 points per 1h per egress, then hold for review
host = 50 messages per 1h per host, then defer
learned = 2 times learned recipients per 1h per sender, at least 20, then hold'
config() {
    gate_config "[mta]
kind = postfix
commands = $mta_bin
[store]
keep = full
[limits]
$limits"
    cat >>"$gate/rules/test.cf" <<'RULES'
body   TEST_NOON  /see you at noon/
score  TEST_NOON  0.1
fact   TEST_NEW   sender_is_new
score  TEST_NEW   0.2
header TEST_ENV   EnvelopeFrom =~ /gate\.test/
score  TEST_ENV   0.1
meta   TEST_ALL   TEST_NOON + TEST_NEW > 1
score  TEST_ALL   0.2
RULES
}
config
mta_fake
gate_start
changed() {
    tool replay --json "$@" >"$scratch/replay"
    is "$(tail -n 1 "$scratch/replay" | field changed)" 0 "$what" ||
        sed 's/^/# /' "$scratch/replay"
    is "$(tail -n 1 "$scratch/replay" | field other_due)" 0 "$what: nor is a due time"
}

for i in 1 2 3; do
    talk order -D id=bob$i -D want=pass -D auth=bob
done
talk order -D id=bob4 -D want=hold -D auth=bob
talk order -D id=carol1 -D want=pass -D auth=carol
talk order -D id=slow1 -D want=pass -D auth=carol -D subject=score-slow
talk order -D id=hold1 -D want=hold -D auth=carol -D subject=score-hold
talk order -D id=spam1 -D want=reject -D auth=dave -D subject=score-reject
talk order -D id=cli1 -D want=pass -D port=0 -D from=bob@gate.test -D uid=33
talk order -D id=cli2 -D want=hold -D port=0 -D from=bob@gate.test -D uid=33 \
    -D subject=score-reject
talk order -D id=null1 -D want=pass -D from='<>'
talk order -D id=fwd1 -D want=pass -D ip=198.51.100.7
what='the daemon, the same config'
changed
what='and the same rules'
changed --rejudge
is "$(tail -n 1 "$scratch/replay" | field judged_whole)" \
    "$(sql 'select count(*) from message')" 'all kept whole'
is "$(tail -n 1 "$scratch/replay" | field rescored)" 0 'with the same scores'

# A message is let go; the brake; more mail.
mta_put hold 4jXORDER1 0 bob@here.example
tool release "$(sql "select id from message where message_id = 'bob4'")" >/dev/null
tool brake on >/dev/null
talk order -D id=braked1 -D want=hold -D auth=erin
talk order -D id=braked2 -D want=hold -D auth=bob
tool brake off >/dev/null
for i in 1 2 3; do
    talk order -D id=erin$i -D want=pass -D auth=erin
done
talk order -D id=slow2 -D want=pass -D auth=fred -D subject=score-slow
talk order -D id=slow3 -D want=pass -D auth=gina -D subject=score-slow
talk order -D id=slow4 -D want=hold -D auth=gina -D subject=score-slow
is "$(sql "select limit_name from message where message_id = 'slow4'")" points \
    'the breaker has spoken'
what='with the brake, and a message let go'
changed
changed --rejudge

# Two limits that block: a message refused for a block is refused again.
gate_stop
limits="$limits
few = 2 messages per 1h per sender, then block for 24h"
config
gate_start
tool replay --json >"$scratch/replay"
ok 'a limit that was not there then changes much' \
    test "$(tail -n 1 "$scratch/replay" | field changed)" -gt 3
is "$(grep '"limit_now": "few"' "$scratch/replay" | head -n 1 | field message_id)" bob3 \
    'from the third message on'
like "$(grep bob4 "$scratch/replay")" '"now": "reject".*blocked: sasl_user:bob' \
    'and what comes after it is blocked'
tool replay --without few --json >"$scratch/replay"
is "$(tail -n 1 "$scratch/replay" | field changed)" 0 'without it nothing does'
gate_stop
tap_end
