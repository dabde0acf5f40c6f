#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# spamassassin.pl [OPTION...] LIST - the same rule files on the same mails, by outgate
# and by the SpamAssassin that is installed: which (mail, rule) pairs differ.
#
# LIST names one mail a line. Compared is each regex and meta rule that outgate says it
# runs (outgate lint --list) and that SpamAssassin has with a score; sub-rules too.
#   --outgate PROGRAM  default: outgate
#   --rules DIR        rule files, default /usr/share/spamassassin
#   --known FILE       differences that are explained; others are reported as unexplained
#   --theirs FILE      what an earlier run has written with --keep, in place of a new run
#   --keep FILE        write what SpamAssassin says there
#   --pairs FILE       write each differing pair there (default: the standard output)
#   --jobs N           processes, default 2
# Prints TAP-free text; the last lines are "name: value". Ends with 0 unless it could
# not compare.
use strict;
use warnings;
$| = 1;
use File::Temp qw(tempdir);
use Getopt::Long;
use IO::Handle;
use POSIX ();

my %option = (outgate => 'outgate', rules => '/usr/share/spamassassin', jobs => 2);
GetOptions(\%option, 'outgate=s', 'rules=s', 'known=s', 'theirs=s', 'keep=s',
    'pairs=s', 'jobs=i') && @ARGV == 1 or die "usage: see the head of $0\n";
my $scratch = tempdir(CLEANUP => 1);
my @mails = read_list($ARGV[0]);

sub read_list {
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    chomp(my @lines = <$in>);
    return grep { $_ ne '' } @lines;
}

# One mail, a line: path TAB rule,rule,... TAB subrule,subrule(times),...
sub judge_mail {
    my ($judge, $path, $out) = @_;
    open my $in, '<:raw', $path or die "$path: $!\n";
    my $text = do { local $/; <$in> };
    my $mail = $judge->parse($text, 0);
    my $status = $judge->check($mail);
    my $subs = $status->get_names_of_subtests_hit('collapsed');
    print $out join("\t", $path, $status->get_names_of_tests_hit(), $subs), "\n";
    $status->finish;
    $mail->finish;
}

# One process: every jobs-th mail. Each is judged in a process of its own, as its first:
# the pattern of a rule with %{NAME} is compiled once in a process, with what the first
# mail captured, and then never matches another's.
sub judge_share {
    my ($number, $out) = @_;
    require Mail::SpamAssassin;
    my $judge = Mail::SpamAssassin->new({
        rules_filename => $option{rules}, local_tests_only => 1, dont_copy_prefs => 1,
        userprefs_filename => '/dev/null', userstate_dir => "$scratch/home$number",
        home_dir_for_helpers => "$scratch/home$number",
        post_config_text => "use_bayes 0\nuse_auto_welcomelist 0\nuse_txrep 0\n"
            . "bayes_auto_learn 0\n"});
    $judge->compile_now(0, 1);
    for (my $i = $number; $i < @mails; $i += $option{jobs}) {
        $out->flush;
        my $pid = fork // die "fork: $!\n";
        if (!$pid) {
            judge_mail($judge, $mails[$i], $out);
            $out->flush;
            POSIX::_exit(0);
        }
        waitpid $pid, 0;
        die "SpamAssassin failed on $mails[$i]\n" if $?;
    }
    print_rules($judge->{conf}, $out) if $number == 0;
}

# The rules that it has with a score: only those can be compared. Of them, those that
# ask neither the network nor what was learned: an eval that is flagged so, or a list.
sub print_rules {
    my ($conf, $out) = @_;
    no warnings 'once';
    my @names = grep { $conf->{scores}{$_} } keys %{$conf->{test_types}};
    my @alone = grep {
        my $type = $conf->{test_types}{$_};
        my $is_eval = ($type & 1) == 1;
        my $is_tied = ($conf->{tflags}{$_} // '') =~ /\b(?:net|learn)\b/;
        $type != $Mail::SpamAssassin::Conf::TYPE_RBL_EVALS
            && $type != $Mail::SpamAssassin::Conf::TYPE_EMPTY_TESTS
            && !($is_eval && $is_tied);
    } @names;
    print $out join("\t", '*', @names), "\n", join("\t", '+', @alone), "\n";
}

sub run_theirs {
    my %pids;
    for my $number (0 .. $option{jobs} - 1) {
        my $pid = fork // die "fork: $!\n";
        if ($pid) { $pids{$pid} = 1; next }
        mkdir "$scratch/home$number";
        open my $out, '>', "$scratch/theirs$number" or die "$scratch: $!\n";
        open STDERR, '>', "$scratch/theirs.log";
        judge_share($number, $out);
        close $out or die "$scratch: $!\n";
        exit 0;
    }
    my $failed = 0;
    while ((my $pid = wait) > 0) { $failed ||= $? }
    die "SpamAssassin failed\n" if $failed;
    my $kept = $option{keep} // "$scratch/theirs";
    open my $out, '>', $kept or die "$kept: $!\n";
    for my $number (0 .. $option{jobs} - 1) {
        open my $in, '<', "$scratch/theirs$number" or die "$scratch: $!\n";
        print $out $_ while <$in>;
    }
    close $out or die "$kept: $!\n";
    return $kept;
}

# $theirs->{mail}{rule} = times; $scored->{rule}, $alone->{rule} = 1.
sub read_theirs {
    my ($path) = @_;
    my (%theirs, %scored, %alone);
    open my $in, '<', $path or die "$path: $!\n";
    while (<$in>) {
        chomp;
        my ($mail, @names) = split /\t/;
        if ($mail eq '*') { @scored{@names} = (1) x @names; next }
        if ($mail eq '+') { @alone{@names} = (1) x @names; next }
        my %hits;
        for (map { split /,/ } grep { defined } @names) {
            /^(\w+)(?:\((\d+)\))?$/ and $hits{$1} = $2 // 1;
        }
        $theirs{$mail} = \%hits;
    }
    return (\%theirs, \%scored, \%alone);
}

sub outgate {
    my (@arguments) = @_;
    open my $config, '>', "$scratch/none.conf" or die "$scratch: $!\n";
    close $config;
    open my $out, '-|', $option{outgate}, @arguments, '--config', "$scratch/none.conf",
        '--rules', $option{rules}, '--json' or die "$option{outgate}: $!\n";
    return $out;
}

# $runs->{rule} = kind.
sub read_own_rules {
    my %runs;
    my $in = outgate('lint', '--list');
    while (<$in>) {
        $runs{$1} = $2 if /^\{"rule": "(\w+)", "kind": "(\w+)"/;
    }
    close $in;
    die "outgate lint --list names no rule\n" if !%runs;
    return \%runs;
}

sub read_own {
    my (@names) = @_;
    my %own;
    while (my @some = splice @names, 0, 500) {
        my $in = outgate('scan', '--all-hits', '--jobs', $option{jobs}, @some);
        while (<$in>) {
            my ($mail, $hits) = /^\{"file": "([^"]*)".*"all_hits": \{([^}]*)\}/ or next;
            $own{$mail} = {$hits =~ /"(\w+)": ([-\d.e+]+)/g};
        }
        close $in;
        die "outgate scan ended with $?\n" if $? != 0 && $? != 256;
    }
    return \%own;
}

# Lines "RULE WHO MAIL REASON"; RULE may be *, WHO is ours, theirs or both, MAIL is
# folder/number or *.
sub read_known {
    my ($path) = @_;
    my @known;
    return \@known if !defined $path;
    open my $in, '<', $path or die "$path: $!\n";
    while (<$in>) {
        next if /^\s*(?:#|$)/;
        my ($rule, $who, $mail, $reason) = /^(\S+)\s+(ours|theirs|both)\s+(\S+)\s+(\S.*)$/
            or die "$path:$.: expected RULE ours|theirs|both MAIL REASON\n";
        push @known, {rule => $rule, who => $who, mail => $mail, reason => $reason};
    }
    return \@known;
}

sub explain {
    my ($known, $rule, $who, $path) = @_;
    my $mail = $path =~ m{([^/]+/\d+)[^/]*$} ? $1 : $path;
    for my $line (@$known) {
        return $line->{reason} if $line->{rule} =~ /^(?:\*|\Q$rule\E)$/
            && $line->{who} =~ /^(?:both|$who)$/ && $line->{mail} =~ /^(?:\*|\Q$mail\E)$/;
    }
    return undef;
}

my ($theirs, $scored, $alone) = read_theirs($option{theirs} // run_theirs());
my $runs = read_own_rules();
my $own = read_own(@mails);
my $known = read_known($option{known});

my @rules = sort grep { $runs->{$_} ne 'fact' && (!%$scored || $scored->{$_}) } keys %$runs;
my ($equal, $different, $unexplained) = (0, 0, 0);
my (%by_rule, @pairs);
for my $mail (@mails) {
    my ($a, $b) = ($own->{$mail}, $theirs->{$mail});
    die "$mail: not judged by both\n" if !$a || !$b;
    for my $rule (@rules) {
        next if !$a->{$rule} && !$b->{$rule};
        if ($a->{$rule} && $b->{$rule}) { $equal++; $by_rule{$rule}{equal}++; next }
        my $who = $a->{$rule} ? 'ours' : 'theirs';
        my $reason = explain($known, $rule, $who, $mail);
        $different++;
        $unexplained++ if !defined $reason;
        $by_rule{$rule}{$who}++;
        push @pairs, join("\t", $rule, $who, $mail, $reason // 'unexplained');
    }
}

for my $rule (sort { ($by_rule{$b}{ours} // 0) + ($by_rule{$b}{theirs} // 0)
        <=> ($by_rule{$a}{ours} // 0) + ($by_rule{$a}{theirs} // 0) || $a cmp $b }
    grep { $by_rule{$_}{ours} || $by_rule{$_}{theirs} } keys %by_rule)
{
    printf "%-34s %-10s only ours %5d, only theirs %5d, both %6d\n", $rule,
        $runs->{$rule}, map { $by_rule{$rule}{$_} // 0 } qw(ours theirs equal);
}
my $pairs;
if (defined $option{pairs}) {
    open $pairs, '>', $option{pairs} or die "$option{pairs}: $!\n";
} else {
    open $pairs, '>&', \*STDOUT or die "standard output: $!\n";
}
print $pairs "$_\n" for sort @pairs;
close $pairs or die "pairs: $!\n";
my $all = $equal + $different;
my @alone = sort keys %$alone;
my @missing = grep { !$runs->{$_} } @alone;
print "does not run: @missing\n";
printf "mails: %d\nrules compared: %d\npairs: %d\nequal: %d\ndifferent: %d\n"
    . "unexplained: %d\nequal share: %.3f %%\n"
    . "need no network: %d\nof them run: %d\nrunning share: %.3f %%\n",
    scalar @mails, scalar @rules, $all, $equal, $different, $unexplained,
    $all ? 100 * $equal / $all : 0, scalar @alone, @alone - @missing,
    @alone ? 100 * (@alone - @missing) / @alone : 0;
