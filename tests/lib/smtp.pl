#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# smtp - a small SMTP client for tests: says everything, judges nothing.
#
#   smtp.pl --port N [options] [FILE...]    send each file (default: stdin) as one mail
#     --from ADDRESS (may be empty) --to ADDRESS (may repeat) --helo NAME
#     --xclient 'LOGIN=bob ADDR=192.0.2.1'  ask Postfix to believe it
#     --repeat N     send the mails N times; "@N@" in them is the number of the mail
#     --tag TEXT     "@TAG@" in the mails becomes TEXT
#     --rset         start a mail, give it up with RSET, before each
#     --vanish       close the connection within DATA
#     --timeout S    for each reply (default 60)
# Prints for each mail one line: its number, the reply to the last command that was
# said for it, lines joined with " / ". Ends with 0 if every mail was accepted.
use strict;
use warnings;
use Getopt::Long;
use IO::Socket::INET;

my %o = (helo => 'client.example', from => 'bob@here.example', repeat => 1,
    timeout => 60, tag => $$);
GetOptions(\%o, 'port=i', 'from=s', 'to=s@', 'helo=s', 'xclient=s', 'repeat=i', 'tag=s',
    'rset', 'vanish', 'timeout=i')
    or exit 2;
my @to = $o{to} ? @{ $o{to} } : ('ann@there.example');
$| = 1;
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { print "- 000 timeout\n"; exit 1 };

my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $o{port})
    or do { print "- 000 no connection: $!\n"; exit 1 };

sub reply {
    my @lines;
    alarm $o{timeout};
    while (defined(my $line = <$server>)) {
        $line =~ s/\r?\n\z//;
        push @lines, $line;
        last if $line !~ /^\d{3}-/;
    }
    alarm 0;
    return @lines ? join(' / ', @lines) : '000 connection lost';
}

sub say_to {
    print $server "$_[0]\r\n";
    return reply();
}

sub send_mail {
    my ($text) = @_;
    if ($o{rset}) {
        say_to("MAIL FROM:<$o{from}>");
        say_to("RCPT TO:<$to[0]>");
        say_to('RSET');
    }
    my $got = say_to("MAIL FROM:<$o{from}>");
    return $got if $got !~ /^2/;
    my $accepted = 0;
    for my $to (@to) {
        $got = say_to("RCPT TO:<$to>");
        $accepted++ if $got =~ /^2/;
    }
    return $got if !$accepted;
    $got = say_to('DATA');
    return $got if $got !~ /^3/;
    $text =~ s/\r?\n/\r\n/g;
    $text =~ s/^\./../mg;
    $text .= "\r\n" if $text !~ /\n\z/;
    if ($o{vanish}) {
        print $server substr($text, 0, length($text) / 2);
        exit 0;
    }
    print $server $text;
    return say_to('.');
}

my $got = reply();
my $failed = $got !~ /^2/;
if (!$failed && $o{xclient}) {
    say_to("EHLO $o{helo}");
    $got = say_to("XCLIENT $o{xclient}");
    $failed = $got !~ /^2/;
}
if ($failed) {
    print "- $got\n";
    exit 1;
}
say_to("EHLO $o{helo}");

my @mails = @ARGV ? map { local (@ARGV, $/) = $_; <> } @ARGV : do { local $/; <STDIN> };
my $number = 0;
for (1 .. $o{repeat}) {
    for my $mail (@mails) {
        $number++;
        (my $text = $mail) =~ s/\@N\@/$number/g;
        $text =~ s/\@TAG\@/$o{tag}/g;
        $got = send_mail($text);
        print "$number $got\n";
        $failed = 1 if $got !~ /^2/;
        last if $got =~ /^(?:000|421)/;
        say_to('RSET') if $got !~ /^2/;
    }
}
say_to('QUIT');
exit($failed ? 1 : 0);
