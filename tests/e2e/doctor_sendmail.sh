#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# outgate doctor on a real Sendmail: a host that is wired as contrib says is well, both
# probes arrive and leave nothing behind; each way to wire it wrongly is found, and the
# lines that the finding prints, pasted, make it go away.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command smtp-sink sqlite3 perl python3
. "$srcdir/tests/lib/sendmail.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/doctor.sh"

plain_overlay() {
    rm -f "$gate"/conf.d/z*.conf
    gate_overlay "$(mta_section)
[milter]
pid_file = $gate/pid
[notify]
to = root@here.example
[mail]
local_domains = here.example"
}

# At SIGHUP it starts again, under its old pid; a second one in that moment would end it.
mta_settle() {
    sleep 1
    wait_for 10 is_listening "$sendmail_pid" "$mta_port"
    if is_gone "$sendmail_pid"; then
        diag 'Sendmail has ended'
        return 1
    fi
}

begin_anew() {
    kill -HUP "$sendmail_pid"
    mta_settle
}

levels_of_probe() {
    doctor --only probe >"$scratch/findings.json"
    fields subject level <"$scratch/findings.json" | tr '\n' ' '
}

gate_config ''
plain_overlay
gate_start
sendmail_start
cp "$mta_config" "$scratch/good.cf"
cp "$sendmail/submit.cf" "$scratch/good-submit.cf"

# ---- all is well

doctor >"$scratch/well.json"
is $? 0 'a host that is wired as it should be'
is "$(fields section check level <"$scratch/well.json" | grep -Ev '[|]clock[|]|^dns' |
    grep -E 'bad|warning')" '' 'nothing is bad, nor to be repaired'
is "$(fields section subject level <"$scratch/well.json" | grep ^probe | tr '\n' ' ')" \
    'probe|MTA-v4|ok probe|sendmail(1)|ok ' 'both probes arrived'
is "$(sql "select path, class, sender, action, reason from message order by id")" \
    'smtp|outbound|client_ip:127.0.0.1|hold|a probe of outgate doctor
local|outbound|uid:root|hold|a probe of outgate doctor' 'and stand in the audit log'
is "$(sql "select state, state_by, cause from held_message")" 'dropped|doctor|probe
dropped|doctor|probe' 'they were held, then deleted'
is "$(mta_held | wc -l) $(mta_queued)" '0 0' 'nothing is left in a queue'
is "$(sink_count probe)" 0 'nothing left the host'
out=$(tool doctor --no-probe 2>&1)
is $? 0 'for a person'
like "$out" '^  ok  .*Sendmail 8[.0-9]+ runs' 'in words'
like "$out" 'here.example: is taken' 'the addresses that everybody must have were asked for'
unlike "$out" '[Pp]ost(fix|conf)' 'and not a word about another MTA'

# ---- each way to wire it wrongly

edit() {
    sed -i "$1" "${2:-$mta_config}"
    begin_anew
}

wrongly mta input_mail_filter bad 'no filter has the socket of the gate' \
    edit 's|^Xoutgate, S=[^,]*|Xoutgate, S=unix:/nowhere|'
like "$(levels_of_probe)" 'MTA-v4[|]ok sendmail\(1\)[|]ok' 'mail passes it again'
cp "$scratch/good.cf" "$mta_config"
wrongly mta input_mail_filters bad 'a filter that is not asked' \
    edit '/^O InputMailFilters/d'
cp "$scratch/good.cf" "$mta_config"
wrongly mta input_mail_filters bad 'before the signer' \
    edit 's/^O InputMailFilters=.*/O InputMailFilters=outgate, dkim/
$a Xdkim, S=unix:/nowhere'
is "$(sed -n 's/^O InputMailFilters=//p' "$mta_config")" 'dkim, outgate' \
    'the signer comes first'
cp "$scratch/good.cf" "$mta_config"
wrongly mta daemon_filters bad 'a port with filters of its own' \
    edit '/^O DaemonPortOptions/s/$/, InputMailFilters=/'
like "$(levels_of_probe)" 'MTA-v4[|]ok ' 'and the gate sees mail by it again'
wrongly mta filter_flags bad 'all mail passes while the gate is away' edit 's/, F=T,/,/'
wrongly mta filter_flags warning 'mail is refused while the gate is away' \
    edit '/^Xoutgate/s/F=T/F=R/'
cp "$scratch/good.cf" "$mta_config"
begin_anew
wrongly mta filter_folder bad 'a folder that others may write to' chmod 757 "$gate"
chmod 777 "$gate"
reply=$(printf 'Subject: x\n\nx\n' | mta_smtp --from bob@here.example --to ann@there.example)
like "$reply" '^[01] 4[0-9][0-9] ' 'for Sendmail does not use a socket below it'
chmod 755 "$gate"
wrongly mta submit bad 'sendmail(1) goes past this host' \
    sed -i 's/^D{MTAHost}.*/D{MTAHost}[192.0.2.25]/' "$sendmail/submit.cf"
cp "$scratch/good-submit.cf" "$sendmail/submit.cf"
mv "$sendmail/submit.cf" "$scratch/away.cf"
is "$(levels submit --fast --only mta)" 'bad ' 'no submit.cf: mail goes around the filters'
like "$(levels_of_probe)" 'sendmail\(1\)[|]bad' 'so no probe is sent that way'
mv "$scratch/away.cf" "$sendmail/submit.cf"
wrongly mta local_domains bad 'mail that leaves as if it stayed' \
    drop_in '[mail]
local_domains = here.example, there.example'
plain_overlay
also_here() {
    echo also.example >>"$sendmail/local-host-names"
    begin_anew
}
wrongly mta local_domains warning 'mail that stays as if it left' also_here
plain_overlay
printf 'sales: boss@elsewhere.example\n' >"$sendmail/aliases"
edit "\$a O AliasFile=$sendmail/aliases"
is "$(levels forwards --fast --only mta)" 'warning ' 'an alias that sends mail on'
like "$(fields check what <"$scratch/findings.json" | grep ^forwards)" \
    'sales to boss@elsewhere.example' 'by name'
cp "$scratch/good.cf" "$mta_config"
edit 's/^O MaxMessageSize=.*//; $a O MaxMessageSize=1000000'
is "$(levels scan_bytes --fast --only mta)" '' 'mail that is small enough'
cp "$scratch/good.cf" "$mta_config"
begin_anew

# ---- probes where something is wrong

# A daemon that has not read its configuration: it lets mail by, which waits in its queue.
sed '/^O InputMailFilters/d; s/^O DeliveryMode=.*/O DeliveryMode=queueonly/' \
    "$scratch/good.cf" >"$mta_config"
begin_anew
cp "$scratch/good.cf" "$mta_config"
is "$(levels_of_probe)" 'MTA-v4|bad sendmail(1)|bad ' 'a daemon that has not read its file'
like "$(fields what <"$scratch/findings.json" | head -n 1)" \
    'has not seen it; it was deleted from the queue' 'is found by the probe alone'
is "$(mta_queued) $(sink_count probe)" '0 0' 'which is deleted'
remedy probe <"$scratch/findings.json" >"$scratch/remedy.sh"
ok 'there is a line for it' test -s "$scratch/remedy.sh"
sh "$scratch/remedy.sh" >/dev/null 2>&1
sleep 1
wait_for 10 is_listening "$sendmail_pid" "$mta_port"
is "$(levels_of_probe)" 'MTA-v4|ok sendmail(1)|ok ' 'that helps'

gate_stop
is "$(levels_of_probe)" 'None|warning ' 'no probe while the gate is away'
sed "s|^O DaemonPortOptions=.*|&\\
O DaemonPortOptions=Name=MSA, Addr=127.0.0.1, Port=$(free_port), M=Ea|" \
    "$scratch/good.cf" >"$mta_config"
gate_start
begin_anew
like "$(levels_of_probe)" 'MTA-v4[|]ok MSA[|]note sendmail\(1\)[|]ok ' \
    'a port that wants a login is not probed'
edit '/^O PidFile/d'
is "$(levels running --fast --only mta)" 'note ' 'a daemon that keeps its pid to itself'
cp "$mta_config" "$scratch/no-pid.cf"
sed "s|^O InputMailFilters|O PidFile=$sendmail/sendmail.pid\
&|" "$scratch/no-pid.cf" >"$mta_config"
sendmail_stop
is "$(levels running --fast --only mta)" 'bad ' 'a daemon that is gone'
is "$(levels_of_probe)" 'None|warning ' 'is not probed'
tap_end
