#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The brake: everything that nothing exempts is held, over a restart, until it is off;
# and the breaker: points of the egress, spent, hold what is suspicious and nothing else.
. "${srcdir:-.}/tests/proto/lib.sh"
. "$srcdir/tests/lib/log.sh"
need_root

limits="[mta]
kind = postfix
commands = $mta_bin
[limits]
login = 3 messages per 1h per sender, then defer
count = 1000 messages per 1d per host, then defer"
gate_config "$limits"
mta_fake
gate_start
row() {
    sql "select $2 from message where message_id = '$1'"
}
cause() {
    sql "select cause from held_message where message = (select id from message
        where message_id = '$1')"
}

for i in 1 2 3; do
    talk order -D id=before$i -D want=pass -D auth=full
done
like "$(tool brake)" 'the brake is off' 'off at first'
like "$(tool brake on --reason 'port 25 is cut' --for 2h)" 'ON since .*port 25 is cut' 'on'
talk order -D id=smtp -D want=hold
talk order -D id=cli -D want=hold -D port=0 -D from=bob@gate.test -D uid=33
talk order -D id=null -D want=hold -D from='<>'
talk order -D id=forward -D want=hold -D ip=198.51.100.7
talk order -D id=inbound -D want=pass -D ip=198.51.100.7 -D to='<joe@here.example>'
for id in smtp cli null forward; do
    is "$(row $id 'action, due_at_us is null')|$(cause $id)" 'hold|1|brake' "$id: by the brake"
done
like "$(row smtp reason)" '^the brake is on until 20.* UTC: port 25 is cut' 'the reason'
is "$(sql "select count(*) from limit_slot where key = 'client_ip:127.0.0.1'")" 0 \
    'what is held is not charged'
is "$(sql "select count(*) from charge where at_us is null")" 7 \
    'but will be, when it is let go'

# The strictest wins; of two that hold, not the brake.
talk order -D id=spam -D want=reject -D subject=score-reject
is "$(row spam action)" reject 'spam is refused as ever'
talk order -D id=full -D want=defer -D auth=full
is "$(row full 'action, limit_name')" 'defer|login' 'a limit that refuses still does'
talk order -D id=doubt -D want=hold -D subject=score-hold
is "$(cause doubt)" score 'what the score holds, the brake does not'
talk order -D id=slow -D want=hold -D subject=score-slow
is "$(cause slow)" brake 'what would have gone slowly, it does'

# Exemptions by sender, client and From: domain.
now=$(date +%s)
sql "insert into exemption (key, limit_name, since_us, until_us, reason, by) values
    ('sasl_user:boss', '', 1, null, '', 'test'),
    ('sasl_user:late', '', 1, ${now}000000, '', 'test'),
    ('sasl_user:some', 'login', 1, null, '', 'test'),
    ('client_ip:192.0.2.7', '', 1, null, '', 'test')"
talk order -D id=boss -D want=pass -D auth=boss
talk order -D id=late -D want=hold -D auth=late
talk order -D id=some -D want=hold -D auth=some
talk order -D id=address -D want=pass -D ip=192.0.2.7 -D auth=any

# It shows.
like "$(tool top 2>&1 >/dev/null)" 'THE BRAKE IS ON since .*port 25' 'tools say so'
is "$(tool top --json 2>&1 >/dev/null)" '' 'JSON Lines stay as they are'
is "$(tool brake --json | field brake)" true 'brake --json'
like "$(outgate-milter -t -c "$gate_conf")" '^brake +ON since 20.*port 25' 'the test of the config'
is "$(grep -c 'the brake is on until .*held until outgate brake off' "$gate/gate.log")" 1 \
    'the log says so once when it begins to hold'

# It survives the daemon.
gate_kill
gate_start
ok 'a start says so' wait_for 10 grep 'warning: the brake is ON since .*port 25 is cut' \
    "$gate/gate.log"
talk order -D id=restart -D want=hold
is "$(cause restart)" brake 'after a restart'
gate_overlay "$limits"
gate_reload
is "$(grep -c 'warning: the brake is ON' "$gate/gate.log")" 2 'a reload says so, too'

# Off: what it alone held can go, what else waits does not.
held=$(sql "select count(*) from held_message where cause = 'brake'")
i=0
for id in $(sql "select message from held_message"); do
    i=$((i + 1))
    sql "update held_message set queue_id = 'HELD000$i' where message = $id"
    mta_put hold "HELD000$i" 0 "$(sql "select mail_from from message where id = $id")"
done
is "$(tool held --json --cause brake | wc -l)" "$held" 'outgate held --cause brake'
is "$(tool held --json --cause score | field cause)" score 'and another cause'
like "$(tool brake off)" "$held messages that it held wait still" 'off tells what waits'
talk order -D id=after -D want=pass
is "$(tool brake off --release | grep -c ': released$')" "$held" 'off --release'
is "$(sql "select group_concat(distinct state) from held_message where cause = 'brake'")" \
    released 'all that it held went'
is "$(sql "select state from held_message where cause = 'score'")" waiting \
    'what the score holds waits on'
is "$(sql "select count(*) from charge join held_message using (message)
    where cause = 'brake' and at_us is null")" 0 'and is charged'

# For a time only; and no nonsense.
tool brake on --for 1s >/dev/null
sleep 1.1
talk order -D id=over -D want=pass -D auth=somebody
like "$(tool brake)" 'the brake is off' 'a brake whose time is over is off'
tool brake maybe >/dev/null 2>&1
is $? 2 'a third word'
tool brake off --for 1h >/dev/null 2>&1
is $? 2 'off for an hour'
gate_stop

# The breaker.
gate_db=$gate/breaker.db
gate_overlay "[store]
database = $gate_db
[limits]
egress = 10 points per 1h per egress, then hold"
gate_start
for i in 1 2; do
    talk order -D id=doubt$i -D want=pass -D subject=score-slow -D auth=u$i
done
breaker() {
    talk order -D id="$1-slow" -D want=hold -D subject=score-slow -D auth=u3
    is "$(row "$1-slow" 'limit_name, due_at_us > at_us')|$(cause "$1-slow")" \
        'egress|1|limit' "$1: spent, what is suspicious waits its turn"
    talk order -D id="$1-clean" -D want=pass -D auth=u4
    talk order -D id="$1-cli" -D want=hold -D subject=score-slow -D port=0 \
        -D from=www@gate.test -D uid=33
    talk order -D id="$1-cli-clean" -D want=pass -D port=0 -D from=www@gate.test -D uid=33
}
breaker first
gate_kill
gate_start
breaker again
tap_end
