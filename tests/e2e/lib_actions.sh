# SPDX-License-Identifier: BSD-2-Clause
#
# lib_actions - each action by each path through a real MTA, the same for Postfix and
# Sendmail. The including script has sourced one of them and defines:
#   mta_name; stranger (options of mta_smtp for a client that is not ours)

# mail_text TAG SUBJECT - a mail whose Message-ID and body carry the tag.
mail_text() {
    cat <<EOF
From: Bob <bob@here.example>
To: ann@there.example
Subject: $2
Message-ID: <$1@e2e.example>
Date: Sun, 22 Nov 2026 09:00:00 +0000
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Hello Ann, mail $1 for you.
EOF
}

# by_smtp TAG SUBJECT [OPTIONS...] - sets $reply.
by_smtp() {
    smtp_tag=$1
    smtp_subject=$2
    shift 2
    reply=$(mail_text "$smtp_tag" "$smtp_subject" | mta_smtp "$@")
}

# by_cli TAG SUBJECT [ARGS...]
by_cli() {
    cli_tag=$1
    cli_subject=$2
    shift 2
    mail_text "$cli_tag" "$cli_subject" | mta_sendmail "$@" ann@there.example
}

# field TAG COLUMNS - of the audit row.
field() {
    sql "select $2 from message where message_id = '$1@e2e.example' order by id desc"
}

# recorded TAG - its row is there.
recorded() {
    [ -n "$(field "$1" id)" ]
}

# is_delivered TAG TEXT - exactly once, and nothing is left in the queue.
is_delivered() {
    wait_for 15 sink_has "<$1@e2e.example>"
    is "$(sink_count "<$1@e2e.example>")" 1 "$2"
}

# is_held TAG TEXT - in the MTA's hold queue, listed by the tool, not delivered.
is_held() {
    wait_for 10 recorded "$1"
    queue_id=$(field "$1" queue_id)
    wait_for 5 queue_has "$queue_id"
    is "$(mta_held | grep -cx "$queue_id")" 1 "$2: in the hold queue of $mta_name"
    like "$(tool held)" "$queue_id" "$2: listed by outgate held"
    is "$(sink_count "<$1@e2e.example>")" 0 "$2: not delivered"
}

queue_has() {
    mta_held | grep -qx "$1"
}

check_smtp() {
    by_smtp s-accept 'plain words'
    like "$reply" '^1 250 ' 'smtp accept: 250'
    is_delivered s-accept 'smtp accept: delivered'
    is "$(field s-accept 'class, path, action, sender')" \
        'outbound|smtp|accept|client_ip:127.0.0.1' 'smtp accept: logged'

    by_smtp s-slow score-slow
    like "$reply" '^1 250 ' 'smtp slow: 250'
    is_delivered s-slow 'smtp slow: delivered'
    is "$(field s-slow action)" slow 'smtp slow: logged'

    by_smtp s-hold score-hold
    like "$reply" '^1 250 ' 'smtp hold: 250'
    is_held s-hold 'smtp hold'

    by_smtp s-reject score-reject
    like "$reply" '^1 554 5\.7\.1 looks like spam; incident [0-9A-Z]{13}; contact' \
        'smtp reject: 554, incident, contact'
    is "$(field s-reject action)" reject 'smtp reject: logged'
    unlike "$reply" TEST_ 'smtp reject: the reply names no rule'
}

check_cli() {
    by_cli c-accept 'plain words'
    is_delivered c-accept 'sendmail(1) accept: delivered'
    is "$(field c-accept 'class, path, action')" 'outbound|local|accept' \
        'sendmail(1) accept: logged as local'
    like "$(field c-accept sender)" '^uid:(0|root)$' 'sendmail(1): the local user'

    by_cli c-slow score-slow
    is_delivered c-slow 'sendmail(1) slow: delivered'

    by_cli c-hold score-hold
    is_held c-hold 'sendmail(1) hold'

    by_cli c-reject score-reject
    is_held c-reject 'sendmail(1) reject'
    is "$(field c-reject 'action, meant')" 'hold|reject' \
        'sendmail(1) reject: held, and what was meant is logged'
}

check_limits() {
    gate_overlay "$(mta_section)
[limits]
police = 2 messages per 1h per sender, then defer"
    gate_reload
    by_smtp l-1 'plain words' --from l@here.example --to a@p.example --to b@p.example
    by_smtp l-2 'plain words'
    by_smtp l-3 'plain words'
    like "$reply" \
        '^1 451 4\.7\.28 limit police: 3/2 messages .*free at 20[0-9-]+ [0-9:]+ UTC' \
        'limit that defers: 451, used/limit, when'
    is "$(field l-3 'action, limit_name')" 'defer|police' 'limit that defers: logged'
    is "$(field l-1 recipients)" 2 'recipients are counted'
    # sendmail(1) only drops a mail: which one the MTA takes first is not said
    for name in l-c1 l-c2; do
        by_cli "$name" 'plain words'
        wait_for 15 recorded "$name"
    done
    by_cli l-c3 'plain words'
    is_held l-c3 'sendmail(1) over a limit that defers'

    gate_overlay "$(mta_section)
[limits]
shape = 2 messages per 1h per sender, then hold
large = 3 recipients per 1d per sender, then defer"
    gate_reload
    by_smtp h-1 'plain words' --from h@here.example
    by_smtp h-2 'plain words'
    by_smtp h-3 'plain words'
    like "$reply" '^1 250 ' 'limit that holds: 250'
    is_held h-3 'limit that holds'
    is "$(field h-3 "due_at_us > at_us + 3000000000 and due_at_us < at_us + 4000000000")" \
        1 'limit that holds: due within the hour'
    like "$(field h-3 reason)" 'limit shape: 3/2 messages .*free at' 'with the reason'
    by_smtp h-4 'plain words' --to a@x.example --to b@x.example --to c@x.example \
        --to d@x.example
    like "$reply" '^1 5[0-9][0-9] 5\.' \
        'larger than a limit that defers: refused for good'
    gate_overlay "$(mta_section)"
    gate_reload
}

check_classes() {
    by_smtp k-inbound score-hold --from s@else.example --to mail@here.example $stranger
    like "$reply" '^1 250 ' 'inbound: 250'
    is_delivered k-inbound 'inbound: delivered, unscored'
    is "$(field k-inbound id)" '' 'inbound: no row'
    by_smtp k-forwarded score-hold --from s@else.example --to f@forward.example $stranger
    is_held k-forwarded forwarded
    like "$(field k-forwarded 'class, sender')" '^forwarded\|client_ip:' \
        'forwarded: a class of its own, charged to the client'
}

check_release() {
    for name in s-hold c-hold; do
        ok "$name: released" tool release "$(field $name queue_id)"
        mta_flush >/dev/null 2>&1
        is_delivered "$name" "$name: delivered once"
        is "$(sql "select state from held_message
            where message = $(field $name id)")" released "$name: logged"
    done
    ok 'dropped' tool drop --yes "$(field c-reject id)"
    is "$(mta_held | grep -cx "$(field c-reject queue_id)")" 0 \
        'what was dropped is gone from the queue'
    ok 'released by sender' tool release --sender "$(field h-3 sender)"
    mta_flush >/dev/null 2>&1
    is_delivered h-3 'what a limit held is delivered after its release'
    wait_for 15 mta_is_idle
    is "$(sink_count '<c-reject@e2e.example>')" 0 'what was dropped never arrives'
    is "$(sink_count '<s-reject@e2e.example>')" 0 'what was refused never arrives'
    is "$(sink_count '<s-hold@e2e.example>')" 1 'what was released arrived once'
    unlike "$(grep -rh '^X-Outgate' "$sink" | sort | uniq -c)" 'Local-UID' \
        'the local user does not leave the host'
}

# A burglar's script gives itself another name in each mail: each is a sender of its own,
# and all of them are the local user.
check_script_names() {
    gate_overlay "$(mta_section)
[limits]
login = 2 messages per 1h per sender, then hold
web = 3 messages per 1h per uid, then hold"
    gate_reload
    for number in 1 2 3 4; do
        mail_text "n-$number" 'plain words' |
            sed "1i X-PHP-Originating-Script: 33:page$number.php" |
            mta_sendmail ann@there.example
        wait_for 10 recorded "n-$number"
    done
    like "$(field n-1 sender)" '^script:(0|root):33:page1[.]php$' \
        'a script stands behind the user that the MTA names'
    is "$(field n-3 action)|$(field n-4 action)" 'accept|hold' \
        'other names do not help it: the user has a limit'
    like "$(field n-4 reason)" 'limit web: 4/3 messages for uid:(0|root),' 'which is told'
}
