#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The disk of the database is full: mail waits, nothing vanishes, and the gate comes
# back by itself when there is room again.
if [ -z "${OUTGATE_IN_NAMESPACE:-}" ] && unshare -m true 2>/dev/null; then
    # the mount is this test's own, and gone with it (in a chroot: unmounted at the end)
    OUTGATE_IN_NAMESPACE=1 exec unshare -m sh "$0" "$@"
fi
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/postfix.sh"

need_root
need_command postfix smtp-sink sqlite3
small=$scratch/small
mkdir "$small"
mount -t tmpfs -o size=1500k tmpfs "$small" || skip_all 'cannot mount a tmpfs'
at_exit 'umount -l "$small"'

gate_config "[store]
database = $small/outgate.db
keep = full"
gate_db=$small/outgate.db
gate_start
postfix_start

# send FIRST LAST - one mail each, replies to $scratch/replies
send() {
    number=$1
    while [ "$number" -le "$2" ]; do
        {
            printf 'From: Bob <bob@here.example>\nTo: ann@there.example\n'
            printf 'Subject: mail %s\nMessage-ID: <%s@here.example>\n\n' "$number" "$number"
            head -c 30000 /dev/urandom | base64
        } | mta_smtp
        number=$((number + 1))
    done >"$scratch/replies"
}

send 1 40
accepted=$(grep -c ' 250 ' "$scratch/replies")
deferred=$(grep -c ' 451 4.3.0 ' "$scratch/replies")
is "$((accepted + deferred))" 40 'every mail was accepted or asked to come back'
ok "some were accepted ($accepted)" test "$accepted" -gt 0
ok "some had to come back ($deferred)" test "$deferred" -gt 0
like "$(cat "$gate/gate.log")" 'deferred: .*disk is full' 'the log says why'
is "$(sql 'select count(*) from message')" "$accepted" 'a row for each accepted mail'

mount -o remount,size=20m "$small"
sleep 1.2
send 101 105
is "$(grep -c ' 250 ' "$scratch/replies")" 5 'with room again mail passes'
is "$(sql 'select count(*) from message')" "$((accepted + 5))" 'and is recorded'
is "$(sql 'pragma integrity_check')" ok 'the database is sound'
ok 'all that was accepted arrives' wait_for 30 sink_has 'Subject: mail' "$((accepted + 5))"

# the lazy way out, if the config says so
gate_stop
gate_overlay "[store]
database = $small/outgate.db
keep = full
[milter]
on_error = accept"
gate_start
head -c 30m /dev/zero >"$small/filler" 2>/dev/null
send 201 203
is "$(grep -c ' 250 ' "$scratch/replies")" 3 'on_error = accept lets mail pass'
like "$(cat "$gate/gate.log")" 'passed unrecorded: ' 'and the log says so'

gate_stop
tap_end
