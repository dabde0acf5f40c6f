#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The border layout in a real Postfix, wired as contrib/postfix/border says: what leaves
# by an alias, a .forward file, a virtual alias or as a bounce passes the gate, too; what
# was decided when it came in passes once.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command postfix postqueue smtp-sink sqlite3 perl setpriv
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/postfix.sh"
. "$srcdir/tests/e2e/lib_actions.sh"

mta_name=Postfix
stranger='--xclient ADDR=198.51.100.9'
forward_user=games # has no mail of its own anywhere
id "$forward_user" >/dev/null 2>&1 || skip_all "needs the user $forward_user"

layout() {
    printf '%s\n[border]\nenabled = yes\n' "$(mta_section)"
}

gate_config ''
gate_overlay "$(layout)"
gate_start

mkdir -p "$scratch/forward"
echo moved@there.example >"$scratch/forward/$forward_user"
chown "$forward_user" "$scratch/forward/$forward_user"
printf 'ann ann@there.example\nnobody-here gone@bounce.example\n' \
    >"$scratch/aliases"
printf 'team@here.example one@there.example, two@there.example\n' >"$scratch/virtual"
postfix_border=1
postfix_aliases=texthash:$scratch/aliases
postfix_start "virtual_alias_maps = texthash:$scratch/virtual
forward_path = $scratch/forward/\$user
transport_maps = inline:{{bounce.example=error:no such place}}
always_add_missing_headers = no"

# sent TAG - the recipients with whom it arrived.
sent() {
    grep -lrF -- "<$1@e2e.example>" "$sink" | xargs -r sed -n 's/^X-Rcpt-Args: \([^ ]*\).*/\1/p' |
        sort | tr '\n' ' '
}

# rows TAG COLUMNS - all its rows, oldest first.
rows() {
    sql "select $2 from message left join border_message on message = id
        where message_id = '$1@e2e.example' order by id"
}

# Ordinary mail.
by_smtp o-smtp 'plain words'
is_delivered o-smtp 'outbound by SMTP: arrives once'
is "$(rows o-smtp 'class, path, action')" 'outbound|smtp|accept' 'one row'
is "$(sql "select passed_count from ticket join message on message.id = ticket.message
    where message_id = 'o-smtp@e2e.example'")" 1 'it passed the border'
by_cli o-cli 'plain words'
is_delivered o-cli 'outbound by sendmail(1): arrives once'
is "$(rows o-cli 'class, path, sender')" "outbound|local|uid:$(id -u)" 'one row'
by_smtp o-two 'plain words' --to a@one.example --to b@two.example
is_delivered o-two 'two destinations'
is "$(sent o-two)" '<a@one.example> <b@two.example> ' 'both get it'
is "$(rows o-two 'path, recipients')" 'smtp|2' 'one row for both'

# What a stranger sends, and aliases send on.
by_smtp f-alias 'plain words' --from eve@else.example --to ann@here.example $stranger
like "$reply" '^1 250 ' 'mail to an alias is let in'
is_delivered f-alias 'an alias that leads out: arrives once'
is "$(rows f-alias 'class, path, sender, action, ticket, forwarded_by')" \
    'forwarded|border|client_ip:198.51.100.9|accept|sound|ann@here.example' \
    'charged to the stranger, as forwarded'
by_smtp f-file 'plain words' --from eve@else.example --to "$forward_user@here.example" \
    $stranger
is_delivered f-file 'a .forward file: arrives once'
is "$(rows f-file 'class, sender, ticket, forwarded_by')" \
    "forwarded|client_ip:198.51.100.9|sound|$forward_user@here.example" \
    'charged to the stranger'
by_smtp f-virtual 'plain words' --from eve@else.example --to team@here.example $stranger
is_delivered f-virtual 'a virtual alias: arrives'
is "$(sent f-virtual)" '<one@there.example> <two@there.example> ' 'for both'
is "$(rows f-virtual 'class, sender, recipients, ticket, forwarded_by')" \
    'forwarded|client_ip:198.51.100.9|2|sound|team@here.example' \
    'charged for what leaves'
by_smtp f-ours 'plain words' --to team@here.example --to ann@there.example \
    --xclient 'ADDR=203.0.113.9 LOGIN=carol'
is_delivered f-ours 'outbound, one recipient a virtual alias'
is "$(rows f-ours 'path, sender, recipients')" \
    "$(printf '%s\n' 'smtp|sasl_user:carol|2' 'border|sasl_user:carol|2')" \
    'the sender is charged for what the alias adds'

# What Postfix may do to a mail between the passes, and the ticket must live through.
long=$(printf '%03000d' 7)
printf '%s\n' 'From: Zoe' 'To: ann' 'Subject: =?utf-8?q?=C3=A9?=' ' folded' \
    'Message-ID: <w-odd@e2e.example>' 'Content-Type: text/plain; charset=utf-8' \
    'Content-Transfer-Encoding: 8bit' '' "caf\303\251 $long" '.' '' '' |
    sed 's/\\303\\251/é/' |
    mta_smtp --from eve@else.example --to ann@here.example $stranger >/dev/null
is_delivered w-odd '8 bits, long lines, a From: without domain: arrives once'
is "$(rows w-odd ticket)" sound 'its ticket is sound'
{
    printf '%s\n' 'Subject: no id, no From:' ''
    printf 'Look for <w-bare@e2e.example>, it is here.\n'
} | mta_smtp --from eve@else.example --to ann@here.example $stranger >/dev/null
is_delivered w-bare 'a mail without From:, Date: and Message-ID: arrives once'
is "$(sql "select ticket, sender from border_message join message on id = message
    where subject = 'no id, no From:'")" 'sound|client_ip:198.51.100.9' \
    'its ticket is sound'
{
    mail_text w-large 'large'
    head -c 9000000 /dev/zero | tr '\0' x | fold -w 76
} | mta_smtp --xclient 'ADDR=203.0.113.9 LOGIN=carol' >/dev/null
is_delivered w-large 'a body larger than what is read: arrives once'
is "$(rows w-large path)" smtp 'decided once'
mail_text w-many 'plain words' | mta_smtp --from list@here.example \
    $(for n in $(seq 1 120); do echo "--to r$n@d$n.example"; done) >/dev/null
w_many_arrived() {
    [ "$(sent w-many | wc -w)" = 120 ]
}
ok 'a hundred and twenty recipients: arrive once each' wait_for 15 w_many_arrived
is "$(rows w-many 'path, recipients')" 'smtp|120' 'decided once'

by_smtp f-spam score-reject --from eve@else.example --to ann@here.example $stranger
like "$reply" '^1 250 ' 'spam to an alias is let in'
wait_for 15 recorded f-spam
is "$(rows f-spam 'class, action, meant, ticket')" 'forwarded|hold|reject|sound' \
    'forwarded spam is held, not bounced'
is_held f-spam 'forwarded spam'
like "$(rows f-spam reason)" 'mail at the border must not be refused' 'and says why'
is "$(postqueue -c "$postfix_etc" -j | grep -c 'MAILER-DAEMON')" 0 'no bounce of it'
ok 'it can be let go' tool release "$(field f-spam queue_id)"
mta_flush >/dev/null 2>&1
is_delivered f-spam 'and arrives once'

# Bounces.
by_smtp n-bounce 'plain words' --from eve@else.example --to nobody-here@here.example $stranger
bounce_row() {
    sql "select class, path, sender, action, ticket from message join border_message
        on message = id where mail_from = '' and rcpt_to = 'eve@else.example'"
}
bounce_is_there() {
    [ -n "$(bounce_row)" ]
}
ok 'a bounce passes the border' wait_for 15 bounce_is_there
is "$(bounce_row)" 'forwarded|border|host:local|accept|none' 'scored, not refused'
ok 'and leaves' wait_for 15 sink_has 'Undelivered Mail Returned'

# The slow lane.
by_smtp l-slow score-slow
is_delivered l-slow 'slow: arrives once'
is "$(rows l-slow 'path, action')" 'smtp|slow' 'slow: decided when it came in'
like "$(grep 'ann@there.example' "$postfix_log")" 'postfix/slow/smtp.*status=sent' \
    'slow: by the slow transport, behind the border'
by_smtp l-forward score-slow --from eve@else.example --to ann@here.example $stranger
is_delivered l-forward 'forwarded and slow: arrives once'
is "$(rows l-forward 'path, action')" 'border|slow' 'forwarded and slow: logged'
is "$(grep -c 'postfix/slow/smtp.*status=sent' "$postfix_log")" 2 \
    'forwarded and slow: by the slow transport'

# Held when it came in, and let go: not held again.
by_smtp h-hold score-hold
is_held h-hold 'held when it came in'
ok 'let go' tool release "$(field h-hold queue_id)"
mta_flush >/dev/null 2>&1
is_delivered h-hold 'passes the border once let go'

# A held mail that is put back to the queue as new.
by_smtp h-again score-hold --from eve@else.example --to ann@here.example $stranger
wait_for 15 recorded h-again
is_held h-again 'held at the border'
postsuper -c "$postfix_etc" -r "$(field h-again queue_id)" hold >/dev/null 2>&1
by_cli h-wake 'plain words' # wakes pickup, which looks once a minute
is_delivered h-again 'requeued: passes the border once more, with its new ticket'

# A local user at the border himself.
to_border() {
    perl "$srcdir/tests/lib/smtp.pl" --port "$border_port" "$@" 2>&1
}
mark=$(sql "select mark from ticket join message on message.id = ticket.message
    where message_id = 'o-smtp@e2e.example'")
mail_text u-forged 'plain words' | sed "1i X-Outgate-Ticket: $mark" | to_border >/dev/null
is_delivered u-forged 'a stolen ticket on another mail: goes'
is "$(rows u-forged 'class, sender, ticket')" 'outbound|host:local|changed' \
    'but is charged to this host'
mail_text o-smtp 'plain words' | sed "1i X-Outgate-Ticket: $mark" | to_border >/dev/null
o_smtp_is_twice() {
    [ "$(rows o-smtp id | wc -l)" = 2 ]
}
wait_for 10 o_smtp_is_twice
is "$(rows o-smtp 'path, sender')" \
    "$(printf '%s\n' 'smtp|client_ip:127.0.0.1' 'border|client_ip:127.0.0.1')" \
    'a copied mail with its ticket: charged once more to its sender'
mail_text u-none 'plain words' | to_border >/dev/null
is_delivered u-none 'no ticket: goes'
is "$(rows u-none 'class, sender, ticket')" 'outbound|host:local|none' \
    'and is charged to this host'

# A flood of bounces and of forwarded mail.
wait_for 15 mta_is_idle || diag "$(postqueue -c "$postfix_etc" -j)"
gate_overlay "$(layout)
[limits]
flood = 3 messages per 1h per host in forwarded, then defer"
gate_reload
mail_text flood-@N@ 'plain words' | mta_smtp --repeat 4 --from eve@else.example \
    --to ann@here.example $stranger >/dev/null
by_smtp z-bounce 'plain words' --from eve@else.example --to nobody-here@here.example $stranger
flood_is_judged() {
    [ "$(sql "select count(*) from message where at_us > (select at_us from message
        where message_id = 'u-none@e2e.example') and class = 'forwarded'")" = 5 ]
}
ok 'a flood of forwarded mail and a bounce reach the border' wait_for 20 flood_is_judged
is "$(sql "select action, count(*) from message where class = 'forwarded' and
    message_id like 'flood-%' group by 1")" "$(printf '%s\n' 'accept|3' 'hold|1')" \
    'the limit holds what is over it, and refuses nothing'
is "$(sql "select action, meant from message where mail_from = '' order by id desc limit 1")" \
    'hold|defer' 'the bounce waits, too'
is "$(sql "select count(*) from held_message where state = 'waiting' and
    due_at_us is not null")" 2 'until they are due'

wait_for 15 mta_is_idle || diag "$(postqueue -c "$postfix_etc" -j)"
# a bounce quotes the header of what it returns: headers alone are looked at
is "$(for file in "$sink"/*; do sed '/^.\{0,1\}$/q' "$file" | grep '^X-Outgate'; done)" '' \
    'no field of ours leaves the host'
unlike "$(cat "$postfix_log")" 'warning: .*(milter|border)|fatal|panic' \
    'Postfix has nothing to complain of'
tap_end
