#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Authentication end to end: a real DNS server (NSD), opendkim signing in front, Postfix
# between, the gate last. Good mail passes DMARC; of six ways of being wrong each is told
# by its fact, in the audit log; DNS that is gone delays nothing past the deadline.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command postfix postqueue smtp-sink sqlite3 perl python3 opendkim opendkim-genkey nsd
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/postfix.sh"
. "$srcdir/tests/lib/dns.sh"

keys=$scratch/keys
names=$scratch/names
mkdir -p "$keys"

# key DOMAIN SELECTOR - a new key for opendkim, and its record.
key() {
    opendkim-genkey -b 2048 -D "$keys" -s "$2" -d "$1"
    mv "$keys/$2.private" "$keys/$1"
    printf '%s %s:%s:%s\n' "$1" "$1" "$2" "$keys/$1" >>"$keys/table"
    printf '*@%s %s\n' "$1" "$1" >>"$keys/signing"
    sed "s/^$2\._domainkey[^I]*IN/$2._domainkey.$1. IN/" "$keys/$2.txt"
}

{
    for domain in good.example strict.example mail.strict.example; do
        key "$domain" s1
        printf '%s. TXT "v=spf1 ip4:192.0.2.25 -all"\n' "$domain"
    done
    printf '_dmarc.good.example. TXT "v=DMARC1; p=reject"\n'
    printf '_dmarc.strict.example. TXT "v=DMARC1; p=reject; adkim=s; aspf=s"\n'
    # whose mail comes from elsewhere, by its own word
    printf 'bank.example. TXT "v=spf1 ip4:198.51.100.1 -all"\n'
    printf '_dmarc.bank.example. TXT "v=DMARC1; p=reject"\n'
    for domain in revoked missing other changed length; do
        key "$domain.example" s1 >"$keys/$domain.record"
        printf '%s.example. TXT "v=spf1 -all"\n' "$domain"
        printf '_dmarc.%s.example. TXT "v=DMARC1; p=quarantine"\n' "$domain"
    done
    printf 's1._domainkey.revoked.example. TXT "v=DKIM1; k=rsa; p="\n'
    sed 's/^s1\._domainkey\.[a-z]*/s1._domainkey.other/' "$keys/changed.record"
    cat "$keys/changed.record" "$keys/length.record"
} >"$names"
grep -v '@changed\.\|@length\.' "$keys/signing" >"$keys/signed" # these come signed

cat >"$keys/opendkim.conf" <<END
Mode s
Syslog no
Background no
Canonicalization relaxed/simple
KeyTable file:$keys/table
SigningTable refile:$keys/signed
InternalHosts 0.0.0.0/0
RequireSafeKeys no
OversignHeaders From
Socket inet:SIGNER_PORT@127.0.0.1
END
signer_pid=
signer_start() {
    signer_port=$(free_port)
    sed -i "s/SIGNER_PORT/$signer_port/" "$keys/opendkim.conf"
    opendkim -f -x "$keys/opendkim.conf" >"$scratch/opendkim.log" 2>&1 &
    signer_pid=$!
    wait_for 20 is_listening "$signer_pid" "$signer_port" && ! is_gone "$signer_pid"
}
signer_stop() {
    [ -z "$signer_pid" ] || end_process "$signer_pid"
}
at_exit signer_stop

# mail TAG FROM - a letter.
mail() {
    printf 'From: Ann <%s>\nTo: ann@there.example\nSubject: A letter\n' "$2"
    printf 'Date: %s\nMessage-ID: <%s@e2e.example>\n\n' "$(date -R)" "$1"
    printf 'Dear Ann,\n\nhere is the letter that I promised you.\n\nBob\n'
}

# presign DOMAIN [length] - sign what comes in, as another host would have.
presign() {
    python3 -c '
import sys
import dkim
domain, key, with_length = sys.argv[1], sys.argv[2], len(sys.argv) > 3
text = sys.stdin.buffer.read().replace(b"\n", b"\r\n")
signature = dkim.sign(text, b"s1", domain.encode(), open(key, "rb").read(),
                      canonicalize=(b"relaxed", b"simple"), length=with_length,
                      include_headers=[b"from", b"to", b"subject", b"message-id"])
sys.stdout.buffer.write((signature + text).replace(b"\r\n", b"\n"))' \
        "$1" "$keys/$1" $2
}

# send FROM - standard input, with that envelope sender.
send() {
    mta_smtp --from "$1" >"$scratch/reply"
}

# row TAG COLUMNS; fact TAG NAME
row() {
    sqlite3 "$gate_db" "select $2 from message where message_id = '$1@e2e.example'"
}
fact() {
    sqlite3 "$gate_db" "select json_extract(facts, '\$.$2') from message join evidence on
        message = id where message_id = '$1@e2e.example'"
}

dns_start "$names" || skip_all 'NSD does not start'
signer_start
result $? 'opendkim signs in front' || diag "$(cat "$scratch/opendkim.log")"
cat >"$scratch/asks.cf" <<'END'
full   ASKS_VALID_AU eval:check_dkim_valid_author_sig('*.example')
score  ASKS_VALID_AU 0.001
full   ASKS_VALID_EF eval:check_dkim_valid_envelopefrom()
score  ASKS_VALID_EF 0.001
full   ASKS_VALID_ELSE eval:check_dkim_valid('else.example')
score  ASKS_VALID_ELSE 0.001
header ASKS_SPF_PASS eval:check_for_spf_pass()
score  ASKS_SPF_PASS 0.001
header ASKS_DMARC_PASS eval:check_dmarc_pass()
score  ASKS_DMARC_PASS 0.001
header ASKS_DMARC_REJECT eval:check_dmarc_reject()
score  ASKS_DMARC_REJECT 0.001
END
# asks TAG - which of these rules hit.
asks() {
    sqlite3 "$gate_db" "select group_concat(rule, ' ') from (select substr(rule, 6) as rule
        from hit join message on message = id where message_id = '$1@e2e.example' and
        rule like 'ASKS%' order by rule)"
}
gate_rules="$srcdir/rules, $scratch/asks.cf"
gate_config ''
gate_overlay "$(mta_section)
[dns]
servers = $dns_server
deadline = 2s"
gate_start
postfix_settings="s|^smtpd_milters *= |&inet:127.0.0.1:$signer_port, |"
postfix_start ''

mail good bob@good.example | send bob@good.example
like "$(cat "$scratch/reply")" '^1 250 ' 'good mail is taken'
ok 'and delivered' wait_for 20 sink_has '<good@e2e.example>'
is "$(row good 'spf, dkim, dmarc, action')" 'pass|pass|pass|accept' \
    'good: SPF, DKIM and DMARC pass'
is "$(fact good dkim_aligned)|$(fact good spf_aligned)" '1|1' 'both aligned'
like "$(row good authentication)" \
    '^spf=pass .*; dkim=pass header\.d=good\.example header\.s=s1 header\.a=rsa-sha256; dmarc=pass header\.from=good\.example policy\.dmarc=reject$' \
    'the row says it in the words of RFC 8601'
unlike "$(cat "$sink"/*)" '^Authentication-Results:' 'nothing of it is added to what leaves'
is "$(asks good)" 'DMARC_PASS SPF_PASS VALID_AU VALID_EF' \
    'and rules that ask as those of SpamAssassin do are answered'

# One: in the name of a bank that asks for refusal.
mail bank info@bank.example | send bob@good.example
is "$(row bank 'dkim, dmarc, action, spf')" 'none|fail|hold|pass' \
    'another domain in From: is held'
is "$(fact bank dmarc_policy)" reject 'its domain asks for refusal'
is "$(asks bank)" 'DMARC_REJECT SPF_PASS' 'which rules may ask for, too'
is "$(sqlite3 "$gate_db" "select rule from hit join message on message = id where
    message_id = 'bank@e2e.example' and rule like 'AUTH%'")" AUTH_DMARC_REJECT 'by its rule'

# Two, three, four: the key.
for domain in revoked missing other; do
    mail "$domain" "bob@$domain.example" | send "bob@$domain.example"
done
is "$(row revoked 'spf, dkim, dmarc')|$(fact revoked dkim_problem)" \
    'fail|permerror|fail|key revoked' 'a revoked key'
is "$(row missing 'spf, dkim, dmarc')|$(fact missing dkim_problem)" \
    'fail|permerror|fail|no key published' 'a key that nobody published'
is "$(row other 'spf, dkim, dmarc')|$(fact other dkim_problem)" \
    'fail|fail|fail|header changed or another key' 'another key published'

# Five: changed on the way; text added behind l=.
mail changed bob@changed.example | presign changed.example | sed 's/promised/owed/' |
    send bob@changed.example
is "$(row changed 'dkim, dmarc')|$(fact changed dkim_problem)" 'fail|fail|body changed' \
    'a body changed after it was signed'
{
    mail length bob@length.example | presign length.example length
    echo 'PS: buy at http://evil.example/'
} | send bob@length.example
is "$(row length 'dkim, dmarc')" 'pass|pass' 'text behind l= does not break the signature'
is "$(fact length dkim_length_bytes)" 33 'but is counted'

# Six: a sub-domain's signature and envelope where the domain is strict.
mail strict bob@strict.example | presign mail.strict.example | send bob@mail.strict.example
is "$(row strict 'spf, dmarc, action')" 'pass|pass|accept' \
    'strict: the signer in front saves it'
sed -i '/@strict\.example/d' "$keys/signed"
signer_stop
wait_for 10 is_gone "$signer_pid"
sed -i "s/inet:[0-9]*@/inet:$signer_port@/" "$keys/opendkim.conf"
opendkim -f -x "$keys/opendkim.conf" >>"$scratch/opendkim.log" 2>&1 &
signer_pid=$!
wait_for 20 is_listening "$signer_pid" "$signer_port"
mail strict2 bob@strict.example | presign mail.strict.example |
    send bob@mail.strict.example
is "$(row strict2 'spf, dkim, dmarc, action')" 'pass|pass|fail|hold' \
    'strict: what passes below it does not count'

# A domain that signs all it sends, ten times and more.
mail 'g@N@' bob@good.example | mta_smtp --from bob@good.example --repeat 12 \
    >"$scratch/reply"
is "$(sqlite3 "$gate_db" "select count(*) from message where dkim = 'pass' and
    message_id like 'g%' and action = 'accept'")" 13 'a dozen signed mails more'
is "$(sqlite3 "$gate_db" "select count(*) from incident where kind = 'unsigned'")" 0 \
    'no alarm so far'

# sendmail(1) has its signature from nobody here; SPF stands for it.
mail cli bob@good.example | mta_sendmail -f bob@good.example ann@there.example
ok 'sendmail(1): recorded' wait_for 20 \
    eval '[ -n "$(row cli id)" ]'
is "$(row cli 'dmarc')|$(fact cli spf_aligned)" 'pass|1' 'sendmail(1): SPF stands for it'

is "$(fact cli domain_signs_unsigned)|$(sqlite3 "$gate_db" "select key from incident
    where kind = 'unsigned'")" '1|good.example' 'and the alarm says that it was not signed'

# From: domains by day; midnight may have come between the two.
is "$(sqlite3 "$gate_db" "select sum(messages), sum(aligned_share * messages) / sum(messages),
    sum(dmarc_pass), sum(dmarc_fail) from authentication_by_domain
    where from_domain = 'strict.example'")" '2|0.5|1|1' \
    'the share that is aligned, by domain and day'
like "$(outgate --config "$gate_conf" show good@e2e.example)" \
    'authentication +spf=pass' 'outgate show'
is "$(outgate --config "$gate_conf" log --json --message-id good@e2e.example |
    python3 -c 'import json, sys
row = json.loads(sys.stdin.read())
print(row["spf"], row["dkim"], row["dmarc"])')" 'pass pass pass' 'outgate log --json'

# DNS is gone: what is in the cache still counts, the rest is temperror, in time.
dns_stop
mail cached bob@good.example | send bob@good.example
is "$(row cached 'spf, dkim, dmarc, action')" 'pass|pass|pass|accept' \
    'without DNS: what is known stays known'
started=$(date +%s)
mail dark bob@dark.example | send bob@dark.example
elapsed=$(($(date +%s) - started))
is "$(row dark 'spf, dmarc, action')" 'temperror|temperror|accept' \
    'without DNS: temperror costs nothing'
is "$(sqlite3 "$gate_db" "select count(*) from hit join message on message = id where
    message_id = 'dark@e2e.example' and rule like 'AUTH%'")" 0 'no rule blames it'
[ "$elapsed" -le 4 ]
result $? "and nobody waits past the deadline" || diag "$elapsed s"
tap_end
