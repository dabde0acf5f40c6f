#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# cppcheck finds nothing that tests/lint/cppcheck.txt does not explain. (clang-tidy takes
# minutes: `make analyze` runs both.)
. "${srcdir:-.}/tests/lib/tap.sh"
need_command cppcheck

ok 'cppcheck' sh "$srcdir/tests/lint/analyze.sh" cppcheck
tap_end
