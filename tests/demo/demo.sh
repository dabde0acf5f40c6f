#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# demo - what `./bootstrap run` shows: a private Postfix with the gate on both paths and a
# sink behind it; real traffic; what came of it. Ends with 1 if any verdict was not the
# expected one.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command postfix smtp-sink sqlite3 perl php setpriv
gate_rules=$srcdir/rules
. "$srcdir/tests/lib/gate.sh"
. "$srcdir/tests/lib/postfix.sh"
tap_ended=1

demo=$srcdir/tests/demo
corpus=${OUTGATE_CACHE:-$srcdir/build/cache}/corpus/package/data
wrong=0

# Real spam of the public corpus, by its stable file names.
spam='00004 00023 00039 00162 00211 00282 00405 00451'
flood=60

title() {
    printf '\n== %s\n' "$*"
}

# expect NAME MESSAGE-ID ACTIONS - one verdict; ACTIONS is an extended regexp.
expect() {
    got=$(sql "select action || '|' || sender || '|' || printf('%.1f', score) || '|' ||
        reason from message where message_id = '$2' order by id desc limit 1")
    action=${got%%|*}
    rest=${got#*|}
    mark=' ok  '
    printf '%s\n' "$action" | grep -Eqx "$3" || {
        mark=WRONG
        wrong=$((wrong + 1))
    }
    printf '%s %-26s %-7s %-32s %s\n' "$mark" "$1" "${action:-(none)}" "${rest%%|*}" \
        "$(printf '%s' "${rest#*|}" | cut -d'|' -f2)"
    [ "$mark" = ' ok  ' ] || printf '      expected: %s\n' "$3"
}

# check TEXT GOT WANT
check() {
    if [ "$2" = "$3" ]; then
        printf ' ok   %s: %s\n' "$1" "$2"
    else
        printf 'WRONG %s: %s, expected %s\n' "$1" "$2" "$3"
        wrong=$((wrong + 1))
    fi
}

# as_sent FILE ID - what the sender's own MTA would have seen: no trace, no verdicts of
# others, one Message-ID of ours to find it by.
as_sent() {
    perl -0777 -e '
        my ($file, $id) = @ARGV;
        open my $in, "<", $file or die;
        my ($head, $body) = split /\r?\n\r?\n/, <$in>, 2;
        $head =~ s/\AFrom .*\n//;
        $head =~ s/\r//g;
        my @fields = grep { !/^(?:Received|Return-Path|Delivered-To|X-Spam-|X-Original-To
            |Message-Id|Errors-To|X-Loop|X-Mailman|List-|Sender|Precedence|X-Been|DKIM-
            |Authentication-Results|Status|X-Status|X-Keywords|Lines|Xref|Path)/ix }
            split /\n(?![ \t])/, $head;
        print join("\n", @fields), "\nMessage-ID: <$id>\n\n", $body // "";
    ' "$1" "$2"
}

# php_as_www FILE [ARG] - a script of the web server's user calls mail().
php_as_www() {
    setpriv --reuid=www-data --regid=postdrop --clear-groups \
        env MAIL_CONFIG="$postfix_etc" php -n -d mail.add_x_header=On \
        -d sendmail_path='/usr/sbin/sendmail -t -i' "$@"
}

gate_config "[limits]
login  = 30 recipients per 1h per sender, burst 20, then hold
egress = 200 points per 1h per egress, then hold"
gate_start || exit 1
postfix_start || exit 1
gate_overlay "$(cat "$gate/conf.d/test.conf")
$(mta_section)"
gate_reload
cp -r "$demo" "$scratch/www"
chmod -R a+rX "$scratch/www"
# PHP names the owner of the script's file, not who runs it.
chown -R www-data "$scratch/www"

title 'what is in force'
outgate-milter -t -c "$gate_conf" | grep -E '^(slow_at|hold_at|reject_at|login|egress)' ||
    outgate-milter -t -c "$gate_conf" | tail -n 5

login() {
    name=$1
    shift
    mta_smtp --xclient "ADDR=203.0.113.20 LOGIN=$name" --from "$name@here.example" "$@"
}

title 'sending'
echo 'a personal mail, a receipt, two newsletters, real spam, PHP scripts, a flood'
{
    login alice --to ann@there.example "$demo/personal.eml"
    mta_smtp --from shop@here.example --to ann@there.example "$demo/receipt.eml"
    login news --to ann@there.example "$demo/newsletter.eml"
    login news --to ann@there.example "$demo/newsletter-bare.eml"
    for number in $spam; do
        as_sent "$(echo "$corpus/spam-1/$number".*.txt)" "spam-$number@demo.here.example" |
            login carol --to "victim-$number@there.example"
    done
    php_as_www "$scratch/www/contact.php"
    as_sent "$(echo "$corpus"/spam-1/00451.*.txt)" unused >"$scratch/www/spam.eml"
    chmod a+r "$scratch/www/spam.eml"
    php_as_www "$scratch/www/hacked.php" "$scratch/www/spam.eml"
    login dave --repeat "$flood" "$demo/flood.eml"
} >"$scratch/replies.log" 2>&1
sort "$scratch/replies.log" | sed 's/^[0-9-]* //; s/queued as .*/queued/;
    s/incident [0-9A-Z]*/incident .../' | sort | uniq -c
has_arrived() {
    [ "$(sql 'select count(*) from message')" -ge $((14 + flood)) ]
}
wait_for 20 has_arrived
wait_for 30 mta_is_idle

title 'verdicts: who is charged, what was decided, why'
expect 'personal mail' personal@demo.here.example accept
expect 'receipt' receipt@demo.here.example accept
expect 'newsletter' newsletter@demo.here.example accept
expect 'newsletter, no way out' newsletter-bare@demo.here.example 'accept|slow'
for number in $spam; do
    expect "real spam $number" "spam-$number@demo.here.example" 'hold|reject'
done
expect 'PHP contact form' contact@demo.here.example accept
expect 'PHP script of a burglar' hacked@demo.here.example hold
expect 'flood, the first' flood-1@demo.here.example accept
expect 'flood, within the burst' flood-20@demo.here.example accept
expect 'flood, over the burst' flood-21@demo.here.example hold
expect "flood, the last" "flood-$flood@demo.here.example" hold
check 'who is charged for PHP' "$(sql "select group_concat(distinct sender)
    from message where path = 'local'")" 'script:33:contact.php,script:33:hacked.php'
check 'of the flood left at once' "$(sink_count '<flood-')" 20
check 'of the flood waits with a due time' "$(sql "select count(*) from message
    where action = 'hold' and due_at_us > at_us and message_id like 'flood-%'")" \
    $((flood - 20))
check 'spam that reached the world' "$(sink_count 'spam-0')" 0
check 'newsletters told of a missing unsubscribe link' "$(sql "select count(*)
    from hit where rule = 'GUIDE_NO_UNSUBSCRIBE'")" 1
check 'held mails that are in the hold queue' "$(mta_held | wc -l)" \
    "$(sql "select count(*) from message where action = 'hold'")"

title "what the sink received ($(sink_count) mails)"
grep -rh -m 1 '^Message-I[Dd]:' "$sink" | tr -d '\r' | sed 's/^[^<]*//;
    s/flood-[0-9]*/flood-N/' | sort | uniq -c

title 'what is held, why, and until when (outgate held)'
tool held | head -n 20
echo "... $(mta_held | wc -l) in all"

title 'one of them let go by a person (outgate release)'
held_id=$(sql "select message from held_message join message on message.id = message
    where message_id = 'flood-21@demo.here.example'")
tool release "$held_id"
wait_for 10 sink_has '<flood-21@demo.here.example>'
check 'delivered' "$(sink_count '<flood-21@demo.here.example>')" 1

title 'the audit log (outgate log --limit 12)'
tool log --limit 12

title "the same with sqlite3 alone (select * from recent)"
sqlite3 -box "$gate_db" "select id, at, sender, score, action, reason from recent
    where sender <> 'sasl_user:dave' order by id"

title 'who sends most (outgate top)'
tool top

title "$([ $wrong = 0 ] && echo 'all verdicts as expected' || echo "$wrong not as expected")"
[ $wrong = 0 ] || tap_failed=1
exit $((wrong > 0))
