#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The slow lane: doubtful mail leaves through the paced transport of contrib/postfix, one
# after the other with the pause between, through the relayhost and without its mark;
# other mail to the same place does not wait for it.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command postfix postqueue sqlite3 perl
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/postfix.sh"
. "$srcdir/tests/lib/release.sh"

gate_config ''
gate_overlay "$(mta_section)"
gate_start
postfix_settings='s/^slow_destination_rate_delay.*/slow_destination_rate_delay = 2s/'
postfix_start

sed 's/^Subject: .*/Subject: score-slow/' "$held_mail" >"$scratch/slow.eml"
slow=4
mta_smtp --repeat $slow --tag slow "$scratch/slow.eml" >/dev/null
mta_smtp --repeat $slow --tag plain "$held_mail" >/dev/null
mta_smtp --tag two --to ann@there.example --to ben@elsewhere.example \
    "$scratch/slow.eml" >/dev/null
sed 's/^From: /X-Outgate-Lane: slow\n&/' "$held_mail" |
    mta_smtp --tag forged >/dev/null
wait_for 30 has_arrived $((2 * slow + 2))

is "$(sql "select action, count(*) from message group by 1 order by 1" | tr '\n' ' ')" \
    "accept|$((slow + 1)) slow|$((slow + 1)) " 'slow is what scores, not what says so'
is "$(grep -c ' slow-.* -$' "$arrived")" $slow 'slow mail arrives, without its mark'
is "$(grep -c ' lane$' "$arrived")" 0 'as all mail'
is "$(grep -c 'postfix/slow/smtp.*relay=127.0.0.1.*status=sent' "$postfix_log")" \
    $((slow + 2)) 'each recipient of it through the slow transport and the relayhost'
is "$(grep 'status=sent' "$postfix_log" | grep -c 'postfix/smtp\[')" $((slow + 1)) \
    'all else through the usual one'
awk '$2 ~ /^(slow|two)-/ { if (last && $1 - last < least) least = $1 - last; last = $1 }
    BEGIN { least = 1e18 } END { printf "%d\n", least / 1000 }' "$arrived" >"$scratch/gap"
diag "shortest pause between slow mails: $(cat "$scratch/gap") ms"
# Postfix's timers count whole seconds: the pause may be up to a second shorter.
ok 'one at a time, a pause of slow_destination_rate_delay between' \
    test "$(cat "$scratch/gap")" -ge 950
is "$(awk '$2 ~ /^slow-/ { slow = NR } $2 ~ /^plain-/ { plain = NR }
    END { print plain < slow }' "$arrived")" 1 'plain mail does not wait for slow mail'
tap_end
