#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# SIGUSR1 reloads config and rules together, or not at all. SIGTERM finishes what is in
# flight.
. "${srcdir:-.}/tests/proto/lib.sh"

gate_config '[policy]
hold_at = 5'
gate_start
talk hold_or_pass -D want=hold -D id=first

gate_overlay '[policy]
hold_at = 9
[milter]
contact = abuse@here.example'
gate_reload
talk hold_or_pass -D want=slow -D id=second

# A bad config: the old one stays, rules with it.
cp "$gate/rules/test.cf" "$scratch/good.cf"
sed -i 's/^score *TEST_HOLD.*/score TEST_HOLD 14/' "$gate/rules/test.cf"
gate_overlay '[policy]
hold_at = many'
gate_reload
talk hold_or_pass -D want=slow -D id=third
like "$(cat "$gate/gate.log")" 'test.conf:2' 'the log names file and line'

# A bad rule file: the same.
gate_overlay '[policy]
hold_at = 2
slow_at = 1'
echo 'header BROKEN Subject =~ /(unclosed/x y z' >"$gate/rules/broken.cf"
echo 'score' >>"$gate/rules/broken.cf"
gate_reload
talk hold_or_pass -D want=slow -D id=fourth
like "$(cat "$gate/gate.log")" 'broken.cf:[12]' 'the log names the rule file and line'

# Both good again.
rm "$gate/rules/broken.cf"
gate_reload
talk hold_or_pass -D want=hold -D id=fifth
is "$(sql "select group_concat(score) from (select score from message order by id)")" \
    '7.0,7.0,7.0,7.0,14.0' 'rules and config change together'

# In flight: a message that has begun keeps its engine over a reload, and is finished
# before the daemon ends.
talk in_flight -D pid="$gate_pid" -D reload=1
is "$(sql "select action from message where message_id = 'flight-1'")" hold \
    'a message begun before a reload is finished'
ok 'still there' kill -0 "$gate_pid"
kill -TERM "$gate_pid"
wait "$gate_pid"
is $? 0 'SIGTERM ends with 0'
gate_pid=
is "$(sqlite3 "$gate_db" 'pragma integrity_check')" ok 'the database is sound'
tap_end
