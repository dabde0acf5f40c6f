# SPDX-License-Identifier: BSD-2-Clause
#
# lib - the provider's simulation: the clock, the judges, a run of one system in one
# attack. Source tests/lib/tap.sh, gate.sh and postfix.sh before it.
#
# provider_traffic, then provider_run SYSTEM ATTACK [PLAN...] for each row.

provider=$srcdir/tests/provider
cache=${OUTGATE_CACHE:-$srcdir/build/cache}
world=$scratch/world
clock=$scratch/clock
verdicts=$world/verdicts
# A Monday to come, with ten days before it: what the kernel stamps on files must lie in
# the simulated past, and so must the times until which a thread of the gate waits in the
# kernel, or it would wake at once, for ever.
midnight=$(perl -e '$day = int(time / 86400) + 12; $day++ while ($day + 3) % 7; print $day * 86400')

# Programs in front of which this stands live by the test's clock (clock.c). A sanitizer's
# library wants to be the first of all, unless told.
clock_library=$scratch/clock.so
under_clock="env LD_PRELOAD=$clock_library TEST_CLOCK=$clock
    ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
postfix_under=$under_clock
gate_under=$under_clock

. "$provider/systems.sh"

# provider_judge - verdicts on every mail in $world/mail, with the judges that run.
provider_judge() {
    perl "$provider/judge.pl" --cache "$cache/provider-verdicts" ${judge_port:+--rspamd \
        "$judge_port"} "$world/mail" >"$verdicts.new" && mv "$verdicts.new" "$verdicts"
}

# provider_traffic [OPTIONS] - choose mails, have them judged, write the schedules.
provider_traffic() {
    chmod 755 "$scratch"
    perl "$provider/traffic.pl" pool --corpus "$cache/corpus" "$@" "$world" &&
        provider_judge &&
        perl "$provider/traffic.pl" plan --verdicts "$verdicts" "$@" "$world" &&
        provider_judge
}

# provider_clock EPOCH - before anything is started.
provider_clock() {
    [ -e "$clock_library" ] || ${CC:-cc} -O2 -shared -fPIC -o "$clock_library" \
        "$provider/clock.c" || return 1
    perl -e 'print pack "q", shift() * 1000000' "$1" >"$clock"
}

# The sink is world.pl itself.
sink_start() {
    sink_port=$(free_port)
}

# Idle processes stay: to them a minute of the test's clock is over at once, and one that
# goes while others write to it (postlogd) stops them all.
provider_main_cf() {
    cat <<EOF
import_environment = MAIL_CONFIG MAIL_LOGTAG TZ LANG=C LD_PRELOAD TEST_CLOCK
smtpd_relay_restrictions = permit_mynetworks, check_client_access
  cidr:{{203.0.113.0/24 permit} {198.18.0.0/15 permit}}, reject_unauth_destination
smtpd_error_sleep_time = 0
max_idle = 100d
max_use = 100000
smtpd_authorized_xclient_hosts = 0.0.0.0/0
smtpd_client_message_rate_limit = 0
minimal_backoff_time = 4d
maximal_backoff_time = 4d
maximal_queue_lifetime = 20d
queue_run_delay = 1h
slow_destination_rate_delay = 10s
EOF
}

# provider_run SYSTEM ATTACK PLAN... - one row of the table, on stdout; the messages'
# fates in $world/log/SYSTEM-ATTACK. Everything it starts has ended when it returns.
provider_run() {
    run_system=$1
    run_attack=$2
    shift 2
    run_log=$world/log/$run_system-$run_attack
    mkdir -p "$world/log"
    provider_clock $((midnight - 10 * 86400))
    rm -rf "$postfix" "$gate"
    system_main_cf=
    system_release=
    "system_start_$run_system" && postfix_start "$(provider_main_cf)
$system_main_cf" || {
        "system_stop_$run_system"
        return 1
    }
    for run_plan in "$@"; do
        set -- "$@" "$world/plan/$run_plan.tsv"
        shift
    done
    perl "$provider/world.pl" --mail "$world/mail" --verdicts "$verdicts" --clock "$clock" \
        --midnight "$midnight" --smtp "$mta_port" --sink "$sink_port" --spool "$postfix/spool" \
        --log "$run_log" --label "$run_attack	$run_system" \
        --sendmail "$provider_www sendmail" ${system_release:+--release "$system_release"} \
        ${run_patience:+--patience "$run_patience"} \
        ${run_drain:+--drain "$run_drain"} "$@"
    run_status=$?
    cp "$postfix_log" "$run_log.maillog"
    postfix_stop
    "system_stop_$run_system"
    return $run_status
}

# provider_history - what the gate knows after the days before; sets $provider_past.
provider_history() {
    provider_mode=shadow
    run_patience=7200
    run_drain=3600
    provider_run outgate past history >/dev/null &&
        cp "$world/log/outgate-past.db" "$world/past.db" && provider_past=$world/past.db
    provider_status=$?
    provider_mode=
    run_patience=
    run_drain=
    return $provider_status
}

# sendmail(1) as the web server's user. The group is postdrop: see mta_sendmail_as.
provider_www="setpriv --reuid=33 --regid=postdrop --clear-groups $(echo $under_clock) \
MAIL_CONFIG=$postfix_etc"
