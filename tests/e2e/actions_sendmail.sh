#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Each action by each path through a real Sendmail, wired as contrib/sendmail says.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command smtp-sink sqlite3 perl
. "$srcdir/tests/lib/sendmail.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/e2e/lib_actions.sh"

mta_name=Sendmail
stranger=

gate_config ''
gate_overlay "$(mta_section)"
gate_start
sendmail_start

check_smtp
check_cli

# Who gives it a socket to read from, as Node.js does, is not named by Sendmail, and says
# with -f what he likes: one sender, all of them.
mail_text c-socket 'plain words' >"$scratch/socket.eml"
perl -MSocket -e '
    socketpair(my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die;
    defined(my $child = fork) or die;
    if ($child == 0) { open STDIN, "<&", $theirs or die; close $ours; exec @ARGV }
    close $theirs;
    print $ours $_ while <STDIN>;
    close $ours;
    waitpid $child, 0;' "$sendmail/bin/sendmail" -C "$sendmail/submit.cf" -Ac -i \
    -f anybody@here.example ann@there.example <"$scratch/socket.eml"
is_delivered c-socket 'sendmail(1) from a socket: delivered'
is "$(field c-socket 'class, path, sender')" 'outbound|local|uid:unnamed' \
    'sendmail(1) from a socket: local, charged to no name that it says'
{
    for line in 'EHLO me.example' 'MAIL FROM:<bob@gate.test>' \
        'RCPT TO:<ann@there.example>' DATA; do
        printf '%s\r\n' "$line"
        sleep 0.3 # it takes nothing that comes before its answer
    done
    mail_text c-bs 'plain words' | sed 's/$/\r/'
    printf '.\r\nQUIT\r\n'
} | "$sendmail/bin/sendmail" -C "$sendmail/submit.cf" -Ac -bs >"$scratch/bs.out"
wait_for 10 recorded c-bs || diag "$(cat "$scratch/bs.out")"
is "$(field c-bs 'path, identified_by, sender')" 'local|uid|uid:root' \
    'sendmail -bs: the local user'
check_limits
check_script_names

# Here every client is on loopback: take it out of our networks for the classes.
gate_overlay "$(mta_section)
[mail]
networks = 192.0.2.0/24"
gate_reload
check_classes
gate_overlay "$(mta_section)"
gate_reload

check_release
gate_stop
by_smtp z-down 'plain words'
like "$reply" '^1 4[0-9][0-9] ' 'without the gate clients come back later'
tap_end
