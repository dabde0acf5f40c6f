#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# authentication - what SPF, DKIM and DMARC cost a message with all answers in the cache,
# beside OpenDKIM's own milter on the same mail, in one run.
#
#   builddir=build sh tests/bench/authentication.sh [TIMES]
#
# Both are handed the same signed mail (rsa-sha256, 2048 bits) and the same mail unsigned;
# the gate also without [dns]. Neither asks a server: the gate has its static zone,
# opendkim a file of keys. The gate has no rules but one, and writes each row to its log.
. "${srcdir:-.}/tests/lib/tap.sh"
need_command opendkim opendkim-genkey perl dkimsign
. "$srcdir/tests/lib/gate.sh"
times=${1:-2000}

opendkim-genkey -b 2048 -D "$scratch" -s s1 -d mail.example
record=$(sed -n 's/.*"\([^"]*\)".*/\1/p' "$scratch/s1.txt" | tr -d '\n')
cat >"$scratch/zone" <<END
\$TTL 300
example. SOA ns.example. root.example. 1 2 3 4 5
mail.example. TXT "v=spf1 ip4:192.0.2.25 -all"
_dmarc.mail.example. TXT "v=DMARC1; p=reject"
END
sed 's/^s1\._domainkey[^I]*IN/s1._domainkey.mail.example. IN/' "$scratch/s1.txt" \
    >>"$scratch/zone"
printf 's1._domainkey.mail.example %s\n' "$record" >"$scratch/keys"

{
    printf 'From: Ann <ann@mail.example>\nTo: bob@there.example\nSubject: Letter\n'
    printf 'Date: Mon, 2 Mar 2026 10:12:31 +0100\nMessage-ID: <1.b@mail.example>\n\n'
    awk 'BEGIN { for (i = 0; i < 120; i++) print "Line " i " of a letter of the usual length." }'
} >"$scratch/unsigned"
{
    sed 's/$/\r/' "$scratch/unsigned" |
        dkimsign --hcanon relaxed --bcanon relaxed s1 mail.example "$scratch/s1.private" |
        tr -d '\r'
} >"$scratch/signed"

signer_port=$(free_port)
cat >"$scratch/opendkim.conf" <<END
Mode v
Syslog no
Background no
RequireSafeKeys no
TestDNSData $scratch/keys
Socket inet:$signer_port@127.0.0.1
END
opendkim -f -x "$scratch/opendkim.conf" >"$scratch/opendkim.log" 2>&1 &
opendkim_pid=$!
at_exit 'end_process "$opendkim_pid"'

# measure NAME WHERE PID MAIL
measure() {
    figures=$(perl "$srcdir/tests/bench/authentication.pl" "$2" "$3" "$times" \
        "$scratch/$4") || return 1
    echo "$figures" | while read -r cpu clock; do
        printf '%-44s %9.1f us of processor, %9.1f us of the clock\n' "$1" "$cpu" "$clock"
    done
    cost=${figures% *}
}

gate_up() {
    gate_config "[mail]
networks = 198.51.100.0/24
$1"
    gate_start
}
listens() {
    perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(PeerAddr => "127.0.0.1",
        PeerPort => shift)' "$signer_port"
}
wait_for 20 listens
for round in 1 2 3; do
    echo "round $round, $times messages each"
    measure 'opendkim (verify), unsigned' "$signer_port" "$opendkim_pid" unsigned
    base=$cost
    measure 'opendkim (verify), signed' "$signer_port" "$opendkim_pid" signed
    peer=$(echo "$cost $base" | awk '{ print $1 - $2 }')
    gate_up ''
    measure 'outgate, without [dns], signed' "unix:$gate_socket" "$gate_pid" signed
    bare=$cost
    gate_stop
    gate_up "[dns]
zone = $scratch/zone"
    measure 'outgate, SPF and DMARC, unsigned' "unix:$gate_socket" "$gate_pid" unsigned
    measure 'outgate, SPF, DKIM and DMARC, signed' "unix:$gate_socket" "$gate_pid" signed
    echo "$cost $bare $peer $(sqlite3 "$gate_db" 'select spf, dkim, dmarc from message
        order by id desc limit 1')" | awk '{
            printf "the stage costs %.1f us (%s); ", $1 - $2, $4
            printf "a signature costs opendkim %.1f us: ratio %.2f\n", $3, ($1 - $2) / $3
        }'
    gate_stop
done
tap_ended=1
