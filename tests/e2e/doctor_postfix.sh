#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# outgate doctor on a real Postfix: a host that is wired as contrib says is well, both
# probes arrive and leave nothing behind; each way to wire it wrongly is found, and the
# lines that the finding prints, pasted, make it go away.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command postfix postqueue postconf smtp-sink sqlite3 perl python3
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/postfix.sh"
. "$srcdir/tests/lib/doctor.sh"

plain_overlay() {
    rm -f "$gate"/conf.d/z*.conf
    gate_overlay "$(mta_section)
[milter]
pid_file = $gate/pid
[notify]
to = root@here.example
[mail]
local_domains = here.example
[limits]
login = 5 messages per 1h per sender, then defer"
}

left_over() {
    postqueue -c "$postfix_etc" -j | grep -c probe
}

gate_config ''
plain_overlay
gate_start
postfix_start || exit 99
smtpd=127.0.0.1:$mta_port/inet

# ---- all is well

doctor >"$scratch/well.json"
is $? 0 'a host that is wired as it should be'
is "$(fields section check level <"$scratch/well.json" | grep -Ev '[|]clock[|]|^dns' |
    grep -E 'bad|warning')" '' 'nothing is bad, nor to be repaired'
is "$(fields section subject level <"$scratch/well.json" | grep ^probe | tr '\n' ' ')" \
    "probe|$smtpd|ok probe|sendmail(1)|ok " 'both probes arrived'
is "$(sql "select path, class, sender, action, reason from message order by id")" \
    'smtp|outbound|client_ip:127.0.0.1|hold|a probe of outgate doctor
local|outbound|uid:0|hold|a probe of outgate doctor' 'and stand in the audit log'
is "$(sql "select state, state_by, cause from held_message")" 'dropped|doctor|probe
dropped|doctor|probe' 'they were held, then deleted'
is "$(left_over)" 0 'nothing is left in the queue'
is "$(sink_count probe)" 0 'nothing left the host'
is "$(sql 'select (select count(*) from charge), (select count(*) from limit_slot),
    (select count(*) from sender_seen), (select count(*) from campaign)')" '0|0|0|0' \
    'nobody was charged, and nobody has a past of it'
out=$(tool doctor --no-probe 2>&1)
is $? 0 'for a person'
like "$out" '^  ok  .*outgate is in smtpd_milters' 'in words'
unlike "$out" "$(printf '\033')" 'without colours where there is no terminal'
is "$(tool doctor --no-probe --json --only probe | wc -l)" 0 'no probe when none is wanted'
tool doctor --only nothing >/dev/null 2>&1
is $? 2 'an unknown section'

# ---- each way to wire it wrongly

wrongly mta smtpd_milters bad 'not on smtpd_milters' pc -e 'smtpd_milters ='
wrongly mta smtpd_milters bad 'a service with a list of its own' \
    pc -P "$smtpd/smtpd_milters=unix:/nowhere"
pc -PX "$smtpd/smtpd_milters"
wrongly mta non_smtpd_milters bad 'not on non_smtpd_milters' pc -e 'non_smtpd_milters ='
wrongly mta milter_order bad 'before the signer' \
    pc -e "smtpd_milters = unix:$gate_socket, unix:/signer"
like "$(pc -h smtpd_milters)" "^unix:/signer, unix:$gate_socket" 'the signer comes first'
pc -e "smtpd_milters = unix:$gate_socket"
wrongly mta milter_default_action bad 'all mail passes while the gate is away' \
    pc -e "smtpd_milters = { unix:$gate_socket, default_action=accept }"
wrongly mta milter_default_action bad 'the same for sendmail(1)' \
    pc -e "non_smtpd_milters = { unix:$gate_socket, default_action=accept }"
wrongly mta milter_default_action warning 'sendmail(1) loops while the gate is away' \
    pc -e "non_smtpd_milters = unix:$gate_socket"
wrongly mta milter_protocol bad 'a protocol in which no macro can be asked for' \
    pc -e 'milter_protocol = 4'
wrongly mta milter_protocol bad 'the same on one entry' \
    pc -e "smtpd_milters = { unix:$gate_socket, protocol=3 }"
wrongly mta no_milters bad 'all milters switched off on a port' \
    pc -P "$smtpd/receive_override_options=no_milters,no_address_mappings"
wrongly mta milter_chroot bad 'a path that is not seen from inside the chroot' \
    pc -F "$smtpd/chroot=y"
wrongly mta milter_macro_v bad 'an MTA that does not give its name' \
    pc -e 'mail_name = Mailer'
wrongly mta header_checks warning 'its name in the field that names the user' true
wrongly mta header_checks warning 'nobody says who called sendmail(1)' \
    pc -e 'header_checks ='
wrongly mta milter_header_checks warning 'no slow lane' pc -e 'milter_header_checks ='
wrongly mta slow_transport bad 'a slow lane without a transport' pc -MX slow/unix
wrongly mta slow_pace warning 'a slow lane that is fast' \
    pc -e 'slow_destination_rate_delay = 0s'
wrongly mta slow_next_hop bad 'a slow lane past the relayhost' \
    pc -e 'default_filter_nexthop ='
wrongly mta mynetworks bad 'an open relay' pc -e 'mynetworks = 0.0.0.0/0'
wrongly mta networks bad 'clients that the gate takes for strangers' \
    pc -e 'mynetworks = 127.0.0.0/8 192.168.5.0/24'
wrongly mta local_domains bad 'mail that leaves as if it stayed' \
    drop_in '[mail]
local_domains = here.example, there.example'
wrongly mta local_domains warning 'mail that stays as if it left' \
    pc -e 'mydestination = here.example, also.example'
wrongly mta transport_name bad 'a transport that reads like a delivery here' \
    eval "drop_in '[mail]
local_domains =' && rm -f $gate/conf.d/zz-local_domains.conf &&
    pc -e 'default_transport = mail-out'"
pc -e 'default_transport = smtp'
plain_overlay
wrongly mta border bad 'a border that Postfix has not' drop_in '[border]
enabled = yes'
plain_overlay
wrongly mta queue_ids note 'queue ids that come again' pc -e 'enable_long_queue_ids = no'
wrongly mta scanned_twice warning 'mail that comes back from a filter' \
    eval "pc -M 'scan/unix=scan unix - - n - - smtp' && pc -e \
    'content_filter = scan:[127.0.0.1]:10024' &&
    pc -M '127.0.0.1:10025/inet=127.0.0.1:10025 inet n - n - - smtpd -o content_filter='"
pc -e 'content_filter ='
pc -MX 127.0.0.1:10025/inet scan/unix
chmod 600 "$gate_socket"
wrongly mta socket_reachable bad 'a socket that Postfix may not write to' true
wrongly mta socket_reachable bad 'a folder that Postfix may not search' chmod 700 "$gate"
printf 'sales: boss@elsewhere.example\n' >"$scratch/aliases"
pc -e "alias_maps = texthash:$scratch/aliases"
is "$(levels forwards --fast --only mta)" 'warning ' 'an alias that sends mail on'
like "$(fields check what <"$scratch/findings.json" | grep ^forwards)" \
    'sales to boss@elsewhere.example' 'by name'
printf 'root: ann@here.example\npostmaster: root\n' >"$scratch/aliases"
recipients_of_aliases() {
    postalias -c "$postfix_etc" "hash:$scratch/aliases"
    pc -e "alias_maps = hash:$scratch/aliases" 'local_recipient_maps = $alias_maps'
    postfix_age
    postfix -c "$postfix_etc" reload
    sleep 1
}
wrongly mta role_address bad 'abuse@ is refused' recipients_of_aliases
pc -e 'alias_maps =' 'local_recipient_maps ='
postfix_age
postfix -c "$postfix_etc" reload >/dev/null 2>&1

wrongly host config_mode bad 'a config that others may write' chmod 666 "$gate_conf"
wrongly host database_mode bad 'a database that others may write' chmod 666 "$gate_db"
wrongly host on_error warning 'a full disk lets mail out' drop_in '[milter]
on_error = accept'
wrongly host notify warning 'nobody is told' drop_in '[notify]
to ='
wrongly host keep warning 'nothing is kept' drop_in '[store]
keep = none'
wrongly host mode note 'shadow mode' drop_in '[milter]
mode = shadow'
plain_overlay
gate_reload

# ---- probes where something is wrong

pc -e 'smtpd_milter_maps = static:DISABLE'
doctor --only probe >"$scratch/findings.json"
is $? 1 'a map that switches the gate off'
like "$(fields subject level what <"$scratch/findings.json" | grep inet)" \
    'bad.*not probed: the gate is not on this way' 'no probe is sent'
wrongly mta smtpd_milter_maps warning 'it is found by its name as well' true

# a Postfix that has not read its configuration yet; what gets by the gate stays here
pc -e 'smtpd_milters =' 'defer_transports = smtp'
postfix -c "$postfix_etc" reload >/dev/null 2>&1
sleep 1
mta_smtp --from eve@here.example </dev/null >/dev/null 2>&1
pc -e "smtpd_milters = unix:$gate_socket"
postfix_age
doctor --only probe >"$scratch/findings.json"
is $? 1 'forgotten: postfix reload'
like "$(fields subject level what <"$scratch/findings.json" | grep inet)" \
    'bad.*has not seen it; it was deleted from the queue' 'is found by the probe alone'
is "$(postqueue -c "$postfix_etc" -j | grep -c outgate-probe)" 0 'which is deleted'
remedy probe <"$scratch/findings.json" >"$scratch/remedy.sh"
ok 'there is a line for it' test -s "$scratch/remedy.sh"
sh "$scratch/remedy.sh" >/dev/null 2>&1
sleep 1
doctor --only probe >"$scratch/findings.json"
is "$(fields level <"$scratch/findings.json" | tr '\n' ' ')" 'ok ok ' 'that helps' ||
    diag "$(cat "$scratch/remedy.sh" "$scratch/findings.json")"
pc -e 'defer_transports ='
postfix_age
postfix -c "$postfix_etc" reload >/dev/null 2>&1
is "$(sink_count probe)" 0 'nothing has left so far'

pc -e 'non_smtpd_milters ='
doctor --only probe >"$scratch/findings.json"
like "$(fields subject level what <"$scratch/findings.json" | grep sendmail)" \
    'bad.*not probed: the gate is not on this way' 'no probe is sent past the gate'
is "$(sink_count probe)" 0 'nothing leaves'
pc -e "non_smtpd_milters = { unix:$gate_socket, default_action=quarantine }"
postfix_age
postfix -c "$postfix_etc" reload >/dev/null 2>&1
sleep 1

plain_overlay
cat >>"$gate/conf.d/test.conf" <<'OVERLAY'
[milter]
mode = shadow
OVERLAY
gate_reload
is "$(doctor --only probe | fields level | tr '\n' ' ')" 'ok ok ' 'in shadow mode'
is "$(left_over) $(sink_count probe)" '0 0' 'they are held and deleted all the same'
plain_overlay
gate_reload

tool brake on >/dev/null
is "$(doctor --only probe | fields level | tr '\n' ' ')" 'ok ok ' 'under the brake'
tool brake off --yes >/dev/null 2>&1 || tool brake off >/dev/null

# ---- marks in the wrong hands

mark=0123456789abcdef0123456789abcdef
sql "insert into probe (mark, made_us) values ('$mark',
    cast(strftime('%s') as integer) * 1000000)"
forged() {
    mta_smtp --from eve@here.example >/dev/null <<MAIL
From: eve@here.example
To: a@there.example
Subject: plain words
Message-ID: <$1>
X-Outgate-Notice: $2
X-Outgate-Probe: $2

text
MAIL
    sql "select action from message where message_id = '$1'"
}
is "$(forged f-1 $mark)" hold 'a stolen mark holds the mail of the thief'
is "$(forged f-2 $mark)" accept 'and means nothing the second time'
ok 'mail of a used mark leaves' wait_for 20 sink_has 'f-2'
is "$(sink_count 'X-Outgate-Probe')" 0 'the mark does not leave'
is "$(mta_held | wc -l)" 1 'it waits'
doctor --only probe >/dev/null
is "$(mta_held | wc -l)" 0 'what a doctor left behind the next one deletes'
is "$(sql "select state from held_message order by message desc limit 1 offset 2")" \
    dropped 'and says so'

# ---- the gate away

gate_stop
doctor --only host --only probe >"$scratch/findings.json"
is $? 1 'the gate is away'
is "$(fields check level <"$scratch/findings.json" | grep -E '^(daemon|probe)' |
    tr '\n' ' ')" 'daemon|bad probe|warning ' 'and nothing is sent'
mta_smtp --from eve@here.example >/dev/null 2>&1 <<'MAIL'
From: eve@here.example
Subject: away

text
MAIL
is "$(levels log --fast --only mta)" 'warning ' 'the log of Postfix tells of it'
gate_start
postfix_stop
is "$(levels running --fast --only mta)" 'bad ' 'Postfix away'
tap_end
