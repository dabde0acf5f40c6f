#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A sender with weeks of history goes on as ever, goes on a journey, is stolen: what the
# log says of each, and what is remembered.
. "${srcdir:-.}/tests/proto/lib.sh"

geoip=
if grep -q '^#define HAVE_MAXMINDDB' "$builddir/config.h"; then
    geoip="geoip = $scratch/countries.mmdb"
    perl "$srcdir/tests/lib/mmdb.pl" "$scratch/countries.mmdb" 192.0.2.0/24 FR \
        198.51.100.0/24 FR 203.0.113.0/24 BR
fi
gate_rules="$(cd "$srcdir" && pwd)/rules, $gate/rules"
gate_config "[mail]
$geoip"
gate_start

# fact MESSAGE-ID NAME - a fact of the audit row; 0 when it is not set.
fact() {
    sql "select coalesce(json_extract(facts, '\$.$2'), 0) from evidence
        join message on message.id = message where message_id_local = '$1'"
}
hits() {
    sql "select group_concat(rule, ' ') from (select rule from hit
        join message on message.id = message where message_id_local = '$1' and rule like 'PAST%'
        order by rule)"
}
of_bob="sender = (select id from sender_seen where sender = 'sasl_user:bob')"

talk history -D phase=learn
is "$(sql 'select sender, messages, recipients, known_recipients from sender_seen')" \
    'sasl_user:bob|12|12|1' 'twelve messages to one friend'
is "$(sql "select group_concat(kind || '=' || value, ' ') from sender_trait
    where kind <> 'country'")" \
    'from_domain=here.example header_from=bob@here.example network=192.0.2.0/24 x_mailer=thunderbird' \
    'his ways'
is "$(sql 'select signed, unsigned from domain_seen')" '12|0' 'his domain signs'
unlike "$(sql 'select * from sender_recipient')" example 'no recipient is written down'
is "$(fact h-learn1 sender_is_new)" 1 'the first message is its first'
is "$(fact h-learn2 new_recipients)" 0 'the second finds the friend known'

# Four weeks go by: each day three recipients at this hour.
sql "update sender_seen set first_us = first_us - 30 * 86400000000, messages = 100;
    update sender_trait set first_us = first_us - 30 * 86400000000;
    with recursive day (i) as (values (1) union all select i + 1 from day where i < 27)
    insert into sender_hour select sender_seen.id,
        cast(strftime('%s') as integer) / 3600 - 24 * i, 3, 3, 0, 3000, 0
    from day, sender_seen;
    delete from sender_hour where hour > cast(strftime('%s') as integer) / 3600 - 24"

talk history -D phase=honest
is "$(hits h-usual)" '' 'as ever: nothing'
is "$(fact h-usual sender_settled)" 1 'his past is known'
is "$(fact h-usual signature_aligned)" 1 'and his signature seen'
is "$(hits h-journey)" 'PAST_MAILER PAST_NETWORK' 'the journey shows'
is "$(fact h-journey networks_day)" 2 'two networks today'
is "$(sql "select action from message where message_id_local = 'h-journey'")" accept \
    'and passes' || diag "$(outgate show --config "$gate_conf" h-journey)"
is "$(fact h-refused x_mailer_new)" 1 'the refused mail had another program'
is "$(sql "select count(*) from sender_trait where value = 'other words'")" 0 \
    'which is not remembered'
is "$(sql "select known_recipients from sender_seen where sender = 'sasl_user:bob'")" 1 \
    'nor its recipient'

talk history -D phase=attack
is "$(sql "select action from message where message_id_local = 'h-attack'")" hold 'held in the log'
want='PAST_FOUR PAST_MAILER PAST_NETWORK PAST_PLACE_STRANGER PAST_STRANGERS PAST_TWO PAST_UNSIGNED PAST_VOLUME'
[ -z "$geoip" ] || want="PAST_COUNTRY $want"
is "$(hits h-attack)" "$want" 'and why'
is "$(fact h-attack new_recipients)" 40 'forty strangers'
is "$(fact h-attack new_recipients_ratio)" 1 'nobody else'
is "$(fact h-attack domain_signs_unsigned)" 1 'unsigned mail of a domain that signs'
ratio=$(fact h-attack volume_ratio)
ok "volume against his busiest hour ($ratio)" test "${ratio%%.*}" -ge 4
is "$(sql "select count(*) from sender_recipient where $of_bob")" 1 \
    'mail that waits for a person is not remembered'
is "$(fact h-quiet2 network_new)" 1 'a network that was used once stays new'
is "$(fact h-bare2 domain_signs_unsigned)" 1 'unsigned mail does not talk a signature away'
is "$(sql "select count(*) from sender_trait where kind = 'unsigned'")" 1 'though it left'
is "$(sql "select unsigned from domain_seen where domain = 'here.example'")" 0 \
    'it does not count on its first day'
is "$(hits h-young)" '' 'a newcomer: nothing'
is "$(fact h-young new_recipients)" 40 'though all are new to it'
if [ -n "$geoip" ]; then
    is "$(fact h-attack country_new)" 1 'from a new country'
    is "$(fact h-journey country_new)" 0 'the journey was not'
    is "$(fact h-quiet2 countries_day)" 2 'two countries today'
else
    skip 'countries' 'built without libmaxminddb'
fi

# The same mail at the desk.
printf 'From: bob@here.example\nTo: ann@there.example\nSubject: x\n\nHello\n' \
    >"$scratch/mail.eml"
out=$(outgate scan --json --config "$gate_conf" --sender sasl_user:Bob \
    --client-ip 198.18.0.1 "$scratch/mail.eml")
like "$out" '"sender": "sasl_user:bob"' 'scan --sender'
like "$out" '"network_new": 1' 'knows the past'
outgate scan --config "$scratch/none" --sender x "$scratch/mail.eml" >/dev/null 2>&1
ok 'without a database it says so' test $? -gt 1
unlike "$(outgate scan --json --config "$gate_conf" "$scratch/mail.eml")" sender_age_days \
    'without --sender there is no past'

# What is known of him, for a person.
out=$(tool sender bob)
like "$out" '^sasl_user:bob' 'sender: who'
like "$out" '^since 20.*30d' 'since when'
like "$out" '^busiest hour: [0-9]+ recipients' 'how much'
like "$out" 'networks +203.0.113.0/24' 'from where, the latest first'
like "$out" 'programs +blast sender' 'with what'
is "$(tool sender --json sasl_user:BOB | perl -ne 'print for /"networks": \[(.*?)\]/' |
    grep -o '"value"' | wc -l | tr -d ' ')" 3 'as JSON, three networks'
sql "insert into blocked_sender (sender, since_us, until_us, reason, by)
    values ('sasl_user:bob', 1, null, 'stolen', 'test')"
like "$(tool sender bob)" 'blocked.* until somebody unblocks it: stolen' 'a block shows'
tool sender nobody >/dev/null 2>&1
is $? 1 'an unknown sender ends with 1'
gate_stop
tap_end
