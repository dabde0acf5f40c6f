#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# scan, lint, config, facts, help.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/log.sh"
need_command python3
gate_config ''
mails=$scratch/mails
mkdir -p "$mails/box/cur" "$mails/box/new" "$mails/box/tmp" "$mails/box/.Sent/cur" \
    "$mails/box/.Sent/new" "$mails/flat"

# mail SUBJECT - a mail.
mail() {
    printf 'From: bob@here.example\nTo: a@there.example, b@there.example\n'
    printf 'Subject: %s\n\nHello,\nFrom here all is well.\n' "$1"
}
mail hello >"$mails/clean.eml"
mail score-slow >"$mails/slow.eml"
mail score-hold >"$mails/hold.eml"
mail score-reject >"$mails/reject.eml"

og scan "$mails/clean.eml" >/dev/null
is $? 0 'a clean mail ends with 0'
og scan "$mails/slow.eml" >/dev/null
is $? 0 'so does a slow one'
out=$(og scan "$mails/hold.eml")
is $? 1 'a hold ends with 1'
like "$out" 'TEST_HOLD +Test word for a hold verdict' 'and says why'
og scan --quiet <"$mails/reject.eml" >"$scratch/out"
is $? 1 'a reject on standard input too'
like "$(cat "$scratch/out")" '^ +20.00  reject  -$' 'in one line'
out=$(og scan --json "$mails/hold.eml")
is "$(echo "$out" | field score) $(echo "$out" | field action) $(echo "$out" | field class)" \
    '7 hold outbound' 'as JSON'
is "$(echo "$out" | field hits)" '[{"rule": "TEST_HOLD", "score": 7}]' 'with hits'
is "$(echo "$out" | field sender)" mail_from:bob@here.example 'and the sender'
is "$(og scan --json --auth-user Bob "$mails/hold.eml" | field sender)" sasl_user:bob \
    'which options say'
is "$(echo "$out" | python3 -c '
import json, sys; print(json.loads(sys.stdin.readline())["facts"]["recipients"])')" 2 \
    'recipients from the header'
like "$(og scan --facts "$mails/clean.eml")" 'to_mailboxes += 2' 'facts'

# mbox: From_ lines after an empty line, not any line that begins so
{
    for subject in one score-hold three; do
        printf 'From bob@here.example Sat Nov 22 03:12:00 2026\n'
        mail "$subject"
        echo
    done
} >"$mails/box.mbox"
is "$(og scan --json "$mails/box.mbox" | field number | tr '\n' ' ')" '1 2 3 ' 'an mbox'
is "$(og scan --json "$mails/box.mbox" | field action | tr '\n' ' ')" 'accept hold accept ' \
    'each of its mails'

# Maildir, folder
mail cur >"$mails/box/cur/1:2,S"
mail new >"$mails/box/new/2"
mail tmp >"$mails/box/tmp/3"
mail sent >"$mails/box/.Sent/cur/4:2,S"
echo 3 V1 >"$mails/box/dovecot-uidlist"
is "$(og scan --json "$mails/box" | field file | sed "s|$mails/box/||" | tr '\n' ' ')" \
    '.Sent/cur/4:2,S cur/1:2,S new/2 ' 'a Maildir'
i=0
while [ $i -lt 60 ]; do
    mail "number $i" >"$mails/flat/$(printf '%02d' $i)"
    i=$((i + 1))
done
og scan --json --jobs 8 "$mails/flat" >"$scratch/out"
is "$(field file <"$scratch/out" | sed 's|.*/||')" "$(ls "$mails/flat")" 'in order, with threads'

# what cannot be read
out=$(og scan --json "$mails/missing" "$mails/clean.eml" 2>"$scratch/err")
is $? 66 'a missing file ends with 66'
is "$(echo "$out" | field file | sed 's|.*/||' | tr '\n' ' ')" 'missing clean.eml ' \
    'and the rest is scored'
like "$(cat "$scratch/err")" 'mails/missing: No such file' 'and told by name'
: >"$mails/empty"
head -c 100000 /dev/urandom >"$mails/noise"
is "$(og scan --json "$mails/empty" "$mails/noise" | field action | wc -l)" 2 \
    'every file has a verdict'
printf 'Subject: a\033[31mb\n\nx' >"$mails/esc.eml"
unlike "$(og scan --facts "$mails/esc.eml")" "$(printf '\033')" 'no control character gets out'

# --- lint
out=$(og lint)
is $? 0 'a good set'
like "$out" '3 rules; 0 errors' 'is counted'
printf 'header BROKEN Subject =~ /(/\nheader T_EVAL eval:check_it()\nfact F linkcount > 1\nscore\n' \
    >"$gate/rules/bad.cf"
out=$(og lint)
is $? 1 'errors end with 1'
like "$out" "rules/bad.cf:[0-9]+: (error|skipped): " 'file, line and level'
rm "$gate/rules/bad.cf"
printf 'header __SUBJ Subject =~ /wi[n]ner/i\nmeta WINNER __SUBJ && LINKY\nscore WINNER 2\n' \
    >"$gate/rules/more.cf"
out=$(og lint --explain WINNER)
is $? 0 'a rule is explained'
like "$out" 'hits when +__SUBJ && LINKY$' 'what it was understood to be'
like "$out" 'needs +LINKY: not defined, counts as 0' 'and what it lacks'
like "$(og lint --explain __SUBJ)" 'hits when +this matches: wi\[n\]ner; any case' \
    'a pattern as it was written'
like "$(og lint --json --explain __SUBJ | field used_by)" 'WINNER, 2 points' 'in JSON'
og lint --explain WINER 2>"$scratch/why"
is $? 1 'an unknown rule'
like "$(cat "$scratch/why")" 'no rule WINER; did you mean WINNER' 'and the nearest name'
rm "$gate/rules/more.cf"
gate_overlay '[milter]
mode = dry'
out=$(og lint --json)
is $? 1 'an error of the config'
like "$(echo "$out" | field line)" '^2$' 'with its line'
gate_overlay ''

# --- config, facts, help
outgate config >"$scratch/sample.conf"
ok 'the sample config is sound' outgate --config "$scratch/sample.conf" --rules "$gate/rules" lint
like "$(outgate --config "$scratch/sample.conf" limits 2>&1)" '^login: 100 recipients per 1h' \
    'and its limits'
ok 'facts' test "$(outgate facts --json | field fact | wc -l)" -gt 20
like "$(outgate 2>&1)" '^usage: outgate COMMAND' 'no command shows the usage'
for command in $(outgate --help | sed -n 's/^  \([a-z]\{3,\}\)  *[^ ].*/\1/p'); do
    like "$(outgate $command --help)" '^examples:' "$command --help has examples"
done
out=$(outgate scna 2>&1)
is $? 2 'an unknown command ends with 2'
like "$out" 'did you mean "scan"' 'and the nearest is named'
out=$(outgate log --sinec 1h 2>&1)
is $? 2 'an unknown option ends with 2'
like "$out" 'did you mean --since' 'and the nearest is named'
outgate show >/dev/null 2>&1
is $? 2 'a missing word ends with 2'
outgate config x >/dev/null 2>&1
is $? 2 'a word too many ends with 2'
outgate facts >/dev/full 2>/dev/null
is $? 74 'a full disk is an error'
tap_end
