#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Messages at and beyond the bounds: none stops the gate, each has its row and facts.
. "${srcdir:-.}/tests/proto/lib.sh"

gate_config '[milter]
scan_bytes = 64k'
gate_start
talk bounds

is "$(sql "select recipients from message where message_id = 'b-recipients'")" 1000 \
    'all recipients are counted'
is "$(sql "select size_bytes > 2500000 from message where message_id = 'b-large'")" 1 \
    'the whole size is logged'
like "$(sql "select facts from evidence join message on message.id = message
    where message_id = 'b-large'")" bounds_reached 'a bound that was reached is a fact'
like "$(sql "select facts from evidence join message on message.id = message
    where message_id = 'b-fields'")" bounds_reached 'too many fields as well'
is "$(sql "select count(*) from message")" 7 'seven rows'
unlike "$(tool log | tr -d '\n')" "$(printf '\033')" 'the tool prints no control bytes'
unlike "$(cat "$gate/gate.log")" "$(printf '\033')" 'the log neither'
tap_end
