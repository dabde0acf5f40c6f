#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# analyze - clang-tidy and cppcheck over milter/, with their committed settings:
# .clang-tidy and tests/lint/cppcheck.txt say what is silenced, and why.
#   analyze.sh [clang-tidy | cppcheck]
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
builddir=$(cd "${builddir:-.}" && pwd)
cd "$srcdir" || exit 1
flags="-std=gnu11 -D_GNU_SOURCE -Imilter -I$builddir"
status=0

if [ "${1:-clang-tidy}" = clang-tidy ]; then
    find milter -name '*.c' | sort |
        xargs -P "${JOBS:-2}" -n 6 sh -c 'clang-tidy --quiet "$@" -- '"$flags"' 2>/dev/null' \
            sh || status=1
fi
if [ "${1:-cppcheck}" = cppcheck ]; then
    # Debian's cppcheck knows no gnu11; c11 serves.
    cppcheck --quiet --std=c11 -D_GNU_SOURCE -Imilter -I"$builddir" -j "${JOBS:-2}" \
        --enable=warning,performance,portability --inline-suppr \
        --suppressions-list=tests/lint/cppcheck.txt --error-exitcode=1 milter || status=1
fi
exit $status
