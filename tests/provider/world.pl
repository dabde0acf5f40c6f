#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# world - plays schedules through a Postfix at simulated time, and is the provider
# behind it: an SMTP sink that judges what arrives and cuts port 25.
#
#   world.pl --mail DIR --verdicts FILE --clock FILE --midnight EPOCH --smtp PORT
#            --sink PORT --spool DIR --log FILE [options] PLAN...
#     --sendmail COMMAND   submits a mail on stdin as a local user; the sender and the
#                          recipients are appended
#     --release COMMAND    run every --every S (300) of simulated time
#     --flagged N (5)      flagged messages in --within S (3600) that cut port 25
#     --drain S (86400)    how long after the last mail the world goes on
#     --patience S (60)    simulated time that may pass before a queue has come to rest:
#                          more is faster, and says less of delays
#     --label TEXT         first columns of the result line
#
# The clock is a file that all programs of the MTA and of the gate read (clock.c): time
# stands still while they work and moves when all is done, so a run is the same on a
# slow machine.
# --log gets a line a message; the result, one line, goes to stdout: see @columns.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Getopt::Long;
use IO::Select;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use IO::Socket::UNIX;
use POSIX qw(strftime :sys_wait_h);
use Time::HiRes qw(sleep);
use ProviderMail qw(fill mail_key message_id read_file);

my %o = (every => 300, flagged => 5, within => 3600, drain => 86_400, patience => 60,
    label => '');
GetOptions(\%o, 'mail=s', 'verdicts=s', 'clock=s', 'midnight=i', 'smtp=i', 'sink=i', 'spool=s',
    'log=s', 'sendmail=s', 'release=s', 'every=i', 'flagged=i', 'within=i', 'drain=i',
    'patience=i', 'label=s') && @ARGV or exit 2;
$SIG{PIPE} = 'IGNORE';
my $slow_step_s = 10; # the slow lane's pause, and how long a stuck queue gets at most

# --- what is sent -----------------------------------------------------------------

my (%text_of, @events, %by_message_id, %verdict, %verdict_of);

sub read_plan {
    open my $plan, '<', $_[0] or die "$_[0]: $!\n";
    while (<$plan>) {
        chomp;
        my %mail;
        @mail{qw(at who id path login client sender to from mail)} = split /\t/;
        $mail{at} += $o{midnight};
        $text_of{ $mail{mail} } //= read_file("$o{mail}/$mail{mail}.eml");
        $by_message_id{ message_id($text_of{ $mail{mail} }, $mail{id}) } = $mail{id};
        $verdict_of{ $mail{id} } = $verdict{ mail_key($text_of{ $mail{mail} }) };
        push @events, \%mail;
    }
}

sub read_verdicts {
    open my $in, '<', $o{verdicts} or die "$o{verdicts}: $!\n";
    while (<$in>) {
        my ($key, undef, undef, $who) = split;
        $verdict{$key} = $who;
    }
}

sub text_of {
    my ($mail) = @_;
    my $text = fill($text_of{ $mail->{mail} }, {
        FROM => $mail->{from}, TO => $mail->{to} =~ s/,/, /gr, ID => $mail->{id},
        DATE => strftime('%a, %d %b %Y %H:%M:%S +0000', gmtime $mail->{at})
    });
    return $mail->{path} eq 'php' ? "X-PHP-Originating-Script: $mail->{login}\n$text" : $text;
}

# --- the clock --------------------------------------------------------------------

my $now = 0;
open my $clock, '+<:raw', $o{clock} or die "$o{clock}: $!\n";

# Eight bytes in one write: nobody sees half a time.
sub set_clock {
    ($now) = @_;
    sysseek $clock, 0, 0;
    syswrite $clock, pack('q', $now * 1_000_000) or die "$o{clock}: $!\n";
}

sub clock_now {
    sysseek $clock, 0, 0;
    sysread $clock, my $bytes, 8;
    return int unpack('q', $bytes) / 1_000_000;
}

# --- the provider -----------------------------------------------------------------

# Answers on every connection; prints "at id verdict taken" to $report.
sub provider {
    my ($server, $stop, $report) = @_;
    my $select = IO::Select->new($server, $stop);
    my (%client, @flagged, %seen);
    my $is_cut = 0;
    # of its own: the place in the file belongs to the open file
    open $clock, '+<:raw', $o{clock} or die "$o{clock}: $!\n";
    my $judge = sub {
        my ($text) = @_;
        my ($mid) = $text =~ /^Message-Id:\s*(.*?)\s*$/im;
        my $id = $by_message_id{ $mid // '' } // 'unknown';
        # where an MTA has rewritten a mail's lines, what was said of it as it was sent
        my $who = $verdict{ mail_key($text) } // $verdict_of{$id} // 'unjudged';
        my $at = clock_now();
        my $is_taken = $is_cut ? 0 : 1;
        if ($who ne '-' && !$seen{$id}++ && !$is_cut) {
            @flagged = grep { $_ > $at - $o{within} } @flagged, $at;
            $is_cut = @flagged >= $o{flagged};
            syswrite $report, "$at cut\n" if $is_cut;
        }
        syswrite $report, "$at $id $who $is_taken\n";
        return $is_taken ? '250 2.0.0 taken' : '451 4.7.1 port 25 is cut: spam from your address';
    };
    while (1) {
        for my $from ($select->can_read) {
            if ($from == $server) {
                my $new = $server->accept or next;
                $new->autoflush(1);
                $client{$new} = {in => '', data => undef};
                $select->add($new);
                print $new "220 provider.example ESMTP\r\n";
                next;
            }
            exit 0 if $from == $stop;
            my $count = sysread $from, my $piece, 65_536;
            if (!$count) {
                $select->remove($from);
                delete $client{$from};
                close $from;
                next;
            }
            $client{$from}{in} .= $piece;
            converse($from, $client{$from}, $judge);
        }
    }
}

sub converse {
    my ($to, $client, $judge) = @_;
    while (1) {
        if ($client->{is_data}) {
            # the end of DATA: a line with a dot alone
            return if $client->{in} !~ /(?:\A|\r\n)\.\r\n/;
            my ($text, $rest) = ($client->{in} =~ /\A(.*?)(?:\r\n|\A)\.\r\n(.*)\z/s);
            @$client{qw(in is_data)} = ($rest, 0);
            $text =~ s/^\.//mg;
            print $to $judge->("$text\n"), "\r\n";
            next;
        }
        return if $client->{in} !~ s/\A(.*?)\r\n//s;
        my $word = uc substr $1, 0, 4;
        $client->{is_data} = $word eq 'DATA';
        print $to $word eq 'DATA' ? "354 go\r\n" : $word eq 'QUIT' ? "221 bye\r\n"
            : $word eq 'EHLO' ? "250-provider.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
            . "250 SMTPUTF8\r\n" : "250 2.0.0 ok\r\n";
    }
}

# --- in front ---------------------------------------------------------------------

my ($smtp, $smtp_is);

sub reply {
    my $last = '000 connection lost';
    local $SIG{ALRM} = sub { die "no reply within 120 s\n" };
    alarm 120;
    while (defined(my $line = <$smtp>)) {
        $last = $line =~ s/\r?\n\z//r;
        last if $last !~ /^\d{3}-/;
    }
    alarm 0;
    return $last;
}

sub say_to {
    print $smtp "$_[0]\r\n";
    return reply();
}

# greet WHO - a connection that Postfix believes to be this client's.
sub greet {
    my ($client, $login) = @_;
    return if defined $smtp && $smtp_is eq "$client $login";
    if (!defined $smtp) {
        $smtp = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $o{smtp})
            or die "Postfix on port $o{smtp}: $!\n";
        $smtp->autoflush(1);
        setsockopt $smtp, IPPROTO_TCP, TCP_NODELAY, 1;
        reply();
        say_to('EHLO client.example');
    }
    my $got = say_to("XCLIENT NAME=[UNAVAILABLE] ADDR=$client LOGIN="
        . ($login eq '-' ? '[UNAVAILABLE]' : $login));
    die "XCLIENT: $got\n" if $got !~ /^220/;
    say_to('EHLO client.example');
    $smtp_is = "$client $login";
}

sub send_smtp {
    my ($mail, $text) = @_;
    greet(@$mail{qw(client login)});
    my $got = say_to("MAIL FROM:<$mail->{sender}>");
    for my $to (split /,/, $mail->{to}) {
        $got = say_to("RCPT TO:<$to>") if $got =~ /^2/;
    }
    $got = say_to('DATA') if $got =~ /^2/;
    if ($got =~ /^3/) {
        $text =~ s/\n/\r\n/g;
        $text =~ s/^\./../mg;
        $text .= "\r\n" if $text !~ /\n\z/;
        $got = say_to("$text."); # in one write: two would wait for each other (RFC 896)
    }
    if ($got !~ /^2/) { # a session with many errors is slowed down
        close $smtp;
        undef $smtp;
    }
    return $got;
}

sub send_local {
    my ($mail, $text) = @_;
    open my $program, '|-', "$o{sendmail} -f $mail->{sender} -- $mail->{to}" or die "$!\n";
    print $program $text;
    close $program;
    return $? == 0 ? '250 given to sendmail(1)' : "554 sendmail(1) ended with $?";
}

# --- the queue --------------------------------------------------------------------

sub files_in {
    my ($folder) = @_;
    opendir my $dir, $folder or return ();
    return map { length $_ == 1 ? files_in("$folder/$_") : $_ } grep { !/^\./ } readdir $dir;
}

sub busy { return map { files_in("$o{spool}/$_") } qw(maildrop incoming active) }

# poke CHARS - the queue manager looks at its timers, and (D) at deferred mail.
sub poke {
    my $qmgr = IO::Socket::UNIX->new(Peer => "$o{spool}/public/qmgr") or return;
    syswrite $qmgr, $_[0];
    close $qmgr;
}

# Wait until Postfix has nothing to do, or only what waits for the time to come: then
# nothing has moved for 80 ms.
sub settle {
    my ($was, $still) = ('', 0);
    for (1 .. 6000) {
        my $is = join ' ', sort(busy());
        return 0 if $is eq '';
        $still = $is eq $was ? $still + 1 : 0;
        return scalar split ' ', $is if $still >= 40;
        $was = $is;
        sleep 0.002;
    }
    die "the queue does not come to rest\n";
}

sub release {
    system "$o{release} >>$o{log}.release 2>&1";
    poke('D');
    await_released();
}

# What was let go lies among the deferred until the queue manager has looked.
sub await_released {
    my ($was, $still) = (-1, 0);
    while ((my $is = files_in("$o{spool}/deferred")) > 0 && $still < 20) {
        $still = $is == $was ? $still + 1 : 0;
        $was = $is;
        sleep 0.005;
    }
}

my ($next_release, $is_stuck) = (0, 0);

sub pass_time_to {
    my ($until) = @_;
    while ($now < $until) {
        my $next = $until;
        $next = $now + $slow_step_s if $is_stuck && $next > $now + $slow_step_s;
        $next = $next_release if $o{release} && $next_release > $now && $next > $next_release;
        set_clock($next);
        if ($o{release} && $now >= $next_release) {
            $next_release = $now + $o{every};
            release() if files_in("$o{spool}/hold"); # else it has nothing to do
        }
        elsif ($is_stuck) {
            poke('I');
        }
        else {
            next;
        }
        $is_stuck = settle();
    }
}

# --- one run ----------------------------------------------------------------------

read_verdicts();
read_plan($_) for @ARGV;
@events = sort { $a->{at} <=> $b->{at} || $a->{id} cmp $b->{id} } @events;

my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $o{sink},
    Listen => 200, ReuseAddr => 1) or die "port $o{sink}: $!\n";
pipe my $stop, my $running or die;
open my $report, '>', "$o{log}.sink" or die "$o{log}.sink: $!\n";
my $provider = fork // die "fork: $!\n";
if (!$provider) {
    close $running;
    provider($server, $stop, $report);
}
close $stop;
close $server;

my $last_settled = 0;
set_clock($events[0]{at} - 60);
$next_release = $now;
for my $mail (@events) {
    my $slice = int $mail->{at} / $o{patience};
    if ($slice != $last_settled) {
        $is_stuck = settle();
        $last_settled = $slice;
    }
    pass_time_to($mail->{at});
    $mail->{reply} = $mail->{path} eq 'php' ? send_local($mail, text_of($mail))
        : send_smtp($mail, text_of($mail));
}
$is_stuck = settle();
my $end = $now + $o{drain};
$o{every} = 900;
while ($now < $end) {
    pass_time_to($now + 900);
    $is_stuck = settle();
    last if !$is_stuck && !($o{release} && files_in("$o{spool}/hold"));
}
close $running;
waitpid $provider, 0;

# --- what came of it --------------------------------------------------------------

my (%arrived, %offered, $cut_at);
open $report, '<', "$o{log}.sink" or die;
while (<$report>) {
    my ($at, $id, $who, $is_taken) = split;
    if ($id eq 'cut') {
        $cut_at = $at;
        next;
    }
    die "the provider got a mail that nobody judged: $id\n" if $who eq 'unjudged';
    $offered{$id} //= $who;
    $arrived{$id} //= $at if $is_taken;
}
my %queued = map { $_ => 1 } map { files_in("$o{spool}/$_") } qw(maildrop incoming active hold
    deferred);

sub clock_text { return strftime('%H:%M:%S', gmtime $_[0]) }

sub outcome {
    my ($mail) = @_;
    return 'refused' if $mail->{reply} !~ /^2/;
    return 'arrived' if $arrived{ $mail->{id} };
    my ($queue_id) = $mail->{reply} =~ /queued as (\S+)/;
    return 'waits' if defined $queue_id && $queued{$queue_id};
    return $mail->{path} eq 'php' ? 'waits' : 'lost';
}

sub percentile {
    my ($share, @sorted) = @_;
    return @sorted ? $sorted[ int($share * $#sorted + 0.5) ] : 0;
}

my (%count, @waits);
open my $log, '>', $o{log} or die "$o{log}: $!\n";
for my $mail (@events) {
    my $outcome = outcome($mail);
    my $delay = ($arrived{ $mail->{id} } // 0) - $mail->{at};
    $count{"$mail->{who} sent"}++;
    $count{"$mail->{who} $outcome"}++;
    if ($outcome eq 'arrived' && $delay > 60 && $mail->{who} eq 'honest') {
        $count{'honest late'}++;
        push @waits, $delay;
    }
    print $log join("\t", strftime('%F %T', gmtime $mail->{at}), @$mail{qw(who id path login
        client mail)}, $outcome, $outcome eq 'arrived' ? $delay : '-', $offered{ $mail->{id} } // '-',
        substr $mail->{reply}, 0, 120), "\n";
}
close $log or die;
@waits = sort { $a <=> $b } @waits;
my %left;
for my $who (values %offered) {
    $left{s}++ if $who =~ /s/;
    $left{r}++ if $who =~ /r/;
    $left{any}++ if $who ne '-';
}
my @columns = ($o{label}, $count{'attack sent'} // 0, $left{any} // 0, $left{s} // 0,
    $left{r} // 0, defined $cut_at ? clock_text($cut_at) : 'never', $count{'honest sent'} // 0,
    ($count{'honest arrived'} // 0) - ($count{'honest late'} // 0), $count{'honest late'} // 0,
    percentile(0.5, @waits), percentile(0.95, @waits), $count{'honest refused'} // 0,
    $count{'honest waits'} // 0, $count{'honest lost'} // 0);
print join("\t", @columns), "\n";
