#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Bounces and complaints that come in through the gate are counted for who caused them.
. "${srcdir:-.}/tests/proto/lib.sh"

gate_config '[limits]
bounces    = 5 bounces per 1d per sender, then block for 24h
complaints = 1 complaints per 1d per sender, then block for 24h'
gate_start
talk feedback

is "$(sql "select kind, sender, recipient, is_counted, tied_by from feedback
    where message is not null order by id")" \
    'bounce|sasl_user:bob|ann@there.example|1|message_id
complaint|sasl_user:bob||1|message_id' 'each is tied to the mail that went out'
is "$(sql 'select count(*) from message')" 1 'the reports themselves have no row'
is "$(sql "select limit_name, key, sum(amount) from limit_slot group by 1, 2")" \
    'bounces|sasl_user:bob|1
complaints|sasl_user:bob|1' 'and is charged'
is "$(sql "select sender, by from blocked_sender")" 'sasl_user:bob|limit complaints' \
    'a limit that is reached so locks the sender'
tap_end
