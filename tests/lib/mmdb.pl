#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# mmdb - write a small MaxMind DB of countries for the tests.
#   mmdb.pl FILE NETWORK CODE [NETWORK CODE]...
# A network is IPv4 or IPv6 with a prefix: 192.0.2.0/24, 2001:db8:1::/48.
# Source: https://maxmind.github.io/MaxMind-DB/ (format 2.0; records of 24 bits; IPv4
# stands at ::/96).
use strict;
use warnings;
use Socket qw(inet_pton AF_INET AF_INET6);

my ($file, @pairs) = @ARGV;
die "usage: mmdb.pl FILE NETWORK CODE...\n" unless @pairs && @pairs % 2 == 0;

# Data: control byte (type in the upper 3 bits, size in the lower 5), then the value.
sub text { my $s = shift; return chr(2 << 5 | length $s) . $s }
sub map_of { my @all = @_; return chr(7 << 5 | @all / 2) . join '', @all }
sub small { my $n = shift; return chr(5 << 5 | 2) . pack 'n', $n }
sub large { my $n = shift; return chr(6 << 5 | 4) . pack 'N', $n }

my @nodes = ([undef, undef]);
my ($data, %at) = ('');
while (my ($network, $code) = splice @pairs, 0, 2) {
    my ($address, $prefix) = split m{/}, $network;
    my $bytes = inet_pton(AF_INET, $address);
    if (defined $bytes) {
        ($bytes, $prefix) = ("\0" x 12 . $bytes, $prefix + 96);
    } else {
        $bytes = inet_pton(AF_INET6, $address) // die "no address: $address\n";
    }
    if (!exists $at{$code}) {
        $at{$code} = length $data;
        $data .= map_of(text('country'), map_of(text('iso_code'), text($code)));
    }
    my @bits = split //, unpack 'B*', $bytes;
    my $node = 0;
    for my $i (0 .. $prefix - 2) {
        if (!defined $nodes[$node][$bits[$i]]) {
            push @nodes, [undef, undef];
            $nodes[$node][$bits[$i]] = $#nodes;
        }
        $node = $nodes[$node][$bits[$i]];
    }
    $nodes[$node][$bits[$prefix - 1]] = \$at{$code};
}

my $tree = '';
for my $node (@nodes) {
    for my $record (@$node) {
        my $value = !defined $record ? @nodes : ref $record ? @nodes + 16 + $$record : $record;
        $tree .= substr pack('N', $value), 1;
    }
}
open my $out, '>:raw', $file or die "$file: $!\n";
print $out $tree, "\0" x 16, $data, "\xab\xcd\xefMaxMind.com", map_of(
    text('binary_format_major_version'), small(2),
    text('binary_format_minor_version'), small(0),
    text('build_epoch'), chr(8) . chr(2) . pack('NN', 0, 1700000000),
    text('database_type'), text('Test-Country'),
    text('description'), map_of(text('en'), text('outgate test')),
    text('ip_version'), small(6),
    text('languages'), chr(0) . chr(4),
    text('node_count'), large(scalar @nodes),
    text('record_size'), small(24));
close $out or die "$file: $!\n";
