#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What opens an incident, what does not, and how outgate incidents shows it.
. "${srcdir:-.}/tests/proto/lib.sh"
need_command python3
. "$srcdir/tests/lib/log.sh"

gate_config '[notify]
close_after = 30d
[limits]
greedy = 2 messages per 1h per sender, then defer
large = 3 recipients per message, then reject
wide = 1000 messages per 1h per host, then hold'
gate_start
talk incidents

is "$(sql "select kind, key, times from incident order by kind, key")" \
    'limit|greedy sasl_user:greedy|10
limit|large sasl_user:large|1
spam|sasl_user:many|3' 'one incident a sender and limit, and none below its bound'
wait_for 10 grep -q 'kind=spam' "$gate/gate.log"
is "$(grep -c 'warning: incident=' "$gate/gate.log")" 3 'a line of the log each'
is "$(sql "select count(*) from incident where told_times > 0")" 0 \
    'nobody is told if nobody is to be'
is "$(sql "select count(*) from incident join message on message.id = incident.message
    and message.sender = incident.sender")" 3 'each knows its last message'

is "$(og incidents --json --open | field key | sort)" 'greedy sasl_user:greedy
large sasl_user:large
sasl_user:many' 'the tool lists them'
id=$(sql "select id from incident where kind = 'limit' and key like 'greedy%'")
like "$(og incidents "$id")" 'MAIL  *12 messages to 12 recipients, 2 accept, 10 defer' \
    'the counts of the sender'
like "$(og incidents "$id")" '^  outgate block sasl_user:greedy --for 24h$' \
    'commands to run next'
og incidents close "$id" 99 >/dev/null 2>&1
is $? 1 'one wrong number'
is "$(og incidents --open --json | wc -l)" 3 'and none is closed'
ok 'one is closed' og incidents close "$id"
is "$(og incidents --open --json | wc -l)" 2 'two are left open'
is "$(og incidents --json | wc -l)" 3 'three in all'
talk incidents
is "$(sql "select count(*) from incident where key like 'greedy%' and times = 12")" 1 \
    'what goes on after that is another incident'

# reload: what was not told is told now; the command gets the text
cat >"$scratch/hook" <<EOF
#!/bin/sh
cat >"$scratch/hooked.\$OUTGATE_ID"
EOF
chmod 755 "$scratch/hook"
gate_overlay "[notify]
command = $scratch/hook
quiet = spam"
gate_reload
all_told() {
    [ "$(sql "select count(*) from incident where closed_us is null and told_us is
        null and kind <> 'spam'")" = 0 ]
}
ok 'a reload takes the command' wait_for 15 all_told
is "$(sql "select count(*) from incident where kind = 'spam' and told_us is null")" 2 \
    'a quiet kind is not told'
like "$(cat "$scratch"/hooked.*)" '^limit greedy reached: sasl_user:greedy$' \
    'it got the text'

# a stop waits for nobody, and a start goes on where it was
gate_stop
gate_start
sleep 1.5
is "$(sql 'select max(told_times) from incident')" 1 'nothing is told twice'

# the database is taken away: the next one knows
mv "$gate_db" "$gate_db.away"
store_is_noted() {
    [ "$(sql "select count(*) from incident where kind = 'store'")" = 1 ]
}
ok 'a database that failed and is back' wait_for 15 store_is_noted

# mistakes of the config
gate_overlay '[notify]
to = a b@there.example, -oQ/tmp
command = hook
repeat = 4
quiet = noise'
out=$(og lint 2>&1)
for word in 'a b@there.example' '-oQ/tmp' '"hook" is no full path' '"4" is no duration' \
    '"noise" is none of limit'; do
    like "$out" "$word" "refused: $word"
done
tap_end
