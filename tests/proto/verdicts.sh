#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Each verdict as the MTA hears it, and what the log says of it.
. "${srcdir:-.}/tests/proto/lib.sh"

gate_config '[limits]
greedy = 2 recipients per 1h per sender, then defer
host   = 1000 messages per 1h per host, then defer'
gate_start
talk verdicts

field() {
    sql "select $2 from message where message_id = '$1'"
}
is "$(field v-accept action)" accept 'accept is logged'
is "$(field v-slow action)" slow 'slow is logged'
is "$(field v-hold action)" hold 'hold is logged'
is "$(field v-reject action)" reject 'reject is logged'
is "$(field v-greedy2 'action, limit_name')" 'defer|greedy' 'the limit that spoke'
like "$(field v-greedy2 reply)" \
    '^(451 4.7.28 )?limit greedy: 3/2 recipients .*free at 20.*incident .*contact' \
    'the reply tells limit, used, when and an incident'
like "$(field v-reject reply)" 'looks like spam; incident' 'the reply names no rule'
is "$(field v-large action)" reject 'larger than a limit that defers: it would never fit'
unlike "$(field v-reject reply)" TEST_REJECT 'really none'
is "$(field v-pickup 'action, meant')" 'hold|reject' 'what was meant is logged'
is "$(sql "select count(*) from held_message where state = 'waiting'")" 3 \
    'three are held: hold, sendmail(1), the bounce'
is "$(sql "select count(*) from charge
    join message on message.id = message and message_id = 'v-greedy2'
    where charge.at_us is not null")" 0 'what was refused is not charged'
incident=$(field v-reject incident)
like "$(tool show "$incident")" v-reject 'the incident id finds it'
tap_end
