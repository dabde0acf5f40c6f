#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# SPF records of people who mean harm, from a server on loopback: the two that crash
# Debian 12's libspf2, bombs, loops, and a DNS that is slow or dead.
. "${srcdir:-.}/tests/lib/tap.sh"
need_command python3 perl

port=$(free_port)
perl -e '
    sub record { print join(" ", @_), "\n" }
    my $long = "x" x 60;
    # 127 macros and a byte: 509 bytes write beyond the buffer of an explanation
    record("exp.test", "TXT", "v=spf1 exp=e.exp.test -all");
    record("e.exp.test", "TXT", "%{i}" x 127 . "x");
    # a policy of 4 KB beyond that of a mechanism, and just below it
    for my $size (3560, 3600, 3700, 4096, 4200, 8000, 60000) {
        record("exists-$size.test", "TXT", "v=spf1 exists:" . "x" x $size . ".test -all");
        record("expmod-$size.test", "TXT", "v=spf1 exp=" . "x" x $size . ".test -all");
        record("redirect-$size.test", "TXT", "v=spf1 redirect=" . "x" x $size . ".test");
        record("macro-$size.test", "TXT",
            "v=spf1 exists:" . "%{i}" x ($size / 4) . ".test -all");
    }
    # the most that is read, all of it macros
    record("full.test", "TXT", "v=spf1 exists:" . "%{i}" x 62 . ".test -all");
    record("over.test", "TXT", "v=spf1 exists:" . "%{i}" x 63 . ".test -all");
    record("ptrs.test", "TXT",
        "v=spf1" . " exists:%{p}%{p}%{p}%{p}%{p}%{p}%{p}.test" x 9 . " -all");
    record("1.2.0.192.in-addr.arpa", "PTR", "n$_.test") for 1 .. 60;
    record("n$_.test", "A", "192.0.2.99") for 1 .. 60;
    record("bomb.test", "TXT", "v=spf1" . " a:%{l}.bomb.test" x 100 . " -all");
    record("self.test", "TXT", "v=spf1 include:self.test -all");
    record("again.test", "TXT", "v=spf1 redirect=again.test");
    for my $node ("", 0 .. 9) { # each includes ten
        record("tree$node.test", "TXT", "v=spf1" .
            join("", map { " include:tree$_.test" } 0 .. 9) . " ?all");
    }
    record("void.test", "TXT", "v=spf1 a:v1.test a:v2.test a:v3.test a:v4.test -all");
    record("mxs.test", "TXT", "v=spf1 mx -all");
    record("mxs.test", "MX", "10 mx$_.test") for 1 .. 60;
    record("mxten.test", "TXT", "v=spf1 mx:mxa.test mx:mxb.test mx:mxc.test mx:mxd.test " .
        "mx:mxe.test mx:mxf.test mx:mxg.test mx:mxh.test mx:mxi.test mx:mxj.test -all");
    for my $mx ("a" .. "j") {
        for (1 .. 10) {
            record("mx$mx.test", "MX", "10 $mx$_.test");
            record("$mx$_.test", "A", "203.0.113.$_");
        }
    }
    record("two.test", "TXT", "v=spf1 -all");
    record("two.test", "TXT", "V=SPF1 +all");
    record("many.test", "TXT", "nothing $_ $long") for 1 .. 300;
    record("many.test", "TXT", "v=spf1 +all");
    record("bytes.test", "TXT", "v=spf1 a:\xc3\xbc.test -all");
    record("percent.test", "TXT", "v=spf1 exists:100%% -all");
    record("weird.test", "TXT", "v=spf1 exists:%{l}.weird.test -all");
    record("slowly.test", "TXT", "v=spf1 include:silent.hostile.test -all");
    record("loops.test", "TXT", "v=spf1 a:loop-a.hostile.test -all");
    record("fails.test", "TXT", "v=spf1 include:servfail.hostile.test -all");
' >"$scratch/records"
python3 "$srcdir/tests/lib/hostile_dns.py" "$port" "$scratch/records" >"$scratch/asked" \
    2>"$scratch/hostile.log" &
hostile_pid=$!
at_exit 'end_process "$hostile_pid"'
ok 'the server starts' wait_for 10 grep -q ready "$scratch/asked"

# spf DOMAIN [LOCAL] - what the stage says.
spf() {
    printf '192.0.2.1\tmail.test\t%s@%s\n' "${2:-user}" "$1" |
        "$builddir/tests/unit/drive_spf" -d 3000 "127.0.0.1@$port" 2>&1
}

is "$(spf exp.test)" 'fail|-all|0|0|192.0.2.1|' 'the explanation that crashes libspf2'
unlike "$(cat "$scratch/asked")" ' e\.exp\.test' 'is never asked for'
for size in 3560 3600 3700 4096 4200 8000 60000; do
    for how in exists expmod redirect macro; do
        spf "$how-$size.test"
    done
done >"$scratch/long"
is "$(sort "$scratch/long" | uniq -c | sed 's/^ *//')" \
    '4 permerror||0|0|192.0.2.1|more or longer TXT records than are read
24 permerror||0|0|192.0.2.1|record too long' \
    'policies of 4 KB and more do not reach the library'
is "$(spf full.test)" 'fail|-all|1|1|192.0.2.1|' 'a domain of 62 macros'
is "$(spf over.test)" 'permerror||0|0|192.0.2.1|malformed mechanism' 'and of 63'
is "$(spf bomb.test)" 'permerror||3|3|192.0.2.1|more than 2 void lookups' \
    'a hundred mechanisms that find nothing'
is "$(spf void.test)" 'permerror||3|3|192.0.2.1|more than 2 void lookups' 'void lookups'
is "$(spf self.test)" \
    'permerror||11|0|192.0.2.1|more than 10 terms that ask the DNS' 'includes itself'
is "$(spf again.test)" \
    'permerror||11|0|192.0.2.1|more than 10 terms that ask the DNS' 'redirects to itself'
is "$(spf tree.test)" \
    'permerror||11|0|192.0.2.1|more than 10 terms that ask the DNS' 'a tree of includes'
is "$(spf mxs.test)" 'permerror||1|0|192.0.2.1|more than 10 MX records of one name' \
    'sixty MX records'
is "$(spf two.test)" 'permerror||0|0|192.0.2.1|several records' 'two records'
is "$(spf many.test)" \
    'permerror||0|0|192.0.2.1|more or longer TXT records than are read' 'many records'
is "$(spf bytes.test)" 'permerror||0|0|192.0.2.1|malformed mechanism' 'bytes beyond ASCII'
is "$(spf percent.test)" 'fail|-all|1|0|192.0.2.1|' 'a domain that ends in a percent sign'
for local in '%{i}%{i}' 'a\b\999' '"x y"' 'ü' '../../x' '$(id)' '' 'a..b' '.'; do
    spf weird.test "$local"
done >"$scratch/locals"
unlike "$(cat "$scratch/locals")" '^(pass|temperror|unknown)|^$' \
    'local parts that are no labels'
is "$(wc -l <"$scratch/locals")" 9 'get an answer each'

: >"$scratch/asked"
is "$(spf ptrs.test | cut -d'|' -f1)" 'permerror' 'a bomb of PTR lookups'
asked=$(wc -l <"$scratch/asked")
[ "$asked" -le 60 ]
result $? "no lookup beyond the bound: $asked of 60" || diag "$(cat "$scratch/asked")"
: >"$scratch/asked"
is "$(spf mxten.test | cut -d'|' -f1,6)" 'temperror|the DNS did not answer' \
    'ten names with ten MX records each'
asked=$(wc -l <"$scratch/asked")
[ "$asked" -le 60 ]
result $? "no lookup beyond the bound: $asked of 60"

is "$(spf fails.test)" 'temperror||1|0|192.0.2.1|the server failed' 'an include that fails'
is "$(spf loops.test | cut -d'|' -f1)" 'temperror' 'a mechanism whose aliases loop'
for domain in slowly.test silent.hostile.test; do
    printf '192.0.2.1\tmail.test\tuser@%s\n' "$domain"
done | "$builddir/tests/unit/drive_spf" -m -d 600 "127.0.0.1@$port" >"$scratch/slow"
is "$(awk '{ print ($1 >= 590 && $1 < 900 ? "in time" : $1) }' "$scratch/slow" | uniq)" \
    'in time' 'silence ends at the deadline'
is "$(sed 's/^[0-9]* //' "$scratch/slow" | cut -d'|' -f1,6 | uniq)" \
    'temperror|no answer in time' 'and is a temperror'
dead=$(free_port)
is "$(printf '192.0.2.1\tmail.test\tuser@two.test\n' |
    "$builddir/tests/unit/drive_spf" -d 500 "127.0.0.1@$dead" | cut -d'|' -f1)" \
    'temperror' 'a dead server'
tap_end
