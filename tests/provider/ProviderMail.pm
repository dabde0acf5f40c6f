# SPDX-License-Identifier: BSD-2-Clause
#
# ProviderMail - what the programs of the provider's simulation agree on about a mail.
#
# A prepared mail is what a sender's own MTA would have seen, with @FROM@ @TO@
# @DATE:...@ and @MID:...@ where each sending differs; in the last two is what the mail
# had itself, and what it is judged with. Its key is the same before and after the journey:
# a hash of all but those fields and what MTAs and the gate add.
package ProviderMail;
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use Exporter 'import';
our @EXPORT_OK = qw(split_mail as_sent mail_key message_id fill as_it_was read_file);

# Fields that others than the sender have added: trace, verdicts, list managers.
my $foreign = qr/^(?:Received|Return-Path|Delivered-To|Delivery-Date|X-Spam-|X-VR-|X-Original-To|Errors-To
    |X-Loop|X-Mailman|Sender|X-Been|DKIM-|DomainKey-|ARC-|Authentication-Results|Status
    |X-Status|X-Keywords|Lines|Xref|Path|Replied|Forwarded|X-MIME-Autoconverted
    |X-MIMETrack|X-Envelope|Envelope-To|Resent-|Cc|Bcc|Apparently-To|Old-Return-Path
    |X-Outgate-)/ix;
my $of_lists = qr/^(?:List-|Precedence|Mailing-List|X-List|X-Egroups|X-YahooGroups)/i;
my $filled = qr/^(?:From|To|Date|Message-Id):/i;
my $added = qr/^(?:Received|Return-Path|X-Outgate-[\w-]+|X-Spam[\w-]*|X-Rspamd[\w-]*):/i;

sub read_file {
    my ($name) = @_;
    open my $in, '<:raw', $name or die "$name: $!\n";
    local $/;
    my $text = <$in>;
    close $in;
    return $text;
}

# split_mail TEXT - (reference to the header's fields as they are folded, body), with
# LF line ends.
sub split_mail {
    my ($text) = @_;
    $text =~ s/\r\n/\n/g;
    my ($head, $body) = split /\n\n/, $text, 2;
    return ([split /\n(?![ \t])/, $head], $body // '');
}

# as_sent TEXT, keeps_from, keeps_lists - a raw mail of a corpus, prepared; undef if it
# has no From: or no body.
sub as_sent {
    my ($text, $keeps_from, $keeps_lists) = @_;
    $text =~ s/\AFrom .*\r?\n//;
    my ($fields, $body) = split_mail($text);
    my (@kept, %has);
    for my $field (@$fields) {
        next if $field !~ /^[!-9;-~]+[ \t]*:/ || $field =~ $foreign;
        next if $field =~ $of_lists && !$keeps_lists;
        $field = placeholder($field) unless $keeps_from && $field =~ /^From/i;
        my ($name) = lc($field) =~ /^([^: \t]+)/;
        next if $has{$name}++ && $name =~ /^(?:from|to|date|message-id)\z/;
        push @kept, $field;
    }
    return undef if !$has{from} || $body !~ /\S/;
    push @kept, 'To: @TO@' if !$has{to};
    push @kept, 'Date: @DATE:@' if !$has{date};
    push @kept, 'Message-ID: @MID:@' if !$has{'message-id'};
    return join("\n", @kept) . "\n\n$body";
}

# A judge compares the form of the Message-ID with the program that claims to have
# written the mail: only its digits are changed.
sub placeholder {
    my ($field) = @_;
    $field =~ s/^(From|To)[ \t]*:.*\z/"$1: \@" . uc($1) . '@'/eis;
    $field =~ s/^(Date)[ \t]*:\s*([^\@\n]*).*\z/$1: \@DATE:$2\@/is;
    $field =~ s/^(Message-Id)[ \t]*:\s*(.*?)\s*\z/"$1: \@MID:" . form_of($2) . '@'/eis;
    return $field;
}

sub form_of {
    my ($id) = @_;
    my $digits = () = $id =~ /\d/g;
    return $id =~ /\A<[!-~]+\@[\w.-]+>\z/ && $digits >= 10 ? $id =~ s/\@/%/r : '';
}

# message_id TEXT, ID - that of a prepared mail sent under this id (NAME@HOST).
sub message_id {
    my ($text, $id) = @_;
    my ($form) = $text =~ /\@MID:([^\@\n]*)\@/;
    return "<$id>" if !$form;
    my @digits = (sha256_hex($id) . sha256_hex("$id 2")) =~ /(\d)/g;
    my $n = 0;
    $form =~ s/\d/$digits[ $n++ % @digits ]/ge;
    return $form =~ s/%/\@/r;
}

# as_it_was TEXT, {FROM TO DATE ID} - a prepared mail for the judges: with the date and the
# Message-ID that it had, which some of their rules compare with each other.
sub as_it_was {
    my ($text, $with) = @_;
    my ($head, $body) = split /\n\n/, $text, 2;
    my ($date) = $head =~ /\@DATE:([^\@\n]+)\@/;
    $head =~ s/\@DATE\@/$date/g if $date;
    $head =~ s/\@DATE:([^\@\n]+)\@/$1/g;
    $head =~ s/\@MID:([^\@\n]+)\@/$1 =~ s{%}{\@}r/ge;
    return fill("$head\n\n$body", $with);
}

# fill TEXT, {FROM TO DATE ID} - a mail as it is sent this time.
sub fill {
    my ($text, $with) = @_;
    my ($head, $body) = split /\n\n/, $text, 2;
    my $id = message_id($head, $with->{ID});
    $head =~ s/\@MID:[^\@\n]*\@/$id/g;
    $head =~ s/\@(FROM|TO|DATE)(?::[^\@\n]*)?\@/$with->{$1}/g;
    return "$head\n\n$body";
}

sub mail_key {
    my ($fields, $body) = split_mail($_[0]);
    $body =~ s/\s+\z//;
    my @same = map { s/\s+/ /gr } grep { $_ !~ $filled && $_ !~ $added } @$fields;
    return substr sha256_hex(join("\n", @same, '', $body)), 0, 32;
}

1;
