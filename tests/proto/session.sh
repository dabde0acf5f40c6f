#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Sessions: several messages, messages given up, clients that vanish; on both sorts of
# socket.
. "${srcdir:-.}/tests/proto/lib.sh"

rounds() {
    talk session
    is "$(sql "select count(*) from message where message_id like 'several-%'")" 5 \
        "$1: five rows"
    is "$(sql "select count(*) from message
        where message_id in ('aborted', 'vanished')")" 0 "$1: none for the unfinished"
    is "$(sql "select sender from message where message_id = 'session-two'")" \
        sasl_user:two "$1: sessions do not mix"
}

gate_config ''
gate_start
rounds unix
is "$(ls "/proc/$gate_pid/fd" | wc -l | awk '{ print ($1 < 40) }')" 1 \
    'descriptors are given back'
gate_stop
unlike "$(cat "$gate/gate.log")" 'ERROR|runtime error' 'no sanitizer complained'

port=$(free_port)
gate_db=$gate/inet.db
gate_overlay "[milter]
socket = inet:$port@127.0.0.1
[store]
database = $gate_db"
proto_socket=inet:$port@127.0.0.1
outgate-milter -f -c "$gate_conf" >>"$gate/gate.log" 2>&1 &
gate_pid=$!
rounds inet
tap_end
