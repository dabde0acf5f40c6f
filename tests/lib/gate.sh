# SPDX-License-Identifier: BSD-2-Clause
#
# gate - the daemon in a test: a config overlay, start, reload, stop.
#
# $gate_under may be set to a command that runs the daemon (another clock).
# After gate_config: $gate (folder), $gate_conf, $gate_db, $gate_socket (a path).

gate=$scratch/gate
gate_conf=$gate/outgate.conf
gate_db=$gate/outgate.db
gate_socket=$gate/milter.sock
gate_pid=

# gate_config [TEXT] - write the config; TEXT is laid over it as a drop-in.
gate_config() {
    mkdir -p "$gate/conf.d" "$gate/rules"
    chmod 755 "$gate"
    cat >"$gate_conf" <<EOF
[milter]
socket = unix:$gate_socket
socket_mode = 0666
user =
log = stderr
[mail]
networks = 127.0.0.0/8, ::1/128
local_domains = here.example
egress = 192.0.2.25
[rules]
path = ${gate_rules:-$gate/rules}
[store]
database = $gate_db
EOF
    cat >"$gate/rules/test.cf" <<'EOF'
# What tests ask for by a word in the subject: a score of their own choice.
header   TEST_SLOW    Subject =~ /\bscore-slow\b/
describe TEST_SLOW    Test word for a slow verdict
score    TEST_SLOW    3.5
header   TEST_HOLD    Subject =~ /\bscore-hold\b/
describe TEST_HOLD    Test word for a hold verdict
score    TEST_HOLD    7
header   TEST_REJECT  Subject =~ /\bscore-reject\b/
describe TEST_REJECT  Test word for a reject verdict
score    TEST_REJECT  20
EOF
    gate_overlay "$1"
}

# gate_overlay TEXT - put another drop-in in place.
gate_overlay() {
    printf '%s\n' "$1" >"$gate/conf.d/test.conf"
}

# gate_start - start it and wait until it listens. Log: $gate/gate.log
gate_start() {
    rm -f "$gate_socket"
    gate_starts=$(gate_count_starts)
    # shellcheck disable=SC2086
    $gate_under outgate-milter -f -c "$gate_conf" >>"$gate/gate.log" 2>&1 &
    gate_pid=$!
    wait_for 60 gate_is_up || {
        diag 'the daemon did not start'
        return 1
    }
}

gate_is_up() {
    ! is_gone "$gate_pid" || return 0
    [ "$(gate_count_starts)" -gt "$gate_starts" ]
}

# The socket comes first, as root; the log line when all of it runs.
gate_count_starts() {
    cat "$gate/gate.log" 2>/dev/null | grep -c ': started: ' || :
}

gate_stop() {
    end_process "$gate_pid" 30
    gate_pid=
}

# gate_kill - as the kernel would.
gate_kill() {
    kill -KILL "$gate_pid"
    wait "$gate_pid" 2>/dev/null
    gate_pid=
}

# gate_reload - SIGUSR1, and wait for the log line that says what became of it.
gate_reload() {
    gate_lines=$(grep -ci reload "$gate/gate.log")
    kill -USR1 "$gate_pid"
    wait_for 10 gate_said_reload
}

gate_said_reload() {
    [ "$(grep -ci reload "$gate/gate.log")" -gt "$gate_lines" ]
}

# sql STATEMENT - ask the database, columns divided by "|".
sql() {
    sqlite3 -cmd '.timeout 5000' "$gate_db" "$1"
}

# tool COMMAND... - the command line tool on this config.
tool() {
    outgate --config "$gate_conf" "$@"
}

# action_of MESSAGE-ID - what the log says was done with it.
action_of() {
    sql "select action from audit where message_id = '$1' order by id desc limit 1"
}

at_exit gate_stop
