#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What `./bootstrap run` shows is true: each of its verdicts is a case.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command postfix smtp-sink php setpriv
[ -d "${OUTGATE_CACHE:-$srcdir/build/cache}/corpus/package" ] ||
    skip_all 'the public corpus is not there (bootstrap fetches it)'

sh "$srcdir/tests/demo/demo.sh" >"$scratch/demo.log" 2>&1
status=$?
while IFS= read -r line; do
    case $line in
    ' ok   '*) result 0 "${line# ok   }" ;;
    'WRONG '*) result 1 "${line#WRONG }" ;;
    esac
done <"$scratch/demo.log"
is "$status" 0 'the demonstration ends well'
tap_end
