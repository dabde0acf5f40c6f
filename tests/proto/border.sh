#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The border layout as an MTA would speak it: a ticket at the first pass, taken at the
# second; forged, copied, changed ones.
. "${srcdir:-.}/tests/proto/lib.sh"

gate_config '[border]
enabled = yes
[limits]
sender = 6 recipients per 1h per sender, then hold'
gate_start
talk border -D db="$gate_db"

row() {
    sql "select $2 from message left join border_message on message = id
        where message_id = '$1' order by id"
}

is "$(row b-plain 'class, path, action')" 'outbound|smtp|accept' \
    'decided mail has one row, of its first pass'
is "$(sql "select passed_count, ticket.recipients, passed_queue_id from ticket
    join message on message.id = ticket.message where message_id = 'b-plain'")" '1||Q2' \
    'its ticket is used up'
is "$(sql "select count(*) from charge join message on id = message
    where message_id = 'b-plain'")" 1 'and it is charged once'

is "$(row b-alias 'class, path, sender, recipients, ticket, forwarded_by')" \
    'forwarded|border|client_ip:198.51.100.7|1|sound|ann@here.example' \
    'inbound mail sent on: charged to the stranger, with the address that sends it on'
is "$(row b-alias "client_ip, first_message is null, first_path")" \
    '198.51.100.7|1|smtp' 'and its client is known'
is "$(row b-spam 'action, meant')" 'hold|reject' 'forwarded spam waits, unrefused'
is "$(sql "select count(*) from ticket join message on message.id = ticket.message
    where message_id = 'b-spam' and ticket.class = 'forwarded'")" 1 \
    'with a ticket for the day on which it is let go'

is "$(row b-extra 'path, sender, recipients, ticket')" \
    "$(printf '%s\n' 'smtp|sasl_user:bob|2|' 'border|sasl_user:bob|2|sound')" \
    'an alias of an outbound mail: the sender is charged for what was not decided'
is "$(sql "select count(distinct campaign), min(campaign) <> '', count(*) from message
    where message_id = 'b-text'")" '1|1|2' 'its campaign is charged for them, too'
is "$(sql "select messages, recipients from campaign")" '1|1' 'and counts the text once'
is "$(row b-twice 'path, sender, ticket')" \
    "$(printf '%s\n' 'smtp|sasl_user:dave|' 'border|sasl_user:dave|sound' \
        'border|sasl_user:dave|sound')" \
    'a ticket passes once: the copy is charged'
is "$(row b-changed 'path, sender, ticket')" \
    "$(printf '%s\n' 'smtp|sasl_user:erin|' 'border|host:local|changed')" \
    'another body: the ticket does not hold'
is "$(row b-other-from 'path, sender, ticket')" \
    "$(printf '%s\n' 'smtp|sasl_user:fred|' 'border|host:local|changed')" \
    'another From: neither'
is "$(row b-unknown 'sender, ticket')" 'host:local|unknown' 'an invented ticket'
is "$(row b-none 'class, sender, ticket')" 'outbound|host:local|none' 'no ticket'
is "$(row b-bounce 'class, sender, action, meant')" 'forwarded|host:local|hold|reject' \
    'a bounce is scored and never refused'
is "$(row b-slow action)" slow 'slow is decided at the first pass'
is "$(row b-held action)" hold 'held at the first pass, released, passes'
is "$(row b-requeued 'path, action')" 'border|hold' \
    'held at the border and put back to the queue: passes'
is "$(row b-redirect 'class, path, sender, client_ip, ticket')" \
    "$(printf '%s\n' \
        'forwarded|local|client_ip:198.51.100.10|198.51.100.10|sound' \
        'outbound|smtp|sasl_user:ivy|127.0.0.1|')" \
    "a redirect by sendmail(1): the stranger's, decided once; not with a login"
is "$(row b-own 'class, sender, ticket')" 'outbound|uid:5000|' \
    'nor with a mail of its own'
is "$(row b-fake-daemon "class, path, sender")" \
    'outbound|smtp|client_ip:127.0.0.1' 'the mark of the border is the macro alone'

# What a person sees of it.
first=$(sql "select id from message where message_id = 'b-extra' and path = 'smtp'")
later=$(sql "select id from message where message_id = 'b-extra' and path = 'border'")
like "$(tool show "$first")" "^sent on as +outgate show $later\$" 'show: what it became'
like "$(tool show "$later")" "^came in +as 4jXTESTz1ab: outgate show $first\$" \
    'show: what it was'
like "$(tool show Q2)" '^message-id +b-plain$' 'show: by the queue id that it left with'
like "$(tool show Q2)" '^left +20.* as Q2$' 'show: when it left'
like "$(tool show b-alias)" '^came in +as 4jXTESTz1ab, inbound$' 'show: an inbound first'
like "$(tool show b-alias)" '^sent on by +ann@here.example$' 'show: who sent it on'
like "$(tool show b-unknown)" '^ticket +unknown: charged to this host$' 'show: no ticket'
is "$(tool show --json b-alias | python3 -c '
import json, sys
border = json.load(sys.stdin)["border"]
print(border["ticket"], border["first_message"], border["forwarded_by"])')" \
    'sound None ann@here.example' 'show: as JSON'
is "$(tool show --json b-fake-daemon | python3 -c '
import json, sys
print(json.load(sys.stdin)["border"])')" None 'show: nothing where nothing is to say'

is "$(sql "select count(*) from ticket join message on message.id = ticket.message
    where message_id = 'b-refused'")" 0 'what is refused gets no ticket'
# The brake: mail that came in before it was put on waits at the border, too.
talk border -D db="$gate_db" -D phase=brake-before
charges=$(sql "select count(*) from charge")
tool exempt add sasl_user:boss >/dev/null
tool brake on --reason 'port 25 is cut' >/dev/null
talk border -D db="$gate_db" -D phase=brake
is "$(row k-carol 'path, action, score')" "$(printf '%s\n' 'smtp|accept|0.0' \
    'border|hold|0.0')" 'braked: a row of its own'
is "$(sql "select cause from held_message join message on id = message
    where message_id = 'k-carol'")" brake 'braked: by the brake, which lets it go again'
is "$(row k-boss 'path, action')" 'smtp|accept' 'exempt: passes as ever'
is "$(sql "select count(*) from charge")" "$charges" 'nothing is charged twice'
is "$(sql "select messages from sender_seen where sender = 'sasl_user:carol'")" \
    "$(sql "select count(*) from message where sender = 'sasl_user:carol'
        and path <> 'border'")" 'nor counted'
talk border -D db="$gate_db" -D phase=brake-after
tool brake off >/dev/null
gate_stop

# The store is away: its folder has gone.
store=$gate/store
mkdir "$store"
gate_db=$store/outgate.db
for on_error in tempfail accept; do
    gate_overlay "[border]
enabled = yes
[milter]
on_error = $on_error
[store]
database = $gate_db"
    : >"$gate/gate.log"
    gate_start
    wait_for 10 grep -q started "$gate/gate.log"
    mv "$store" "$store.away"
    sleep 1.2
    case $on_error in
    tempfail) talk border_away -D want=defer ;;
    accept) talk border_away -D want=pass ;;
    esac
    mv "$store.away" "$store"
    gate_stop
done
tap_end
