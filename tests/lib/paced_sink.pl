#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# paced_sink - an SMTP server that writes down when each mail arrived, and no more.
#
#   paced_sink.pl PORT FILE
#
# FILE gets a line a mail, at the moment its final dot was read: microseconds since the
# epoch, its Message-ID without <>, whether it had an X-Outgate-Lane field (lane, -).
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes 'time';

my ($port, $file) = @ARGV;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port,
    Listen => 100, ReuseAddr => 1)
    or die "paced_sink: port $port: $!\n";
open my $log, '>>', $file or die "paced_sink: $file: $!\n";
$log->autoflush(1);
my $ready = IO::Select->new($server);
my %client;

sub note {
    my ($c) = @_;
    my ($head) = split /\r\n\r\n/, $c->{mail}, 2;
    my ($id) = $head =~ /^Message-ID:\s*<([^>]*)>/mi;
    my $lane = $head =~ /^X-Outgate-Lane:/mi ? 'lane' : '-';
    printf $log "%d %s %s\n", time * 1e6, $id // '?', $lane;
}

sub command {
    my ($c, $line) = @_;
    if ($c->{in_data}) {
        if ($line eq ".\r\n") {
            note($c);
            $c->{in_data} = 0;
            return "250 2.0.0 Ok\r\n";
        }
        $c->{mail} .= $line;
        return '';
    }
    return "250 sink\r\n" if $line =~ /^(?:EHLO|HELO)/i;
    return "221 2.0.0 Bye\r\n" if $line =~ /^QUIT/i;
    return "250 2.0.0 Ok\r\n" if $line !~ /^DATA/i;
    @$c{'in_data', 'mail'} = (1, '');
    return "354 go on\r\n";
}

while (1) {
    for my $socket ($ready->can_read) {
        if ($socket == $server) {
            my $new = $server->accept or next;
            $client{$new} = { buffer => '', in_data => 0, mail => '' };
            $ready->add($new);
            syswrite $new, "220 sink\r\n";
            next;
        }
        my $c = $client{$socket};
        if (!sysread $socket, $c->{buffer}, 65536, length $c->{buffer}) {
            $ready->remove($socket);
            delete $client{$socket};
            close $socket;
            next;
        }
        my $answer = '';
        $answer .= command($c, $1) while $c->{buffer} =~ s/^(.*?\n)//s;
        syswrite $socket, $answer if length $answer;
    }
}
