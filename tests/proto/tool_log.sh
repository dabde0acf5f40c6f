#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The commands that read the log: log, show, top, senders, limits, explain.
. "${srcdir:-.}/tests/lib/tap.sh"
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/log.sh"
need_command python3 sqlite3
cd "$builddir" || exit 99

mta_fake
log_fill || exit 99

# --- log
is "$(og log | wc -l)" 9 'eight messages and a title'
want='id at class sender queue_id message_id client_ip mail_from header_from recipients size'
want="$want score action reason limit due_at spf dkim dmarc mode elapsed_us campaign"
want="$want authentication"
is "$(og log --json -n 1 | python3 -c '
import json, sys
print(" ".join(json.loads(sys.stdin.readline())))')" "$want" 'the members that the design names'
is "$(og log --json | field id | tr '\n' ' ')" '8 7 6 5 4 3 2 1 ' 'newest first'
is "$(og log --json --action hold | field id | tr '\n' ' ')" '8 5 4 3 ' 'by action'
is "$(og log --json --sender sasl_user:BOB | field id | tr '\n' ' ')" '4 3 2 1 ' 'by sender'
is "$(og log --json --since 12m | field id | tr '\n' ' ')" '8 7 6 ' 'since'
is "$(og log --json --until 43m | field id | tr '\n' ' ')" '1 ' 'until'
is "$(og log --json --queue-id AAAAAA05 | field id)" 5 'by queue id'
is "$(og log --json --message-id '<one.1@here.example>' | field id)" 1 'by Message-ID'
is "$(og log --json -m d24aa492@xxxxxx.xxxxxxx | field id)" 8 'by what an alert leaves of it'
is "$(og log --json -n 1 | field spf)" null 'what was not measured is null'
is "$(og log --json -q AAAAAA03 | field limit)" login 'the limit that spoke'
like "$(og log --json -q AAAAAA03 | field due_at)" '^20..-..-..T..:..:..\....Z$' 'due at'
og log -q NONE >/dev/null 2>&1
is $? 1 'nothing found ends with 1'
og log --action hodl >/dev/null 2>&1
is $? 2 'an unknown action ends with 2'
is "$(og log --db "$gate_db" --json -n 1 | field id)" 8 'global options after the name'
is "$(outgate --json --config "$gate_conf" log -n1 | field id)" 8 'and before'
unlike "$(og log; og show 5; og held --no-mta)" "$(printf '\033')" 'no control character gets out'
like "$(og held --no-mta)" 'x1b.31mred.x07' 'it is shown escaped'

# --- show
out=$(og show 3)
is $? 0 'show ends with 0'
like "$out" 'limit login: 13/10 recipients' 'the reason'
like "$out" '^login +sasl_user:bob +8 +5 recipients +5 recipients +10 recipients in 1h' 'its limits: used then and now'
like "$out" 'outgate log --since 24h --sender sasl_user:bob' 'what one would type next'
like "$out" 'waiting.* for ' 'it waits'
like "$out" '^  Subject: eight' 'the headers kept'
og block sasl_user:bob --for 1h --reason 'a test' >/dev/null
sqlite3 "$gate_db" "INSERT INTO feedback (at_us, kind, message, sender, recipient, status,
    reason, is_counted, reporter, detail, tied_by, source_hash) VALUES (1e15, 'bounce', 3,
    'sasl_user:bob', 'x@y.example', '5.1.1', 'address', 1, 'mx', char(27) || '[31m', '', 'h');
    INSERT INTO provider_report (at_us, blocked_ip, destination_ip, message_id, score,
    message, sender) VALUES (1e15, '192.0.2.1', '192.0.2.2', 'x', 300, 3, 'sasl_user:bob');
    UPDATE message SET campaign = 'c1' WHERE id IN (1, 2, 3)"
out=$(og show 3)
like "$out" 'bounce +x@y.example +5.1.1 +address +mx +.x1b.31m' 'what came back, escaped'
like "$out" 'blocked 192.0.2.1, destination 192.0.2.2, its score 300' 'what a provider said'
like "$out" 'campaign c1: 2 more messages, 13 recipients, 1 sender in all' 'the same text'
like "$out" 'until .*0 refused since: a test' 'its sender is blocked'
like "$out" 'outgate unblock sasl_user:bob' 'and how to unblock'
is "$(og show --json 3 | python3 -c '
import json, sys
o = json.loads(sys.stdin.readline())
print(o["campaign_others"], o["feedback"][0]["status"], o["provider_reports"][0]["score"],
      o["is_blocked"], o["hold_state"], o["charges"][0]["used_then"])')" \
    '2 5.1.1 300 True waiting 5' 'all of that as JSON'
og unblock sasl_user:bob >/dev/null
like "$(og show 5)" 'TEST_HOLD .*Test word for a hold verdict' 'hits with descriptions'
is "$(og show --json AAAAAA05 | field queue_id)" AAAAAA05 'by queue id'
incident=$(og show --json 6 | field incident)
is "$(og show --json "$incident" | field id)" 6 'by incident id'
is "$(og show --json d24aa492 | field id)" 8 'by the local part of the Message-ID'
is "$(og show --headers 1 | head -n 1)" 'From: bob@here.example' 'headers as they came'
og show --raw 1 >/dev/null 2>&1
is $? 1 'a body that was not kept'
og show nothing >/dev/null 2>&1
is $? 1 'an unknown id ends with 1'

# --- top, senders
is "$(og top --json | field sender | head -n 1)" sasl_user:carol 'most recipients first'
is "$(og top --by rule --json | field rule | sort | tr '\n' ' ')" \
    'TEST_HOLD TEST_REJECT TEST_SLOW ' 'top rules'
for by in script from_domain subject client_ip; do
    og top --by $by --json >"$scratch/out"
    ok "top by $by" test $? -le 1
done
og top --by moon >/dev/null 2>&1
is $? 2 'an unknown way ends with 2'
is "$(og senders --json | field client_ips | tr '\n' ' ')" '1 2 1 ' 'clients of each sender'

# --- limits, explain
out=$(og limits)
like "$out" '^login: 10 recipients per 1h per sender, then hold' 'a limit in words'
like "$out" 'at most 10 recipients in any hour, 240 recipients in any day' 'its worst'
is "$(og limits --json | field limit | tr '\n' ' ')" 'login login-day egress message ' 'all'
is "$(og explain --json sasl_user:bob | field key)" sasl_user:bob 'a key'
is "$(og explain --json bob | field key)" sasl_user:bob 'a bare login'
is "$(og explain --json bob | python3 -c '
import json, sys
for limit in json.loads(sys.stdin.readline())["limits"]:
    print(limit["limit"], limit["amount"])' | sort | tr '\n' ' ')" 'login 10 login-day 100 ' \
    'its limits'
like "$(og explain 4)" 'Limit login spoke, for sasl_user:bob' 'a message'
like "$(og explain 5)" 'It scored 7; slow begins at 3, hold at 5' 'and its score'
og explain sasl_user:nobody >/dev/null 2>&1
is $? 0 'an unused key has free limits'
og explain nonsense >/dev/null 2>&1
is $? 1 'what is neither ends with 1'

# --- a database that is not there, or none
og --db /nonexistent/o.db log >/dev/null 2>&1
is $? 1 'no database'
head -c 5000 /dev/zero | tr '\0' 'x' >"$scratch/bad.db"
og --db "$scratch/bad.db" log >/dev/null 2>&1
is $? 75 'a broken database: try again'
tap_end
