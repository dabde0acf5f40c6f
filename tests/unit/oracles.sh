#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The MIME and HTML readers see what GMime and gumbo see, on honest mail.
. "${srcdir:-.}/tests/lib/tap.sh"

for oracle in oracle_html oracle_mime; do
    program=$builddir/tests/unit/$oracle
    if [ -x "$program" ]; then
        ok "$oracle agrees" "$program"
    else
        skip "$oracle" 'not built: GMime or gumbo is missing'
    fi
done
tap_end
