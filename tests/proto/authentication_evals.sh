#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Rules that ask for SPF, DKIM and DMARC as SpamAssassin's plugins let them: with a zone
# of the test's own they hit; without [dns] they are skipped, and that is told.
. "${srcdir:-.}/tests/proto/lib.sh"
. "$srcdir/tests/lib/log.sh"
need_command python3

cat >"$scratch/zone" <<'END'
$TTL 300
good.test. TXT "v=spf1 ip4:192.0.2.25 -all"
_dmarc.good.test. TXT "v=DMARC1; p=reject"
bad.test. TXT "v=spf1 -all"
_dmarc.bad.test. TXT "v=DMARC1; p=quarantine"
loose.test. TXT "v=spf1 ?all"
END
mkdir "$scratch/rules"
cat >"$scratch/rules/asks.cf" <<'END'
ifplugin Mail::SpamAssassin::Plugin::SPF
header SPF_PASS eval:check_for_spf_pass()
score  SPF_PASS 0.1
header SPF_FAIL eval:check_for_spf_fail()
score  SPF_FAIL 0 0.2 0 0.001
header SPF_NEUTRAL eval:check_for_spf_neutral()
score  SPF_NEUTRAL 0.1
endif
full   SIGNED eval:check_dkim_signed()
score  SIGNED 0.1
full   SIGNED_GOOD eval:check_dkim_signed('*.test', 'example.org')
score  SIGNED_GOOD 0.1
full   SIGNED_OTHER eval:check_dkim_signed('example.org')
score  SIGNED_OTHER 0.1
full   VALID eval:check_dkim_valid_author_sig()
score  VALID 0.1
header PASSES eval:check_dmarc_pass()
score  PASSES 0.1
header QUARANTINE eval:check_dmarc_quarantine()
score  QUARANTINE 0.1
header NO_POLICY eval:check_dmarc_missing()
score  NO_POLICY 0.1
meta   FAILS_BOTH (!SPF_PASS && !VALID)
score  FAILS_BOTH 0.1
END
gate_rules=$scratch/rules
gate_config ''
asking="[dns]
servers =
zone = $scratch/zone"

cat "$srcdir/tests/proto/talk.lua" "$srcdir/tests/proto/authentication_hostile.lua" \
    >"$scratch/mail.lua"
# hits ID DOMAIN - the rules that hit such a mail, whose signature is not valid.
hits() {
    miltertest -D socket="unix:$gate_socket" -D id="$1-" -D domains="$2" \
        -s "$scratch/mail.lua" >&2
    sql "select group_concat(rule, ' ') from (select rule from hit join message on
        message = id where message_id = '$1-$2' order by rule)"
}

gate_overlay "$asking"
gate_start
is "$(hits one good.test)" 'PASSES SIGNED SIGNED_GOOD SPF_PASS' 'SPF and DMARC pass'
is "$(hits one bad.test)" 'FAILS_BOTH QUARANTINE SIGNED SIGNED_GOOD SPF_FAIL' \
    'both fail, and the domain asks for quarantine'
is "$(sql "select score from hit where rule = 'SPF_FAIL'")" 0.2 \
    'the score is the one with network tests'
is "$(hits one loose.test)" 'FAILS_BOTH NO_POLICY SIGNED SIGNED_GOOD SPF_NEUTRAL' \
    'neutral, and no policy'
is "$(tool lint 2>&1 | tail -n 1 | grep -o '11 rules; 0 errors, 0 skipped')" \
    '11 rules; 0 errors, 0 skipped' 'lint: all of them run'
printf 'From: a@good.test\nSubject: x\n\ny\n' >"$scratch/mail.eml"
like "$(tool scan --mail-from a@good.test "$scratch/mail.eml" --json)" '"SPF_PASS"' \
    'scan asks, too'

# without [dns]
gate_overlay ''
gate_reload
is "$(hits two good.test)" 'FAILS_BOTH' 'nobody is asked: none hits'
tool lint >"$scratch/lint" 2>&1
like "$(cat "$scratch/lint")" 'SIGNED: asks the network .eval:check_dkim_signed.' \
    'lint says what they need'
like "$(tail -n 1 "$scratch/lint")" '1 rules; 0 errors, 7 skipped' 'and counts them'
like "$(tool scan --mail-from a@good.test "$scratch/mail.eml" --json)" \
    '"hits": \[{"rule": "FAILS_BOTH"' 'scan: none hits'
tap_end
