# SPDX-License-Identifier: BSD-2-Clause
#
# postfix - a private Postfix in a test, with the gate on both paths and a sink behind.
#
# Uses contrib/postfix as it is, paths apart, so that what we tell people is tested.
# Domains: here.example is local, forward.example is relayed for anybody, all else goes
# out for clients on loopback and in 203.0.113.0/24 (people with a login, by XCLIENT).
# $postfix_under may be set to a command that runs it (another clock).
# After postfix_start: $mta_port, $postfix_etc, $sink (folder of what was delivered).

postfix=$scratch/postfix
postfix_etc=$postfix/etc
postfix_log=$postfix/log/mail.log
mta_config=$postfix_etc
postfix_pid=

. "$srcdir/tests/lib/sink.sh"

# Postfix waits until a file is two seconds old; these are.
postfix_age() {
    touch -d '1 minute ago' "$postfix_etc"/*
}

postfix_master() {
    cat <<EOF
127.0.0.1:$mta_port inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
EOF
    sed -e 's/\( unix  -       -       \)y/\1n/' \
        -e "s|/etc/postfix|$postfix_etc|" "$srcdir/contrib/postfix/master.cf"
    [ -z "$postfix_border" ] || postfix_border_master
}

# The border layout, for tests that set postfix_border before they start it.
postfix_border=
postfix_border_master() {
    border_port=$(free_port)
    sed -e 's/\( unix  *[n-]  *-  *\)y/\1n/' -e 's/^\(127.*inet n  *-  *\)y/\1n/' \
        -e "s|127.0.0.1:10027|127.0.0.1:$border_port|" \
        -e "s|unix:outgate/milter.sock|${gate_milter:-unix:$gate_socket}|" \
        -e "s|/etc/postfix|$postfix_etc|" "$srcdir/contrib/postfix/border/master.cf"
}

postfix_border_main() {
    sed -e "s|10027|$border_port|" -e "s|/etc/postfix|$postfix_etc|" \
        "$srcdir/contrib/postfix/border/main.cf"
}

postfix_main() {
    cat <<EOF
compatibility_level = 3.6
myhostname = gate.test
mydestination = here.example
relay_domains = forward.example
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
queue_directory = $postfix/spool
data_directory = $postfix/data
command_directory = $(postconf -dh command_directory)
daemon_directory = $(postconf -dh daemon_directory)
maillog_file = $postfix_log
maillog_file_prefixes = $scratch
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C
relayhost = [127.0.0.1]:$sink_port
default_filter_nexthop = \$relayhost
mailbox_transport = smtp:[127.0.0.1]:$sink_port
local_recipient_maps =
alias_maps = ${postfix_aliases:-}
alias_database =
smtpd_relay_restrictions = permit_mynetworks,
  check_client_access cidr:{{203.0.113.0/24 permit}}, reject_unauth_destination
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_recipient_limit = 2000
disable_dns_lookups = yes
smtp_host_lookup = native
smtp_tls_security_level = none
smtpd_tls_security_level = none
in_flow_delay = 0
notify_classes =
minimal_backoff_time = 2s
queue_run_delay = 2s
smtputf8_enable = yes
EOF
    sed -e "s|unix:outgate/milter.sock|${gate_milter:-unix:$gate_socket}|" \
        -e "s|/etc/postfix|$postfix_etc|" \
        -e 's/^slow_destination_rate_delay.*/slow_destination_rate_delay = 1s/' \
        "$srcdir/contrib/postfix/main.cf"
}

# Each parameter once: with a dozen warnings of overriding, postlogd fills the socket that
# it reads itself, and stands still.
postfix_last_wins() {
    perl -0777 -ne '
        s/^#.*\n//mg;
        my @entries = /^(\S.*\n(?:[ \t]+.*\n)*)/mg;
        my %last = map { $entries[$_] =~ /^(\S+)/ ? ($1 => $_) : () } 0 .. $#entries;
        print map { $entries[$_] } sort { $a <=> $b } values %last;'
}

# postfix_start [MAIN-CF-LINES] - returns when it answers on $mta_port. Lines that are
# there already can also be changed by a sed script in $postfix_settings.
postfix_start() {
    sink_start
    mta_port=$(free_port)
    mkdir -p "$postfix_etc" "$postfix/spool" "$postfix/data" "$postfix/log"
    chown postfix "$postfix/data"
    cp "$srcdir"/contrib/postfix/outgate_* "$postfix_etc/"
    postfix_master >"$postfix_etc/master.cf"
    {
        postfix_main | sed "${postfix_settings:-}"
        if [ -n "$postfix_border" ]; then
            cp "$srcdir"/contrib/postfix/border/outgate_* "$postfix_etc/"
            postfix_border_main
        fi
        printf '%s\n' "$1"
    } | postfix_last_wins >"$postfix_etc/main.cf"
    postfix_age
    MAIL_CONFIG=$postfix_etc
    MAIL_LOGTAG=postfix
    export MAIL_CONFIG MAIL_LOGTAG
    postfix -c "$postfix_etc" check >"$postfix/log/check.log" 2>&1
    postfix_up
}

# postfix_up - start it again after postfix_stop, as it was.
postfix_up() {
    # shellcheck disable=SC2086
    setsid $postfix_under "$(postconf -dh daemon_directory)/master" -c "$postfix_etc" -d \
        >>"$postfix/log/master.log" 2>&1 &
    postfix_pid=$!
    wait_for 20 is_listening "$postfix_pid" "$mta_port" && ! is_gone "$postfix_pid" || {
        diag 'Postfix did not start'
        return 1
    }
}

postfix_is_silent() {
    ! port_is_open "$mta_port"
}

# postfix_stop - master ends its own children, by its process group. Returns when none has
# the port: one that still listens would make postfix_up believe that it had begun.
postfix_stop() {
    [ -n "$postfix_pid" ] || return 0
    end_process "$postfix_pid"
    wait_for 15 postfix_is_silent || diag 'Postfix did not stop'
    postfix_pid=
}

# mta_smtp OPTIONS... - send by SMTP (see smtp.pl).
mta_smtp() {
    perl "$srcdir/tests/lib/smtp.pl" --port "$mta_port" "$@"
}

# mta_sendmail ARGS... - sendmail(1), as root.
mta_sendmail() {
    sendmail -C "$postfix_etc" "$@"
}

# mta_sendmail_as USER ARGS... - as another user. The group is postdrop: a set-gid
# program believes a private config folder only if it gains nothing by its set-gid bit.
mta_sendmail_as() {
    mta_user=$1
    shift
    setpriv --reuid="$mta_user" --regid=postdrop --clear-groups \
        env MAIL_CONFIG="$postfix_etc" /usr/sbin/sendmail "$@"
}

# mta_held - queue ids on hold, one a line.
mta_held() {
    postqueue -c "$postfix_etc" -j | sed -n \
        's/^.*"queue_name": "hold", "queue_id": "\([^"]*\)".*/\1/p'
}

# mta_queued - how many messages are in any queue but hold.
mta_queued() {
    postqueue -c "$postfix_etc" -j | grep -vc '"queue_name": "hold"'
}

mta_is_idle() {
    [ "$(mta_queued)" = 0 ] && [ -z "$(find "$postfix/spool/maildrop" -type f)" ]
}

mta_flush() {
    postqueue -c "$postfix_etc" -f
}

# The [mta] section for outgate.conf.
mta_section() {
    printf '[mta]\nkind = postfix\nconfig = %s\n' "$postfix_etc"
}

at_exit postfix_stop
