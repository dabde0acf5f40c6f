#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The provider's simulation, small (tests/provider): without a gate a stolen login costs
# port 25; with outgate and the recommended limits it stays open, and honest mail goes.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command postfix postqueue sqlite3 perl setpriv
perl -MMail::SpamAssassin -e 1 2>/dev/null || skip_all 'needs spamassassin'
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/postfix.sh"
. "$srcdir/tests/provider/lib.sh"

# No days before: the letters are exempt where their past would speak for them, too.
run_drain=43200
OUTGATE_ORDERS=$scratch/orders
{
    cat "$provider/outgate.orders"
    sed -n 's/--limit doubt$/--limit new/p' "$provider/outgate.orders"
    sed -n 's/--limit doubt$/--limit strangers/p' "$provider/outgate.orders"
} >"$OUTGATE_ORDERS"
ok 'mail is chosen and judged' provider_traffic --spam 60 --ham 60 --volume 0.1 --days 0 \
    --attacks 'flood php'

# row SYSTEM ATTACK - one run; then `cell N` is the N-th column (world.pl's @columns).
row() {
    run_plans=honest
    [ "$2" = none ] || run_plans="honest $2"
    # shellcheck disable=SC2086
    row=$(provider_run "$1" "$2" $run_plans)
    diag "$row"
}

cell() {
    printf '%s\n' "$row" | cut -f "$1"
}

row none flood
like "$(cell 7)" '^[0-9:]+$' 'no gate: the flood costs port 25'
for attack in flood php; do
    row outgate "$attack"
    is "$(cell 3)" "$(wc -l <"$world/plan/$attack.tsv")" "$attack: all of the attack was sent"
    is "$(cell 7)" never "outgate, $attack: port 25 stays open"
    is "$(cell 13)" 0 "outgate, $attack: no honest mail is refused"
    is "$(cell 15)" 0 "outgate, $attack: no honest mail is lost"
    waits=$(($(cell 10) + $(cell 14)))
    ok "outgate, $attack: $waits of $(cell 8) honest mails wait, fewer than 1 in 200" \
        test $((waits * 200)) -lt "$(cell 8)"
done
tap_end
