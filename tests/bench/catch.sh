#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# catch - how much abuse is caught, and how much honest mail with it: outgate with its
# stock rules, SpamAssassin -L and rspamd with its default rules (without network), on the
# same mails, at their default thresholds and at the same share of honest mail.
#
#   builddir=build sh tests/bench/catch.sh [--manifest FILE] [--spamassassin FILE]
#       [--rspamd FILE] [--keep FOLDER] [--rules FOLDER] ham:FOLDER... spam:FOLDER...
#
# A class is a folder of mails, called by its last name. --manifest: "path, class, source,
# year, language", tab-separated with a head line, paths as they end: for tables by
# language and year. --spamassassin, --rspamd: their "path<TAB>score" lines, measured
# before, in place of asking them now (hours and minutes). --keep: where such lines are
# left. Needs the packages spamassassin and rspamd; what is not there is left out.
. "${srcdir:-.}/tests/lib/tap.sh"
cache=${OUTGATE_CACHE:-$srcdir/build/cache}
. "$srcdir/tests/lib/sink.sh"
. "$srcdir/tests/lib/rspamd.sh"
rules=$srcdir/rules
manifest=/dev/null
keep=$scratch
while [ $# -gt 0 ]; do
    case $1 in
    --manifest) manifest=$2 ;;
    --spamassassin) cp "$2" "$scratch/spamassassin.tsv" ;;
    --rspamd) cp "$2" "$scratch/rspamd.tsv" ;;
    --keep) keep=$2 ;;
    --rules) rules=$2 ;;
    *) break ;;
    esac
    shift 2
done
for class in "$@"; do
    case $class in
    ham:* | spam:*)
        find "${class#*:}" -type f | sort |
            awk -v sort="${class%%:*}" -v class="$(basename "${class#*:}")" \
                '{ print $0 "\t" sort "\t" class }'
        ;;
    *)
        echo "catch: $class: expected ham:FOLDER or spam:FOLDER" >&2
        exit 64
        ;;
    esac
done >"$scratch/mails.tsv"
[ -s "$scratch/mails.tsv" ] || skip_all 'no mails'
cut -f 1 "$scratch/mails.tsv" >"$scratch/mails"

: >"$scratch/none.conf"
xargs -a "$scratch/mails" -d '\n' -n 500 "$builddir/outgate" scan --json --jobs 1 \
    --config "$scratch/none.conf" --rules "$rules" 2>/dev/null |
    sed -n 's/^{"file": "\([^"]*\)", "score": \([-0-9.]*\),.*/\1\t\2/p' >"$scratch/outgate.tsv"

if [ ! -f "$scratch/spamassassin.tsv" ] && command -v spamassassin >/dev/null 2>&1; then
    perl "$srcdir/tests/bench/catch.pl" spamassassin <"$scratch/mails" >"$scratch/spamassassin.tsv"
fi

rspamd_pid=
at_exit 'end_process "$rspamd_pid"'
if [ ! -f "$scratch/rspamd.tsv" ] && command -v rspamd >/dev/null 2>&1; then
    chmod 755 "$scratch"
    port=$(free_port)
    rspamd_config "$scratch/peer"
    echo "bind_socket = \"127.0.0.1:$port\"; count = 1;" \
        >"$scratch/peer/conf/override.d/worker-normal.inc"
    echo 'enabled = false;' >"$scratch/peer/conf/override.d/worker-proxy.inc"
    rspamd_start "$scratch/peer" "$port" &&
        perl "$srcdir/tests/bench/catch.pl" rspamd "$port" <"$scratch/mails" >"$scratch/rspamd.tsv"
    end_process "$rspamd_pid"
    rspamd_pid=
fi
for peer in outgate spamassassin rspamd; do
    [ "$keep" = "$scratch" ] || [ ! -f "$scratch/$peer.tsv" ] || cp "$scratch/$peer.tsv" "$keep/"
done
perl "$srcdir/tests/bench/catch.pl" table "$scratch" "$manifest"
tap_ended=1
