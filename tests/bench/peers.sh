#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# peers - what judging a mail costs, in processor time, on the same mails in one run:
# SpamAssassin with its stock rules (-L), outgate with the same rule files, outgate with
# its own, rspamd with its default rules (without network). Rounds take turns, so that all
# see the same machine; the median is shown.
#
#   builddir=build sh tests/bench/peers.sh [--rounds 3] [MAIL...]
#
# Without mails: every tenth of the public corpus. Needs the packages spamassassin and
# rspamd; what is not there is left out.
. "${srcdir:-.}/tests/lib/tap.sh"
cache=${OUTGATE_CACHE:-$srcdir/build/cache}
. "$srcdir/tests/lib/sink.sh"
. "$srcdir/tests/lib/rspamd.sh"
rounds=3
if [ "${1:-}" = --rounds ]; then
    rounds=$2
    shift 2
fi
for mail in "$@"; do
    printf '%s\n' "$mail"
done >"$scratch/mails"
[ -s "$scratch/mails" ] || find "$cache/corpus/package/data" -name '*.txt' | sort |
    awk 'NR % 10 == 0' >"$scratch/mails"
head -n 1 "$scratch/mails" >"$scratch/first"
[ -s "$scratch/mails" ] || skip_all 'no mails'
foreign=/usr/share/spamassassin

has() {
    command -v "$1" >/dev/null 2>&1
}

# cpu COMMAND... - seconds of processor that it took.
cpu() {
    perl -e 'system(@ARGV); my @t = times; printf "%.3f\n", $t[2] + $t[3];' \
        sh -c 'exec "$@" >/dev/null 2>&1' sh "$@"
}

# outgate_with RULES - mails and seconds, loading the rules taken off.
outgate_with() {
    all=$(cpu xargs -a "$scratch/mails" "$builddir/outgate" scan --jobs 1 --json --rules "$1")
    one=$(cpu xargs -a "$scratch/first" "$builddir/outgate" scan --jobs 1 --json --rules "$1")
    echo "$(($(wc -l <"$scratch/mails") - 1))" "$all" "$one" | awk '{ print $1, $2 - $3 }'
}

note() {
    echo "$2" | awk -v who="$1" 'NF == 2 { printf "%s\t%.4f\n", who, 1000 * $2 / $1 }' \
        >>"$scratch/times"
}

rspamd_pid=
at_exit 'end_process "$rspamd_pid"'
if has rspamd; then
    chmod 755 "$scratch"
    port=$(free_port)
    rspamd_config "$scratch/peer"
    echo "bind_socket = \"127.0.0.1:$port\"; count = 1;" \
        >"$scratch/peer/conf/override.d/worker-normal.inc"
    echo 'enabled = false;' >"$scratch/peer/conf/override.d/worker-proxy.inc"
    rspamd_start "$scratch/peer" "$port" || {
        end_process "$rspamd_pid"
        rspamd_pid=
    }
fi
for round in $(seq "$rounds"); do
    if has spamassassin; then
        note 'SpamAssassin -L, stock rules' \
            "$(perl "$srcdir/tests/bench/peers.pl" spamassassin <"$scratch/mails")"
        note 'outgate, the same rules' "$(outgate_with "$foreign")"
    fi
    [ -z "$rspamd_pid" ] || note 'rspamd, default rules' \
        "$(perl "$srcdir/tests/bench/peers.pl" rspamd "$port" "$rspamd_pid" <"$scratch/mails")"
    note 'outgate, its own rules' "$(outgate_with "$srcdir/rules")"
    diag "round $round of $rounds"
done
echo "$(wc -l <"$scratch/mails") mails, $rounds rounds; processor time a mail"
sort "$scratch/times" | awk -F '\t' '
    { n[$1]++; v[$1, n[$1]] = $2 }
    function median(who,   i, j, t) {
        for (i = 1; i <= n[who]; i++)
            for (j = i + 1; j <= n[who]; j++)
                if (v[who, j] < v[who, i]) { t = v[who, i]; v[who, i] = v[who, j]; v[who, j] = t }
        return v[who, int((n[who] + 1) / 2)]
    }
    END {
        base = median("SpamAssassin -L, stock rules")
        for (who in n) {
            m = median(who)
            speed = (base > 0 && m > 0) ? sprintf("  %.1f times SpamAssassin", base / m) : ""
            printf("%-30s %9.3f ms  %8.0f mails/s a core%s\n", who, m, 1000 / (m + 1e-9), speed)
        }
    }'
tap_ended=1
