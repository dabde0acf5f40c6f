#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Three in the morning, rehearsed with a real Postfix: a stolen login floods while the
# gate only watches (mode = shadow), the provider cuts port 25, its alert comes. alert
# names the culprit and calls the queue dirty; containment stops it; the queue is
# cleaned and shown clean; honest mail waits and leaves when the port opens.
#
# REHEARSAL=FILE keeps the transcript: what was typed, and what came.
. "${srcdir:-.}/tests/lib/tap.sh"
need_root
need_command postfix postqueue smtp-sink sqlite3 perl
. "$srcdir/tests/lib/gate.sh"
gate_rules=$srcdir/rules
. "$srcdir/tests/lib/postfix.sh"

transcript=$scratch/transcript

# say TEXT - a sentence of the story.
say() {
    printf '\n%s\n\n' "$1" >>"$transcript"
}

# run WORDS - outgate WORDS, as an administrator types it; $out and $status.
run() {
    out=$(cd "$scratch" && tool "$@" 2>&1)
    status=$?
    {
        printf '# outgate %s\n' "$*"
        printf '%s\n' "$out"
        [ "$status" = 0 ] || printf '(exit status %s)\n' "$status"
    } | sed "s|$scratch/||g; s|$postfix_log|/var/log/mail.log|g; s/--maillog [^ ]* //" \
        >>"$transcript"
}

# The provider: what it lets out is the sink; a closed port is its block.
port_open() {
    (cd "$sink" && exec smtp-sink -u nobody -R / -d "$sink/%M." \
        "127.0.0.1:$sink_port" 200) >>"$scratch/sink.log" 2>&1 &
    sink_pid=$!
    wait_for 10 is_listening "$sink_pid" "$sink_port"
}

# letter WHO FIRST LAST TO-DOMAIN <TEMPLATE - "@N@" becomes the number.
letters() {
    letters_text=$(cat)
    number=$2
    while [ "$number" -le "$3" ]; do
        printf '%s\n' "$letters_text" | sed "s/@N@/$number/g" |
            mta_smtp --xclient "ADDR=$client LOGIN=$1" --from "$1@here.example" \
                --to "victim$number@$4"
        number=$((number + 1))
    done
}

flood() {
    client=203.0.113.66
    letters bob "$1" "$2" there.example <<'MAIL'
From: "Account Support" <bob@here.example>
To: undisclosed-recipients:;
Subject: Your account will be suspended within 24 hours
Date: Wed, 25 Nov 2026 03:00:00 +0000
Message-ID: <offer-@N@-7c1f@here.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Dear customer, we noticed unusual activity in your account. Verify your account
within 24 hours or it will be suspended: http://203.0.113.99/login/verify.php
MAIL
}

honest() {
    client=203.0.113.20
    letters carol "$1" "$2" friends.example <<'MAIL'
From: Carol <carol@here.example>
To: Ann <ann@friends.example>
Subject: Minutes of Monday, part @N@
Date: Wed, 25 Nov 2026 03:00:00 +0000
Message-ID: <minutes-@N@-55ab@here.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Hello Ann,

the minutes are attached to the wiki page, as we said. See you on Thursday.

Carol
MAIL
}

# queued SENDER [QUEUE] - how many of a sender's mails are queued (in that queue).
queued() {
    postqueue -c "$postfix_etc" -j | grep -F "\"sender\": \"$1@here.example\"" |
        grep -c "\"queue_name\": \"${2:-}"
}
queued_is() { # SENDER QUEUE COUNT
    [ "$(queued "$1" "$2")" = "$3" ]
}

gate_config ''
watch="[milter]
mode = shadow
[limits]
login = 100 recipients per 1h per sender, then hold
$(mta_section)"
gate_overlay "$watch"
gate_start
postfix_start
# From here on nothing is tried again by itself.
sed -i 's/^\(minimal_backoff_time\|queue_run_delay\) = .*/\1 = 1h/' "$postfix_etc/main.cf"
postfix_age
postfix -c "$postfix_etc" reload >"$postfix/log/reload.log" 2>&1

# ---- the night ----
flood 1 12 >"$scratch/replies"
honest 1 2 >>"$scratch/replies"
wait_for 20 mta_is_idle
is "$(sink_count)" 14 'in shadow mode everything leaves: 12 spams, 2 letters'
sink_stop # port 25 is cut
flood 13 40 >>"$scratch/replies"
honest 3 4 >>"$scratch/replies"
is "$(grep -c '^1 250 ' "$scratch/replies")" 44 'and everything is accepted'
wait_for 30 queued_is bob deferred 28
wait_for 30 queued_is carol deferred 2
is "$(queued bob deferred) $(queued carol deferred)" '28 2' \
    'behind the closed port mail piles up'

# The alert, made of what has left; the provider masks the domains.
{
    printf 'From: support@provider.example\nSubject: [spam] 192.0.2.25\n\nDear customer,\n\n'
    printf 'Our Anti-Spam protection layer has detected that your IP 192.0.2.25 is sending\n'
    printf 'spam. In order to protect our network, we have blocked the port 25 of your server.\n\n'
    for n in 2 5 11; do
        printf 'Destination IP: 198.51.100.33 - Message-ID: offer-%s-7c1f@xxxx.xxxxxxx - Spam score: 300\n' $n
    done
} >"$scratch/alert.eml"
{
    printf '$ cat alert.eml\n'
    cat "$scratch/alert.eml"
} >>"$transcript"

say 'Who was it, and what is still queued?'
run alert --maillog "$postfix_log" alert.eml
is "$status" 1 'alert: 1 while something is queued'
like "$out" 'sasl_user:bob.*: 3 of the 3; in the day before 40 messages' 'the culprit is named'
like "$out" 'NOT clean.*28 of theirs would leave' 'the queue is not clean'
unlike "$out" 'carol' 'nobody else is'
like "$out" 'NOT YET' 'do not unblock'
like "$out" 'mode = enforce' 'in shadow mode a block stops nothing: this is said'

say 'Lock the login, hold what it has queued.'
run alert --contain --yes --maillog "$postfix_log" alert.eml
is "$status" 1 'contained is not clean: 1'
like "$out" 'not clean.*28 of theirs on hold' 'all of it is on hold'
is "$(queued bob hold) $(queued bob) $(queued carol deferred)" '28 28 2' \
    'in the real queue, too; other mail waits where it was'

say 'The gate has only watched until now. From here on it acts (mode = enforce, reload).'
printf '# sed -i "s/^mode .*/mode = enforce/" /etc/outgate/outgate.conf\n# systemctl reload outgate\n' \
    >>"$transcript"
gate_overlay "$(printf '%s\n' "$watch" | sed 's/shadow/enforce/')"
gate_reload
flood 41 41 >"$scratch/replies"
like "$(cat "$scratch/replies")" '^1 554 5\.7\.1 sending is blocked' \
    'the thief is refused at MAIL FROM'
honest 5 5 >"$scratch/replies"
like "$(cat "$scratch/replies")" '^1 250 ' 'honest people go on'
wait_for 20 queued_is carol deferred 3

say 'Is it safe to ask the provider to open the port?'
run alert --maillog "$postfix_log" alert.eml
is "$status" 1 'not yet: 1'
like "$out" 'blocked' 'blocked'
like "$out" '  clean +outgate held --sender sasl_user:bob' 'the next step is named'
unlike "$out" '  stop' 'a step that is done is not asked for again'

say 'Look at what is held, then delete it.'
run held --sender sasl_user:bob
is "$(printf '%s\n' "$out" | grep -c 'sasl_user:bob')" 28 'held lists all of it'
# Twenty-eight lines tell no more than three.
awk '/^# outgate held/ { n = 1 } n && ++k > 5 && /sasl_user:bob/ { left++; next }
    left { print "... and " left " more"; left = 0; n = 0 } { print }
    END { if (left) print "... and " left " more" }' "$transcript" >"$scratch/short" &&
    mv "$scratch/short" "$transcript"
run drop --yes --sender sasl_user:bob
is "$status" 0 'drop'
is "$(queued bob)" 0 'nothing of it is queued any more'
awk '/^# outgate drop/ { n = 1; k = 0 } n && ++k > 4 && /deleted/ { left++; next }
    left { print "... and " left " more"; left = 0; n = 0 } { print }
    END { if (left) print "... and " left " more" }' "$transcript" >"$scratch/short" &&
    mv "$scratch/short" "$transcript"

say 'And now?'
run alert --maillog "$postfix_log" alert.eml
is "$status" 0 'clean: 0'
like "$out" 'The queue is clean' 'and it says so'
like "$out" '  unblock  at the provider: 192\.0\.2\.25' 'now it may be unblocked'

say 'The port is open again: honest mail leaves by itself.'
port_open
mta_flush
wait_for 30 sink_has 'X-Mail-Args: <carol@here.example>' 5
is "$(sink_count 'X-Mail-Args: <carol@here.example>')" 5 'all five honest letters have left'
is "$(sink_count 'X-Mail-Args: <bob@here.example>')" 12 'and not one spam more'
is "$(queued carol) $(queued bob)" '0 0' 'nothing is queued'
unlike "$(grep -h '^Subject:' "$sink"/* 2>/dev/null)" 'Undeliver|Returned' 'nothing bounced'
run log --sender sasl_user:carol --limit 3
[ -z "$REHEARSAL" ] || cp "$transcript" "$REHEARSAL"
tap_end
