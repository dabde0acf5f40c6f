# SPDX-License-Identifier: BSD-2-Clause
#
# sink - the world outside: an SMTP server that stores each mail as a file in $sink,
# with the envelope in X-Mail-Args: and X-Rcpt-Args: fields.

sink=$scratch/sink
sink_port=
sink_pid=

port_is_open() {
    perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(
        PeerAddr => "127.0.0.1", PeerPort => shift)' "$1"
}

# is_listening PID PORT - the port is open, or the process has ended.
is_listening() {
    is_gone "$1" || port_is_open "$2"
}

sink_start() {
    [ -z "$sink_pid" ] || return 0
    sink_port=$(free_port)
    mkdir -p "$sink"
    chmod 777 "$sink"
    (cd "$sink" && exec smtp-sink -u nobody -R / -d "$sink/%M." \
        "127.0.0.1:$sink_port" 200) >"$scratch/sink.log" 2>&1 &
    sink_pid=$!
    wait_for 10 is_listening "$sink_pid" "$sink_port"
}

sink_stop() {
    end_process "$sink_pid"
    sink_pid=
}

# sink_count [TEXT] - how many mails arrived (with this fixed text in them).
sink_count() {
    if [ -n "$1" ]; then
        grep -lrF -- "$1" "$sink" | wc -l
    else
        find "$sink" -type f | wc -l
    fi
}

# sink_has TEXT [COUNT] - exactly COUNT (1) mails with the text have arrived.
sink_has() {
    [ "$(sink_count "$1")" = "${2:-1}" ]
}

at_exit sink_stop
