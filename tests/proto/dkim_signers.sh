#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Mails of many shapes, signed by two other programs in every canonicalization, verify;
# and do not when a word of them is changed.
. "${srcdir:-.}/tests/lib/tap.sh"
need_command opendkim opendkim-genkey dkimsign dknewkey python3

opendkim-genkey -b 2048 -D "$scratch" -s rsa -d signer.example
dknewkey --ktype ed25519 "$scratch/ed" >"$scratch/dknewkey.log" 2>&1
{
    echo '$TTL 300'
    echo 'signer.example. SOA ns.signer.example. root.signer.example. 1 2 3 4 5'
    sed 's/^rsa\._domainkey[^I]*IN/rsa._domainkey.signer.example. IN/' "$scratch/rsa.txt"
    printf 'ed._domainkey.signer.example. IN TXT "%s"\n' "$(cat "$scratch/ed.dns")"
} >"$scratch/zone"
printf '[dns]\nzone = %s\n' "$scratch/zone" >"$scratch/outgate.conf"

# result FILE - what outgate makes of it.
dkim_result() {
    outgate scan --json --config "$scratch/outgate.conf" --rules "$scratch/none.cf" "$1" |
        python3 -c 'import json, sys
facts = json.loads(sys.stdin.readline())["facts"]
print(facts.get("dkim"), facts.get("dkim_problem", ""))'
}
: >"$scratch/none.cf"

# opendkim_sign CANON - opendkim's own milter in its test mode prints the field that it
# would insert.
opendkim_sign() {
    cat >"$scratch/opendkim.conf" <<END
Mode s
Domain signer.example
Selector rsa
KeyFile $scratch/rsa.private
RequireSafeKeys no
InternalHosts 0.0.0.0/0
Canonicalization $1
OversignHeaders From,Subject
Syslog no
END
    sed 's/$/\r/' >"$scratch/unsigned"
    opendkim -x "$scratch/opendkim.conf" -t "$scratch/unsigned" -vv \
        >"$scratch/opendkim.out" 2>&1
    sed -n "/^### INSHEADER/,/'\$/{
        s/.*hname='\([^']*\)' hvalue='/\1: /
        s/'\$//
        p
    }" "$scratch/opendkim.out"
    tr -d '\r' <"$scratch/unsigned"
}

# sign SIGNER CANON - from standard input, lines ended by LF.
sign() {
    case $1 in
    opendkim) opendkim_sign "$2" ;;
    ed25519) sed 's/$/\r/' | dkimsign --hcanon "${2%/*}" --bcanon "${2#*/}" \
        --signalg ed25519-sha256 ed signer.example "$scratch/ed.key" | tr -d '\r' ;;
    rsa) sed 's/$/\r/' | dkimsign --hcanon "${2%/*}" --bcanon "${2#*/}" rsa \
        signer.example "$scratch/rsa.private" | tr -d '\r' ;;
    esac
}

tried=0
for mail in "$srcdir"/tests/data/mime/*.eml "$srcdir"/tests/demo/*.eml; do
    name=${mail##*/}
    tr -d '\r' <"$mail" | sed '1,/^$/s/^From:.*/From: Ann <ann@signer.example>/' \
        >"$scratch/mail"
    for how in 'opendkim simple/simple' 'opendkim simple/relaxed' \
        'opendkim relaxed/simple' 'opendkim relaxed/relaxed' 'rsa simple/simple' \
        'rsa simple/relaxed' 'rsa relaxed/simple' 'rsa relaxed/relaxed' \
        'ed25519 simple/relaxed' 'ed25519 relaxed/simple'; do
        # shellcheck disable=SC2086
        sign $how <"$scratch/mail" >"$scratch/signed.eml" 2>"$scratch/sign.log"
        grep -q '^DKIM-Signature:' "$scratch/signed.eml" || {
            diag "$name: $how does not sign it: $(tail -n 1 "$scratch/sign.log")"
            continue
        }
        tried=$((tried + 1))
        is "$(dkim_result "$scratch/signed.eml")" 'pass ' "$name, $how: verifies"
        { cat "$scratch/signed.eml" && echo 'One line more.'; } >"$scratch/changed.eml"
        is "$(dkim_result "$scratch/changed.eml")" 'fail body changed' \
            "$name, $how: not with a line more"
    done
done
[ "$tried" -ge 60 ]
result $? 'enough of them were signed' || diag "$tried"
tap_end
