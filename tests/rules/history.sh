#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The points of rules/60_history.cf together, over each set of signs on an honest mail:
# one sign costs nothing that matters, two or three are slowed at most, four with
# another hand among them are held.
. "${srcdir:-.}/tests/lib/tap.sh"
[ -x "$builddir/outgate" ] || skip_all 'needs outgate'

mail=$srcdir/tests/rules/PAST_NETWORK/hit.eml
: >"$scratch/none.conf"

# score FACT... - the score of the mail with these facts.
score() {
    set -- $(printf -- '--fact %s ' "$@")
    outgate scan --json --config "$scratch/none.conf" --rules "$srcdir/rules" "$@" \
        "$mail" | sed -n 's/.*"score": \([-0-9.]*\), "action".*/\1/p'
}

# Each sign as strong and as weak as it comes.
strong_place='network_new=1 country_new=1 hour_unusual=1'
weak_place='network_new=1'
strong_mailer='x_mailer_new=1'
weak_mailer=$strong_mailer
strong_strangers='new_recipients_hour=900 new_recipients_surge=90'
weak_strangers='new_recipients_hour=10 new_recipients_surge=2'
strong_volume='volume_ratio=90'
weak_volume='volume_ratio=3'
strong_names='sender_settled=1 from_addresses_day=90 from_domains_week=90'
weak_names='sender_settled=1 from_addresses_day=4 from_domains_week=3'
strong_unsigned='domain_signs_unsigned=1'
weak_unsigned=$strong_unsigned

# facts STRENGTH SET - the facts of the signs in SET, a number of six bits.
facts() {
    bits=$2
    printf 'sender_age_days=400\n'
    for sign in place mailer strangers volume names unsigned; do
        [ $((bits % 2)) = 0 ] || eval "printf '%s\n' \$${1}_$sign"
        bits=$((bits / 2))
    done
}

below() {
    awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 < b + 0) }'
}

bits=0
one= few= many=
while [ $bits -lt 64 ]; do
    count=0
    n=$bits
    while [ $n -gt 0 ]; do
        count=$((count + n % 2))
        n=$((n / 2))
    done
    case $count in
    0 | 1)
        got=$(score $(facts strong $bits))
        below "$got" 3 || one="$one $bits:$got"
        ;;
    2 | 3)
        got=$(score $(facts strong $bits))
        below "$got" 5 || few="$few $bits:$got"
        ;;
    *)
        got=$(score $(facts weak $bits))
        [ $((bits % 4)) = 0 ] || ! below "$got" 5 || many="$many $bits:$got"
        ;;
    esac
    bits=$((bits + 1))
done
is "$one" '' 'one sign alone is not even slowed'
is "$few" '' 'two or three together are never held'
is "$many" '' 'four with another hand are held'
got=$(score $(facts weak 5))
ok "a strange place and strangers are slowed ($got)" test "${got%%.*}" -ge 3
got=$(score $(facts strong 3))
ok "a journey with a new program is not ($got)" below "$got" 3
tap_end
