#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The daemon as a process: options, exit codes, detaching, pid file, privileges,
# the service manager, a socket that another daemon has.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"

need_command perl
gate_config ''

# --- options and exit codes
outgate-milter --help >"$scratch/out" 2>&1
is $? 0 'help ends with 0'
like "$(cat "$scratch/out")" '^usage: outgate-milter' 'help shows the usage'
outgate-milter --bogus >"$scratch/out" 2>&1
is $? 2 'an unknown option ends with 2'
outgate-milter extra >"$scratch/out" 2>&1
is $? 2 'a stray argument ends with 2'
like "$(outgate-milter --version)" '^outgate-milter [0-9]' 'the version'

out=$(outgate-milter -t -c "$gate_conf" 2>&1)
is $? 0 'a good config tests well'
like "$out" "^socket +unix:$gate_socket" 'the test prints what is in force'
gate_overlay '[limits]
login = 100 recipients per 1h per sender, burst 20, then hold'
like "$(outgate-milter -t -c "$gate_conf")" \
    'login +100 recipients per 1h per sender, burst 20, then hold' 'limits in words'
gate_overlay '[milter]
mode = dry
colour = blue'
out=$(outgate-milter -t -c "$gate_conf" 2>&1)
is $? 78 'a bad config ends with EX_CONFIG'
like "$out" 'test.conf:2: mode = dry: must be one of enforce\|shadow' 'file and line'
like "$out" 'test.conf:3: unknown key "colour"' 'all errors in one run'
outgate-milter -f -c "$gate_conf" >"$scratch/out" 2>&1
is $? 78 'the daemon does not start with it either'
outgate-milter -t -c /nonexistent.outgate/outgate.conf >"$scratch/out" 2>&1
is $? 78 'a missing config ends with EX_CONFIG'
gate_overlay "[rules]
path = $gate/norules"
out=$(outgate-milter -t -c "$gate_conf" 2>&1)
is $? 74 'a missing rule folder ends with EX_IOERR'
like "$out" 'norules' 'and is named'
gate_overlay ''

# --- one socket, one daemon
gate_start
out=$(outgate-milter -f -c "$gate_conf" 2>&1)
is $? 74 'a second daemon on the socket does not start'
like "$out" 'another daemon answers' 'and says why'
ok 'the first one still answers' test -S "$gate_socket"
started=$(date +%s)
kill -TERM "$gate_pid"
wait "$gate_pid"
is $? 0 'SIGTERM ends it with 0'
took=$(($(date +%s) - started))
ok "a stop is prompt (took $took s)" test "$took" -lt 4
ok 'the socket is gone' test ! -e "$gate_socket"
gate_pid=

# --- left behind by a crash
gate_start
gate_kill
ok 'a killed daemon leaves its socket' test -S "$gate_socket"
gate_start
ok 'the next one starts all the same' test -S "$gate_socket"
gate_stop

# --- detached
gate_overlay "[milter]
pid_file = $gate/pid"
outgate-milter -c "$gate_conf" >"$scratch/out" 2>&1
is $? 0 'it detaches'
ok 'the start is complete when the command ends' test -S "$gate_socket"
daemon_pid=$(cat "$gate/pid")
at_exit "end_process '$daemon_pid'"
ok 'the pid file names it' kill -0 "$daemon_pid"
is "$(readlink "/proc/$daemon_pid/cwd")" / 'it keeps no folder'
kill -TERM "$daemon_pid"
ok 'it stops' wait_for 10 is_gone "$daemon_pid"
ok 'the pid file is gone' test ! -e "$gate/pid"
gate_overlay "[store]
database = /nonexistent.outgate/outgate.db"
out=$(outgate-milter -c "$gate_conf" 2>&1)
is $? 75 'a start that fails after detaching is told to the caller'
like "$out" '/nonexistent.outgate' 'with the reason'
gate_overlay ''

# --- privileges
if [ "$(id -u)" = 0 ]; then
    mkdir "$gate/own"
    chown nobody "$gate/own"
    gate_overlay "[milter]
user = nobody
socket_mode = 0660
socket_group = mail
socket = unix:$gate/own.sock
[store]
database = $gate/own/outgate.db"
    gate_socket=$gate/own.sock
    gate_start
    # the socket is opened first, as root
    runs_as_nobody() {
        [ "$(stat -c %U "/proc/$gate_pid")" = nobody ]
    }
    ok 'it runs as the configured user' wait_for 20 runs_as_nobody
    is "$(awk '/^Groups:/ { $1 = ""; print NF }' "/proc/$gate_pid/status")" 2 \
        'with that user'"'"'s groups only'
    is "$(stat -c '%U:%G %a' "$gate_socket")" 'nobody:mail 660' 'the socket is the MTA group'"'"'s'
    is "$(stat -c %U "$gate/own/outgate.db")" nobody 'the database is the user'"'"'s'
    gate_stop
    gate_overlay '[milter]
user = no-such-user'
    gate_socket=$gate/milter.sock
    out=$(outgate-milter -f -c "$gate_conf" 2>&1)
    is $? 78 'an unknown user is a config error'
    gate_overlay ''
else
    skip 'privileges' 'needs root'
fi

# --- the service manager: what sd_notify(3) would send
perl -MIO::Socket::UNIX -MSocket -e '
    my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die;
    $| = 1;
    while (1) { $s->recv(my $text, 4096); print "$text\n"; }
' "$scratch/notify" >"$scratch/notify.out" 2>&1 &
listener=$!
at_exit "end_process $listener"
wait_for 5 test -S "$scratch/notify"
NOTIFY_SOCKET=$scratch/notify
export NOTIFY_SOCKET
gate_start
ok 'READY is sent' wait_for 5 grep -q READY=1 "$scratch/notify.out"
gate_reload
ok 'RELOADING is sent' wait_for 5 grep -q RELOADING=1 "$scratch/notify.out"
gate_stop
ok 'STOPPING is sent' wait_for 5 grep -q STOPPING=1 "$scratch/notify.out"
unset NOTIFY_SOCKET

tap_end
