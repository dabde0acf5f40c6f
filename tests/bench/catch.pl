#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# catch - scores of SpamAssassin (in this process, -L, without Bayes) or of a running
# rspamd for the mails named on standard input, "path<TAB>score" each; and the tables of
# catch.sh, which calls this.
#
#   catch.pl spamassassin
#   catch.pl rspamd PORT
#   catch.pl table FOLDER MANIFEST
use strict;
use warnings;
use File::Temp;
use IO::Socket::INET;

sub slurp {
    my ($name) = @_;
    open my $in, '<:raw', $name or die "$name: $!\n";
    local $/;
    return scalar <$in>;
}

sub spamassassin {
    my $home = File::Temp->newdir;
    $ENV{HOME} = "$home";
    require Mail::SpamAssassin;
    my $judge = Mail::SpamAssassin->new({
        local_tests_only => 1, userprefs_filename => "$home/user_prefs",
        userstate_dir => "$home", home_dir_for_helpers => "$home", dont_copy_prefs => 1,
        post_config_text => "use_bayes 0\nuse_auto_welcomelist 0\n",
    });
    $judge->init(0);
    while (my $name = <STDIN>) {
        chomp $name;
        my $mail = $judge->parse(slurp($name), 0);
        my $status = $judge->check($mail);
        printf "%s\t%.3f\n", $name, $status->get_score;
        $status->finish;
        $mail->finish;
    }
}

sub address {
    my ($text, $field, $default) = @_;
    my ($head) = split /\r?\n\r?\n/, substr($text, 0, 65536), 2;
    $head =~ s/\r?\n[ \t]+/ /g;
    my ($value) = $head =~ /^\Q$field\E:(.{0,2000})/mi or return $default;
    return $value =~ /([\w.+=-]{1,64}@[\w.-]{1,200})/ ? $1 : $default;
}

# As mail that a user hands in: else, without a network, each host that has no name costs.
sub rspamd {
    my ($port) = @_;
    while (my $name = <STDIN>) {
        chomp $name;
        my $text = slurp($name);
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
            or die "rspamd on port $port: $!\n";
        print $socket "POST /checkv2 HTTP/1.0\r\nContent-Length: ", length $text,
            "\r\nUser: someone\r\nIP: 192.0.2.17\r\nHelo: client.example\r\nFrom: ",
            address($text, 'From', 'someone@here.example'), "\r\nRcpt: ",
            address($text, 'To', 'reader@there.example'), "\r\n\r\n", $text;
        my $answer = do { local $/; <$socket> } // '';
        my ($score) = $answer =~ /"is_skipped":[^}]*?"score":(-?[\d.]+)/ or warn "$name: no answer\n";
        printf "%s\t%.3f\n", $name, $score // 0;
    }
}

# Default thresholds: outgate hold, SpamAssassin required_score, rspamd "add header".
my @peers = (['outgate', 5], ['spamassassin', 5], ['rspamd', 6]);

sub lines_of {
    my ($name) = @_;
    open my $in, '<', $name or return ();
    return map { chomp; [split /\t/] } <$in>;
}

sub share {
    my ($scores, $threshold) = @_;
    return @$scores == 0 ? 0 : 100 * grep({ $_ >= $threshold } @$scores) / @$scores;
}

# The lowest threshold that at most that percentage of scores reaches.
sub threshold_at {
    my ($scores, $percent) = @_;
    my @sorted = sort { $b <=> $a } @$scores;
    my $allowed = int(@sorted * $percent / 100 + 1e-9);
    return ($sorted[$allowed] // 0) + 0.001;
}

sub row {
    my ($name, $mails, $columns) = @_;
    printf '| %-28s | %5d |', $name, scalar @$mails;
    for my $column (@$columns) {
        my ($scores, $threshold) = @{$column}{qw(scores threshold)};
        printf ' %5.1f |', share([map { $scores->{$_} } @$mails], $threshold);
    }
    print "\n";
}

sub table {
    my ($folder, $manifest) = @_;
    my (@mails, %sort, %class, %about, @columns, @names);
    for my $line (lines_of("$folder/mails.tsv")) {
        my ($path, $sort, $class) = @$line;
        push @mails, $path;
        @{$sort{$path}}[0] = $sort;
        $class{$path} = $class;
    }
    my %by_end;
    $by_end{$_->[0]} = $_ for lines_of($manifest);
    for my $path (@mails) {
        my ($end) = $path =~ m{([^/]+/[^/]+)$};
        $about{$path} = $by_end{$end} if $by_end{$end};
    }
    my @ham = grep { $sort{$_}[0] eq 'ham' } @mails;
    my @peers_here;
    for my $peer (@peers) {
        my %scores = map { $_->[0] => $_->[1] } lines_of("$folder/$peer->[0].tsv");
        my @missing = grep { !defined $scores{$_} } @mails;
        next if @missing == @mails;
        warn scalar @missing, " mails without a score of $peer->[0]\n" if @missing;
        $scores{$_} //= 0 for @missing;
        push @peers_here, {name => $peer->[0], scores => \%scores, default => $peer->[1]};
    }
    my $column = sub {
        my ($peer, $label, $threshold) = @_;
        push @columns, {scores => $peer->{scores}, threshold => $threshold};
        push @names, sprintf '%s %s (%.1f)', $peer->{name}, $label, $threshold;
    };
    my ($own) = @peers_here;
    my @own_ham = map { $own->{scores}{$_} } @ham;
    $column->($_, 'default', $_->{default}) for @peers_here;
    for my $peer (@peers_here) {
        $column->($peer, '0.5 % of ham', threshold_at([map { $peer->{scores}{$_} } @ham], 0.5));
    }
    for my $peer (@peers_here[1 .. $#peers_here]) {
        my $rate = share([map { $peer->{scores}{$_} } @ham], $peer->{default});
        $column->($own, sprintf("at %s's %.2f %% of ham", $peer->{name}, $rate),
            threshold_at(\@own_ham, $rate));
    }
    print "Percent of mails at or over the threshold:\n";
    print map { sprintf "  %d: %s\n", $_ + 1, $names[$_] } 0 .. $#names;
    print '| class | mails | ', join(' | ', map { $_ + 1 } 0 .. $#names), " |\n";
    print '| --- ' x (2 + @names), "|\n";
    my %seen;
    for my $class (grep { !$seen{$_}++ } map { $class{$_} } @mails) {
        row($class, [grep { $class{$_} eq $class } @mails], \@columns);
    }
    row('all honest', \@ham, \@columns);
    row('all abuse', [grep { $sort{$_}[0] eq 'spam' } @mails], \@columns);
    for my $by ([4, 'language'], [3, 'year']) {
        my %group;
        for my $path (grep { $about{$_} && $sort{$_}[0] eq 'spam' } @mails) {
            push @{$group{"$class{$path} $by->[1] " . ($about{$path}[$by->[0]] || '?')}}, $path;
        }
        row($_, $group{$_}, \@columns) for sort keys %group;
    }
}

my ($what, @arguments) = @ARGV;
my %do = (spamassassin => \&spamassassin, rspamd => \&rspamd, table => \&table);
($do{$what // ''} or die "usage: catch.pl spamassassin | rspamd PORT | table FOLDER MANIFEST\n")
    ->(@arguments);
