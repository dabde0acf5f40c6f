# SPDX-License-Identifier: BSD-2-Clause
#
# lib_orders - blocks, the brake and the breaker by both paths, the same for Postfix and
# Sendmail. The including script has sourced lib_actions.

cause() {
    sql "select cause from held_message where message = $(field "$1" id)"
}

# check_block_cli UID COMMAND... - a local user (UID as the gate knows it) is blocked;
# COMMAND is sendmail(1) as that user.
check_block_cli() {
    block_uid=$1
    shift
    tool block "uid:$block_uid" >/dev/null
    mail_text b-cli 'plain words' | "$@" ann@there.example
    is "$?" 0 'sendmail(1) of a blocked user takes the mail'
    is_held b-cli 'and it'
    is "$(field b-cli 'action, meant')|$(cause b-cli)" 'hold|reject|block' \
        'with the block as its cause'
    tool unblock "uid:$block_uid" >/dev/null
    mail_text b-cli2 'plain words' | "$@" ann@there.example
    is_delivered b-cli2 'unblocked, the next one is delivered'
}

check_brake() {
    tool brake on --reason 'port 25 is cut' >/dev/null
    by_smtp r-smtp 'plain words'
    like "$reply" '^1 250 ' 'under the brake: 250'
    is_held r-smtp 'smtp, under the brake'
    by_cli r-cli 'plain words'
    is_held r-cli 'sendmail(1), under the brake'
    by_smtp r-null 'plain words' --from ''
    is_held r-null 'null sender, under the brake'
    by_smtp r-score score-hold
    is_held r-score 'score, under the brake'
    by_smtp r-reject score-reject
    like "$reply" '^1 554 ' 'what is refused is refused under the brake'
    gate_stop
    gate_start
    by_smtp r-again 'plain words'
    is_held r-again 'after a restart, under the brake'
    like "$(tool held 2>&1 >/dev/null)" 'THE BRAKE IS ON since .*port 25 is cut' \
        'and the tool says so'
    ok 'brake off --release' tool brake off --release
    mta_flush >/dev/null 2>&1
    for name in r-smtp r-cli r-null r-again; do
        is_delivered "$name" "$name: delivered once when the brake is off"
    done
    is "$(mta_held | grep -cx "$(field r-score queue_id)")" 1 \
        'what its score holds stays in the hold queue'
    by_smtp r-after 'plain words'
    is_delivered r-after 'after the brake: delivered'
}

check_breaker() {
    gate_overlay "$(mta_section)
[limits]
egress = 10 points per 1h per egress, then hold"
    gate_reload
    by_smtp p-1 score-slow --from p1@here.example
    by_smtp p-2 score-slow --from p2@here.example
    breaker_holds p
    gate_stop
    gate_start
    breaker_holds q
}

# breaker_holds TAG - spent: what has points waits, what has none goes, by both paths.
breaker_holds() {
    by_smtp "$1-smtp" score-slow --from p3@here.example
    is_held "$1-smtp" 'breaker, smtp'
    is "$(field "$1-smtp" 'limit_name, due_at_us > at_us')|$(cause "$1-smtp")" \
        'egress|1|limit' 'by the breaker, with a due time'
    by_cli "$1-cli" score-slow
    is_held "$1-cli" 'breaker, sendmail(1)'
    by_smtp "$1-clean" 'plain words' --from p4@here.example
    is_delivered "$1-clean" 'breaker, smtp: clean mail goes'
    by_cli "$1-cli-clean" 'plain words'
    is_delivered "$1-cli-clean" 'breaker, sendmail(1): clean mail goes'
}
