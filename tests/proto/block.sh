#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Blocked identities: refused at MAIL FROM where that is sane, decided at the end of the
# message where it is not; at once, and no longer than asked.
. "${srcdir:-.}/tests/proto/lib.sh"

gate_config ''
gate_start
field() {
    sql "select $2 from message where message_id = '$1'"
}

talk block_open -D tool="outgate -c $gate_conf"

is "$(field open-mid 'action, sender')" 'reject|sasl_user:mid' 'and logged'

# A login, a client of ours, a network: at MAIL FROM.
tool block sasl_user:Bob@Here.example client_ip:198.51.100.0/24 client_ip:127.0.0.1 \
    --for 24h --reason 'stolen password' >/dev/null
talk order -D id=login -D want=refused -D ip=203.0.113.9 -D auth=bob@here.example
talk order -D id=login2 -D want=refused -D ip=203.0.113.9 -D auth=BOB@here.EXAMPLE
talk order -D id=other -D want=pass -D ip=203.0.113.9 -D auth=carol
talk order -D id=network -D want=refused -D ip=198.51.100.77 -D auth=carol
talk order -D id=client -D want=refused
talk order -D id=local -D want=pass -D port=0 -D from=bob@gate.test -D uid=33
is "$(field local sender)" uid:33 'sendmail(1) is no client of a blocked address'

# A stranger's MTA brings inbound mail: only what it would send on is refused.
talk order -D id=inbound -D want=pass -D ip=198.51.100.7 -D to='<joe@here.example>'
talk order -D id=forward -D want=reject -D ip=198.51.100.7
is "$(field forward 'action, class')" 'reject|forwarded' 'forwarded mail, at its end'
like "$(field forward reply)" \
    '^sending is blocked for this client until 20[0-9: -]* UTC; incident .*; contact' \
    'with a reply that tells until when and whom to ask'
unlike "$(field forward reply)" stolen 'but not the reason'
like "$(field forward reason)" \
    '^blocked: client_ip:198.51.100.0/24 until 20.* UTC: stolen password$' \
    'which the log has'

like "$(tool explain 198.51.100.7)" 'locked|blocked' 'explain knows the network'
like "$(tool explain sasl_user:bob@here.example)" 'blocked' 'and who never sent'

# Null senders, and what might be sendmail(1) of Sendmail: not at MAIL FROM.
talk order -D id=null -D want=hold -D ip=203.0.113.9 -D auth=bob@here.example -D from='<>'
is "$(field null 'action, meant')" 'hold|reject' 'a bounce of a blocked login is held'
talk order -D id=msp -D want=pass -D version=8.17.1.9
is "$(field msp sender)" uid:www-data 'the submission program of Sendmail passes'
talk order -D id=loopback -D want=reject -D version='8.17.1.9 smtp'
is "$(field loopback 'action, sender')" 'reject|client_ip:127.0.0.1' \
    'a blocked client on loopback is refused at the end'
tool unblock client_ip:127.0.0.1 >/dev/null

# What is known only at the end.
tool block uid:33 script:33:hacked.php mail_from:Eve@here.example from_domain:here.example \
    >/dev/null
talk order -D id=uid -D want=hold -D port=0 -D from=www@gate.test -D uid=33
is "$(field uid 'action, meant, due_at_us is null')" 'hold|reject|1' 'held for a person'
is "$(sql "select cause, due_at_us is null from held_message
    where message = $(field uid id)")" 'block|1' 'the block is its cause'
like "$(field uid reason)" '^blocked: uid:33; held, for mail from sendmail' 'and reason'
tool unblock uid:33 >/dev/null
tool unblock from_domain:here.example >/dev/null
talk order -D id=script -D want=hold -D port=0 -D from=www@gate.test -D uid=33 \
    -D script=hacked.php
talk order -D id=script-smtp -D want=pass -D script=hacked.php
talk order -D id=sender -D want=reject -D from='<eve@Here.example>'
tool block from_domain:Here.example >/dev/null
talk order -D id=domain -D want=reject
is "$(field domain meant)" reject 'From: of a blocked domain'
tool unblock from_domain:here.example >/dev/null
is "$(tool held --no-mta --json --cause block | wc -l)" 3 'outgate held finds them'
is "$(sql "select count(*) from charge join message on id = message
    where reason like 'blocked:%' and charge.at_us is not null")" 0 'none was charged'
# A stranger cannot be a local account, whatever it says.
tool block mail_from:bob@here.example uid:0 host:local >/dev/null
talk order -D id=stranger -D want=reject -D ip=192.0.2.50
like "$(field stranger reason)" 'blocked: mail_from:' 'mail_from is what it said itself'
tool unblock mail_from:bob@here.example >/dev/null

# What another part of the program writes into the table bites as well; what is over
# does not.
now=$(date +%s)
sql "insert into blocked_sender (sender, since_us, until_us, reason, by) values
    ('sasl_user:limited', ${now}000000, $((now + 3600))000000, 'limit x', 'limit x'),
    ('sasl_user:over', ${now}000000, $((now - 1))000000, 'limit x', 'limit x')"
talk order -D id=limited -D want=refused -D auth=limited
talk order -D id=over -D want=pass -D auth=over
unlike "$(tool block --list)" sasl_user:over 'a block that is over is not listed'

# Twenty refusals and more of one login: one log line, a count.
is "$(grep -c 'stage=MAIL, block=sasl_user:eve@here.example' "$gate/gate.log")" 1 \
    'one log line for many refusals'
like "$(grep 'stage=MAIL, block=sasl_user:bob@' "$gate/gate.log")" \
    'reply="sending is blocked for this account until 20.* UTC; contact postmaster"' \
    'the reply at MAIL FROM'
counted() {
    [ "$(sql "select refused from blocked_sender
        where sender = 'sasl_user:bob@here.example'")" = 2 ]
}
ok 'refusals are counted' wait_for 10 counted
is "$(sql "select refused from blocked where sender = 'sasl_user:bob@here.example'
    and last_refused_at like '20%'")" 2 'and shown'

# Restart; and a store that is away refuses nobody at MAIL FROM.
gate_stop
gate_start
talk order -D id=restart -D want=refused -D auth=bob@here.example
gate_stop
is "$(sql "select refused from blocked_sender
    where sender = 'sasl_user:bob@here.example'")" 3 'a stop writes what was counted'
sql "insert into blocked_sender (sender, since_us, until_us, reason, by) values
    ('uid:old', 1, $((now - 7200))000000, '', ''),
    ('uid:young', 1, $((now - 60))000000, '', '')"
gate_overlay '[store]
keep_for = 1h'
gate_start
old_is_gone() {
    [ -z "$(sql "select 1 from blocked_sender where sender = 'uid:old'")" ]
}
ok 'what is long over is deleted' wait_for 10 old_is_gone
is "$(sql "select count(*) from blocked_sender where sender = 'uid:young'")" 1 \
    'not sooner'
gate_stop
mkdir "$gate/store"
gate_db=$gate/store/outgate.db
gate_overlay "[store]
database = $gate_db"
gate_start
ok 'a new database' wait_for 10 tool block sasl_user:bob
mv "$gate/store" "$gate/away"
sleep 1.2
talk order -D id=away -D want=defer -D auth=bob
mv "$gate/away" "$gate/store"
gate_stop

# Shadow: said, recorded, not done.
gate_overlay "[milter]
mode = shadow
[store]
database = $gate_db"
gate_start
like "$(tool block uid:7 2>&1)" 'mode = shadow.*NOTHING IS STOPPED' 'shadow mode is said'
talk order -D id=shadow -D want=pass -D auth=bob
is "$(field shadow 'action, is_shadow')" 'reject|1' 'in shadow mode it is recorded only'
like "$(tool brake on 2>&1)" 'mode = shadow.*brake is recorded' 'so is it of the brake'
talk order -D id=shadow2 -D want=pass -D auth=carol
is "$(field shadow2 'action, is_shadow')" 'hold|1' 'which holds nothing then'
is "$(sql 'select count(*) from held_message')" 0 'nor says it did'
tool brake off >/dev/null

# What an administrator may type.
tool block bob >"$scratch/out" 2>&1
is $? 2 'a key needs its kind'
like "$(cat "$scratch/out")" 'sasl_user:bob' 'and a suggestion is made'
for wrong in shape:round sasl_user: client_ip:192.0.2.1/8 client_ip:here \
    client_ip:2001:db8::1/128; do
    tool block uid:99 "$wrong" >/dev/null 2>&1
    is $? 2 "refused: $wrong"
done
is "$(sql "select count(*) from blocked_sender where sender = 'uid:99'")" 0 \
    'and nothing of the same command is done'
tool block 'client_ip:2001:0DB8::1' 'sasl_user:A.B@X.example' >/dev/null
is "$(tool block --json | wc -l)" 4 'listed'
ok 'another spelling unblocks' tool unblock client_ip:2001:db8:0::9 sasl_user:a.b@x.example
tool unblock uid:7 uid:8 >/dev/null 2>&1
is $? 1 'one that is not blocked'
is "$(sql "select count(*) from blocked_sender where sender = 'uid:7'")" 1 \
    'leaves the others as they are'
tap_end
