#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Nothing that the writer acknowledged is lost by kill -9.
. "${srcdir:-.}/tests/lib/tap.sh"

ok 'no acknowledged decision is lost in 10 kills' "$builddir/tests/unit/kill_writer" 10
tap_end
