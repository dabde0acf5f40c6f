#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Limits in the running daemon: one that blocks, one that is overridden and one that
# somebody is exempt of while it runs, and the clock that they go by.
. "${srcdir:-.}/tests/proto/lib.sh"

gate_config '[limits]
flood = 2 messages per 1h per sender, then block for 24h
bounces = 1 bounce per 1d per from_domain, then hold'
gate_start
field() {
    sql "select $2 from message where message_id = '$1'"
}

talk order -D id=one -D want=pass -D ip=203.0.113.9 -D auth=bob
talk order -D id=two -D want=pass -D ip=203.0.113.9 -D auth=bob
talk order -D id=three -D want=reject -D ip=203.0.113.9 -D auth=bob
like "$(field three reply)" '^limit flood: 3/2 messages for sasl_user:bob, free at' 'over it'
is "$(sql "select sender, by, until_us - since_us from blocked_sender")" \
    'sasl_user:bob|limit flood|86400000000' 'and locked for a day'
talk order -D id=four -D want=refused -D ip=203.0.113.9 -D auth=bob
is "$(field four 'count(*)')" 0 'at MAIL FROM, without a decision'
talk order -D id=other -D want=pass -D ip=203.0.113.9 -D auth=carol

tool unblock sasl_user:bob >/dev/null
tool limit set flood sasl_user:bob '3 messages per 1h' --for 1h >/dev/null
talk order -D id=five -D want=pass -D ip=203.0.113.9 -D auth=bob
talk order -D id=six -D want=reject -D ip=203.0.113.9 -D auth=bob
like "$(field six reply)" '^limit flood: 4/3 messages' 'the override speaks'
tool unblock sasl_user:bob >/dev/null
tool exempt add client_ip:203.0.113.0/24 --limit flood >/dev/null
talk order -D id=seven -D want=pass -D ip=203.0.113.9 -D auth=bob
is "$(sql "select count(*) from charge where message = $(field seven id)")" 0 \
    'an exempt message costs nothing'
like "$(tool limits)" "acts on a key's mail while its window holds 1 bounce" \
    'what comes back is not allowed, it is answered'

# The clock: an anchor in the store, which a restart goes on from.
like "$(sql "select value from meta where name = 'limit_clock'")" \
    '^[0-9a-f-]+ [0-9]+ [0-9]+ [0-9]+$' 'the limit clock has its anchor'
gate_stop
sql "update meta set value = (select substr(value, 1, instr(value, ' ')) ||
    (cast(substr(value, instr(value, ' ') + 1) as integer)) || ' ' || (select
    cast((julianday('now') - 2440587.5) * 86400e6 as integer) - 7200000000) || ' 1' from meta where
    name = 'limit_clock') where name = 'limit_clock'"
gate_start
offset=$(sql "select cast(value as integer) / 3600000000 from meta
    where name = 'limit_offset_us'")
ok "within one boot its pace counts, not the wall clock (lags $offset h)" \
    test "$offset" -ge 1 -a "$offset" -le 2
talk order -D id=later -D want=pass -D ip=198.51.100.9 -D auth=dave
is "$(sql "select (m.at_us - c.at_us) / 3600000000 from message m join charge c on
    c.message = m.id where m.message_id = 'later'")" "$offset" 'and charges have its times'
gate_stop
tap_end
