#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The database of each earlier version, brought up to date by the daemon's own hand:
# every row survives, views work, the summaries are filled. Interrupted at any write, or
# without room, the old version stays whole. A newer one is refused.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
need_command python3 sqlite3
cd "$builddir" || exit 99

steps=$(find "$srcdir/sql" -name '[0-9]*.sql' | sort)
newest=$(printf '%s\n' "$steps" | wc -l | tr -d ' ')
schema() {
    python3 "$srcdir/tests/lib/schema.py" "$@"
}
# open_it - open it as the daemon does (DB_DAEMON: migrate), and close it.
open_it() {
    tests/unit/fill_log "$gate_conf" </dev/null
}
version() {
    sqlite3 -readonly "$gate_db" 'pragma user_version'
}
clean() {
    rm -f "$gate_db" "$gate_db-wal" "$gate_db-shm"
}
gate_config ''

n=1
while [ "$n" -lt "$newest" ]; do
    clean
    schema build "$gate_db" "$n" 60 $steps || exit 99
    schema dump "$gate_db" >"$scratch/old.json"
    tool log >/dev/null 2>"$scratch/err"
    like "$?|$(cat "$scratch/err")" "^75\|.*number $n, this program needs $newest: start outgate-milter" \
        "version $n: a tool does not touch it"
    ok "version $n: brought up to date" open_it
    schema dump "$gate_db" >"$scratch/new.json"
    is "$(schema lost "$scratch/old.json" "$scratch/new.json")" '' \
        "version $n: every row survives"
    is "$(schema check "$gate_db" "$newest")" '' "version $n: sound, with its views"
    if [ "$n" -lt 8 ]; then
        is "$(sqlite3 "$gate_db" 'select (select sum(messages) from summary_hour),
            (select sum(messages) from summary_score), (select sum(messages) from
            summary_rule), (select sum(messages) from summary_sender), (select
            sum(recipients) = (select sum(recipients) from message) from summary_sender),
            (select sum(stopped) from summary_sender)')" '60|60|60|60|1|30' \
            "version $n: the summaries are filled"
    fi
    ok "version $n: tools work" tool log --limit 5
    open_it
    schema dump "$gate_db" >"$scratch/again.json"
    ok "version $n: a second start changes nothing" cmp "$scratch/new.json" \
        "$scratch/again.json"
    n=$((n + 1))
done

# Interrupted: a bound on the size of files ends the process at the write that passes
# it (SIGXFSZ, as a kill -9 in the middle), or with the signal ignored fails the write,
# as a full disk does. In blocks of 512 bytes: the WAL of the migration passes them.
clean
schema build "$scratch/old.db" 1 3000 $steps
schema dump "$scratch/old.db" >"$scratch/old.json"
try() { # BLOCKS [ignore]
    clean
    cp "$scratch/old.db" "$gate_db"
    (
        [ -z "$2" ] || trap '' XFSZ
        ulimit -c 0
        ulimit -f "$1"
        open_it
    ) >"$scratch/try.out" 2>&1
    tried=$?
}
# whole - the old version, with all it had; or the newest, with all it had.
whole() {
    schema dump "$gate_db" >"$scratch/new.json"
    [ -z "$(schema lost "$scratch/old.json" "$scratch/new.json")" ] || return 1
    case $(version) in
    1) cmp "$scratch/old.json" "$scratch/new.json" ;;
    "$newest") [ -z "$(schema check "$gate_db" "$newest")" ] ;;
    *) return 1 ;;
    esac
}
for mode in killed full; do
    stayed=0
    : >"$scratch/said"
    for blocks in 66 150 300 500 1000; do
        try "$blocks" "$([ $mode = killed ] || echo ignore)"
        whole || {
            result 1 "$mode at $blocks blocks: status $tried, version $(version)"
            diag "$(tail -n 3 "$scratch/try.out")"
            continue
        }
        [ "$(version)" != 1 ] || {
            [ "$tried" != 0 ] || result 1 'a migration that failed in silence'
            cat "$scratch/try.out" >>"$scratch/said"
            stayed=$((stayed + 1))
        }
    done
    ok "$mode: the old version stays whole ($stayed of 5)" test "$stayed" -ge 3
    [ $mode = killed ] || like "$(cat "$scratch/said")" \
        'disk I.O error|disk is full' 'and the failed write is said'
    ok "$mode: the next start brings it up to date" open_it
    is "$(schema check "$gate_db" "$newest")" '' "$mode: whole"
    schema dump "$gate_db" >"$scratch/new.json"
    is "$(schema lost "$scratch/old.json" "$scratch/new.json")" '' "$mode: with every row"
done

# newer than this program
sqlite3 "$gate_db" "pragma user_version = $((newest + 1))"
schema dump "$gate_db" >"$scratch/old.json"
for command in log 'forget --yes a@b.example' 'feedback --rates' 'dossier 1'; do
    tool $command >/dev/null 2>"$scratch/err"
    like "$?|$(cat "$scratch/err")" '^75\|.*install the newer outgate' \
        "a newer one: outgate $command refuses"
done
outgate-milter -f -c "$gate_conf" >"$scratch/out" 2>&1
ok 'so does the daemon' test "$?" -ne 0
like "$(cat "$scratch/out")" 'install the newer outgate' 'and says why'
schema dump "$gate_db" >"$scratch/new.json"
ok 'and leaves it as it is' cmp "$scratch/old.json" "$scratch/new.json"

# a database of somebody else
clean
sqlite3 "$gate_db" 'create table accounts (name)'
open_it >"$scratch/out" 2>&1
like "$(cat "$scratch/out")" "some other program's database" "another program's is refused"
is "$(sqlite3 "$gate_db" "select name from sqlite_schema")" accounts 'and not touched'
tap_end
