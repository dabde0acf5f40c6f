#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# traffic - who sends what and when: a hundred honest senders and six attacks, the same
# for every system under test (deterministic by the seed).
#
#   traffic.pl pool --corpus DIR [--modern DIR] [options] OUT    choose mails to judge
#   traffic.pl plan --verdicts FILE [options] OUT                write the schedules
#     --seed N (1)  --spam N (300) --ham N (400) --days N of history (8)
#     --volume F    share of the full traffic (1); people write at their full rate from
#                   0.3 on, since from few messages no habit shows
#     --attacks 'flood slow ...'   plan only these
#
# OUT/mail/*.eml are prepared mails (ProviderMail.pm); OUT/plan/NAME.tsv the schedules:
# history, honest, and one an attack. A line: seconds from the attack day's midnight,
# who (honest, attack), id, path (smtp, forward, php), login, client, envelope sender,
# recipients, From:, mail. Times and texts are the attacker's choice as far as he can
# know the limits; the stolen logins are people with a history.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Digest::SHA qw(sha256_hex);
use Getopt::Long;
use ProviderMail qw(as_sent fill mail_key read_file);

my %o = (seed => 1, spam => 300, ham => 400, days => 8, volume => 1);
my $verb = shift @ARGV // '';
GetOptions(\%o, 'corpus=s', 'modern=s', 'verdicts=s', 'seed=i', 'spam=i', 'ham=i',
    'days=i', 'volume=f', 'attacks=s') && @ARGV == 1 && $verb =~ /^(?:pool|plan)\z/ or exit 2;
my $out = $ARGV[0];
srand $o{seed};

sub pick { return $_[ int rand @_ ] }

sub shuffled {
    my @list = @_;
    for (my $i = @list - 1; $i > 0; $i--) {
        my $k = int rand $i + 1;
        @list[$i, $k] = @list[$k, $i];
    }
    return @list;
}

sub files {
    my ($folder, $ending) = @_;
    opendir my $dir, $folder or return;
    return map { "$folder/$_" } sort grep { /\Q$ending\E\z/ } readdir $dir;
}

# --- pool: what is judged ---------------------------------------------------------

# prepare CLASS, COUNT, keeps_from, keeps_lists, FILES - the first COUNT that can be sent
# and differ.
sub prepare {
    my ($class, $count, $keeps_from, $keeps_lists, @from) = @_;
    my ($number, %seen) = (0);
    for my $file (@from) {
        last if $number >= $count;
        my $text = as_sent(read_file($file), $keeps_from, $keeps_lists);
        next if !defined $text || length $text > 60_000 || $seen{ mail_key($text) }++;
        write_mail(sprintf('%s-%04d', $class, ++$number), $text);
    }
}

sub write_mail {
    my ($name, $text) = @_;
    open my $mail, '>:raw', "$out/mail/$name.eml" or die "$out/mail/$name.eml: $!\n";
    print $mail $text;
    close $mail or die "$out/mail/$name.eml: $!\n";
}

my @goods = ('a kettle', 'two notebooks', 'a garden hose', 'a box of tea', 'a bicycle lamp',
    'a wool blanket', 'six glasses', 'a map of Brittany', 'a phone case', 'ink cartridges',
    'a chess set', 'running socks');

sub receipts {
    for my $number (1 .. @goods) {
        my $order = 40_000 + int rand 50_000;
        my $price = sprintf '%d.%02d', 8 + rand 90, rand 100;
        write_mail(sprintf('receipt-%04d', $number), <<"MAIL");
From: \@FROM\@
To: \@TO\@
Subject: Your order $order
Date: \@DATE:\@
Message-ID: \@MID:\@
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Hello,

we have received your order $order: $goods[ $number - 1 ], $price EUR, paid by card.
It leaves our warehouse tomorrow; the parcel service will write to you.

You can see the order at https://shop.here.example/orders/$order
Questions? Simply answer this mail.

The shop, 12 rue du Port, 35400 Saint-Malo
MAIL
    }
}

sub pool {
    my $data = "$o{corpus}/package/data";
    mkdir $out;
    mkdir "$out/mail";
    prepare('spam', $o{spam}, 1, 0,
        shuffled(map { files("$data/$_", '.txt') } qw(spam-1 spam-2)));
    prepare('ham', $o{ham}, 0, 0,
        shuffled(map { files("$data/$_", '.txt') } qw(easy-ham-1 easy-ham-2)));
    my @modern = !$o{modern} ? () : map { files("$o{modern}/$_", '.eml') } qw(marketing
        transactional);
    prepare('news', $o{ham} / 10, 1, 1,
        (shuffled(@modern))[0 .. $#modern], shuffled(files("$data/hard-ham-1", '.txt')));
    receipts();
}

# --- plan: the schedules ----------------------------------------------------------

my (%flagged, %text_of, $serial);

sub read_verdicts {
    open my $in, '<', $o{verdicts} or die "$o{verdicts}: $!\n";
    while (<$in>) {
        my ($key, undef, undef, $who) = split;
        $flagged{$key} = $who ne '-';
    }
}

# Honest mail that a judge calls spam is left out: its sender would lose port 25 with
# nobody attacking. Spam that no judge knows is left out: it cannot trip anything.
sub judged {
    my ($class, $is_flagged) = @_;
    my @names;
    for my $file (files("$out/mail", '.eml')) {
        my ($name) = $file =~ m{([^/]+)\.eml\z};
        next if $name !~ /^$class-/;
        $text_of{$name} = read_file($file);
        my $verdict = $flagged{ mail_key($text_of{$name}) } // die "$name: not judged\n";
        push @names, $name if !!$verdict == !!$is_flagged;
    }
    return @names;
}

my @lines;

sub mail_at {
    my ($at, %mail) = @_;
    my $id = substr(sha256_hex("$o{seed} " . ++$serial), 0, 20) . '@'
        . ($mail{path} eq 'forward' ? 'else.example' : 'here.example');
    push @lines, [int $at, $mail{who}, $id, $mail{path}, $mail{login} // '-', $mail{client},
        $mail{sender}, join(',', @{ $mail{to} }), $mail{from}, $mail{mail}];
}

sub write_plan {
    my ($name) = @_;
    open my $plan, '>', "$out/plan/$name.tsv" or die "$out/plan/$name.tsv: $!\n";
    print $plan join("\t", @$_), "\n" for sort { $a->[0] <=> $b->[0] || $a->[2] cmp $b->[2] }
        @lines;
    close $plan or die;
    @lines = ();
}

my @first = qw(alice bruno carla david elena felix greta hugo irene jonas karin louis marta
    nils olga pablo quinn rosa simon tessa);
my (@people, @shops, @letters);

# 75 people, 15 shops, of which two write by a script of their web site, 10 newsletters.
sub senders {
    for my $n (0 .. 74) {
        my $name = $first[ $n % 20 ] . ($n < 20 ? '' : int $n / 20);
        push @people, {
            login => $name, from => ucfirst($name) . " Example <$name\@here.example>",
            client => "198.18.$n.5", away => '198.18.' . (80 + $n % 15) . '.7',
            a_day => (3 + int rand 10) * ($o{volume} < 0.3 ? $o{volume} / 0.3 : 1),
            friends => [map { "friend$_-" . int(rand 900) . "\@there" . int(rand 40)
                    . '.example' } 1 .. 12]
        };
    }
    push @shops, {
        login => "shop$_", from => "Shop $_ <shop$_\@here.example>",
        client => '203.0.113.' . (200 + $_), a_day => (15 + int rand 30) * $o{volume}
    } for 1 .. 15;
    my @issues = judged('news', 0);
    for my $n (1 .. 10) {
        push @letters, {
            login => "news$n", client => '203.0.113.' . (230 + $n),
            from => "The Letter $n <news$n\@here.example>",
            issues => [map { $issues[ (2 * $n + $_) % @issues ] } 0, 1],
            weekday => $n % 7, size => int((60 + 24 * $n) * $o{volume}), hour => 8 + $n % 8
        };
    }
}

# At home, in one of the offices, or once in forty on the road: a network that nobody has
# seen before.
sub place_of {
    my ($who) = @_;
    return '198.18.' . (100 + int rand 150) . '.' . (1 + int rand 250) if rand() < 0.025;
    return rand() < 0.8 ? $who->{client} : $who->{away};
}

# A second of the day, mostly in working hours.
sub working_time {
    return rand() < 0.1 ? rand 86_400 : 8 * 3600 + rand(11 * 3600);
}

sub person_writes {
    my ($who, $at, $text) = @_;
    my @to = map { rand() < 0.9 ? pick(@{ $who->{friends} })
            : 'stranger' . int(rand 90_000) . '@new.example' } 1 .. (rand() < 0.9 ? 1 : 3);
    my %to = map { $_ => 1 } @to;
    mail_at($at, who => 'honest', path => 'smtp', login => $who->{login},
        client => place_of($who), from => $who->{from},
        sender => "$who->{login}\@here.example", to => [sort keys %to], mail => $text);
}

sub shop_writes {
    my ($who, $at, $text) = @_;
    my $is_script = $who->{login} =~ /^shop1[45]\z/;
    mail_at($at, who => 'honest', path => $is_script ? 'php' : 'smtp',
        login => $is_script ? "1$who->{login}:order.php" : $who->{login},
        client => $is_script ? '-' : $who->{client}, from => $who->{from},
        sender => $is_script ? 'www-data@gate.test' : "$who->{login}\@here.example",
        to => ['customer' . int(rand 90_000) . '@mail' . int(rand 30) . '.example'],
        mail => $text);
}

# A mailing program that knows its hoster's limit of 100 an hour, and paces itself.
sub letter_goes_out {
    my ($who, $day, $issue) = @_;
    my $at = $day * 86_400 + $who->{hour} * 3600 + rand 1800;
    for my $reader (1 .. $who->{size}) {
        mail_at($at, who => 'honest', path => 'smtp', login => $who->{login},
            client => $who->{client}, from => $who->{from},
            sender => "$who->{login}\@here.example",
            to => ["reader$reader-$who->{login}\@mail" . $reader % 30 . '.example'],
            mail => $issue);
        $at += 40 + rand 10;
    }
}

my %texts_of;

# What a person writes nobody else writes: else the corpus, being small, would look like
# one text in many hands. A handful of texts each, some for those who write from outside.
sub share_texts {
    my @ham = @_;
    my $each = int(@ham * 0.8 / @people) || 1;
    my $n = 0;
    for my $who (map { $_->{login} } @people) {
        $texts_of{$who} = [map { $ham[ $n++ % @ham ] } 1 .. $each];
    }
    push @{ $texts_of{'writer' . $_ % 30} }, $ham[ $n++ % @ham ] for 0 .. 59;
}

sub honest_day {
    my ($day) = @_;
    my @receipts = grep { /^receipt/ } sort keys %text_of;
    my $is_weekend = ($day % 7) >= 5;
    for my $who (@people) {
        my $mails = $who->{a_day} * ($is_weekend ? 0.3 : 1) + rand;
        my $texts = $texts_of{ $who->{login} };
        person_writes($who, $day * 86_400 + working_time(), pick(@$texts)) for 1 .. $mails;
    }
    for my $who (@shops) {
        shop_writes($who, $day * 86_400 + working_time(), pick(@receipts))
            for 1 .. $who->{a_day} + rand;
    }
    letter_goes_out($_, $day, $_->{issues}[ $day < 0 ? 0 : 1 ])
        for grep { $_->{weekday} == $day % 7 || ($day == 0 && $_->{weekday} == 4) } @letters;
    site_goes_up($day) if $day == 0;
    # somebody outside writes to an address here that forwards out; one in twenty by a
    # service whose envelope is its own
    for (1 .. 40 * $o{volume}) {
        my $name = 'writer' . int rand 30;
        my $service = rand() < 0.05 ? 'service.example' : 'else.example';
        mail_at($day * 86_400 + working_time(), who => 'honest', path => 'forward',
            client => '198.51.100.' . (1 + int rand 60), from => "W <$name\@else.example>",
            sender => "$name\@$service", to => ['kept' . int(rand 4) . '@forward.example'],
            mail => pick(@{ $texts_of{$name} }));
    }
}

# A new web site's script: two mails to its owner, one to a customer.
sub site_goes_up {
    my ($day) = @_;
    for my $n (0 .. 2) {
        mail_at($day * 86_400 + (9 + 2 * $n) * 3600, who => 'honest', path => 'php',
            login => '1bakery:contact.php', client => '-', sender => 'www-data@gate.test',
            from => 'The bakery <bakery@here.example>',
            to => [$n < 2 ? 'baker@there3.example' : 'customer7@mail7.example'],
            mail => (sort grep { /^receipt/ } keys %text_of)[$n]);
    }
}

# stolen COUNT - logins of people who have written before, each from another of the
# thief's machines, somewhere.
sub stolen {
    my ($count) = @_;
    return map { { %$_, client => join '.', 198, 19, int rand 250, 1 + int rand 250 } }
        (shuffled(@people))[0 .. $count - 1];
}

sub spam_by_login {
    my ($who, $at, $text) = @_;
    mail_at($at, who => 'attack', path => 'smtp', login => $who->{login},
        client => $who->{client}, sender => "$who->{login}\@here.example",
        to => ['victim' . int(rand 9_000_000) . '@mail' . int(rand 200) . '.example'],
        from => $who->{from}, mail => $text);
}

# One login, one text, every two seconds for an hour.
sub attack_flood {
    my @spam = @_;
    my ($who) = stolen(1);
    my $text = pick(@spam);
    my $at = 10 * 3600 + 433;
    spam_by_login($who, $at += 2, $text) for 1 .. 1500 * $o{volume};
}

# Fifty logins, five texts, a mail each three hours and a login.
sub attack_slow {
    my @spam = (shuffled(@_))[0 .. 4];
    for my $who (stolen(50)) {
        for (1 .. 8 * ($o{volume} < 1 ? 0.5 : 1)) {
            spam_by_login($who, rand 86_400, pick(@spam));
        }
    }
}

# A script of the web server, at night, through sendmail(1).
sub attack_php {
    my @spam = (shuffled(@_))[0 .. 2];
    my $at = 2.5 * 3600;
    for (1 .. 300 * $o{volume}) {
        mail_at($at += 8, who => 'attack', path => 'php', login => '33:gallery.php',
            client => '-', from => '-', sender => 'www-data@gate.test',
            to => ['victim' . int(rand 9_000_000) . '@mail' . int(rand 200) . '.example'],
            mail => pick(@spam));
    }
}

# Spam of all sorts from outside to addresses here that forward out.
sub attack_forward {
    for (1 .. 250 * $o{volume}) {
        my $name = 'x' . int rand 90_000;
        mail_at(rand 86_400, who => 'attack', path => 'forward', from => '-',
            client => '198.51.100.' . (100 + int rand 150), sender => "$name\@spammer.example",
            to => ['kept' . int(rand 4) . '@forward.example'], mail => pick(@_));
    }
}

# A text that is another each time: its sentences in other order, words left out, names,
# numbers and link paths new, words of other mails at the end.
sub changed {
    my ($text, @words) = @_;
    my ($head, $body) = split /\n\n/, $text, 2;
    $head =~ s/^(Subject:.*)$/"$1 " . lcfirst pick(@words)/me;
    my @parts = split /(?<=[.!?])(\s+)/, $body;
    for (my $i = 0; $i + 2 < @parts; $i += 2) {
        @parts[$i, $i + 2] = @parts[$i + 2, $i]
            if rand() < 0.2 && $parts[$i] !~ /[<>]/ && $parts[$i + 2] !~ /[<>]/;
    }
    $body = join '', @parts;
    $body =~ s{(https?://[\w.-]+)(/[\w./-]*)?}{"$1/" . substr(sha256_hex(rand), 0, 8)}ge;
    $body =~ s/\b(\d{2,})\b/int rand 10 ** length $1/ge;
    $body =~ s/(?<![<&\w])\b([a-z]{3,})\b(?![^<]*>)/rand() < 0.08 ? pick(@words) : $1/ge;
    my $tail = join ' ', map { pick(@words) } 1 .. 12;
    $body =~ s{(</body>|\z)}{\n$tail\n$1}i;
    return "$head\n\n$body";
}

sub attack_snowshoe {
    my @plain = grep { $text_of{$_} !~ /^Content-Transfer-Encoding:\s*(?:base64|quoted)/im
            && $text_of{$_} !~ /^Content-Type:\s*multipart/im && length $text_of{$_} < 8000 } @_;
    my $base = $text_of{ pick(@plain) };
    my @words = map { /\b([a-z]{4,9})\b/g } map { $text_of{$_} } (sort keys %text_of)[0 .. 40];
    my $number = 0;
    for my $who (stolen(20)) {
        for (1 .. 15 * ($o{volume} < 1 ? 0.4 : 1)) {
            my $name = sprintf 'snow-%04d', ++$number;
            write_mail($name, changed($base, @words));
            spam_by_login($who, 13 * 3600 + rand(3 * 3600), $name);
        }
    }
}

# One mail, then all the window may hold just before its edge, and again after it.
sub attack_edge {
    my @spam = (shuffled(@_))[0 .. 1];
    my ($who) = stolen(1);
    for my $hour (9, 11, 14, 17) {
        spam_by_login($who, $hour * 3600, $spam[0]);
        my $at = $hour * 3600 + 3500;
        spam_by_login($who, $at += 1, pick(@spam)) for 1 .. 200 * $o{volume};
    }
}

sub plan {
    read_verdicts();
    mkdir "$out/plan";
    my @spam = judged('spam', 1);
    my @ham = judged('ham', 0);
    judged('receipt', 0);
    senders();
    printf "mails: %d of spam that a judge flags, %d honest that none does\n",
        scalar @spam, scalar @ham;
    share_texts(@ham);
    honest_day($_) for -$o{days} .. -1;
    write_plan('history');
    honest_day(0);
    write_plan('honest');
    my %attack = (flood => \&attack_flood, slow => \&attack_slow, php => \&attack_php,
        forward => \&attack_forward, snowshoe => \&attack_snowshoe, edge => \&attack_edge);
    for my $name (split ' ', $o{attacks} // join ' ', sort keys %attack) {
        srand $o{seed} * 1000 + length($name) * 7 + ord $name;
        $attack{$name}->(@spam);
        write_plan($name);
    }
}

$verb eq 'pool' ? pool() : plan();
