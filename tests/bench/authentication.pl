#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# authentication - an MTA that hands one mail to a milter over and over, and counts the
# processor time that the milter takes.
#
#   authentication.pl unix:PATH|PORT PID TIMES FILE
#
# Prints microseconds of processor a message (all threads of PID), and microseconds of
# the clock.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Time::HiRes;

my ($where, $pid, $times, $file) = @ARGV;
my $milter = $where =~ /^unix:(.*)/ ? IO::Socket::UNIX->new(Peer => $1)
    : IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $where);
$milter or die "$where: $!\n";

open my $in, '<:raw', $file or die "$file: $!\n";
my ($head, $body) = do { local $/; split /\r?\n\r?\n/, <$in>, 2 };
$body =~ s/\r?\n/\r\n/g;
my @fields = map { s/\r//g; [/^([^:]*):(.*)$/s] } split /\r?\n(?![ \t])/, $head;

# Steps of SMFIP_*: not sent, and not answered.
my %no = (C => 1, H => 2, M => 4, R => 8, B => 0x10, L => 0x20, N => 0x40);
my %quiet = (L => 0x80, C => 0x1000, H => 0x2000, M => 0x4000, R => 0x8000,
    N => 0x40000, B => 0x80000);
my $steps = 0;

sub put { print $milter pack('N', 1 + length $_[1]) . $_[0] . $_[1] }

sub take {
    $milter->flush;
    read($milter, my $size, 4) == 4 or die "the milter has gone\n";
    read $milter, my $packet, unpack 'N', $size;
    return unpack 'a a*', $packet;
}

# say COMMAND DATA - the answer that ends the step.
sub say_to {
    my ($command, $data) = @_;
    return 'c' if $steps & ($no{$command} // 0);
    put(@_);
    return 'c' if $steps & ($quiet{$command} // 0);
    while (1) {
        my ($answer) = take();
        return $answer if $answer =~ /[acdrty]/;
    }
}

sub message {
    return if say_to('M', "<ann\@mail.example>\0") ne 'c';
    return if say_to('R', "<bob\@there.example>\0") ne 'c';
    for (@fields) {
        return if say_to('L', "$_->[0]\0$_->[1]\0") ne 'c';
    }
    return if say_to('N', '') ne 'c';
    for (my $at = 0; $at < length $body; $at += 65535) {
        return if say_to('B', substr $body, $at, 65535) ne 'c';
    }
    say_to('E', '');
}

sub cpu_us {
    open my $stat, '<', "/proc/$pid/schedstat" or die;
    my $sum = 0;
    for my $task (glob "/proc/$pid/task/*/schedstat") {
        open my $one, '<', $task or next;
        $sum += (split ' ', <$one>)[0] / 1000;
    }
    return $sum;
}

put('O', pack 'NNN', 6, 0x1ff, 0x1ffbff);
my ($answer, $data) = take();
$answer eq 'O' or die "no negotiation: $answer\n";
$steps = (unpack 'NNN', $data)[2];
say_to('C', "client.example\0" . '4' . pack('n', 4711) . "198.51.100.7\0");
say_to('H', "client.example\0");
message() for 1 .. 50;
my ($cpu, $clock) = (cpu_us(), Time::HiRes::time());
message() for 1 .. $times;
printf "%.1f %.1f\n", (cpu_us() - $cpu) / $times,
    (Time::HiRes::time() - $clock) * 1e6 / $times;
put('Q', '');
