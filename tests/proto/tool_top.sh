#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# outgate top and senders from the summaries, and top --live in a real terminal: keys are
# sent, the screen is read back.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/log.sh"
need_command perl python3 sqlite3 tmux
cd "$builddir" || exit 99

log_fill || exit 99
perl "$srcdir/tests/lib/week.pl" 200 | tests/unit/fill_log "$gate_conf" || exit 99
printf '2|e\\x1b[31mvil|198.51.100.7|e@here.example|2|EEEEEE01|<e@here.example>|hi\\x07\\xc3\\xa9\n' |
    tests/unit/fill_log "$gate_conf" || exit 99

# --- from the summaries the same as from the log
for length in 1h 25h 8d; do
    case $length in 1h) seconds=3600 ;; 25h) seconds=90000 ;; 8d) seconds=691200 ;; esac
    og top --json -n 0 --since $length | python3 -c '
import json, sys
for line in sys.stdin:
    o = json.loads(line)
    print("%s|%d|%d|%.3f|%d|%.3f" % (o["sender"], o["messages"], o["recipients"],
          o["points"], o["stopped"], o["worst_score"]))' >"$scratch/got"
    sqlite3 "$gate_db" "SELECT sender, count(*), sum(recipients),
        printf('%.3f', sum(max(score, 0))), sum(action IN ('hold', 'defer', 'reject')),
        printf('%.3f', max(score)) FROM message
        WHERE at_us >= ($(date +%s) - $seconds) * 1000000
        GROUP BY sender ORDER BY 3 DESC, 2 DESC, 1" >"$scratch/want"
    ok "top --since $length is what the log says" cmp "$scratch/got" "$scratch/want"
done
sqlite3 "$gate_db" "SELECT sender, messages, recipients, size_bytes, points, worst_score,
    slow, hold, defer, reject FROM top_senders" >"$scratch/got"
sqlite3 "$gate_db" "SELECT sender, count(*), sum(recipients), sum(size_bytes),
    round(sum(max(score, 0)), 3), round(max(score), 3), sum(action = 'slow'),
    sum(action = 'hold'), sum(action = 'defer'), sum(action = 'reject') FROM message
    WHERE at_us > (julianday('now') - 2440587.5) * 86400e6 - 86400e6
    GROUP BY sender ORDER BY 3 DESC, sender" >"$scratch/want"
ok 'so is the view top_senders' cmp "$scratch/got" "$scratch/want"
sqlite3 "$gate_db" 'SELECT * FROM timeline' >"$scratch/got"
sqlite3 "$gate_db" "SELECT strftime('%Y-%m-%dT%H:00:00Z', at_us / 1000000, 'unixepoch'),
    count(*), sum(recipients), sum(action = 'accept'), sum(action = 'slow'),
    sum(action = 'hold'), sum(action = 'defer'), sum(action = 'reject'),
    round(sum(max(score, 0)), 3) FROM message
    WHERE at_us / 3600000000 >= $(($(date +%s) / 3600)) - 168
    GROUP BY at_us / 3600000000 ORDER BY 1 DESC" >"$scratch/want"
ok 'and the view timeline' cmp "$scratch/got" "$scratch/want"

is "$(og senders --json -n 0 --since 8d | field messages | awk '{ n += $1 } END { print n }')" \
    "$(sqlite3 "$gate_db" 'SELECT count(*) FROM message')" 'senders counts every message'
is "$(og senders --json -n 1 --since 8d | python3 -c '
import json, sys
o = json.loads(sys.stdin.readline())
print(len(o["trend"]), sum(o["trend"]) == o["messages"])')" '24 True' 'its trend is all of them'
like "$(LC_ALL=C.UTF-8 og senders)" '[▁▂▃▄▅▆▇█]' 'a curve of blocks'
out=$(LC_ALL=C og senders)
unlike "$out" '[▁▂▃▄▅▆▇█]' 'without UTF-8 none'
like "$out" '[.:=+*#-].* [0-9][0-9]-' 'but ASCII'
unlike "$out" "$(printf '\033')" 'no control character gets out'
og top --live >/dev/null 2>&1 </dev/null
is $? 2 'live needs a terminal'

# --- live
socket=$scratch/tmux
t() {
    tmux -f /dev/null -S "$socket" "$@"
}
at_exit "tmux -S '$socket' kill-server 2>/dev/null"
# start WIDTH HEIGHT ENVIRONMENT - in a pane of that size; its end is told on the screen.
start() {
    t new-session -d -s top -x "$1" -y "$2" "env $3 PATH='$PATH' sh -c \
        'outgate --config $gate_conf top --live; echo ended with \$?; cat'"
}
screen() {
    t capture-pane -p -t top
}
shows() {
    screen | grep -Eq -- "$1"
}
see() {
    wait_for 15 shows "$1"
    result $? "$2" || diag "$(screen)"
}
press() {
    t send-keys -t top "$@"
}
LC_ALL=C.UTF-8
start 100 20 'LC_ALL=C.UTF-8 TERM=screen-256color'
see 'outgate top .* last 1h  [0-9]+ senders' 'it begins with the last hour'
see 'MESSAGES +RCPT +POINTS' 'columns'
see 'sasl_user:e_.31mvil' 'control characters are none'
press 7
wait_for 15 sh -c "tmux -S '$socket' capture-pane -p -t top | sed -n 4p | grep -q bob"
is "$(screen | sed -n 4p | grep -o 'sasl_user:.*')" sasl_user:bob 'sorted by sender'
press /
press -l CAROL
press Enter
see 'filter: CAROL' 'a filter'
see '  1 senders' 'leaves one, in any case'
press Enter
see 'ID .*AT .*ACTION .*SUBJECT' 'Enter shows messages'
see 'score-hold .x1b.31mred' 'of that sender, escaped'
press Enter
see 'MESSAGES +RCPT' 'and back'
press b
see '\[block\] sasl_user:carol' 'b marks'
press /
press Escape
see '  4 senders' 'Escape takes the filter away'
press w
see 'last 24h' 'a longer window'
press p
see PAUSED 'p pauses'
echo "0|zoe|198.51.100.7|zoe@here.example|1|ZZZZZZ01|<z@here.example>|hi" |
    tests/unit/fill_log "$gate_conf"
sleep 2.5
ok '  nothing moves' sh -c "! tmux -S '$socket' capture-pane -p -t top | grep -q zoe"
press p
press End
see zoe 'it goes on'
t resize-window -t top -x 50 -y 8
see 'zoe' 'a smaller terminal keeps the line in sight'
is "$(screen | awk 'length > 50' | wc -l)" 0 'and its width'
t resize-window -t top -x 120 -y 30
see '^1-7 sort .*q quit' 'a larger one is used'
press q
see 'outgate block sasl_user:carol --for 24h' 'the command for what was marked'
see 'ended with 0' 'q ends it well'
is "$(sqlite3 "$gate_db" 'SELECT count(*) FROM blocked_sender')" 0 'nobody was blocked'
t kill-server
socket=$scratch/tmux2 # not the one whose server may still be on its way out
at_exit "tmux -S '$socket' kill-server 2>/dev/null"
start 100 20 'LC_ALL=C TERM=vt100 NO_COLOR=1'
see 'sasl_user:bob' 'a plain terminal without UTF-8 and colour'
press C-c
see 'ended with 0' 'Ctrl-C ends it'
tap_end
