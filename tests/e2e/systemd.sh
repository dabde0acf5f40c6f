#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The units of contrib/systemd under systemd itself, with Debian's Postfix in its chroot,
# wired as contrib/postfix says: the gate starts as root and becomes its user, may do
# what it must within its hardening, comes back, and the releaser, the timer's service
# and the weekly report do their work.
#
# Runs twice: outside it boots a copy of this machine (lib/boot.sh), inside it tests.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command unshare pivot_root systemctl postfix smtp-sink sqlite3 perl

if [ "$1" != inside ]; then
    [ -x /lib/systemd/systemd ] || skip_all 'systemd is not installed'
    mkdir "$scratch/machine"
    : >"$scratch/machine/tap"
    sh "$srcdir/tests/lib/boot.sh" 180 "$scratch/machine" 'tests/e2e/systemd.sh inside' \
        >"$scratch/machine/boot.log" 2>&1 </dev/null
    [ -e "$scratch/machine/booted" ] ||
        skip_all "systemd does not start in namespaces here: $(
            tail -n 1 "$scratch/machine/boot.log" "$scratch/machine/console" 2>/dev/null |
                tr '\n' ' ')"
    cat "$scratch/machine/tap"
    sed 's/^/# /' "$scratch/machine/err"
    tap_ended=1
    grep -q '^1\.\.[0-9]' "$scratch/machine/tap" || {
        echo 'Bail out! the machine ended early'
        tap_failed=1
        exit 99
    }
    exit 0
fi

. "$srcdir/tests/lib/sink.sh"
gate_db=/var/lib/outgate/outgate.db

sql() {
    sqlite3 -readonly "$gate_db" ".timeout 5000" "$1"
}

journal() {
    journalctl --no-pager -o cat -u "$1"
}

by_smtp() {
    smtp_tag=$1
    shift
    mail_text "$smtp_tag" | perl "$srcdir/tests/lib/smtp.pl" --port 25 "$@"
}

mail_text() {
    printf 'From: Bob <bob@here.example>\nTo: ann@there.example\nSubject: words\n'
    printf 'Message-ID: <%s@e2e.example>\nDate: %s\n\nHello Ann, mail %s.\n' "$1" \
        "$(date -R)" "$1"
}

recorded() {
    [ -n "$(sql "select id from message where message_id = '$1@e2e.example'")" ]
}

field() {
    sql "select $2 from message where message_id = '$1@e2e.example' order by id desc"
}

# ---- Debian's Postfix, and the lines of contrib

cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
cat "$srcdir/contrib/postfix/master.cf" >>/etc/postfix/master.cf
cp "$srcdir"/contrib/postfix/outgate_* /etc/postfix/
{
    cat /usr/share/postfix/main.cf.debian "$srcdir/contrib/postfix/main.cf"
    echo 'myhostname = gate.test'
    echo 'mydestination = here.example, localhost'
    echo 'mynetworks = 127.0.0.0/8'
    echo 'alias_maps ='
    echo 'local_recipient_maps ='
    echo 'local_transport = discard:'
    echo 'maillog_file = /var/log/mail.log'
} >/etc/postfix/main.cf
touch /var/log/mail.log
sink_start
postconf -e "relayhost = [127.0.0.1]:$sink_port" 'default_filter_nexthop = $relayhost'
mkdir -p /etc/outgate
rm -f /etc/outgate/conf.d/* /etc/outgate/rules.d/*
cat >/etc/outgate/outgate.conf <<'CONF'
[milter]
socket = unix:/var/spool/postfix/outgate/milter.sock
socket_group = postfix
mode = enforce
[mail]
local_domains = here.example
[notify]
to = admin@there.example
[limits]
login = 3 messages per 5s per sender, then hold
CONF

# ---- as README says

ok 'the user and the folders are made' \
    eval 'systemd-sysusers && systemd-tmpfiles --create outgate.conf'
is "$(stat -c '%U:%G %a' /var/lib/outgate /var/spool/postfix/outgate)" \
    'outgate:outgate 750
outgate:postfix 750' 'and are its own'
systemctl daemon-reload
# LeakSanitizer wants ptrace(2), which the units forbid.
systemctl set-environment ASAN_OPTIONS=detect_leaks=0
ok 'the gate starts' systemctl start outgate
like "$(systemctl show -P User -P MainPID outgate | tr '\n' ' ')" '[1-9]' 'and is known'
gate_pid=$(systemctl show -P MainPID outgate)
is "$(stat -c %U "/proc/$gate_pid")" outgate 'it has become its user'
is "$(awk '/^CapEff/ { print $2 }' "/proc/$gate_pid/status")" 0000000000000000 \
    'and has no capability left'
ok 'Postfix starts' systemctl start postfix@-
systemctl start outgate-release
ok 'the releaser starts' systemctl is-active -q outgate-release

like "$(by_smtp one)" '^1 250 ' 'a mail by SMTP'
ok 'reaches the world' wait_for 20 sink_has '<one@e2e.example>'
is "$(field one 'path, class, action')" 'smtp|outbound|accept' 'it is recorded'
mail_text two | runuser -u www-data -- /usr/sbin/sendmail -i ann@there.example
ok 'a mail by sendmail(1)' wait_for 20 recorded two
is "$(field two 'path, sender')" "local|uid:$(id -u www-data)" 'is charged to its user'

# ---- a flood is held, told, and let go when it is due

for number in 1 2 3 4; do
    by_smtp "f$number" >/dev/null
done
is "$(field f4 action)" hold 'a flood is held'
ok 'the notice leaves, for sendmail(1) has what it needs' \
    wait_for 20 sink_has 'limit login reached'
ok 'the releaser lets go what is due' wait_for 60 sink_has '<f4@e2e.example>'
is "$(sql "select state, state_by from held_message
    where message = $(field f4 id)")" 'released|due' 'by itself'

# ---- orders to systemd

sed -i 's/^login = 3/login = 2/' /etc/outgate/outgate.conf
ok 'reload' systemctl reload outgate
said_reload() {
    journal outgate | grep -q reloaded
}
ok 'is heard' wait_for 10 said_reload
doctor=$(outgate doctor 2>&1)
is "$(echo "$doctor" | grep '^  bad')" '' 'doctor finds nothing bad' || diag "$doctor"
like "$doctor" 'sendmail\(1\): a mail arrived at the gate' 'and its probes arrive'
kill -9 "$(systemctl show -P MainPID outgate)"
came_back() {
    systemctl is-active -q outgate && case $(systemctl show -P MainPID outgate) in
    0 | "$gate_pid") return 1 ;;
    esac
}
ok 'a gate that was killed comes back' wait_for 20 came_back
like "$(by_smtp again --from other@here.example)" '^1 250 ' 'and takes mail' ||
    diag "$(tail -n 5 /var/log/mail.log; journal outgate | tail -n 5)"
systemctl stop outgate-release
sleep 6
for number in 1 2 3; do
    by_smtp "g$number" >/dev/null
done
is "$(field g3 action)" hold 'held while the releaser is stopped'
timer_lets_it_go() {
    sleep 2.5 # systemd starts a unit five times in ten seconds at most
    systemctl start outgate-release-due && sink_has '<g3@e2e.example>'
}
ok 'what the timer starts lets it go' wait_for 40 timer_lets_it_go ||
    diag "$(outgate held 2>&1; journal outgate-release-due; tail -n 5 /var/log/mail.log)"
mkdir -p /etc/systemd/system/outgate-report.service.d
printf '[Service]\nEnvironment=TO=admin@there.example\n' \
    >/etc/systemd/system/outgate-report.service.d/to.conf
systemctl daemon-reload
ok 'the weekly report' systemctl start outgate-report
ok 'arrives' wait_for 20 sink_has 'outgate report of' ||
    diag "$(outgate log -n 3 2>&1; journal outgate-report; tail -n 5 /var/log/mail.log)"
ok 'the gate stops' systemctl stop outgate
is "$(systemctl show -P Result outgate)" success 'in order'
for unit in outgate outgate-release outgate-release-due outgate-report; do
    unlike "$(journal "$unit")" \
        'not permitted|Permission denied|Read-only|code=killed, status=31|error:' \
        "$unit: its hardening leaves it what it needs"
done
sink_stop
tap_end
