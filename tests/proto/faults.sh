#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A store that breaks: on_error, and the gate comes back by itself.
. "${srcdir:-.}/tests/proto/lib.sh"

# The folder goes away under the daemon, and comes back.
break_store() {
    mv "$store" "$store.away"
}
mend_store() {
    mv "$store.away" "$store"
}
comes_back() {
    miltertest -D socket="unix:$gate_socket" -D id="$1" -D want=pass \
        -s "$scratch/talk.lua" >"$scratch/talk.out" 2>&1
    [ "$(sql "select count(*) from message where message_id = '$1'")" -gt 0 ]
}

gate_config ''
store=$gate/store
mkdir "$store"
gate_db=$store/outgate.db
for on_error in tempfail accept; do
    gate_overlay "[milter]
on_error = $on_error
[store]
database = $gate_db"
    gate_start
    talk faults -D id="$on_error-before" -D want=pass
    break_store
    sleep 1.2
    case $on_error in
    tempfail) talk faults -D id="$on_error-broken" -D want=defer ;;
    accept) talk faults -D id="$on_error-broken" -D want=pass ;;
    esac
    mend_store
    ok "$on_error: the gate comes back by itself" wait_for 10 comes_back "$on_error-back"
    is "$(sql "select count(*) from message where message_id = '$on_error-broken'")" 0 \
        "$on_error: what the store missed is not in the log"
    like "$(cat "$gate/gate.log")" 'error' "$on_error: the daemon's log says so"
    gate_stop
    : >"$gate/gate.log"
done

# Something else where the database was.
gate_overlay "[store]
database = $gate_db"
gate_start
rm -f "$gate_db" "$gate_db"-wal "$gate_db"-shm
echo 'this is no database, and long enough that nobody takes it for a short read' \
    >"$gate_db"
sleep 1.2
talk faults -D id=replaced -D want=defer
rm -f "$gate_db" "$gate_db"-wal "$gate_db"-shm
ok 'with the wrong file gone a new database is made' wait_for 10 comes_back again
gate_stop

# A database of a newer outgate: the daemon does not start.
sqlite3 "$gate_db" 'pragma user_version = 9999'
outgate-milter -f -c "$gate_conf" >"$scratch/newer.log" 2>&1
is $? 75 'a newer schema is not touched'
tap_end
