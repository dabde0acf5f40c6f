#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# provider - the provider's simulation, whole: each attack against each system, a table.
#
#   sh tests/provider/provider.sh [--systems 'none policyd postfwd rspamd outgate']
#       [--attacks 'none flood slow php forward snowshoe edge'] [--seed N] [--volume F]
#       [--days N] [--out FOLDER]
#
# A private Postfix with the system under test; a hundred honest senders and an attack in
# front, for a day that takes minutes; behind it a provider that judges all that arrives
# by SpamAssassin and rspamd and cuts port 25 after five flagged messages in an hour.
# As root; installs what is missing. OUTGATE_MODERN=DIR: modern.tar.xz unpacked, whose
# marketing and transactional mails become newsletters.
# FOLDER (build/provider) gets table.txt, rows.tsv, each message's fate and the logs.
. "${srcdir:-$(dirname "$0")/../..}/tests/lib/tap.sh"
tap_ended=1 # no TAP: this one is for people
[ "$(id -u)" = 0 ] || {
    echo 'provider: run as root: it starts a private Postfix' >&2
    exit 1
}

systems='none policyd postfwd rspamd outgate'
attacks='none flood slow php forward snowshoe edge'
days=8
out=$builddir/provider
while [ $# -gt 1 ]; do
    case $1 in
    --systems) systems=$2 ;;
    --attacks) attacks=$2 ;;
    --seed) seed=$2 ;;
    --volume) volume=$2 ;;
    --days) days=$2 ;;
    --out) out=$2 ;;
    *) break ;;
    esac
    shift 2
done
[ $# = 0 ] || {
    sed -n 's/^#   //p' "$0" >&2
    exit 2
}

install_missing() {
    missing=
    for package in postfix sqlite3 spamassassin rspamd redis-server postfwd policyd-rate-limit; do
        dpkg-query -W -f '${db:Status-Status}' $package 2>/dev/null | grep -qx installed ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    # no service may start
    [ -e /usr/sbin/policy-rc.d ] || {
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod 755 /usr/sbin/policy-rc.d
        at_exit 'rm -f /usr/sbin/policy-rc.d'
    }
    # shellcheck disable=SC2086
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
        --no-install-recommends -o Dpkg::Use-Pty=0 $missing
}

install_missing >&2 || exit 1
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/postfix.sh"
. "$srcdir/tests/provider/lib.sh"
mkdir -p "$out"
rows=$out/rows.tsv
: >"$rows"

echo 'choosing and judging mail ...' >&2
judge_start || echo 'rspamd does not run: SpamAssassin judges alone' >&2
provider_traffic ${seed:+--seed "$seed"} ${volume:+--volume "$volume"} --days "$days" \
    ${OUTGATE_MODERN:+--modern "$OUTGATE_MODERN"} >"$out/mails.txt" || exit 1
judge_stop
cat "$out/mails.txt" >&2

case $days:$systems in
0:*) ;;
*outgate*)
    echo "outgate: $days days of honest mail before ..." >&2
    provider_history
    ;;
esac

for attack in $attacks; do
    plan=$attack
    [ "$attack" != none ] || plan=
    for system in $systems; do
        started=$(date +%s)
        # shellcheck disable=SC2086
        provider_run "$system" "$attack" honest $plan >>"$rows" 2>"$out/$system-$attack.err" ||
            echo "$system could not be run: $(tail -n 1 "$out/$system-$attack.err")" |
            tee -a "$out/skipped.txt" >&2
        echo "$attack / $system: $(($(date +%s) - started)) s" >&2
        cp "$world/log/"* "$out/"
    done
done
perl "$provider/table.pl" "$rows" >"$out/table.txt"
cat "$out/table.txt"
