#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# DNS lists and the map of senders, from the config to the verdict.
. "${srcdir:-.}/tests/proto/lib.sh"
need_command python3
. "$srcdir/tests/lib/log.sh"

cat >"$scratch/zone" <<'EOF'
$TTL 300
2.0.0.127.bl.test. A 127.0.0.2
7.2.0.192.bl.test. A 127.0.0.4
bad.example.uri.test. A 127.0.0.2
host.example.net.helo.test. A 127.0.0.2
*.refused.test. A 127.255.255.254
EOF
cat >"$scratch/senders" <<'EOF'
bob@here.example   @shop.example
web                *
EOF
gate_rules=$srcdir/rules
gate_config "[dns]
servers =
zone = $scratch/zone
[reputation]
client_lists = bl.test=127.0.0.[2..9], refused.test
helo_lists = helo.test
link_lists = uri.test
[mail]
senders_map = $scratch/senders"

# facts FROM BODY OPTIONS... - what scan says of such a mail.
facts() {
    printf 'From: %s\nTo: ann@there.example\nSubject: the plan\n' "$1" >"$scratch/mail.eml"
    printf 'Date: Mon, 2 Mar 2026 10:12:31 +0100\nMessage-ID: <r1@here.example>\n\n%s\n' \
        "$2" >>"$scratch/mail.eml"
    shift 2
    og scan --json "$@" "$scratch/mail.eml" 2>"$scratch/scan.log" | python3 -c '
import json, sys
it = json.loads(sys.stdin.readline())
names = ("from_matches_sender", "from_not_senders", "client_lists", "link_lists",
         "lists_failed")
print(*["%s=%s" % (name, it["facts"][name]) for name in names if name in it["facts"]],
    *sorted(hit["rule"] for hit in it["hits"] if hit["rule"].startswith("REP")),
    it["action"])'
}
is "$(facts bob@here.example hello --auth-user bob@here.example --client-ip 192.0.2.9)" \
    'from_matches_sender=pass lists_failed=1 accept' 'his own name, from nowhere listed'
is "$(facts x@shop.example hello --auth-user bob@here.example --client-ip 127.0.0.1)" \
    'from_matches_sender=pass accept' 'a domain that is his; loopback is not asked for'
is "$(facts ceo@here.example hello --auth-user bob@here.example)" \
    'from_matches_sender=fail from_not_senders=ceo@here.example REP_FROM_OTHER hold' \
    'a name that is not his waits'
is "$(facts ceo@here.example hello --auth-user web)" 'from_matches_sender=pass accept' \
    'who may write as anybody does'
is "$(facts x@shop.example hello --client-ip 192.0.2.9)" \
    'from_matches_sender=fail from_not_senders=x@shop.example lists_failed=1 REP_FROM_OWNED accept' \
    "a name that is a login's, without the login"
is "$(facts bob@here.example 'see http://www.bad.example/x and http://here.example/' \
    --auth-user bob@here.example --client-ip 192.0.2.7 --helo host.example.net)" \
    'from_matches_sender=pass client_lists=bl.test,helo.test link_lists=bad.example@uri.test lists_failed=1 REP_BOTH REP_CLIENT_LISTED REP_CLIENT_LISTS REP_LINK_LISTED hold' \
    'client, HELO and link in lists'

is "$(outgate-milter -t -c "$gate_conf" | sed -n '/^dns/,/^senders/p' | tr -s ' ')" \
    "dns zone $scratch/zone
dns lists 4
senders $scratch/senders" 'outgate-milter -t says whom it asks'
gate_start
talk reputation
is "$(grep -c 'DNS list refused.test: it refuses this resolver.*(127.255.255.254): not asked for 1 h' \
    "$gate/gate.log")" 1 'a list that refuses is told of once'
is "$(sql "select action, json_extract(facts, '\$.client_lists') from message
    join evidence on evidence.message = message.id where message_id_local = 'listed-1'")" \
    'accept|bl.test' \
    'the audit row has the list'
printf 'bob@here.example here.example\n' >"$scratch/senders"
sleep 1.1
talk reputation
is "$(grep -c 'senders_map: .*/senders:1: "here.example" is no address' "$gate/gate.log")" \
    1 'a map that breaks is told of once'
gate_reload
like "$(grep 'reload refused' "$gate/gate.log")" \
    '/senders:1: "here.example" is no address' 'and refused by a reload'

# contrib/recommended.conf as it is, and with what is only remarks taken in.
for taken in '' 's/^# \(\[[a-z]*\]\|[a-z_]* *= .*\)$/\1/'; do
    gate_overlay "$(sed "$taken" "$srcdir/contrib/recommended.conf" | sed "s|postfix:/etc/postfix/sender_login|$scratch/owners|")"
    echo 'bob@here.example bob@here.example' >"$scratch/owners"
    ok "contrib/recommended.conf loads ($(grep -c '^[a-z].*=' "$gate/conf.d/test.conf") lines)" \
        outgate-milter -t -c "$gate_conf"
done
like "$(outgate-milter -t -c "$gate_conf")" 'clamd +unix:/run/clamav/clamd.ctl' \
    'the remarks were taken in'

for bad in 'client_lists = nodots' 'link_lists = uri.test=127.0.0' 'helo_lists = a..b'; do
    gate_overlay "[reputation]
$bad"
    like "$(outgate-milter -t -c "$gate_conf" 2>&1)" \
        "reputation. ${bad%% *}: .*${bad##* }" "$bad is refused"
done
gate_overlay "[reputation]
link_lists = uri.test"
is "$(outgate-milter -t -c "$gate_conf" | sed -n '/^dns/p' | tr -s ' ')" \
    'dns none: SPF, DKIM and DMARC are not known
dns lists 1, not asked: no [dns]' 'or that it asks nobody'
gate_overlay "[mail]
senders_map = sqlite:$scratch/senders.db"
like "$(outgate-milter -t -c "$gate_conf" 2>&1)" 'say what to ask it in senders_query' \
    'a database without a query'
sqlite3 "$scratch/senders.db" "create table alias (address, login);
    insert into alias values ('sales@here.example', 'bob@here.example')"
gate_overlay "[mail]
senders_map = sqlite:$scratch/senders.db
senders_query = SELECT 1 FROM alias WHERE address = :address AND login = :login"
is "$(facts sales@here.example hello --auth-user bob@here.example)" \
    'from_matches_sender=pass accept' 'a database says yes'
is "$(facts ceo@here.example hello --auth-user bob@here.example)" \
    'from_matches_sender=fail from_not_senders=ceo@here.example REP_FROM_OTHER hold' 'and no'
tap_end
