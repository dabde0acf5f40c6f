# SPDX-License-Identifier: BSD-2-Clause
#
# log - a log for the command line to work on, and stand-ins for Postfix's tools.
# Needs gate.sh. After log_fill: $gate_conf, $gate_db; og COMMAND runs outgate on them.

mta_bin=$scratch/mta
mta_list=$scratch/mta/list
mta_calls=$scratch/mta/calls

og() {
    outgate --config "$gate_conf" "$@"
}

# log_fill - eight messages of the last hour; see tests/unit/fill_log.c.
log_fill() {
    gate_config "[mta]
kind = postfix
commands = $mta_bin
[limits]
login = 10 recipients per 1h per sender, then hold
login-day = 100 recipients per 1d per sender, then hold
egress = 40 points per 1h per egress, then hold
message = 50 recipients per message, then reject"
    tests/unit/fill_log "$gate_conf" <<'LIST'
45|bob|198.51.100.7|bob@here.example|3|AAAAAA01|<one.1@here.example>|hello
40|bob|198.51.100.7|bob@here.example|2|AAAAAA02|<two.2@here.example>|score-slow please
30|bob|198.51.100.7|bob@here.example|8|AAAAAA03|<three.3@here.example>|eight
20|bob|198.51.100.9|bob@here.example|8|AAAAAA04|<four.4@here.example>|over the limit
15|carol|198.51.100.8|carol@here.example|1|AAAAAA05|<five.5@here.example>|score-hold \x1b[31mred\x07
10|carol|198.51.100.8|carol@here.example|1|AAAAAA06|<six.6@here.example>|score-reject
9|carol|198.51.100.8|carol@here.example|60|AAAAAA07|<seven.7@here.example>|too many
5|dave|198.51.100.6|dave@here.example|1|AAAAAA08|<d24aa492@secret.example>|score-hold again
LIST
}

# mta_fake - postqueue, postsuper and postconf that act on $mta_list, as the real ones:
# postsuper ends with 0 whatever it was asked.
mta_fake() {
    mkdir -p "$mta_bin"
    cat >"$mta_bin/postqueue" <<EOF
#!/bin/sh
[ "\$1" != -j ] || cat "$mta_list"
EOF
    cat >"$mta_bin/postsuper" <<EOF
#!/bin/sh
echo "\$*" >>"$mta_calls"
case \$1 in
-H) deed='released from hold' ;;
-r) deed=requeued ;;
-d) deed=removed ;;
-h) deed='placed on hold' ;;
esac
while read -r id; do
    grep -q "\"\$id\"" "$mta_list" || continue
    [ ! -e "$mta_bin/silent" ] || continue
    echo "postsuper: \$id: \$deed" >&2
    grep -v "\"\$id\"" "$mta_list" >"$mta_list.new"
    [ "\$1" != -h ] || grep "\"\$id\"" "$mta_list" |
        sed 's/"queue_name": "[a-z]*"/"queue_name": "hold"/' >>"$mta_list.new"
    mv "$mta_list.new" "$mta_list"
done
EOF
    printf '#!/bin/sh\necho 5d\n' >"$mta_bin/postconf"
    chmod 755 "$mta_bin"/post*
    : >"$mta_list"
    : >"$mta_calls"
}

# mta_put QUEUE ID MINUTES-AGO SENDER - a line of postqueue -j.
mta_put() {
    cat >>"$mta_list" <<EOF
{"queue_name": "$1", "queue_id": "$2", "arrival_time": $(($(date +%s) - $3 * 60)), "message_size": 300, "forced_expire": false, "sender": "$4", "recipients": [{"address": "friend@there.example"}]}
EOF
}

# field NAME - values of one member of JSON Lines; the text must be sound JSON.
field() {
    python3 -c '
import json, sys
for line in sys.stdin:
    value = json.loads(line)[sys.argv[1]]
    print(value if isinstance(value, str) else json.dumps(value))
' "$1"
}
