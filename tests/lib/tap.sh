# SPDX-License-Identifier: BSD-2-Clause
#
# tap - what every shell test begins with: TAP lines, a scratch folder, an exit trap.
#
#   . "$srcdir/tests/lib/tap.sh"
#   is "$got" "$want" 'what it shows'
#   tap_end
#
# Sets: srcdir builddir (absolute), scratch (a folder that any user may search).
# TAP goes to the script's own stdout; "1..N" is written by tap_end.

srcdir=$(cd "${srcdir:-.}" && pwd)
builddir=$(cd "${builddir:-$srcdir/build}" && pwd)
PATH=$builddir:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
TZ=UTC
export srcdir builddir PATH LC_ALL TZ

tap_count=0
tap_failed=0
tap_ended=
tap_at_exit=:

# at_exit COMMAND - run it when the script ends, last one first.
at_exit() {
    tap_at_exit="$1; $tap_at_exit"
}

tap_exit() {
    status=$?
    trap - EXIT
    trap '' INT TERM PIPE
    [ -n "$tap_ended" ] || {
        echo "Bail out! ended early with status $status"
        tap_failed=1
    }
    eval "$tap_at_exit"
    if [ "$tap_failed" = 0 ] && [ -z "$KEEP_SCRATCH" ]; then
        rm -rf "$scratch"
    else
        # What a failure needs: the logs, small, on stdout as remarks.
        tap_show_logs
        [ -n "$KEEP_SCRATCH" ] || rm -rf "$scratch"
    fi
    exit "$status"
}

tap_show_logs() {
    [ "$tap_failed" = 0 ] || for log in $(find "$scratch" -name '*.log' -size +0); do
        echo "# --- ${log#"$scratch"/}"
        tail -n 40 "$log" | tr -d '\r' | sed 's/^/#   /'
    done
}

scratch=$(mktemp -d "${OUTGATE_SCRATCH:-/tmp}/outgate-test.XXXXXX") || exit 99
chmod 755 "$scratch"
trap tap_exit EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM

# diag TEXT... - a remark.
diag() {
    printf '%s\n' "$*" | sed 's/^/# /'
}

# result STATUS TEXT - one case: passed when STATUS is 0.
result() {
    tap_count=$((tap_count + 1))
    if [ "$1" = 0 ]; then
        echo "ok $tap_count - $2"
    else
        echo "not ok $tap_count - $2"
        tap_failed=$((tap_failed + 1))
    fi
    return "$1"
}

# ok TEXT COMMAND... - passed when the command ends with 0; its output is dropped.
ok() {
    tap_text=$1
    shift
    "$@" >"$scratch/ok.out" 2>&1
    tap_status=$?
    result "$tap_status" "$tap_text" || {
        diag "command: $*"
        diag "$(tail -n 20 "$scratch/ok.out")"
        return 1
    }
}

# is GOT WANT TEXT
is() {
    [ "$1" = "$2" ]
    result $? "$3" || {
        diag "got:  $1"
        diag "want: $2"
        return 1
    }
}

# like GOT EXTENDED-REGEXP TEXT
like() {
    printf '%s\n' "$1" | grep -Eq -- "$2"
    result $? "$3" || {
        diag "got:  $1"
        diag "want: /$2/"
        return 1
    }
}

# unlike GOT EXTENDED-REGEXP TEXT
unlike() {
    ! printf '%s\n' "$1" | grep -Eq -- "$2"
    result $? "$3" || {
        diag "got:  $1"
        diag "want: not /$2/"
        return 1
    }
}

skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

# skip_all REASON - the machine lacks what the script needs.
skip_all() {
    echo "1..0 # SKIP $1"
    tap_ended=1
    exit 0
}

need_root() {
    [ "$(id -u)" = 0 ] || skip_all 'needs root'
}

need_command() {
    for tap_command in "$@"; do
        command -v "$tap_command" >/dev/null 2>&1 || skip_all "needs $tap_command"
    done
}

# include FILE - TAP lines of another program, renumbered and counted.
include() {
    while IFS= read -r tap_line; do
        case $tap_line in
        'ok - '*) result 0 "${tap_line#ok - }" ;;
        'not ok - '*) result 1 "${tap_line#not ok - }" ;;
        *) diag "$tap_line" ;;
        esac
    done <"$1"
}

# wait_for SECONDS COMMAND... - poll until the command ends with 0.
wait_for() {
    tap_until=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -le "$tap_until" ] || return 1
        sleep 0.05
    done
}

# is_gone PID
is_gone() {
    ! kill -0 "$1" 2>/dev/null
}

# end_process PID [SECONDS] - ask it to stop and see that it does.
end_process() {
    [ -n "$1" ] || return 0
    kill -TERM "$1" 2>/dev/null || return 0
    wait_for "${2:-15}" is_gone "$1" || kill -KILL "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

# free_port - a TCP port on loopback that nobody listens on, and that is this script's until
# it ends: no test beside it gets it, even while nothing listens on it. Who has which is in
# one file, a process id a port.
free_port() {
    perl -MFcntl=:flock,O_RDWR,O_CREAT -MIO::Socket::INET -e '
        my ($file, $self) = @ARGV;
        my ($first, $count, $width) = (10100, 20000, 8);
        sysopen my $f, $file, O_RDWR | O_CREAT or die "$file: $!\n";
        flock $f, LOCK_EX or die "$file: $!\n";
        for (1 .. 500) {
            my $n = int rand $count;
            sysseek $f, $n * $width, 0;
            my $owner = sysread($f, my $record, $width) ? int unpack "Z*", $record : 0;
            next if $owner && (kill(0, $owner) || $!{EPERM});
            my $port = $first + $n;
            IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port,
                Listen => 1) or next;
            sysseek $f, $n * $width, 0;
            syswrite $f, pack "Z$width", $self;
            print "$port\n";
            exit 0;
        }
        die "no port is free\n";' "${TMPDIR:-/tmp}/outgate-test-ports.$(id -u)" $$
}

tap_end() {
    echo "1..$tap_count"
    tap_ended=1
    exit 0
}
