#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# mode = shadow: everything is decided and recorded, nothing is done.
. "${srcdir:-.}/tests/proto/lib.sh"

gate_config '[milter]
mode = shadow
[limits]
greedy = 2 messages per 1h per sender, then defer'
gate_start
talk shadow
is "$(sql "select group_concat(action) from (select action from message
    where message_id like 's-%' and message_id not like 's-limit%' order by id)")" \
    'accept,slow,hold,reject,accept' 'the log has what would have been'
is "$(sql "select action from message where message_id = 's-limit3'")" defer \
    'limits as well'
is "$(sql "select distinct is_shadow from message")" 1 'and says that it was shadow'
is "$(sql 'select count(*) from held_message')" 0 'nothing counts as held'
tap_end
