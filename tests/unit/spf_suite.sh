#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The published SPF test suites through our SPF stage, over a static zone: Debian's
# python3-spf ships those of RFC 7208 and RFC 4408. What fails must be listed here, each
# with its reason.
. "${srcdir:-.}/tests/lib/tap.sh"
need_command python3 paste
python3 -c 'import yaml' 2>/dev/null || skip_all 'needs python3-yaml'
suites=/usr/share/doc/python3-spf
[ -r "$suites/rfc7208-tests.yml.gz" ] || skip_all 'needs python3-spf'

# suite FILE FOLDER - "ok|FAILED name: got, not want" for each case.
suite() {
    mkdir -p "$2"
    python3 "$srcdir/tests/lib/spf_suite.py" "$1" "$2" || return 1
    for cases in "$2"/*.cases; do
        of=${cases%.cases}
        "$builddir/tests/unit/drive_spf" -z "$of.zone" <"$cases" >"$of.got" || return 1
        paste "$of.want" "$of.got" | awk -F '\t' '{
            split($3, got, "|")
            is_good = index(" " $2 " ", " " got[1] " ") > 0
            print (is_good ? "ok" : "FAILED"), $1 ": " $3 ", not " $2 }'
    done
}

# judge NAME FILE CASES KNOWN - KNOWN: names of the cases that fail, and may.
judge() {
    suite "$2" "$scratch/$1" >"$scratch/$1.out"
    result $? "$1: every scenario is read"
    is "$(grep -c . "$scratch/$1.out")" "$3" "$1: cases"
    is "$(sed -n 's/^FAILED \([^:]*\):.*/\1/p' "$scratch/$1.out" | sort | xargs)" \
        "$4" "$1: $(grep -c '^ok' "$scratch/$1.out") of $3 as the suite asks" ||
        diag "$(grep '^FAILED' "$scratch/$1.out")"
}

judge rfc7208 "$suites/rfc7208-tests.yml.gz" 203 ''
judge rfc4408 "$suites/rfc4408-tests.yml.gz" 191 ''
# pyspf's own: an egress address is never checked when it is loopback; "default=" is of
# no RFC, and no receiver must know it.
judge pyspf "$suites/test.yml.gz" 16 'default-modifier default-modifier-harsh localhost'
tap_end
