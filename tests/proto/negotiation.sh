#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What the daemon asks of an MTA, and that it lives with less.
. "${srcdir:-.}/tests/proto/lib.sh"

gate_config ''
gate_start
talk negotiation
ok 'the log warns of an MTA without quarantine' \
    grep -q 'does not let a milter quarantine' "$gate/gate.log"
tap_end
