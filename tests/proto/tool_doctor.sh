#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# outgate doctor and the DNS, by a static zone: a host and domains that are well; each
# way to be wrong is found, and the zone line that is printed, put in place of what it
# repairs, makes it go away.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
need_command python3 openssl

zone=$scratch/zone
keys=$scratch/keys
mkdir "$keys"
openssl genrsa -out "$keys/here.key" 2048 2>/dev/null
openssl genrsa -out "$keys/other.key" 2048 2>/dev/null
openssl genrsa -out "$keys/weak.key" 512 2>/dev/null
openssl genpkey -algorithm ed25519 -out "$keys/ed.key" 2>/dev/null
public() {
    openssl pkey -in "$keys/$1.key" -pubout -outform DER 2>/dev/null | openssl base64 -A
}
# RFC 8463 4.2: the 32 bytes alone, not the structure around them
public_ed() {
    openssl pkey -in "$keys/$1.key" -pubout -outform DER | tail -c 32 | openssl base64 -A
}
cat >"$scratch/opendkim.conf" <<EOF
# a comment
KeyTable   refile:$scratch/table
EOF
cat >"$scratch/table" <<EOF
main here.example:main:$keys/here.key
ed   here.example:ed:$keys/ed.key # another
EOF

# well - the zone of a host that is as it should be, on standard output. Long strings are
# cut in pieces of 200.
well() {
    cat <<EOF
example. 300 IN SOA ns.example. root.example. 1 3600 600 86400 300
2.0.192.in-addr.arpa. 300 IN SOA ns.example. root.example. 1 3600 600 86400 300
mail.example. 300 IN A 192.0.2.25
25.2.0.192.in-addr.arpa. 300 IN PTR mail.example.
here.example. 300 IN MX 10 mail.example.
here.example. 300 IN TXT "v=spf1 mx ip4:192.0.2.25 -all"
_dmarc.here.example. 300 IN TXT "v=DMARC1; p=quarantine"
_mta-sts.here.example. 300 IN TXT "v=STSv1; id=1"
_smtp._tls.here.example. 300 IN TXT "v=TLSRPTv1; rua=mailto:t@here.example"
main._domainkey.here.example. 300 IN TXT $(printf 'v=DKIM1; k=rsa; p=%s' \
        "$(public here)" | sed 's/.\{200\}/&" "/g; s/^/"/; s/$/"/')
ed._domainkey.here.example. 300 IN TXT "v=DKIM1; k=ed25519; p=$(public_ed ed)"
2.0.0.127.list.example. 300 IN A 127.0.0.2
EOF
}

doctor() {
    tool doctor --json --only dns --signer "$scratch/opendkim.conf" "$@" \
        2>"$scratch/doctor.err" >"$scratch/findings.json"
}

# levels CHECK - of the findings of that name in the last run.
levels() {
    python3 -c '
import json, sys
rows = [json.loads(line) for line in open(sys.argv[2])]
print(" ".join(r["level"] for r in rows if r["check"] == sys.argv[1]))' "$1" \
        "$scratch/findings.json"
}

# zone_lines CHECK - what repairs it, in the zone.
zone_lines() {
    python3 -c '
import json, sys
for line in open(sys.argv[2]):
    row = json.loads(line)
    if row["check"] == sys.argv[1] and row["level"] != "ok":
        for step in row["repair"]:
            if step["kind"] == "zone":
                print(step["line"])
        break' "$1" "$scratch/findings.json"
}

# put LINE... - each in place of what the zone has of that name and type.
put() {
    for put_line in "$@"; do
        put_name=${put_line%% *}
        put_rest=${put_line#* IN }
        awk -v name="$put_name" -v type="${put_rest%% *}" \
            '!(tolower($1) == tolower(name) && $4 == type)' "$zone" >"$zone.new"
        printf '%s\n' "$put_line" >>"$zone.new"
        mv "$zone.new" "$zone"
    done
}

# without EXTENDED-REGEXP - those lines are missing.
without() {
    grep -Ev "$1" "$zone" >"$zone.new"
    mv "$zone.new" "$zone"
}

# wrong CHECK LEVEL TEXT COMMAND... - break the zone; found; the line is put in; gone.
wrong() {
    wrong_check=$1
    wrong_level=$2
    wrong_text=$3
    shift 3
    well >"$zone"
    "$@"
    doctor
    wrong_status=$?
    like "$(levels "$wrong_check")" "$wrong_level" "$wrong_text"
    [ "$wrong_level" != bad ] || is "$wrong_status" 1 "$wrong_text: it ends with 1"
    zone_lines "$wrong_check" >"$scratch/lines"
    ok "$wrong_text: there is a line for the zone" test -s "$scratch/lines"
    while IFS= read -r wrong_line; do
        put "$wrong_line"
    done <"$scratch/lines"
    doctor
    unlike "$(levels "$wrong_check")" 'bad|warning' "$wrong_text: and it helps" ||
        diag "$(cat "$scratch/lines"; cat "$scratch/findings.json")"
}

also() {
    printf '%s\n' "$@" >>"$zone"
}

# The machine's own Postfix is not asked.
no_mta='[mta]
kind = sendmail
[mail]
helo = mail.example'
gate_config ''
gate_overlay "$no_mta"
doctor
is $? 0 'without [dns] nothing is bad'
is "$(levels dns)" warning 'one finding says so'
like "$(cat "$scratch/findings.json")" 'servers = system' 'with the lines to add'
is "$(wc -l <"$scratch/findings.json")" 1 'and nothing else'

# the database is there, so that the log can be asked
outgate-milter -f -c "$gate_conf" >>"$gate/gate.log" 2>&1 &
gate_pid=$!
wait_for 20 grep -q ': started: ' "$gate/gate.log"
gate_stop
gate_overlay "$no_mta
[dns]
zone = $zone
[reputation]
client_lists = list.example"
well >"$zone"
doctor
is $? 0 'a host that is well' || diag "$(cat "$scratch/findings.json" "$scratch/doctor.err")"
unlike "$(cat "$scratch/findings.json")" '"level": "(bad|warning|note)"' 'in everything' ||
    diag "$(grep -v '"ok"' "$scratch/findings.json")"
for check in ptr helo dnsbl spf dmarc mx mta_sts tls_report; do
    is "$(levels $check)" ok "$check"
done
is "$(levels dkim)" 'ok ok' 'dkim, both keys'

# ---- the address
wrong ptr bad 'no reverse name' without '^25\.2\.0\.192'
wrong ptr_forward bad 'a reverse name that does not lead back' \
    put 'mail.example. 300 IN A 192.0.2.99'
wrong ptr_generic bad 'a reverse name with the address in it' \
    put '25.2.0.192.in-addr.arpa. 300 IN PTR h192-0-2-25.example.' \
    'h192-0-2-25.example. 300 IN A 192.0.2.25'
wrong ptr_generic bad 'a reverse name of a pool' \
    put '25.2.0.192.in-addr.arpa. 300 IN PTR a7.static.example.' \
    'a7.static.example. 300 IN A 192.0.2.25'
wrong helo bad 'a HELO name that leads elsewhere' put 'mail.example. 300 IN A 192.0.2.99'
well >"$zone"
also '25.2.0.192.list.example. 300 IN A 127.0.0.4'
doctor
is $? 1 'the address in a list'
is "$(levels dnsbl)" bad 'is bad'
well >"$zone"
without '^2.0.0.127.list'
doctor
is "$(levels dnsbl)" warning 'a list that is dead tells nothing'
for name in mail localhost mail.local '[192.0.2.25]'; do
    gate_overlay "$no_mta
[dns]
zone = $zone"
    sed -i "s/^helo = .*/helo = $name/" "$gate/conf.d/test.conf"
    doctor
    like "$(levels helo)" bad "HELO $name is no full name"
done
gate_overlay "$no_mta
[dns]
zone = $zone"

# ---- SPF
spf() {
    put "here.example. 300 IN TXT \"$1\""
}
wrong spf bad 'no SPF record' without '^here.example. 300 IN TXT'
wrong spf_single bad 'two SPF records' \
    also 'here.example. 300 IN TXT "v=spf1 ip4:198.51.100.1 ~all"'
like "$(cat "$scratch/lines")" 'ip4:192.0.2.25 ip4:198.51.100.1 mx -all' \
    'what both said stays'
wrong spf_syntax bad 'an SPF record with an error' spf 'v=spf1 ipv4:192.0.2.25 -all'
wrong spf_address bad 'SPF without this address' spf 'v=spf1 ip4:198.51.100.1 -all'
like "$(cat "$scratch/lines")" '"v=spf1 ip4:192.0.2.25 ip4:198.51.100.1 -all"' \
    'the address is put first'
wrong spf_all bad 'SPF for everybody' spf 'v=spf1 +all'
wrong spf_all bad 'the same in its short form' spf 'v=spf1 mx all'
wrong spf_all warning 'SPF that says nothing' spf 'v=spf1 mx ?all'
wrong spf_all warning 'SPF without an end' spf 'v=spf1 mx'
many() {
    spf "v=spf1 ip4:192.0.2.25 $(seq -s ' ' -f 'include:i%g.example' 1 11) -all"
    for number in 1 2 3 4 5 6 7 8 9 10 11; do
        also "i$number.example. 300 IN TXT \"v=spf1 ip4:198.51.100.$number -all\""
    done
}
well >"$zone"
many
doctor
is "$(levels spf_lookups)" bad 'SPF with eleven lookups'
well >"$zone"
spf 'v=spf1 ip4:192.0.2.25 a:n1.example a:n2.example a:n3.example -all'
doctor
is "$(levels spf_lookups)" bad 'SPF with three lookups that find nothing'
well >"$zone"
spf 'v=spf1 redirect=r.example'
also 'r.example. 300 IN TXT "v=spf1 ip4:192.0.2.25 -all"'
doctor
is "$(levels spf)" ok 'SPF by redirect'

# ---- DKIM
wrong dkim_missing bad 'a key that is not published' without '^main._domainkey'
wrong dkim_mismatch bad 'the key of another' \
    put "main._domainkey.here.example. 300 IN TXT $(printf 'v=DKIM1; k=rsa; p=%s' \
        "$(public other)" | sed 's/.\{200\}/&" "/g; s/^/"/; s/$/"/')"
wrong dkim_mismatch bad 'the key of another, ed25519' \
    put "ed._domainkey.here.example. 300 IN TXT \"v=DKIM1; k=ed25519; p=$(
        printf '%032d' 7 | openssl base64 -A)\""
wrong dkim_revoked bad 'a key that was revoked' \
    put 'main._domainkey.here.example. 300 IN TXT "v=DKIM1; p="'
wrong dkim_syntax bad 'a key that cannot be read' \
    put 'main._domainkey.here.example. 300 IN TXT "v=DKIM1; p=AAAA"'
wrong dkim_single bad 'two keys of one name' \
    also 'main._domainkey.here.example. 300 IN TXT "v=DKIM1; p=AAAA"'
wrong dkim_test warning 'a key that is only tried' \
    put "$(well | grep '^main._domainkey' | sed 's/k=rsa;/& t=y;/')"
well >"$zone"
cat >"$scratch/opendkim.conf" <<EOF
Domain here.example
Selector weak
KeyFile $keys/weak.key
EOF
also "weak._domainkey.here.example. 300 IN TXT \"v=DKIM1; p=$(public weak)\""
doctor
is "$(levels dkim_weak)" bad 'a key of 512 bits' ||
    diag "$(cat "$scratch/findings.json")"
printf 'selector = "main";\npath = "%s/%s.key";\n' "$keys" here >"$scratch/opendkim.conf"
doctor
is "$(levels dkim)" ok 'the key by the config of rspamd'
printf '# nothing\n' >"$scratch/opendkim.conf"
doctor
is "$(levels dkim)" warning 'no key is known'
printf 'KeyTable %s/table\n' "$scratch" >"$scratch/opendkim.conf"
mv "$keys/here.key" "$keys/away"
doctor
is "$(levels dkim_private)" bad 'a private key that is not there'
mv "$keys/away" "$keys/here.key"

# ---- DMARC, and the rest
wrong dmarc bad 'no DMARC record' without '^_dmarc'
wrong dmarc_single bad 'two DMARC records' \
    also '_dmarc.here.example. 300 IN TXT "v=DMARC1; p=none"'
wrong dmarc_syntax bad 'a DMARC record that asks for nothing' \
    put '_dmarc.here.example. 300 IN TXT "v=DMARC1; q=reject"'
wrong mx_null bad 'a sender that takes no mail' put 'here.example. 300 IN MX 0 .'
wrong mx bad 'a sender that has no address' without 'IN MX'
well >"$zone"
without '_mta-sts|_smtp._tls'
doctor
is $? 0 'without MTA-STS and TLS reports nothing is bad'
is "$(levels mta_sts) $(levels tls_report)" 'note note' 'which is noted'
doctor --domain other.example
is $? 1 'another domain by name'
like "$(cat "$scratch/findings.json")" '"subject": "other.example", "level": "bad"' \
    'is looked at as well'

gate_overlay "$no_mta
signed_later = later.example
[dns]
zone = $zone"
doctor
like "$(cat "$scratch/findings.json")" \
    '"check": "dkim", "subject": "later.example", "level": "bad", "what": "\[mail\] signed_later' \
    'a domain that is signed later must have a key'
gate_overlay "$no_mta
[dns]
zone = $zone"

# ---- answers
like "$(tool doctor --only dns --signer "$scratch/opendkim.conf" --domain other.example)" \
    '^    other\.example\. 3600 IN TXT "v=spf1 ip4:192\.0\.2\.25 ~all"$' \
    'for a person each line stands alone'
gate_overlay "$no_mta
[dns]
servers = 127.0.0.1@1"
doctor
is $? 0 'a server that does not answer'
unlike "$(cat "$scratch/findings.json")" '"level": "bad"' 'is not taken for a bad domain'
gate_overlay "$no_mta
[dns]
zone = $scratch/nowhere"
doctor
is $? 1 'a zone that is not there'
tap_end
