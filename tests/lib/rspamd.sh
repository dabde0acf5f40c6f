# SPDX-License-Identifier: BSD-2-Clause
#
# rspamd - a private rspamd on a loopback port, to compare with: Debian's own config with
# all that asks the network switched off. Needs tap.sh, sink.sh and $cache.

# rspamd_config FOLDER - Debian's own, with all that asks the network switched off.
rspamd_config() {
    mkdir -p "$1/conf/local.d" "$1/conf/override.d" "$1/db" "$1/run" "$1/log"
    for rspamd_module in rbl surbl spf dkim dkim_signing dmarc arc asn mx_check fuzzy_check neural \
        phishing url_redirector dcc rspamd_update elastic clickhouse; do
        echo 'enabled = false;' >"$1/conf/override.d/$rspamd_module.conf"
    done
    echo 'enabled = false;' >"$1/conf/override.d/worker-controller.inc"
    # its patterns take minutes to compile on a busy machine
    mkdir -p "$cache/rspamd"
    cat >"$1/conf/override.d/options.inc" <<EOF
dns { nameserver = ["127.0.0.1:1"]; timeout = 0.1s; retransmits = 1; }
hs_cache_dir = "$cache/rspamd";
EOF
    chown -R _rspamd "$1" "$cache/rspamd"
}

# rspamd_start FOLDER PORT [UNDER] - sets $rspamd_pid.
rspamd_start() {
    # shellcheck disable=SC2086
    $3 rspamd -f -u _rspamd -g _rspamd --var="LOCAL_CONFDIR=$1/conf" --var="DBDIR=$1/db" \
        --var="RUNDIR=$1/run" --var="LOGDIR=$1/log" >"$1/rspamd.log" 2>&1 &
    rspamd_pid=$!
    wait_for 240 is_listening "$rspamd_pid" "$2" && ! is_gone "$rspamd_pid"
}
