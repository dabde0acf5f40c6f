#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Bounces and complaints that come in through the gate are counted for who caused them.
. "${srcdir:-.}/tests/proto/lib.sh"

gate_config ''
gate_start
talk feedback

is "$(sql "select kind, sender, recipient, is_counted, tied_by from feedback
    where message is not null order by id")" \
    'bounce|sasl_user:bob|ann@there.example|1|message_id
complaint|sasl_user:bob||1|message_id' 'each is tied to the mail that went out'
is "$(sql 'select count(*) from message')" 1 'the reports themselves have no row'
tap_end
