#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# hostile - mails made to cost a reader much: one shape a file.
#
#   perl hostile.pl FOLDER [SCALE [SHAPE...]]
#
# Writes FOLDER/SHAPE.eml for each shape (or those named). SCALE, 0 to 1, makes all
# repetitions fewer: 1 is what a message of 8 to 20 MB can hold. Nothing is random.

use strict;
use warnings;

my ($folder, $scale, @wanted) = @ARGV;
die "usage: hostile.pl FOLDER [SCALE [SHAPE...]]\n" unless defined $folder;
$scale = 1 unless defined $scale;

# A text so many times; written "(...) x 9" it would be a list.
sub repeat { my ($text, $count) = @_; return $text x $count }

sub many { my $n = int($_[0] * $scale); return $n > 0 ? $n : 1 }

my $who = "From: a\@sender.example\nTo: b\@other.example\nSubject: s\n"
    . "Date: Mon, 1 Jan 2024 00:00:00 +0000\nMessage-ID: <1\@sender.example>\n"
    . "MIME-Version: 1.0\n";

sub plain { return $who . "Content-Type: text/plain; charset=utf-8\n\n" . $_[0] }
sub html  { return $who . "Content-Type: text/html; charset=utf-8\n\n" . $_[0] }

sub mail_with {
    my ($fields, $body) = @_;
    return $fields . $who . "\n" . (defined $body ? $body : "text\n");
}

# The same HTML in as many parts as use up what is read of a message's text.
sub pages {
    my ($page) = @_;
    my $part = "--b\nContent-Type: text/html\n\n" . $page . "\n";
    return $who . "Content-Type: multipart/mixed; boundary=b\n\n"
        . $part x many(8) . "--b--\n";
}

sub texts {
    my ($text) = @_;
    my $part = "--b\nContent-Type: text/plain\n\n" . $text . "\n";
    return $who . "Content-Type: multipart/mixed; boundary=b\n\n"
        . $part x many(8) . "--b--\n";
}

sub base64_mail {
    my ($type, $body) = @_;
    return $who . "Content-Type: $type\nContent-Transfer-Encoding: base64\n\n" . $body;
}

sub nested {
    my ($count, $line) = @_;
    my $out = $who . "Content-Type: multipart/mixed; boundary=b0\n\n";
    for my $i (1 .. $count) {
        my $outer = $i - 1;
        $out .= "--b$outer\nContent-Type: multipart/mixed; boundary=b$i\n\n";
    }
    return $out . $line;
}

# A message within a message, each a layer of quoted-printable that encodes nothing.
sub matryoshka {
    my $layer = "Content-Type: message/rfc822\n"
        . "Content-Transfer-Encoding: quoted-printable\n\n";
    return $who . $layer x 19 . "Content-Type: text/plain\n\n" . $_[0];
}

my @tlds = qw(com net org example.co.uk info);
my $half_mb = 500_000;

sub half { my ($unit) = @_; return $unit x many($half_mb / length $unit) }

my %shapes = (

    # ---- header
    header_lines   => sub { mail_with("X-A: 1\n" x many(1_000_000)) },
    header_names   => sub { join('', map { "X-$_: v\n" } 1 .. many(300_000)) . mail_with('') },
    header_empty   => sub { mail_with("X:\n" x many(1_000_000)) },
    header_folds   => sub { mail_with("X-A: a" . "\n b" x many(1_000_000) . "\n") },
    header_one     => sub { mail_with('X-A: ' . 'a' x many(20_000_000) . "\n") },
    header_junk    => sub { $who . "no field here\nX-A: b\n" x many(400_000) . "\n\ntext\n" },
    header_colons  => sub { mail_with('From: ' . ':' x many(65_000) . "\n") },
    header_8bit    => sub { mail_with(repeat('Subject: ' . "\xe9" x 60_000 . "\n", many(16))) },
    header_nuls    => sub { mail_with('X-A: ' . "\0" x many(60_000) . "\n") },
    header_only    => sub { my $w = $who; chomp $w; $w },
    no_newline     => sub { 'a' x many(8_000_000) },
    empty          => sub { '' },
    newlines       => sub { "\n" x many(8_000_000) },
    carriage       => sub { plain("\r" x many(8_000_000)) },
    field_cr       => sub { mail_with('X-A: ' . "\r" x many(60_000) . "\n") },
    received       => sub { mail_with("Received: from a by b; Mon, 1 Jan 2024\n" x many(20_000)) },
    references     => sub { mail_with('References: ' . "<a\@b>\n " x many(9000) . "\n") },

    # ---- addresses
    to_many        => sub { mail_with('To: ' . join(",\n ", map { "u$_\@x$_.example" } 1 .. many(200_000)) . "\n") },
    to_fields      => sub { mail_with("To: a\@b.example\n" x many(100_000)) },
    to_short       => sub { mail_with(repeat('To: ' . 'a@b,' x 16_000 . "\n", many(16))) },
    from_quotes    => sub { mail_with('From: <a "' . '\\"' x many(32_000) . "\@x.example>\n") },
    from_each_quotes => sub {
        mail_with(join '', map { "$_: <a \"" . '\\"' x many(32_000) . "\@x.example>\n" }
            qw(From Sender Reply-To To Cc Bcc Return-Path));
    },
    from_comments  => sub { mail_with('From: ' . '(' x many(65_000) . "\n") },
    from_pairs     => sub { mail_with('From: ' . '()' x many(32_000) . "\n") },
    from_angles    => sub { mail_with('From: ' . '<' x many(65_000) . "\n") },
    from_angle_list => sub { mail_with('From: ' . '<,' x many(32_000) . "\n") },
    from_groups    => sub { mail_with('From: ' . 'a:' x many(32_000) . "\n") },
    from_at        => sub { mail_with('From: ' . '@' x many(65_000) . "\n") },
    from_long_local => sub { mail_with('From: ' . 'a' x many(60_000) . "\@x.example\n") },

    # ---- RFC 2047, 2231
    words          => sub { mail_with('Subject: ' . '=?utf-8?q?a?= ' x many(100_000) . "\n") },
    words_b        => sub { mail_with(repeat('Subject: ' . '=?utf-8?b?YQ==?= ' x 3800 . "\n", many(16))) },
    words_charsets => sub {
        mail_with(join '', map {
            my $f = $_;
            "$f: " . join(' ', map { '=?' . ($_ % 2 ? 'iso-2022-jp' : 'koi8-r') . '?q?=C1?=' } 1 .. many(2500))
                . " <a\@b.example>\n"
        } qw(From Sender Reply-To To Cc));
    },
    words_each_box => sub {
        mail_with(join '', map {
            "$_: " . join(',', map { "=?x-none-$_?q?=C1?= <a\@b.example>" } 1 .. many(1000)) . "\n"
        } qw(From Sender Reply-To To Cc));
    },
    words_open     => sub { mail_with('Subject: ' . '=?utf-8?q?' x many(6500) . "\n") },
    words_marks    => sub { mail_with('Subject: ' . '=?' x many(32_000) . "?=\n") },
    words_literal  => sub { mail_with('Subject: ' . "=?utf-8?q?a?=\xe9" x many(4500) . "\n") },
    continuations  => sub {
        $who . 'Content-Type: text/plain; ' . join(';', map { " charset*$_*=a" } 0 .. many(10_000)) . "\n\ntext\n";
    },
    parameters     => sub { $who . 'Content-Type: multipart/mixed' . ';a=b' x many(16_000) . "\n\ntext\n" },
    parameter_quotes => sub { $who . 'Content-Type: text/plain; name="' . '\\"' x many(32_000) . "\n\ntext\n" },
    parameter_comments => sub { $who . 'Content-Type: text/plain; ' . '(' x many(65_000) . "\n\ntext\n" },
    parameter_blank => sub { $who . 'Content-Type: text/plain; name' . ' ' x many(65_000) . "\n\ntext\n" },
    related_starts => sub {
        my $c = 0;
        $who . "Content-Type: multipart/mixed; boundary=b\n\n" . join('', map {
            "--b\nContent-Type: multipart/related; boundary=c; start*=x-iso-$_''%C1\n\n"
                . "--c\nContent-Type: text/plain\n\na\n--c--\n"
        } 1 .. many(240)) . "--b--\n";
    },

    # ---- MIME
    parts_nested   => sub { nested(many(100_000), "text\n") },
    parts_tiny     => sub { $who . "Content-Type: multipart/mixed; boundary=b\n\n" . "--b\n\na\n" x many(300_000) . "--b--\n" },
    parts_empty    => sub { $who . "Content-Type: multipart/mixed; boundary=b\n\n" . "--b\n" x many(1_500_000) },
    parts_fields   => sub { $who . "Content-Type: multipart/mixed; boundary=b\n\n" . ("--b\n" . "X-A: =?q?q?=\n" x 1000 . "\na\n") x many(500) },
    delimiter_near => sub { nested(19, "--b\n" x many(1_800_000)) },
    delimiter_blank => sub { nested(19, '--b' . ' ' x many(7_000_000) . "x\n") },
    delimiter_same => sub {
        my $o = $who . "Content-Type: multipart/mixed; boundary=b\n\n";
        $o . "--b\nContent-Type: multipart/mixed; boundary=b\n\n" x 19 . ('--b' . ' ' x 300 . "x\n") x many(25_000);
    },
    boundary_long  => sub { my $b = 'b' x 60_000; $who . "Content-Type: multipart/mixed; boundary=$b\n\n" . "--${b}x\n" x many(130) },
    dashes         => sub { $who . "Content-Type: multipart/mixed; boundary=-\n\n" . '-' x many(8_000_000) },
    rfc822_nested  => sub { $who . "Content-Type: message/rfc822\n\n" x many(200_000) },
    rfc822_qp      => sub { matryoshka('a' x many(7_500_000)) },
    rfc822_qp_bad  => sub { matryoshka('=' x many(7_500_000)) },
    base64_chars   => sub { base64_mail('text/plain', "Q\n" x many(4_000_000)) },
    base64_20mb    => sub { base64_mail('text/plain', "Q\n" x many(10_000_000)) },
    base64_file    => sub { base64_mail('application/octet-stream', "Q\n" x many(10_000_000)) },
    base64_pads    => sub { base64_mail('application/octet-stream', '=' x many(8_000_000)) },
    base64_broken  => sub { base64_mail('application/octet-stream', 'Q!' x many(4_000_000)) },
    qp_equals      => sub { $who . "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n" . '=' x many(8_000_000) },
    qp_soft        => sub { $who . "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n" . "=\n" x many(4_000_000) },
    qp_blanks      => sub { $who . "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n" . ('=' . ' ' x 2000 . "x") x many(4_000) },
    uu             => sub { $who . "Content-Type: text/plain\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n" . "!\n" x many(4_000_000) },
    zip            => sub { $who . "Content-Type: application/zip; name=a.zip\n\n" . ("PK\3\4" . "\0" x 22 . "\1\0\0\0a") x many(250_000) },
    charsets       => sub {
        $who . "Content-Type: multipart/mixed; boundary=b\n\n" . join('', map {
            "--b\nContent-Type: text/plain; charset=" . ('koi8-r', 'euc-jp', 'iso-2022-kr', 'utf-7')[$_ % 4] . "\n\n\xe9\n"
        } 1 .. many(490)) . "--b--\n";
    },
    charset_wrong  => sub { $who . "Content-Type: text/plain; charset=euc-jp\n\n" . "\xff" x many(8_000_000) },
    charset_utf7   => sub { $who . "Content-Type: text/plain; charset=utf-7\n\n" . '+AGE-' x many(1_600_000) },
    charset_escape => sub { $who . "Content-Type: text/plain; charset=iso-2022-jp\n\n" . "\e\$B\e(B" x many(1_300_000) },
    utf8_broken    => sub { plain("\xc3" x many(8_000_000)) },

    # ---- text
    line           => sub { plain('a' x many(8_000_000)) },
    lines          => sub { plain("a\n" x many(4_000_000)) },
    words_text     => sub { plain(join ' ', map { "word$_" } 1 .. many(500_000)) },
    words_short    => sub { texts(half('a ')) },
    rounds         => sub { plain('(' x many(10_000_000)) },
    spaces         => sub { texts(half(' ')) },
    spaces_wide    => sub { texts(half("\xc2\xa0")) },
    at_signs       => sub { texts(half('@')) },
    addresses      => sub { texts(half('a@b.c ')) },
    paragraphs     => sub { texts(half("a\n\n")) },
    subject_names  => sub {
        (my $m = mail_with('Subject: ' . 'a' x many(60_000) . "\n"))
            =~ s/^To: .*$/'To: ' . 'a' x 30_000 . 'b\@other.example'/em;
        $m;
    },
    dots           => sub { texts(half('a.')) },
    hosts          => sub { texts(half('a.com ')) },
    urls           => sub { texts(join ' ', map { "http://h$_.example.co.uk/" } 1 .. many(18_000)) },
    url_long       => sub { texts('http://a.example/' . half('a')) },
    url_brackets   => sub { texts('http://a.example/' . half(')')) },
    colons         => sub { texts(half('://')) },
    figures        => sub { texts(half('1 %')) },
    prices         => sub { texts(half('$1 ')) },
    wording        => sub { texts(half('act now ')) },
    wording_near   => sub { texts(half('your ')) },
    wording_spaces => sub { texts(half('your' . ' ' x 63)) },
    zero_width     => sub { texts(half("a\xe2\x80\x8bb")) },
    right_to_left  => sub { texts(half("\xe2\x80\xae\xd7\x90")) },
    combining      => sub { texts('a' . half("\xcc\x81")) },
    greek          => sub { texts(half("\xce\xb1a ")) },
    nuls           => sub { plain("\0" x many(8_000_000)) },
    nul_text       => sub { texts(half("a\0")) },
    from_lines     => sub { plain("From a\n" x many(1_000_000)) },

    # ---- HTML
    html_links     => sub { pages(join '', map { "<a href=http://h$_.$tlds[$_ % 5]/>www.o$_.example</a>" } 1 .. many(10_000)) },
    html_link_same => sub { pages(half('<a href=http://a.example/>a</a>')) },
    html_link_long => sub { pages(repeat('<a href="http://a.example/' . 'a' x 4000 . '">x</a>', many(124))) },
    html_recipient => sub {
        (my $m = pages(repeat('<a href="http://a.example/' . 'a' x 4000 . '@">x</a>', many(124))))
            =~ s/^To: .*$/'To: ' . 'a' x 2000 . 'b@other.example'/em;
        $m;
    },
    html_userinfo  => sub { pages(half('<a href="http://' . '@' x 2000 . 'a.com">b</a>')) },
    html_idn       => sub { pages(join '', map { "<a href=http://\xd0\xb0$_.example/>b</a>" } 1 .. many(10_000)) },
    html_redirects => sub { pages(half('<a href="http://a.example/' . 'h' x 4000 . '">b</a>')) },
    html_images    => sub { pages(half('<img src=http://a.example/b.png alt=a>')) },
    html_data      => sub { pages('<img src="data:image/png;base64,' . half('QUFB') . '">') },
    html_data_many => sub { pages(half('<img src="data:image/png;base64,' . 'A' x 8000 . '">')) },
    html_open      => sub { pages(half('<b>')) },
    html_deep      => sub { pages(half('<div>')) },
    html_unknown   => sub { pages('<x1>' . '<span>' x 250 . half('</x65>')) },
    html_dd        => sub { pages('<dt><dl>' . '<span>' x 250 . half('<dd>')) },
    html_cells     => sub { pages('<th><td><table>' . '<span>' x 252 . half('<td>')) },
    html_format    => sub { pages('<b><i><u><em><s>' . half('</b><b></i><i></u><u></em><em></s><s>')) },
    html_tags      => sub { pages(half('<>')) },
    html_lt        => sub { pages(half('<')) },
    html_comments  => sub { pages(half('<!--')) },
    html_comment   => sub { pages('<!--' . half('--')) },
    html_attributes => sub { pages('<a ' . half('a=b ')) },
    html_quotes    => sub { pages(half('<a b="')) },
    html_style     => sub { pages(half('<b style="font-size:1px;color:#fff;display:none;background:red url(x)">')) },
    html_style_one => sub { pages('<b style="' . half('color:red;') . '">') },
    html_style_rounds => sub { pages('<b style="background:' . half('(') . '">') },
    html_style_slash => sub { pages('<b style="' . half('/*') . '">') },
    html_style_escape => sub { pages('<b style="' . half('\\') . '">') },
    html_rules     => sub { pages('<style>' . join('', map { ".c$_\{color:red}" } 1 .. many(30_000)) . '</style>') },
    html_rules_used => sub { pages('<style>' . join('', map { ".c$_\{color:red}" } 1 .. 500) . '</style>' . half('<b class="c1 c2 c3 c4 c5 c6 c7 c8 c9 d e f g h">')) },
    html_selectors => sub { pages('<style>' . half('a,') . 'b{color:red}</style>') },
    html_at_rules  => sub { pages('<style>' . half('@media{') . '</style>') },
    html_classes   => sub { pages('<style>.c{color:red}</style><b class="' . half('c ') . '">') },
    html_entities  => sub { pages(half('&amp')) },
    html_ampersands => sub { pages(half('&')) },
    html_number    => sub { pages('&#' . half('1')) },
    html_entity_near => sub { pages(half('&CounterClockwiseContourIntegra')) },
    html_titles    => sub { pages(half('<title>')) },
    html_textareas => sub { pages(half('<textarea></textarea')) },
    html_scripts   => sub { pages(half('<script></script>')) },
    html_forms     => sub { pages(half('<form action=http://a.example/><input type=password>')) },
    html_metas     => sub { pages(half('<meta http-equiv=refresh content="0;url=http://a.example/">')) },
    html_tables    => sub { pages(half('<table><tr><td>')) },
    html_bodies    => sub { pages(half('<body bgcolor=red>')) },
    html_bases     => sub { pages(half('<base href=http://a.example/>')) },
    html_fonts     => sub { pages(half('<font color=xyzzyxyzzyxyzzy>')) },
    html_pre       => sub { pages('<pre>' . half("\n ")) },
    html_cut       => sub { html('<a href="http://a.example/' ) },
);

mkdir $folder;
for my $name (@wanted ? @wanted : sort keys %shapes) {
    my $make = $shapes{$name} or die "hostile.pl: no shape $name\n";
    open my $out, '>:raw', "$folder/$name.eml" or die "$folder/$name.eml: $!\n";
    print {$out} $make->();
    close $out or die "$folder/$name.eml: $!\n";
}
