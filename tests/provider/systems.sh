# SPDX-License-Identifier: BSD-2-Clause
#
# systems - what is compared: for each a way to start, to stop, and its lines in main.cf.
#
# A way to start sets $system_main_cf and, for a system that lets mail go later,
# $system_release.

. "$srcdir/tests/lib/rspamd.sh"

system_no_milters='smtpd_milters =
non_smtpd_milters ='

system_start_none() {
    system_main_cf=$system_no_milters
}

system_stop_none() {
    :
}

# --- outgate ----------------------------------------------------------------------

# contrib/recommended.conf over what differs from host to host, the stock rules, and the
# commands of outgate.orders, that an administrator gives once. $OUTGATE_CONFIG and
# $OUTGATE_ORDERS, files: in place of these.
# provider_past, if it stands, is the database after a week of honest mail, which is
# had with provider_mode=shadow, as an administrator begins.
system_start_outgate() {
    gate_rules=$srcdir/rules
    gate_config "$(cat "${OUTGATE_CONFIG:-$srcdir/contrib/recommended.conf}")
[mta]
kind = postfix
config = $postfix_etc
[milter]
mode = ${provider_mode:-enforce}"
    [ -z "$provider_past" ] || cp "$provider_past" "$gate_db"
    system_release="$(echo $under_clock) $(command -v outgate) --config $gate_conf release --due"
    gate_start && outgate_orders "${OUTGATE_ORDERS:-$provider/outgate.orders}"
}

outgate_orders() {
    grep -v '^#' "$1" >"$world/orders"
    while read -r outgate_order; do
        # the daemon listens before it has made the tables
        # shellcheck disable=SC2086
        wait_for 20 $under_clock outgate --config "$gate_conf" $outgate_order || return 1
    done <"$world/orders"
}

system_stop_outgate() {
    gate_stop
    cp "$gate_db" "$run_log.db"
    cp "$gate/gate.log" "$run_log.gatelog"
}

# --- policyd-rate-limit: 100 recipients an hour per login -------------------------

system_start_policyd() {
    need_peer policyd-rate-limit || return 1
    peer=$scratch/policyd
    rm -rf "$peer"
    mkdir -p "$peer"
    cat >"$peer/policyd.yaml" <<EOF
debug: False
user: "root"
group: "root"
pidfile: "$peer/pid"
sqlite_config:
    database: "$peer/db.sqlite3"
backend: 0
SOCKET: "$peer/socket"
socket_permission: 0666
limits:
    - [100, 3600]
limit_by_sasl: True
limit_by_sender: False
limit_by_ip: False
count_mode: 1
EOF
    $under_clock policyd-rate-limit --file "$peer/policyd.yaml" >"$peer/policyd.log" 2>&1 &
    peer_pid=$!
    wait_for 20 test -S "$peer/socket" || return 1
    system_main_cf="$system_no_milters
smtpd_recipient_restrictions = check_policy_service unix:$peer/socket"
}

system_stop_policyd() {
    peer_stop
}

# --- postfwd: the same ------------------------------------------------------------

system_start_postfwd() {
    need_peer postfwd1 || return 1
    peer=$scratch/postfwd
    rm -rf "$peer"
    mkdir -p "$peer"
    peer_port=$(free_port)
    cat >"$peer/postfwd.cf" <<'EOF'
id=HOURLY; protocol_state==END-OF-MESSAGE; sasl_username=~/./
    action=rcpt(sasl_username/100/3600/450 4.7.1 more than 100 recipients an hour)
EOF
    $under_clock postfwd1 --daemon --nodns --file "$peer/postfwd.cf" --interface 127.0.0.1 \
        --port "$peer_port" --user nobody --group nogroup --cache 0 --pidfile "$peer/pid" \
        >"$peer/postfwd.log" 2>&1
    wait_for 20 port_is_open "$peer_port" || return 1
    peer_pid=$(cat "$peer/pid")
    system_main_cf="$system_no_milters
smtpd_end_of_data_restrictions = check_policy_service inet:127.0.0.1:$peer_port"
}

system_stop_postfwd() {
    peer_stop
}

# --- rspamd with ratelimit, default actions ---------------------------------------

system_start_rspamd() {
    need_peer rspamd redis-server || return 1
    peer=$scratch/rspamd
    rm -rf "$peer"
    mkdir -p "$peer/redis"
    peer_port=$(free_port)
    redis_port=$(free_port)
    $under_clock redis-server --port "$redis_port" --bind 127.0.0.1 --save '' \
        --dir "$peer/redis" >"$peer/redis.log" 2>&1 &
    redis_pid=$!
    wait_for 20 is_listening "$redis_pid" "$redis_port" || return 1
    rspamd_config "$peer"
    echo "servers = \"127.0.0.1:$redis_port\";" >"$peer/conf/override.d/redis.conf"
    cat >"$peer/conf/override.d/worker-proxy.inc" <<EOF
bind_socket = "127.0.0.1:$peer_port";
milter = yes;
upstream "local" { default = yes; self_scan = yes; }
EOF
    echo 'enabled = false;' >"$peer/conf/override.d/worker-normal.inc"
    cat >"$peer/conf/override.d/ratelimit.conf" <<'EOF'
rates {
    user = { bucket = { burst = 20; rate = "100 / 1h"; } }
}
EOF
    rspamd_start "$peer" "$peer_port" "$under_clock" || return 1
    system_main_cf="smtpd_milters = inet:127.0.0.1:$peer_port
non_smtpd_milters = inet:127.0.0.1:$peer_port"
}

system_stop_rspamd() {
    end_process "$rspamd_pid"
    rspamd_pid=
    end_process "$redis_pid"
    redis_pid=
}

# judge_start - rspamd as a judge, on the machine's own clock; $judge_port if it runs.
judge_start() {
    need_peer rspamd || return 1
    judge_port=$(free_port)
    rspamd_config "$scratch/judge"
    echo "bind_socket = \"127.0.0.1:$judge_port\";" >"$scratch/judge/conf/override.d/worker-normal.inc"
    echo 'enabled = false;' >"$scratch/judge/conf/override.d/worker-proxy.inc"
    rspamd_start "$scratch/judge" "$judge_port" || {
        judge_stop
        return 1
    }
}

judge_stop() {
    end_process "$rspamd_pid"
    rspamd_pid=
    judge_port=
}

# need_peer COMMAND... - are they installed? They are only a comparison.
need_peer() {
    for peer_command in "$@"; do
        command -v "$peer_command" >/dev/null 2>&1 || return 1
    done
}

peer_stop() {
    end_process "$peer_pid"
    peer_pid=
}

at_exit 'peer_stop; end_process "$rspamd_pid"; end_process "$redis_pid"'
