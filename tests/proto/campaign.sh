#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# One text is one campaign, whoever sends it and however it is dressed.
. "${srcdir:-.}/tests/proto/lib.sh"
. "$srcdir/tests/lib/log.sh"

gate_config ''
gate_start
talk campaign
key=$(sql "select campaign from message where message_id = 'c-1'")
like "$key" '^c[0-9A-Z]{4}$' 'a message has the key of its campaign'
is "$(sql "select group_concat(distinct campaign) from message
    where message_id in ('c-1', 'c-2', 'c-3', 'c-again')")" "$key" 'one text is one campaign'
is "$(sql "select campaign from message where message_id = 'c-letter'
    and campaign not in ('', '$key')" | wc -l)" 1 'another text is another'
is "$(sql "select group_concat(message_id) from message where campaign = ''")" \
    c-note,c-bounce 'a few words, and a bounce, are none'
is "$(sql "select messages, recipients, senders, subject from campaign where key = '$key'")" \
    '4|7|3|score-reject' 'messages, recipients and senders are counted, refused ones too'
is "$(sql "select group_concat(sender || ' ' || messages, ', ') from (select sender,
    campaign_sender.messages from campaign_sender join campaign on id = campaign
    where key = '$key' order by 1)")" \
    'sasl_user:user1 2, sasl_user:user2 1, sasl_user:user3 1' 'and who sent how many'

# --- as the tools show it
is "$(og log --json --campaign "$key" | field campaign | sort | uniq -c | tr -s ' ')" \
    " 4 $key" 'log --campaign'
is "$(og log --json --campaign "$(echo "$key" | tr 'A-Z0' 'a-zo')" | wc -l)" 4 \
    'a key in any case, O for 0'
is "$(og log --json --campaign "$key" --sender sasl_user:user1 | wc -l)" 2 'with a sender'
is "$(og log --json --message-id c-note | field campaign)" null 'none is null'
og log --campaign nonsense >/dev/null 2>&1
is $? 2 'a key that is none'
is "$(og campaigns --json | field campaign)" "$key" 'campaigns lists it, alone'
is "$(og campaigns --json | python3 -c '
import json, sys
c = json.loads(sys.stdin.readline())
print(c["messages"], c["recipients"], c["senders"], c["worst_score"], c["subject"],
    c["actions"]["accept"], c["actions"]["reject"], c["first_at"] <= c["last_at"])')" \
    '4 7 3 20 score-reject 3 1 True' 'with its figures'
like "$(og campaigns)" "^$key +4 +7 +3 .* 20 +3 accept, 1 reject +score-reject" 'for people'
is "$(og campaigns --senders 3 --json | wc -l)" 1 'of three senders'
og campaigns --senders 4 >/dev/null
is $? 1 'of four senders there is none'
like "$(og show c-2)" "^campaign +$key, 3 more of it in the log, by 3 senders" 'show'
is "$(og show --json c-2 | field campaign_others)" 3 'show --json'
unlike "$(og show c-note)" '^campaign' 'a note has none'

# --- a restart forgets nothing
gate_stop
gate_start
talk campaign
is "$(sql "select messages, senders from campaign where key = '$key'")" '8|3' \
    'known again after a restart'
is "$(sql "select count(*) from campaign")" 2 'and nothing else was begun'
tap_end
