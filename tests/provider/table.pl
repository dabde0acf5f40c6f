#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# table - the rows of world.pl for people.
use strict;
use warnings;

my $format = "%-9s %-8s %6s | %5s %5s %5s %8s | %6s %6s %5s %7s %7s %7s %5s %5s\n";
printf $format, '', '', 'attack', 'left', 'by SA', 'by', 'port 25', 'honest', 'at', 'late',
    '', '', 'refused', 'waits', 'lost';
printf $format, 'attack', 'system', 'mails', 'any', '', 'rspam', 'cut at', 'mails', 'once', '',
    'p50', 'p95', '', '', '';
my $was = '';
while (<>) {
    chomp;
    my ($attack, $system, $sent, $any, $s, $r, $cut, $honest, $once, $late, $p50, $p95, $refused,
        $waits, $lost) = split /\t/;
    print "\n" if $attack ne $was;
    $was = $attack;
    printf $format, $attack, $system, $sent, $any, $s, $r, $cut, $honest, $once, $late,
        map({ $late ? span($_) : '-' } $p50, $p95), $refused, $waits, $lost;
}
print <<'END';

left: distinct flagged messages handed to the provider, also after it had cut port 25.
late: honest mail that came more than 60 s after it was sent; waits: it is still in the
queue a day after the attack (held for a person, or behind the cut).
END

sub span {
    my ($s) = @_;
    return $s < 600 ? "${s}s" : $s < 36_000 ? int($s / 60) . 'm' : sprintf '%.1fh', $s / 3600;
}
