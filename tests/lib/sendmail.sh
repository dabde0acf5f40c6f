# SPDX-License-Identifier: BSD-2-Clause
#
# sendmail - a private Sendmail in a test, with the gate in front and a sink behind.
#
# Debian's packages conflict with Postfix's, so bootstrap unpacks them into a folder.
# The same functions as in postfix.sh, so that a test runs on both.

sendmail_root=${OUTGATE_CACHE:-$srcdir/build/cache}/sendmail
[ -d "$sendmail_root/usr/share/sendmail" ] ||
    skip_all 'Sendmail is not unpacked (bootstrap does)'
need_command m4 unshare

# A host name without a dot that no DNS knows makes every program wait 60 seconds; and
# nothing below a folder that all may write to, sticky or not, is good enough for it.
if [ -z "$OUTGATE_UTS" ]; then
    unshare -u true 2>/dev/null || skip_all 'needs unshare -u'
    rm -rf "$scratch"
    trap - EXIT
    exec unshare -u env OUTGATE_UTS=1 OUTGATE_SCRATCH=/var/lib sh -c 'hostname gate.test; exec "$@"' sh \
        "${SHELL_FOR_TESTS:-sh}" "$0" "$@"
fi

. "$srcdir/tests/lib/sink.sh"

sendmail=$scratch/sendmail
sendmail_program=$(find "$sendmail_root/" -name sendmail -type f -size +300k | head -n 1)
sendmail_log=$sendmail/mail.log
mta_config=$sendmail/sendmail.cf
sendmail_pid=

sendmail_cf() {
    m4 -D_CF_DIR_="$sendmail_root/usr/share/sendmail/cf/" \
        "$sendmail_root/usr/share/sendmail/cf/m4/cf.m4" - 2>>"$sendmail/m4.log"
}

# What both configs begin with. FEATURE(msp) takes no port but by RELAY_MAILER_ARGS.
sendmail_mc_head() {
    cat <<EOF
VERSIONID(\`outgate test')dnl
OSTYPE(\`linux')dnl
define(\`confDOMAIN_NAME', \`gate.test')dnl
define(\`confSERVICE_SWITCH_FILE', \`$sendmail/service.switch')dnl
define(\`confDONT_BLAME_SENDMAIL', \`GroupWritableDirPathSafe,GroupReadableKeyFile')dnl
define(\`confDONT_PROBE_INTERFACES', \`True')dnl
define(\`confTO_IDENT', \`0')dnl
define(\`confMAX_DAEMON_CHILDREN', \`0')dnl
define(\`confREFUSE_LA', \`1000')dnl
define(\`confQUEUE_LA', \`1000')dnl
undefine(\`ALIAS_FILE')dnl
FEATURE(\`nocanonify')dnl
EOF
}

sendmail_mc() {
    sendmail_mc_head
    cat <<EOF
define(\`confPID_FILE', \`$sendmail/sendmail.pid')dnl
define(\`STATUS_FILE', \`$sendmail/statistics')dnl
define(\`QUEUE_DIR', \`$sendmail/mqueue')dnl
define(\`SMART_HOST', \`[127.0.0.1]')dnl
define(\`RELAY_MAILER_ARGS', \`TCP \$h $sink_port')dnl
define(\`_DEF_LOCAL_MAILER_FLAGS', \`')dnl
define(\`LOCAL_MAILER_PATH', \`[IPC]')dnl
define(\`LOCAL_MAILER_FLAGS', \`lmDFMuXk')dnl
define(\`LOCAL_MAILER_ARGS', \`TCP [127.0.0.1] $sink_port')dnl
define(\`LOCAL_MAILER_DSN_DIAGNOSTIC_CODE', \`SMTP')dnl
define(\`confCW_FILE', \`$sendmail/local-host-names')dnl
define(\`confCR_FILE', \`-o $sendmail/relay-domains')dnl
FEATURE(\`use_cw_file')dnl
FEATURE(\`accept_unresolvable_domains')dnl
FEATURE(\`no_default_msa')dnl
DAEMON_OPTIONS(\`Name=MTA-v4, Family=inet, Addr=127.0.0.1, Port=$mta_port')dnl
EOF
    sed -e "s|unix:/run/outgate/milter.sock|unix:$gate_socket|" \
        "$srcdir/contrib/sendmail/outgate.mc"
    printf '%s\n' 'MAILER(`local'\'')dnl' 'MAILER(`smtp'\'')dnl'
}

submit_mc() {
    sendmail_mc_head
    cat <<EOF
define(\`confCF_VERSION', \`Submit')dnl
define(\`confRUN_AS_USER', \`mail:mail')dnl
define(\`confTRUSTED_USER', \`mail')dnl
define(\`MSP_QUEUE_DIR', \`$sendmail/clientmqueue')dnl
define(\`STATUS_FILE', \`$sendmail/clientmqueue/statistics')dnl
define(\`RELAY_MAILER_ARGS', \`TCP \$h $mta_port')dnl
FEATURE(\`msp', \`[127.0.0.1]')dnl
EOF
}

# sendmail_install - the program without its set-gid bit, under which the loader would
# not look at our folder of libraries, which the machine may lack. Its name for itself is
# the wrapper's, so that it comes back by that at SIGHUP. Without -C it is what an
# installed one is: the submission program.
sendmail_install() {
    mkdir -p "$sendmail/bin" "$sendmail/libexec"
    cp "$sendmail_program" "$sendmail/libexec/sendmail"
    chmod 755 "$sendmail/libexec/sendmail"
    cat >"$sendmail/bin/sendmail" <<EOF
#!/bin/sh
LD_LIBRARY_PATH=$(echo "$sendmail_root"/usr/lib/*-linux-gnu):$(
        echo "$sendmail_root"/lib/*-linux-gnu)
export LD_LIBRARY_PATH
case " \$* " in
*" -C "*) ;;
*) set -- -C $sendmail/submit.cf -Ac "\$@" ;;
esac
exec perl -e 'exec { "$sendmail/libexec/sendmail" } @ARGV' \$0 "\$@"
EOF
    chmod 755 "$sendmail/bin/sendmail"
    ln -sf sendmail "$sendmail/bin/mailq"
}

sendmail_start() {
    sink_start
    mta_port=$(free_port)
    mkdir -p "$sendmail/mqueue" "$sendmail/clientmqueue"
    chmod 755 "$sendmail"
    chmod 700 "$sendmail/mqueue"
    chown mail:mail "$sendmail/clientmqueue"
    chmod 770 "$sendmail/clientmqueue"
    sendmail_install
    printf 'hosts\tfiles\naliases\tfiles\n' >"$sendmail/service.switch"
    echo here.example >"$sendmail/local-host-names"
    echo forward.example >"$sendmail/relay-domains"
    sendmail_mc | sendmail_cf >"$sendmail/sendmail.cf"
    submit_mc | sendmail_cf >"$sendmail/submit.cf"
    "$sendmail/bin/sendmail" -C "$mta_config" -bD -q1h -X "$sendmail/smtp.log" \
        >>"$sendmail_log" 2>&1 &
    sendmail_pid=$!
    wait_for 20 is_listening "$sendmail_pid" "$mta_port" && ! is_gone "$sendmail_pid" || {
        diag 'Sendmail did not start'
        return 1
    }
}

sendmail_stop() {
    end_process "$sendmail_pid"
    sendmail_pid=
}

mta_smtp() {
    perl "$srcdir/tests/lib/smtp.pl" --port "$mta_port" "$@"
}

mta_sendmail() {
    "$sendmail/bin/sendmail" -C "$sendmail/submit.cf" -Ac "$@"
}

mta_held() {
    find "$sendmail/mqueue" -name 'hf*' | sed 's|.*/hf||'
}

mta_queued() {
    find "$sendmail/mqueue" "$sendmail/clientmqueue" -name 'qf*' | wc -l
}

mta_is_idle() {
    [ "$(mta_queued)" = 0 ]
}

mta_flush() {
    "$sendmail/bin/sendmail" -C "$mta_config" -q
}

mta_section() {
    printf '[mta]\nkind = sendmail\nconfig = %s\ncommands = %s\n' "$mta_config" \
        "$sendmail/bin"
}

at_exit sendmail_stop
