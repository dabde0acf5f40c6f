#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The releaser and what happens around it: Postfix down, the brake, a person with the
# MTA's own tools, a database that is away, a limit that was overtaken by an outage.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command postfix postqueue sqlite3 perl
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/postfix.sh"
. "$srcdir/tests/lib/release.sh"

# tail_says REGEXP - the releaser's last line.
tail_says() {
    tail -n 1 "$releaser_log" | grep -Eq -- "$1"
}

held_config
gate_start
held_postfix

# All due at one moment, Postfix down for a while: nothing is let go to leave in a burst
# when it starts, and nothing is lost.
fill burst 80
sed 's/^Subject: .*/Subject: score-hold/' "$held_mail" >"$scratch/spam.eml"
mta_smtp --tag spam "$scratch/spam.eml" >/dev/null
held_config_without
sql "insert into brake (id, since_us, until_us, reason, by) values (1, 0, null, '', '')"
make_due 0 0
sql "update held_message set due_at_us = null where message =
    (select id from message where message_id = 'spam-1@release.example')"
postsuper -c "$postfix_etc" -d "$(queue_id_of burst-a-1)" 2>/dev/null
postsuper -c "$postfix_etc" -H "$(queue_id_of burst-a-2)" 2>/dev/null
before=$(wc -l <"$arrived")
releaser_start
sleep 1
is "$(wc -l <"$arrived")" "$before" 'while the brake is on nothing leaves'
postfix_stop
sql 'delete from brake'
wait_for 10 grep -q 'Postfix is down: mail stays held' "$releaser_log"
result $? 'it is noticed that Postfix is down'
is "$(waiting)" 81 'and mail stays held'
postfix_up
wait_for 30 has_arrived $((before + 40))
releaser_kill
releaser_start
wait_for 30 has_arrived $((before + 79))
wait_for 10 test "$(waiting)" = 1
due_list 'burst%' | grep -v 'burst-a-[12]@' >"$scratch/due"
check_arrivals "$scratch/due" 120000 '78 due at once'
like "$(sql "select state, state_by from held_message join message on id = message
    where message_id like 'burst-a-1@%' or message_id like 'burst-a-2@%' order by id" |
    tr '\n' ' ')" '^gone\|mta (gone|released)\|mta $' 'what others did is noticed'
is "$(sql "select message_id from held_message join message on id = message
    where state = 'waiting'")" spam-1@release.example \
    'what a person must look at waits on'
is "$(mta_held)" "$(queue_id_of spam-1)" 'in the hold queue, too'

# Overdue by hours, and the limit is still full: none leaves, all get another time.
releaser_stop
held_config
gate_reload
fill late 8
sql "update held_message set due_at_us = due_at_us - 7200000000
    where state = 'waiting' and due_at_us is not null"
before=$(wc -l <"$arrived")
ok 'release --due with nothing that may leave' tool release --due
is "$(sql "select count(*), min(due_at_us) > (julianday('now') - 2440587.5) * 86400e6
    from held_message where state = 'waiting' and due_at_us is not null")" '8|1' \
    'what is overdue is not let out in a burst'
is "$(sql "select count(*) from charge join held_message h on h.message = charge.message
    where state = 'waiting' and abs(charge.at_us - h.due_at_us) < 2000000")" 8 \
    'but charged anew'
ok 'drop gives back' tool drop --yes --sender client_ip:127.0.0.1
is "$(sql 'select sum(amount) from limit_slot')" 1 'all that was reserved'
is "$(wc -l <"$arrived")" "$before" 'and none of it has left'
is "$(mta_held)" '' 'the hold queue is empty'

# The config is read again.
releaser_start
wait_for 10 tail_says 'lets held mail go in Postfix$'
kill -USR1 "$releaser_pid"
wait_for 10 tail_says ' reloaded$'
result $? 'SIGUSR1 reloads the config'
gate_overlay '[limits]
nonsense = 1'
kill -USR1 "$releaser_pid"
wait_for 10 tail_says 'reload refused: '
result $? 'a config that is wrong does not take its place'
held_config_without

# A database that is away for a moment.
gate_stop
mv "$gate_db" "$gate_db.away"
wait_for 10 grep -q 'mail stays held for now: .*no database' "$releaser_log"
result $? 'a database that is away is waited for'
mv "$gate_db.away" "$gate_db"
wait_for 20 tail_says ' goes on$'
result $? 'and it goes on when it is back'
releaser_stop
tap_end
