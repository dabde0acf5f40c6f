# SPDX-License-Identifier: BSD-2-Clause
#
# lib - protocol tests: miltertest talks to the real daemon as an MTA would.

. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"

need_command miltertest sqlite3 perl
proto_socket=

# talk NAME [-D name=value]... - run tests/proto/NAME.lua, count its cases.
talk() {
    talk_name=$1
    shift
    cat "$srcdir/tests/proto/talk.lua" "$srcdir/tests/proto/$talk_name.lua" \
        >"$scratch/talk.lua"
    miltertest -D socket="${proto_socket:-unix:$gate_socket}" "$@" \
        -s "$scratch/talk.lua" >"$scratch/talk.out" 2>&1
    talk_status=$?
    include "$scratch/talk.out"
    [ "$talk_status" = 0 ] || is "$talk_status" 0 "the conversation $talk_name ends well"
}
