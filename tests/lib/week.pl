#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# week - a week of a small provider's traffic, for tests/unit/fill_log: forty people at
# office hours, a shop's receipts, a newsletter, a script, and on the fifth day a stolen
# login. The same for the same seed. Usage: week.pl MESSAGES > LIST
use strict;
use warnings;

my $messages = shift // 2000;
my $state = 20261125;

# Knuth's MMIX generator: srand's differs between builds of perl
sub rnd {
    use integer;
    $state = $state * 6364136223846793005 + 1442695040888963407;
    return ($state >> 33 & 0x7fffffff) % $_[0];
}

my @people = map { "person$_" } 1 .. 40;
my @subjects = ('minutes of Monday', 'lunch?', 'your invoice', 'the figures',
    'holiday plan', 'question about the order', 'draft 3');
my @lines;
for my $n (1 .. $messages) {
    my $day = rnd(7);
    my $hour = 7 + rnd(12);
    my $ago = $day * 1440 + (23 - $hour) * 60 + rnd(60);
    my ($who, $ip, $count, $subject) =
        ($people[rnd(40)], '198.51.100.' . (10 + rnd(40)), 1 + rnd(3), $subjects[rnd(7)]);
    my $kind = rnd(100);
    ($who, $count, $subject) = ('shop', 1, 'your receipt') if $kind < 20;
    ($who, $count, $subject) = ('letter', 5 + rnd(4), 'our news') if $kind >= 20 && $kind < 28;
    if ($day == 2 && $kind >= 90) {
        ($who, $ip, $count, $subject) = ('person7', '203.0.113.66', 6, 'score-hold win now');
    }
    $subject = 'score-slow ' . $subject if rnd(60) == 0;
    push @lines, [$ago, join '|', $ago, $who, $ip, "$who\@here.example", $count,
        sprintf('4q%06d', $n), "<week.$n\@here.example>", $subject];
}
print "$_->[1]\n" for sort { $b->[0] <=> $a->[0] } @lines;
