#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The whole gate with a DNS that is slow, dead, lying, truncating, looping or that serves
# what crashes libspf2: each mail gets its verdict within [dns] deadline, eight at once
# too, and asks no more than [dns] lookups. A DNS that dies under load and comes back.
. "${srcdir:-.}/tests/proto/lib.sh"
need_command python3
. "$srcdir/tests/lib/log.sh"

# Whose mail comes: the hostile ways of hostile_dns.py, each the domain of MAIL FROM, of
# From: (DMARC's policy) and of the signature (its key).
ways='silent slow servfail refused truncated alwayscut huge crowd loop-a self chain-1
wrongid wrongname wrongquestion counts rdlength stringlength pointer pointerloop nul
empty head echo random-1 random-2 random-3 ttl once'
perl -e '
    sub record { print join(" ", @_), "\n" }
    my $key = "v=DKIM1; k=rsa; p=";
    # 127 macros and a byte: 509 bytes write beyond the buffer of an explanation
    record("exp.test", "TXT", "v=spf1 exp=e.exp.test -all");
    record("e.exp.test", "TXT", "%{i}" x 127 . "x");
    # a policy of 4 KB beyond that of a mechanism
    for my $size (3560, 3700, 4200, 60000) {
        record("exists-$size.test", "TXT", "v=spf1 exists:" . "x" x $size . ".test -all");
        record("redirect-$size.test", "TXT", "v=spf1 redirect=" . "x" x $size . ".test");
        record("macro-$size.test", "TXT",
            "v=spf1 exists:" . "%{i}" x ($size / 4) . ".test -all");
    }
    record("full.test", "TXT", "v=spf1 exists:" . "%{i}" x 62 . ".test -all");
    record("bomb.test", "TXT", "v=spf1" . " a:%{l}%{l}%{l}%{d}.bomb.test" x 60 . " -all");
    for my $node ("", 0 .. 9) { # each includes ten
        record("tree$node.test", "TXT", "v=spf1" .
            join("", map { " include:tree$_.test" } 0 .. 9) . " ?all");
    }
    record("mxten.test", "TXT", "v=spf1" . join("", map { " mx:mx$_.test" } "a" .. "j"));
    for my $mx ("a" .. "j") {
        for (1 .. 10) {
            record("mx$mx.test", "MX", "10 $mx$_.test");
            record("$mx$_.test", "A", "203.0.113.$_");
        }
    }
    record("slowly.test", "TXT", "v=spf1 include:silent.hostile.test -all");
    # a key, a policy of DMARC and a sender policy that are well but for their size
    record("bigkey.test", "TXT", "v=spf1 -all");
    record("sel._domainkey.bigkey.test", "TXT", $key . "A" x 64000);
    record("_dmarc.bigkey.test", "TXT", "v=DMARC1; p=none; rua=mailto:" . "a" x 64000);
    record("manykeys.test", "TXT", "v=spf1 ip4:192.0.2.25 -all");
    record("sel._domainkey.manykeys.test", "TXT", $key . "A" x 300 . $_) for 1 .. 90;
    record("_dmarc.manykeys.test", "TXT", "v=DMARC1; p=reject; pct=$_") for 1 .. 90;
    record("loopkey.test", "TXT", "v=spf1 a:loop-a.hostile.test -all");
    record("sel._domainkey.loopkey.test", "CNAME", "loop-a.hostile.test");
    record("_dmarc.loopkey.test", "CNAME", "loop-a.hostile.test");
    # and who is well
    for my $good ("good", map { "well$_" } 1 .. 40) {
        record("$good.test", "TXT", "v=spf1 ip4:192.0.2.25 -all");
        record("_dmarc.$good.test", "TXT", "v=DMARC1; p=none");
    }
' >"$scratch/records"
made=$(cut -d' ' -f1 "$scratch/records" | grep -E '^[a-z]+(-[0-9]+)?\.test$' |
    grep -Ev '^(e|mx.|.[0-9]+|well[0-9]+|tree[0-9])\.test$' | sort -u)

port=$(free_port)
dns_pid=
hostile_start() {
    python3 "$srcdir/tests/lib/hostile_dns.py" "$port" "$scratch/records" \
        >"$scratch/asked" 2>"$scratch/hostile.log" &
    dns_pid=$!
    wait_for 10 grep -q ready "$scratch/asked"
}
hostile_stop() {
    end_process "$dns_pid"
    dns_pid=
}
at_exit hostile_stop
ok 'the server starts' hostile_start
gate_rules=$srcdir/rules
gate_config "[dns]
servers = 127.0.0.1@$port
deadline = 1s
lookups = 60
[reputation]
client_lists = bl.list.test
link_lists = one.list.test, two.list.test, three.list.test, four.list.test, five.list.test
[mail]
helo = mail.here.example"
gate_start

# submit ID DOMAINS [OPTION]... - a mail of each, one after the other.
submit() {
    submit_id=$1
    submit_domains=$2
    shift 2
    { cat "$srcdir/tests/proto/talk.lua" "$srcdir/tests/proto/authentication_hostile.lua"; } \
        >"$scratch/talk-$submit_id.lua"
    miltertest -D socket="unix:$gate_socket" -D id="$submit_id-" \
        -D domains="$submit_domains" "$@" -s "$scratch/talk-$submit_id.lua"
}
commas() {
    echo "$*" | tr -s ' \n' ',,' | sed 's/,$//'
}
# slowest ID - milliseconds that the slowest of these mails took.
slowest() {
    sql "select max(elapsed_us) / 1000 from message where message_id like '$1-%'"
}
# judged ID - how many there are.
judged() {
    sql "select count(*) from message where message_id like '$1-%'"
}
# seen ID - what its receiver will see.
seen() {
    sql "select spf, dkim, dmarc from message where message_id = '$1'"
}
# in_time ID TEXT - all within the deadline, and a little for the rest.
in_time() {
    in_time_ms=$(slowest "$1")
    [ "${in_time_ms:-9999}" -lt 1700 ]
    result $? "$2 ($in_time_ms ms)" || diag "$(sql "select message_id, elapsed_us
        from message where message_id like '$1-%' and elapsed_us > 1700000")"
}
# questions - different ones that reached the server since the last call, and forget them.
questions() {
    sed '/^ready/d' "$scratch/asked" | cut -d' ' -f1,2 | sort -u | wc -l
    : >"$scratch/asked"
}

hostile=$(commas $(for way in $ways; do echo "$way.hostile.test"; done) $made)
count=$(echo "$hostile" | tr , '\n' | wc -l)
is "$(submit one "$hostile")" '' 'hostile domains: the mail goes through'
is "$(judged one)" "$count" 'all of it is judged'
in_time one 'each within the deadline'
sql "select message_id, spf, dkim, dmarc from message where message_id like 'one-%'" |
    sed 's/^one-//' >"$scratch/seen"
for line in 'exp.test|fail|' 'exists-3700.test|permerror|' 'macro-4200.test|permerror|' \
    'redirect-60000.test|permerror|' 'full.test|fail|' 'bomb.test|permerror|' \
    'tree.test|permerror|' 'silent.hostile.test|temperror|temperror|temperror' \
    'servfail.hostile.test|temperror|temperror|temperror' \
    'loopkey.test|temperror|temperror|temperror' 'slowly.test|temperror|' \
    'bigkey.test|fail|permerror|' 'manykeys.test|pass|permerror|none' \
    'good.test|pass|'; do
    ok "$line" grep -qF "$line" "$scratch/seen" ||
        diag "$(grep -F "${line%%|*}" "$scratch/seen")"
done
unlike "$(cat "$scratch/seen")" '\|pass\|pass\|' 'none passes for signed'
unlike "$(cat "$scratch/asked")" ' e\.exp\.test' 'the explanation is never asked for'

# What one mail may ask: twenty decoys in each of five lists, and each bomb.
for domain in bomb.test tree.test mxten.test full.test good.test; do
    gate_reload
    questions >"$scratch/before"
    submit "links$domain" "$domain" -D links=30 >"$scratch/talk.out"
    asked=$(questions)
    [ "$asked" -ge 40 ] && [ "$asked" -le 70 ]
    result $? "$domain and sixty links: $asked questions" || diag "$(cat "$scratch/talk.out")"
done
like "$(sql "select spf, dmarc from message where message_id = 'linksgood.test-good.test'")" \
    '^pass\|pass' 'and the links take nothing from SPF and DMARC'

# Eight at once.
pids=
for i in 1 2 3 4 5 6 7 8; do
    submit "many$i" "$hostile" >>"$scratch/many.out" 2>&1 &
    pids="$pids $!"
done
for pid in $pids; do
    wait "$pid"
done
is "$(cat "$scratch/many.out")" '' 'eight sessions at once: the mail goes through'
is "$(sql "select count(*) from message where message_id like 'many%'")" $((8 * count)) \
    'all of it is judged'
in_time 'many_' 'each within the deadline'
is "$(is_gone "$gate_pid" && echo gone)" '' 'the daemon lives'

# Under load the DNS dies, and comes back.
wells=$(commas $(for i in $(seq 40); do echo "well$i.test"; done))
hostile_stop
pids=
for i in 1 2 3 4 5 6 7 8; do
    submit "dead$i" "$wells" >>"$scratch/dead.out" 2>&1 &
    pids="$pids $!"
done
for pid in $pids; do
    wait "$pid"
done
is "$(cat "$scratch/dead.out")" '' 'a dead DNS: the mail goes through'
is "$(sql "select count(*) from message where message_id like 'dead%' and
    spf = 'temperror' and action = 'accept'")" 320 'unknown, and no points for it'
in_time 'dead_' 'each within the deadline'
waited=$(sql "select count(*) from message where message_id like 'dead%' and
    elapsed_us > 800000")
[ "$waited" -le 40 ]
result $? "nobody waits for who is dead: $waited of 320 did" || :
is "$(grep -c 'DNS: no server answers' "$gate/gate.log")" 1 'it is told of once'
hostile_start
is_right() {
    rights=$((${rights:-0} + 1))
    submit "back$rights" "well$((rights % 40 + 1)).test" >/dev/null
    [ "$(seen "back$rights-well$((rights % 40 + 1)).test" | cut -d'|' -f1)" = pass ]
}
began=$(date +%s)
ok 'it comes back: the results do' wait_for 15 is_right
took=$(($(date +%s) - began))
[ "$took" -le 8 ]
result $? "within seconds ($took)"
like "$(grep 'DNS: servers answer again' "$gate/gate.log" | tail -n 1)" 'after [0-9]+ s' \
    'and that is told'
is "$(grep -c 'DNS list' "$gate/gate.log")" 0 'no list is blamed for it'
sleep 10 # failures are believed for 5 s here, and for 5 s by libunbound
submit again "$wells" >"$scratch/talk.out"
is "$(sql "select count(*), sum(spf = 'pass') from message where message_id like
    'again-%'")" '40|40' 'and then all are right'
unlike "$(cat "$gate/gate.log")" 'Sanitizer|runtime error|smashing' 'no crash'
is "$(is_gone "$gate_pid" && echo gone)" '' 'the daemon lives'
tap_end
