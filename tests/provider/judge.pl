#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# judge - what SpamAssassin (-L) and rspamd say of prepared mails, each by its default
# threshold; they know nothing of the gate. Verdicts are remembered.
#
#   judge.pl --cache FILE [--rspamd PORT] MAIL-FOLDER >VERDICTS
#
# VERDICTS: a line a mail: key, SpamAssassin's score, rspamd's ("-": not asked), and
# who flags it: "s", "r", "sr" or "-". The cache has the judges' versions in its
# keys, and the number of the view below.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Getopt::Long;
use File::Temp;
use IO::Socket::INET;
use POSIX qw(strftime);
use ProviderMail qw(as_it_was mail_key read_file);

my %o;
GetOptions(\%o, 'cache=s', 'rspamd=i') && @ARGV == 1 && $o{cache} or exit 2;
my $rspamd_flags_at = 6; # Debian's actions.conf: add_header

sub rspamd_ask {
    my ($path, $text) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $o{rspamd})
        or die "rspamd on port $o{rspamd}: $!\n";
    print $socket "POST $path HTTP/1.0\r\nContent-Length: ", length $text, "\r\n",
        "IP: 51.91.10.20\r\nHelo: mail.here.example\r\nHostname: mail.here.example\r\n",
        "From: someone\@here.example\r\nRcpt: reader\@there.example\r\n\r\n", $text;
    local $/;
    return <$socket> // '';
}

my $rspamd_version = '-';
if ($o{rspamd}) {
    ($rspamd_version) = rspamd_ask('/checkv2', "Subject: x\n\nx\n") =~ m{Server: rspamd/(\S+)}i
        or die "rspamd does not say its version\n";
}

# Only when a mail is unknown: loading the rules takes seconds. Its home is here, for it
# writes there.
my $spamassassin;
my $home = File::Temp->newdir;
$ENV{HOME} = "$home";

sub ask_spamassassin {
    my ($text) = @_;
    $spamassassin ||= do {
        require Mail::SpamAssassin;
        my $new = Mail::SpamAssassin->new({
            local_tests_only => 1, debug => 0,
            userprefs_filename => "$home/user_prefs", userstate_dir => "$home",
            home_dir_for_helpers => "$home", dont_copy_prefs => 1,
            post_config_text => "use_bayes 0\nuse_auto_welcomelist 0\n"
        });
        $new->init(0);
        $new;
    };
    my $mail = $spamassassin->parse($text, 1);
    my $status = $spamassassin->check($mail);
    my $score = $status->get_score();
    $status->finish();
    $mail->finish();
    return $score;
}

my $dpkg = `dpkg-query -W -f '\${Version}' spamassassin` || 'unknown';
my %known;
if (open my $in, '<', $o{cache}) {
    while (<$in>) {
        my ($key, $judge, $score) = split;
        $known{"$key $judge"} = $score if defined $score;
    }
}
open my $cache, '>>', $o{cache} or die "$o{cache}: $!\n";
$cache->autoflush(1);

sub remembered {
    my ($key, $judge, $ask) = @_;
    if (!defined $known{"$key $judge"}) {
        $known{"$key $judge"} = sprintf '%.2f', $ask->();
        print $cache "$key $judge ", $known{"$key $judge"}, "\n";
    }
    return $known{"$key $judge"};
}

# The receiver's view: it came from our server, by a name and address that are in order.
my $trace = "Return-Path: <someone\@here.example>\n"
    . "Received: from mail.here.example (mail.here.example [51.91.10.20])\n"
    . "\tby mx.there.example (Postfix) with ESMTPS id 4jX9R33dk9z1fPKf\n"
    . "\tfor <reader\@there.example>; \@DATE\@\n";
my $date = strftime('%a, %d %b %Y %H:%M:%S +0000', gmtime);
opendir my $folder, $ARGV[0] or die "$ARGV[0]: $!\n";
for my $name (sort grep { /\.eml\z/ } readdir $folder) {
    my $text = as_it_was($trace . read_file("$ARGV[0]/$name"), {
        FROM => 'Some One <someone@here.example>', TO => 'reader@there.example',
        DATE => $date, ID => '4f1b2c@here.example'
    });
    my $key = mail_key($text);
    my $s = remembered($key, "spamassassin-$dpkg/2", sub { ask_spamassassin($text) });
    my $r = !$o{rspamd} ? '-' : remembered($key, "rspamd-$rspamd_version/2", sub {
        rspamd_ask('/checkv2', $text) =~ /"score":\s*(-?[\d.]+)/ ? $1
            : die "rspamd has no score for $name\n";
    });
    my $who = ($s >= 5 ? 's' : '') . ($r ne '-' && $r >= $rspamd_flags_at ? 'r' : '');
    print "$key $s $r ", $who || '-', "\n";
}
