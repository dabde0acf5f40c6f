# SPDX-License-Identifier: BSD-2-Clause
#
# dns - a real DNS server (NSD) on a loopback port that is the whole DNS: it answers for
# every name there is, by a master file of the test's own.
#
#   cat >"$scratch/names" <<END
#   example.com.  TXT "v=spf1 ip4:192.0.2.1 -all"
#   END
#   dns_start "$scratch/names"      # sets dns_port, dns_server (127.0.0.1@PORT)
#   printf '[dns]\nservers = %s\n' "$dns_server" >>"$config"
#   dns_replace "$scratch/other"    # other records, the same port
#   dns_stop                        # the trap does it, too
#
# Names end in a dot; SOA and NS records of the root are put in front of a file that has
# no SOA record.
# After tests/lib/tap.sh.

dns_folder=$scratch/dns
dns_port=
dns_server=
dns_pid=

dns_zone_write() {
    if grep -q '[[:space:]]SOA[[:space:]]' "$1"; then # one of its own
        cat "$1" >"$dns_folder/zone"
    else
        dns_zone_complete "$1" >"$dns_folder/zone"
    fi
    nsd-checkzone . "$dns_folder/zone" >"$dns_folder/checkzone.log" 2>&1
}

# dns_zone_complete FILE - with what a zone must have.
dns_zone_complete() {
    printf '$TTL 300\n'
    printf '. SOA ns.invalid. hostmaster.invalid. 1 3600 600 86400 60\n'
    printf '. NS ns.invalid.\nns.invalid. A 127.0.0.1\n'
    cat "$1"
}

dns_config_write() {
    cat <<END
server:
    ip-address: 127.0.0.1@$dns_port
$(! grep -q ' lo$' /proc/net/if_inet6 2>/dev/null || echo "    ip-address: ::1@$dns_port")
    server-count: 1
    username: ""
    chroot: ""
    zonesdir: "$dns_folder"
    database: ""
    pidfile: "$dns_folder/nsd.pid"
    xfrdfile: "$dns_folder/xfrd.state"
    xfrdir: "$dns_folder"
    zonelistfile: "$dns_folder/zone.list"
    logfile: "$dns_folder/nsd.log"
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: .
    zonefile: zone
END
}

# dns_answers - it knows its own name.
dns_answers() {
    is_gone "$dns_pid" || perl -MIO::Socket::INET -e '
        my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1",
            PeerPort => shift, Proto => "udp") or exit 1;
        $socket->send("\1\2\1\0\0\1\0\0\0\0\0\0\2ns\7invalid\0\0\1\0\1") or exit 1;
        my $ready = "";
        vec($ready, $socket->fileno, 1) = 1;
        select($ready, undef, undef, 0.5) or exit 1;
        $socket->recv(my $answer, 512);
        exit !(length $answer > 12 && substr($answer, 0, 2) eq "\1\2" &&
            (ord(substr $answer, 3, 1) & 15) == 0);' "$dns_port"
}

# dns_start FILE [PORT] - fails when the file is no good zone.
dns_start() {
    mkdir -p "$dns_folder" || return 1
    dns_zone_write "$1" || {
        diag "$(cat "$dns_folder/checkzone.log")"
        return 1
    }
    dns_port=${2:-$(free_port)}
    dns_server=127.0.0.1@$dns_port
    dns_config_write >"$dns_folder/nsd.conf"
    nsd -d -c "$dns_folder/nsd.conf" >"$dns_folder/nsd.out.log" 2>&1 &
    dns_pid=$!
    wait_for 15 dns_answers && ! is_gone "$dns_pid"
}

dns_stop() {
    [ -z "$dns_pid" ] || end_process "$dns_pid"
    dns_pid=
}

dns_replace() {
    dns_stop
    dns_start "$1" "$dns_port"
}

at_exit dns_stop
