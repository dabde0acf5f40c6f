#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The resolver against real servers: NSD with good answers, DNSSEC, dead and lying ones.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/dns.sh"
need_command nsd nsd-checkzone perl python3
python3 -c 'import dns.dnssec, cryptography' 2>/dev/null || skip_all 'needs dnspython'

# drive SERVER-OR-OPTION... - the lines of standard input. A TTL that counts down on its
# way, over the end of a second or two, is shown whole.
drive() {
    "$builddir/tests/unit/drive_dns" "$@" | sed -E '
        s/(found|no name|no data) 5[89]/\1 60/
        s/(found|no name|no data) 11[89]/\1 120/
        s/(found|no name|no data) 29[89]/\1 300/
        s/(found|no name|no data) 89[89]/\1 900/
        s/(found|no name|no data) 359[89]/\1 3600/'
}

# ask 'NAME TYPE' OPTION... - one question.
ask() {
    ask_line=$1
    shift
    printf '%s\n' "$ask_line" | drive "$@"
}

cat >"$scratch/names" <<'END'
example.com. 120 MX 20 mx2.example.com.
example.com. 120 MX 10 mx1.example.com.
example.com. TXT "v=spf1 ip4:192.0.2.0/24" " -all"
mx1.example.com. A 192.0.2.1
mx1.example.com. AAAA 2001:db8::1
www.example.com. CNAME mx1.example.com.
*.wild.example.com. TXT any
1.2.0.192.in-addr.arpa. PTR mx1.example.com.
1.0.0.10.in-addr.arpa. PTR ten.example.com.
brief.example.com. 1 TXT brief
host.test. TXT "a name of a test"
END
ok 'NSD starts' dns_start "$scratch/names" || {
    tap_end
}

is "$(drive "$dns_server" <<'END'
example.com MX
example.com TXT
www.example.com A
mx1.example.com AAAA
x.wild.example.com TXT
1.2.0.192.in-addr.arpa PTR
1.0.0.10.in-addr.arpa PTR
host.test TXT
example.com A
nobody.example.com A
EXAMPLE.com. TXT
END
)" 'found 120: mx1.example.com mx2.example.com
found 300: v=spf1 ip4:192.0.2.0/24 -all
found 300: 192.0.2.1
found 300: 2001:db8::1
found 300: any
found 300: mx1.example.com
found 300: ten.example.com
found 300: a name of a test
no data 60:
no name 60:
found 300: v=spf1 ip4:192.0.2.0/24 -all' 'a real server is asked'

is "$(drive "$dns_server" <<'END'
brief.example.com TXT
brief.example.com TXT
counts
sleep 1200
brief.example.com TXT
counts
END
)" 'found 1: brief
found 1: brief
questions.cache 1 questions.servers 1 lookups.answered 1 under_way 0
found 1: brief
questions.cache 1 questions.servers 2 lookups.answered 2 under_way 0' \
    'an answer lasts as long as its TTL'

is "$(ask 'mx1.example.com A' -f "$dns_server")" 'found 300: 192.0.2.1' \
    'a process that was forked after the start asks'
if grep -q ' lo$' /proc/net/if_inet6 2>/dev/null; then
    is "$(ask 'mx1.example.com A' "[::1]@$dns_port")" 'found 300: 192.0.2.1' \
        'a server with an IPv6 address'
else
    skip 'a server with an IPv6 address' 'no IPv6 on loopback'
fi

is "$(drive -l 2 "$dns_server" <<'END'
example.com MX
example.com TXT
example.com A
example.com MX
counts
message
example.com A
END
)" 'found 120: mx1.example.com mx2.example.com
found 300: v=spf1 ip4:192.0.2.0/24 -all
spent 0: too many questions for one message
found 120: mx1.example.com mx2.example.com
questions.cache 1 questions.servers 2 questions.unpaid 1 lookups.answered 2 under_way 0
no data 60:' 'a message may ask so much, and the cache for nothing'

is "$(drive "$dns_server" <<'END'
ahead example.com TXT
sleep 300
example.com TXT
counts
END
)" 'found 300: v=spf1 ip4:192.0.2.0/24 -all
questions.cache 1 lookups.answered 1 under_way 0' \
    'what was asked ahead is there'

cat >"$scratch/static" <<'END'
$ORIGIN static.example.
@ SOA ns host 1 1h 1h 1h 60
@ TXT "from the file"
$ORIGIN example.com.
@ TXT "from the file, too"
alias CNAME www
END
is "$(drive -z "$scratch/static" "$dns_server" <<'END'
static.example TXT
www.static.example A
example.com TXT
example.com MX
alias.example.com A
counts
END
)" 'found 3600: from the file
no name 60:
found 3600: from the file, too
found 120: mx1.example.com mx2.example.com
found 300: 192.0.2.1
questions.zone 3 questions.servers 2 lookups.answered 2 under_way 0' \
    'the static zone stands in front of the servers'

is "$(ask 'mx1.example.com A' "127.0.0.1@$(free_port)" "$dns_server")" \
    'found 300: 192.0.2.1' 'a dead server beside a live one'
is "$(ask 'mx1.example.com A' -d 2000 "127.0.0.1@$(free_port)" | cut -d' ' -f1)" \
    'temperror' 'a dead server alone'
is "$(ask 'example.com A' 2>&1)" 'temperror 0: no server is configured' 'no server'

# A server that was dead is asked again.
dead_port=$dns_port
dns_stop
(
    echo 'mx1.example.com A'
    sleep 7
    echo message
    echo 'mx1.example.com A'
) | drive -d 2000 "127.0.0.1@$dead_port" >"$scratch/back" &
drive_pid=$!
sleep 2.5
ok 'NSD is back' dns_start "$scratch/names" "$dead_port"
wait "$drive_pid"
like "$(cat "$scratch/back")" '^found [0-9]+: 192.0.2.1$' \
    'a server that was dead is asked again'
dns_stop

# DNSSEC: one zone, honest but for one name.
dns_port=$(free_port)
cat >>"$scratch/names" <<'END'
good.example. TXT "honest"
bad.example. TXT "honest"
END
mkdir -p "$dns_folder"
dns_zone_complete "$scratch/names" |
    python3 "$srcdir/tests/lib/sign_root.py" "$scratch/anchor" bad.example. \
        >"$scratch/signed"
ok 'NSD serves a signed root' dns_start "$scratch/signed" || diag "$(cat "$dns_folder"/*.log)"
is "$(drive -t "$scratch/anchor" "$dns_server" <<'END'
good.example TXT
bad.example TXT
nobody.example TXT
END
)" 'found 300 secure: honest
temperror 5 bogus: DNSSEC validation failed
no name 60 secure:' 'DNSSEC: secure, bogus, securely absent'
is "$(ask 'bad.example TXT' "$dns_server")" 'found 300: forged' \
    'without a trust anchor nothing is validated'
echo 'no key' >"$scratch/nokey"
like "$(ask 'good.example TXT' -t "$scratch/nokey" "$dns_server" 2>&1)" \
    "^\[dns\].*$scratch/nokey" 'a trust anchor that is none'
dns_stop

# Liars. Each question ends within the deadline, whatever they say.
lie_port=$(free_port)
python3 "$srcdir/tests/lib/hostile_dns.py" "$lie_port" >"$scratch/asked" 2>"$scratch/hostile.log" &
hostile_pid=$!
at_exit 'end_process "$hostile_pid"'
wait_for 10 grep -q ready "$scratch/asked"
for how in once servfail refused truncated alwayscut huge loop-a self chain-1 wrongname \
    wrongquestion counts rdlength stringlength pointer pointerloop nul ttl echo; do
    printf 'message\n%s.hostile.test TXT\n' "$how"
done >"$scratch/lies"
is "$(drive "127.0.0.1@$lie_port" <"$scratch/lies")" 'found 1: one
temperror 5: the server failed
temperror 5: the server failed
found 60: by tcp
temperror 5: the server failed
found 60 cut: 1 records, first of 8192 bytes
temperror 5: the server failed
temperror 5: the server failed
temperror 5: the server failed
no data 900:
temperror 5: the server failed
temperror 5: the server failed
temperror 5: the server failed
temperror 5 cut: the answer is malformed
temperror 5: the server failed
temperror 5: the server failed
found 60: a\x00b\x1b\xff
found 1: for ever
temperror 5: the server failed' 'lies are seen through, or bounded'
is "$(drive "127.0.0.1@$lie_port" <<'END' | sed 's/100 records,.*/100 records/'
crowd.hostile.test A
shorta.hostile.test A
label.hostile.test PTR
END
)" 'found 60 cut: 100 records
temperror 5 cut: the answer is malformed
found 60: a\x5c046\x5c000\x5c092b.\x5c195\x5c188\x5c010%' \
    'crowds, short records and odd labels'

is "$(for how in silent wrongid empty head; do
    printf 'message\n%s.hostile.test TXT\n' "$how"
done | drive -m -d 400 "127.0.0.1@$lie_port" |
    awk '{ print ($1 >= 395 && $1 < 600 ? "in time" : $1), $2, $4, $5, $6, $7 }' |
    uniq -c | sed 's/^ *//')" '4 in time temperror no answer in time' \
    'nobody waits past the deadline'
is "$(drive -m -d 400 "127.0.0.1@$lie_port" <<'END' |
silent.hostile.test TXT
silent-2.hostile.test TXT
silent-3.hostile.test TXT
END
    awk '{ sum += $1 } END { print (sum < 600 ? "once" : sum) }')" 'once' \
    'a message has one deadline for all its questions'

is "$(drive -d 5000 "127.0.0.1@$lie_port" <<'END'
many 100 slow.hostile.test TXT
counts
END
)" '100 of 100: found 60: late
questions.servers 100 lookups.answered 1 under_way 0' \
    'who asks the same waits for one answer'
is "$(drive -d 300 "127.0.0.1@$lie_port" <<'END'
many 200 silent.hostile.test TXT
counts
END
)" '200 of 200: temperror 0: no answer in time
questions.late 200 under_way 1' \
    'and leaves at his deadline without it'

# So many are under way that some cannot leave.
is "$({
    seq 200 | sed 's/.*/ahead silent-a&.hostile.test TXT/'
    echo 'many 200 silent-m%.hostile.test TXT'
    echo counts
} | drive -d 300 "127.0.0.1@$lie_port")" '200 of 200: temperror 0: no answer in time
questions.late 128 questions.crowded 72 under_way 256' \
    'what found too many under way is counted apart'

# Names that nobody answers for do not make the server one that is not asked: whoever
# picks them would turn off the DNS for all.
{
    echo 'once-0.hostile.test TXT'
    for i in $(seq 40); do
        echo "ahead silent-$i.hostile.test TXT"
    done
    for i in $(seq 9); do
        printf 'sleep 1400\nmessage\nonce-%s.hostile.test TXT\n' "$i"
    done
} >"$scratch/siege"
is "$(drive -d 1500 "127.0.0.1@$lie_port" <"$scratch/siege" | sort | uniq -c | xargs)" \
    '10 found 1: one' 'forty silent names do not silence the others'

# Random bytes, many times: an answer or an error each time.
for i in $(seq 300); do
    printf 'message\nrandom-%s.hostile.test TXT\n' "$i"
done >"$scratch/random"
drive -d 1000 "127.0.0.1@$lie_port" <"$scratch/random" >"$scratch/random.out"
is "$(wc -l <"$scratch/random.out")" 300 'random answers: each question ends'
unlike "$(cat "$scratch/random.out")" '^(spent| )' 'and is said to have'
tap_end
