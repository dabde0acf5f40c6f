#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# peers - what judging mails costs SpamAssassin (in this process, -L, without Bayes) or a
# running rspamd; the mails are named on standard input.
#
#   peers.pl spamassassin [RULES-FOLDER]
#   peers.pl rspamd PORT PID
#
# Prints two numbers: mails, and seconds of processor for all of them (SpamAssassin:
# without loading its rules; rspamd: all processes of PID).
use strict;
use warnings;
use File::Temp;
use IO::Socket::INET;

my ($peer, @arguments) = @ARGV;
my @mails = map { chomp; my $name = $_; open my $in, '<:raw', $name or die "$name: $!\n"; local $/; scalar <$in> } <STDIN>;

sub spamassassin {
    my ($rules) = @_;
    my $home = File::Temp->newdir;
    $ENV{HOME} = "$home";
    require Mail::SpamAssassin;
    my $judge = Mail::SpamAssassin->new({
        local_tests_only => 1, userprefs_filename => "$home/user_prefs",
        userstate_dir => "$home", home_dir_for_helpers => "$home", dont_copy_prefs => 1,
        ($rules ? (rules_filename => $rules) : ()),
        post_config_text => "use_bayes 0\nuse_auto_welcomelist 0\n",
    });
    $judge->init(0);
    my $begin = (times)[0] + (times)[1];
    for my $text (@mails) {
        my $mail = $judge->parse($text, 0);
        my $status = $judge->check($mail);
        $status->finish;
        $mail->finish;
    }
    return (times)[0] + (times)[1] - $begin;
}

# Ticks of PID and its children. Source: proc(5), /proc/PID/stat.
sub ticks {
    my ($pid) = @_;
    my $sum = 0;
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $stat or next;
        my $line = <$in> // next;
        my ($number, $rest) = $line =~ /^(\d+) \(.*\) (.*)$/ or next;
        my @field = split ' ', $rest;
        $sum += $field[11] + $field[12] if $number == $pid || $field[1] == $pid;
    }
    return $sum;
}

sub ask {
    my ($port, $text) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
        or die "rspamd on port $port: $!\n";
    print $socket "POST /checkv2 HTTP/1.0\r\nContent-Length: ", length $text,
        "\r\nIP: 192.0.2.17\r\nHelo: client.example\r\nFrom: someone\@here.example\r\n",
        "Rcpt: reader\@there.example\r\n\r\n", $text;
    local $/;
    return scalar <$socket>;
}

# Its patterns are compiled in the background after the start: wait until it is quiet.
# What it still does after a minute is a part of what it costs.
sub wait_until_quiet {
    my ($pid) = @_;
    for my $second (1 .. 60) {
        my $before = ticks($pid);
        sleep 1;
        return if ticks($pid) - $before < 5 && $second > 5;
    }
    warn "rspamd does not come to rest: its figure has more than the mails\n";
}

sub rspamd {
    my ($port, $pid) = @_;
    ask($port, $_) for @mails[0 .. ($#mails < 20 ? $#mails : 20)];
    wait_until_quiet($pid);
    my $begin = ticks($pid);
    ask($port, $_) for @mails;
    return (ticks($pid) - $begin) / 100;
}

my $seconds = $peer eq 'rspamd' ? rspamd(@arguments) : spamassassin(@arguments);
printf "%d %.3f\n", scalar @mails, $seconds;
