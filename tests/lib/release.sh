# SPDX-License-Identifier: BSD-2-Clause
#
# release - the releaser in a test, and a sink that writes down when each mail arrived.
# Needs gate.sh and an MTA's file; replaces its sink.
#
# After sink_start: $arrived, a file with a line a mail (see paced_sink.pl).

arrived=$scratch/arrived
releaser_log=$scratch/release.log
releaser_pid=

sink_start() {
    [ -z "$sink_pid" ] || return 0
    sink_port=$(free_port)
    perl "$srcdir/tests/lib/paced_sink.pl" "$sink_port" "$arrived" \
        >"$scratch/sink.log" 2>&1 &
    sink_pid=$!
    wait_for 10 is_listening "$sink_pid" "$sink_port"
}

# As root as contrib/systemd leaves it: with these capabilities alone.
releaser_caps=$(sed -n 's/^CapabilityBoundingSet=//p' \
    "$srcdir/contrib/systemd/outgate-release.service" | tr 'A-Z' 'a-z' |
    sed 's/cap_//g; s/ /,+/g')
releaser_with="setpriv --no-new-privs --bounding-set=-all,+$releaser_caps"

# releaser_start - outgate release --loop; log: $releaser_log
releaser_start() {
    # shellcheck disable=SC2086
    $releaser_with outgate --config "$gate_conf" release --loop >>"$releaser_log" 2>&1 &
    releaser_pid=$!
}

releaser_stop() {
    end_process "$releaser_pid" 30
    releaser_pid=
}

releaser_kill() {
    kill -KILL "$releaser_pid"
    wait "$releaser_pid" 2>/dev/null
    releaser_pid=
}

# has_arrived COUNT
has_arrived() {
    [ "$(wc -l <"$arrived")" -ge "$1" ]
}

# waiting - how many the log says are held.
waiting() {
    sql "select count(*) from held_message where state = 'waiting'"
}

# make_due SECONDS SPREAD-MS - all that waits is due, the first in so many seconds, in an
# order that is not that of arrival, spread over so long. Their limit is not asked.
make_due() {
    sql "delete from charge; delete from limit_slot;
        create temp table plan as
            select message, row_number() over (order by message * 7919 % 10007) - 1 as n
            from held_message where state = 'waiting';
        update held_message set due_at_us =
            cast((julianday('now') - 2440587.5) * 86400e6 as integer) + $1 * 1000000
            + (select n from plan where plan.message = held_message.message)
                * $2 * 1000 / (select count(*) from plan)
        where state = 'waiting';
        update message set due_at_us = (select due_at_us from held_message
            where message = message.id) where id in (select message from plan)"
}

# due_list - "MESSAGE-ID DUE_AT_US" of all that was ever held, first due first.
due_list() {
    sql "select message.message_id || ' ' || held_message.due_at_us from held_message
        join message on message.id = message where message_id like '${1:-%}'
        order by held_message.due_at_us, held_at_us, message.id"
}

# check_arrivals DUE-LIST LATE_MS TEXT - each once, in order, and how late. Postfix takes
# its time on a loaded machine: two that were due within NEAR_MS (1000) may change places;
# NEAR_MS=0 where nothing else runs.
check_arrivals() {
    perl -e '
        my ($due_file, $arrived_file, $near_ms) = @ARGV;
        my (%due, @order, %seen, @late, @got);
        open my $d, "<", $due_file or die;
        while (<$d>) { my ($id, $at) = split; $due{$id} = $at; push @order, $id }
        open my $in, "<", $arrived_file or die;
        while (<$in>) {
            my ($at, $id) = split;
            next if !defined $due{$id};
            $seen{$id}++;
            push @got, $id;
            push @late, ($at - $due{$id}) / 1000;
        }
        my $twice = grep { $_ > 1 } values %seen;
        my $lost = grep { !$seen{$_} } @order;
        my $swapped = 0;
        for (1 .. $#got) {
            $swapped++ if $due{$got[$_]} + $near_ms * 1000 < $due{$got[$_ - 1]};
        }
        @late = sort { $a <=> $b } @late;
        @late = (0) if !@late;
        printf "%d %d %d %d %d %d %d\n", $lost, $twice, $swapped, $late[0],
            $late[@late * 0.5], $late[@late * 0.99], $late[-1];
    ' "$1" "$arrived" "${NEAR_MS:-1000}" >"$scratch/verdict"
    read -r lost twice swapped early p50 p99 worst <"$scratch/verdict"
    diag "late: p50 $p50 ms, p99 $p99 ms, most $worst ms; soonest $early ms"
    is "$lost lost, $twice twice" '0 lost, 0 twice' "$3: each once"
    is "$swapped swapped" '0 swapped' "$3: in order"
    ok "$3: none early" test "$early" -ge 0
    ok "$3: none later than $2 ms" test "$worst" -le "$2"
}

held_mail=$scratch/held.eml
cat >"$held_mail" <<'EOF'
From: Bob <bob@here.example>
To: ann@there.example
Subject: held
Message-ID: <@TAG@-@N@@release.example>

Mail @TAG@ @N@.
EOF

# fill TAG COUNT - so many held messages, by eight clients, a to h: Message-ID TAG-CLIENT-N@release.example.
fill() {
    fill_pids=
    mta_smtp --tag "$1-first" "$held_mail" >/dev/null # takes the minute's place
    for client in a b c d e f g h; do
        mta_smtp --repeat $(($2 / 8)) --tag "$1-$client" "$held_mail" \
            >"$scratch/fill.$client" &
        fill_pids="$fill_pids $!"
    done
    for pid in $fill_pids; do
        wait "$pid"
    done
}

# held_config - a limit that holds all but one message a minute; held_config_without:
# no limit any more.
held_config() {
    [ -e "$gate_conf" ] || gate_config ''
    gate_overlay "$(mta_section)
[limits]
shape = 1 messages per 1m per host, then hold"
}

held_config_without() {
    gate_overlay "$(mta_section)"
    gate_reload
}

# held_postfix - one delivery at a time: the order of arrival is that of departure. The
# queue runs as rarely as on a real host.
held_postfix() {
    postfix_settings='s/^queue_run_delay.*/queue_run_delay = 300s/
        s/^minimal_backoff_time.*/minimal_backoff_time = 300s/'
    postfix_start 'smtp_destination_concurrency_limit = 1
initial_destination_concurrency = 1'
}

# queue_id_of MESSAGE - TAG-CLIENT-N
queue_id_of() {
    sql "select queue_id from message where message_id = '$1@release.example'"
}

at_exit releaser_stop
