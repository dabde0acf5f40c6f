/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/received_form.h"

#include <string.h>

#include "base/bounds.h"
#include "base/netaddr.h"

enum form_flag {
    LOOKED_UP = 1 << 0,    /* this MTA asks for the client's name */
    HELO_IS_RDNS = 1 << 1, /* without a HELO of its own the name was the HELO */
    LOCAL = 1 << 2,        /* no handover */
    FETCHED = 1 << 3,
    QMAIL = 1 << 4, /* "unknown" stands for no name, and tells of no lookup */
    NO_ID = 1 << 5,
    SENDMAIL = 1 << 6, /* IDENT:user@ may stand before the name */
};

/* What a line must hold somewhere, and how it reads from its start:
 *   {h} {r} {b} {d} {e}  HELO, name, by, ident, envelope sender: a run without blanks
 *   {R}                  a name with a dot in it
 *   {s}                  such a run, not kept;  {h*} and the like may be empty
 *   {u}                  HELO, may be empty, without blanks and parentheses
 *   {i} an address  {9} digits  {H} HELO or EHLO  {[} {]} a bracket or none
 *   {:} port or none  {@} "ident@" or none  {c} up to ')'  {.} anything, the shortest
 *   {~} 10 to 80 bytes of it
 *   {x} anything, with helo= and ident= in it  $ the end */
struct form {
    const char *needs;
    const char *text;
    unsigned flags;
};

static const struct form forms[] = {
    {"Mail authenticated user ", "{.}{i}{~}by {b} with HTTP", 0},
    {"with HTTP (WebMailUI)", "{i} by {b} ({i}) with HTTP (WebMailUI)", 0},
    {" SMTPSVC", "{h*} ([{i}]{c}) by {b} with Microsoft SMTPSVC", 0},
    {" SMTPSVC", "mail pickup service by {s} with Microsoft SMTPSVC$", LOCAL},
    {" with Microsoft SMTP Server ", "{h} ({[}{i}{]}) by {b} ", NO_ID},
    {" with mapi id ", "{h} ({[}{i}{]}) by {b} ", NO_ID},
    {"[XMail ", "{h} ({[}{i}{]}{:}) by {b} with [XMail", 0},
    {"[XMail ", "{h} ({[}{i}{]}{:}) by {b} ({s}) with [XMail", 0},
    {"(ecelerity", "([{i}{:}] helo={h}) by {b} ", 0},
    {"(ecelerity", "{s} ([{i}{:}]) by {b} ", 0},
    {"Exim", "{.}with local ", LOCAL},
    {"Exim", "{.}with local-{s} ", LOCAL},
    {"Exim", "[{i}] ({x}) by {b} ", 0},
    {"Exim", "{r} ([{i}]{x}) by {b} ", HELO_IS_RDNS},
    {"Exim", "{r} [{i}]{:} by {b} ", HELO_IS_RDNS},
    {"Exim", "{r} ({h}) [{i}{:}] {.}by {b} ", 0},
    {"Exim", "{r} {.}[{i}{:}] {.}by {b} ", 0},
    {" (Postfix) with", "{h} ({r} [{i}]) by {b} ", LOOKED_UP},
    {" (Postfix) with", "{h} ({r}[{i}]) by {b} ", LOOKED_UP},
    {"(Scalix SMTP Relay", "{h} ( {i}) by {b}", 0},
    {"(Scalix SMTP Relay", "{h} ({i}) by {b}", 0},
    {" (Lotus Domino ", "{h} ([{i}]) by {b} (Lotus", 0},
    {"with HTTP", "{i} ([{i}]) by {b}", 0},
    {NULL, "{h} ({r} [{i}]{.}) by {b} (", LOOKED_UP | SENDMAIL},
    {NULL, "{h} ({r} [{i}]) by {b} with {s} (", LOOKED_UP},
    {NULL, "{r} ([{i}] helo={h}) by {b} with ", 0},
    {NULL, "{h} (<unknown{s*}>[{i}]) by {b} ", 0},
    {NULL, "{h} ({R}[{i}]) by {b} ", LOOKED_UP},
    {NULL, "{h} ({d*}@[{i}]{.}) by {b} (", LOOKED_UP},
    {".hotmail.msn.com ", "{i} {.}by {b} ", 0},
    {"(qpsmtpd/", "{r} ({H} {h*}) ({i}) by {b} (qpsmtpd/{s}) with ", 0},
    {"(LHLO ", "{r} (LHLO {h*}) ({i}) by {b} with LMTP", 0},
    {"SMTP", "{r} ({H} {h*}) [{i}] by {b} ({c}) with ", 0},
    {NULL, "{r} ({H} {u}) ({d*}@{[}{i}{]}) (envelope-sender <{s}>) by {b}", QMAIL},
    {NULL, "{r} ({H} {u}) ({d*}@{[}{i}{]}) by {b}", QMAIL},
    {NULL, "{r} ({H} {u}) ({[}{i}{]}) (envelope-sender <{s}>) by {b}", QMAIL},
    {NULL, "{r} ({H} {u}) ({[}{i}{]}) by {b}", QMAIL},
    {NULL, "{r} ({d*}@{[}{i}{]}) (envelope-sender <{s}>) by {b}", QMAIL | HELO_IS_RDNS},
    {NULL, "{r} ({d*}@{[}{i}{]}) by {b}", QMAIL | HELO_IS_RDNS},
    {NULL, "{r} ({[}{i}{]}) (envelope-sender <{s}>) by {b}", QMAIL | HELO_IS_RDNS},
    {NULL, "{r} ({[}{i}{]}) by {b}", QMAIL | HELO_IS_RDNS},
    {" via HTTP", "[{i}] by {b} via HTTP$", 0},
    {NULL, "{s} ( [{i}]){.} by {b} ", 0},
    {NULL, "({h} [{i}]) by {b} ", 0},
    {NULL, "[{i}] by {b} ", 0},
    {NULL, "({[}{i}{]}) by {b} ", 0},
    {NULL, "{h} [{i}] by {b} [{i}] with ", LOOKED_UP},
    {NULL, "{h} [({i})] by {b} ({i}) ", 0},
    {NULL, "{h} ([{i}]) by {b} (", LOOKED_UP},
    {"(softdnserr [", "{h} (softdnserr [{i}]){.} by {b}", 0},
    {NULL, "{h} ({r} [{i}]){.} by {b}", LOOKED_UP},
    {NULL, "{h} ([{i}{:}]){.} by {b} ", LOOKED_UP},
    {"with POP3", "", FETCHED},
    {"with IMAP", "", FETCHED},
    {NULL, "{r} ({H} {h*}) ({@}{[}{i}{]}){.} by {b} ", LOOKED_UP},
    {NULL, "{r} ({@}{[}{i}{]}){.} by {b} ", LOOKED_UP | HELO_IS_RDNS},
    {" via smap ", "{r}({i}) by {b} via smap ", LOOKED_UP},
    {" via smap ", "{r}({i}, {H} {h*}) by {b} via smap ", LOOKED_UP},
    {NULL, "{i} by {b} (SMTPL", 0},
    {NULL, "{i} by {b} (InterScan", 0},
    {" with BSMTP", "{s} by {s} with BSMTP", LOCAL},
    {NULL, "{r} ({H} {h*}) ({@}{i}{.}) by {b} with ", 0},
    {NULL, "[{i}] (account {s} {H} {h*}) by {b} (", 0},
    {NULL, "[{i}] ({H} {h*}) by {b} (", 0},
    {" (CommuniGate Pro", "{r} ([{i}] verified) by {b} (", LOOKED_UP | HELO_IS_RDNS},
    {NULL, "{s} ({s}) by {s} (Content Technologies ", LOCAL},
    {NULL, "{h} ([{i}] [{s}]) by {b} with ", 0},
    {NULL, "{i} by {b} with ", 0},
    {NULL, "[{i}]{s} ({H} {h*}) by {b} ", 0},
    {NULL, "{i} ({H} {h*}) by {b} ", 0},
    {NULL, "{h} [{i}] by {b} ", 0},
    {NULL, "{r}({i}) by {b} ", 0},
    {NULL, "{h} (unverified [{i}]) by {b} ", 0},
    {NULL, "{i} ({c}) by {b} with ", 0},
    {NULL, "[{i}] ({x}) by {b} ", 0},
    {NULL, "{r} ({@}{i}) by {b} with ", 0},
    {NULL, "{r}({i}), claiming to be \"{h}\" via {s} by {b},", LOOKED_UP},
    {NULL, "{r}({i}) via {s} by {b},", LOOKED_UP},
    {".yahoo.com with SMTP", "{h} ({s}@{i} with login) by {b} with SMTP", 0},

    /* Not between machines, or between those that write down no address. */
    {"@localhost", "{s} ({s}@localhost) by {s} (", LOCAL},
    {"@127.0.0.1", "{s} ({s}@127.0.0.1) by {s} (", LOCAL},
    {NULL, "{s} {s} by {s} with local-esmtp ", LOCAL},
    {NULL, "{s} {s} by {s} with local-smtp ", LOCAL},
    {NULL, "127.0.0.1 (AVG SMTP {s} [{s}])", LOCAL},
    {NULL, "{s}@{s} by {s} ", LOCAL},
    {NULL, "Unknown/Local (", LOCAL},
    {NULL, "localhost ({@}localhost", LOCAL},
    {NULL, "localhost.localdomain ({@}localhost", LOCAL},
    {NULL, "127.0.0.1 ({@}127.0.0.1", LOCAL},
    {NULL, "localhost ({@}127.0.0.1", LOCAL},
    {NULL, "{s} ({@}localhost) ", LOCAL},
    {NULL, "{s} ({@}127.0.0.1) ", LOCAL},
    {NULL, "{s} ({s}@{s} [127.0.0.1]) ", LOCAL},
    {NULL, "(AUTH: {s}) by {s} with ", LOCAL},
    {NULL, "no.name.available by {s} via smtpd (for ", LOCAL},
    {" with qmail-scanner", "{s} by {s} ({.}) with qmail-scanner", LOCAL},
    {NULL, "{s} by {s} with local", LOCAL},
    {NULL, "{s} ([unix socket]) by {s} (Cyrus v{s}) with LMTPA", LOCAL},
    {NULL, "{s} by {s} with", LOCAL},
    {NULL, "{s} by {s} via", LOCAL},
    {NULL, "{s} by {s} for", LOCAL},
    {NULL, "{s} by {s} (", LOCAL},
    {NULL, "{s} with {s} by", LOCAL},
    {NULL, "{s} via {s} by", LOCAL},
    {NULL, "{s} for {s} by", LOCAL},
    {NULL, "{s} (unverified) by", LOCAL},
    {NULL, "{s} (unknown) by {s} (SG) with ", LOCAL},
    {NULL, "{s} ({s} [local]) by {s} (OpenSMTPD) with ", LOCAL},
    {"(LSMTP for", "", LOCAL},
    {NULL, "([127.0.0.1]) with MailEnable ", LOCAL},
    {NULL, "facebook.com ({c}) by facebook.com with Thrift id ", LOCAL},
    {NULL, "{s} named {s} by gmailapi.google.com with HTTPREST$", LOCAL},
    {NULL, "{s} id {s}$", LOCAL},
};

/* After "FROM " in capitals, and after "(from ". */
static const struct form capital_forms[] = {
    {NULL, "{h} ({r} [{i}]) BY {b} ", LOOKED_UP},
};
static const struct form bracket_forms[] = {
    {NULL, "{h*} [{i}]) by {b} (NAVGW ", 0},
    {NULL, "{s}@localhost) by {s} ", LOCAL},
    {"(jqueuemail)", "{s}@{s}) by ", LOCAL},
};

/* How a login shows: a line of that form, and what it is called. */
static const struct {
    const char *needs;
    const char *text;
    const char *name;
} logins[] = {
    {"(AUTH: LOGIN", "from {.}]) (AUTH: {s} {.}) by ", "LOGIN"},
    {"(AUTH: PLAIN", "from {.}]) (AUTH: {s} {.}) by ", "PLAIN"},
    {"(AUTH: CRAM-MD5", "from {.}]) (AUTH: {s} {.}) by ", "CRAM-MD5"},
    {"(AUTH: DIGEST-MD5", "from {.}]) (AUTH: {s} {.}) by ", "DIGEST-MD5"},
    {"authenticated", "from {.}]) {.}({.}authenticated{.}){.} by", "Sendmail"},
    {"authenticated", "from {.}] ({c})) {.}({.}authenticated{.}){.} by", "Sendmail"},
    {"authenticated", "from {.})] {.}({.}authenticated{.}){.} by", "Sendmail"},
    {" by mail.gmx.", "from {s*} ({H} {s*}) [{i}] by mail.gmx.{s} ({c}) with ", "GMX"},
    {"(Authenticated sender: ", "{.}) (Authenticated sender: {s}) by {s} ({c}) with ",
     "Postfix"},
    {"CommuniGate Pro ", "{.}CommuniGate Pro {.} (account ", "Communigate"},
    {" with Microsoft Exchange Server HTTP-DAV", "", "HTTP-DAV"},
    {" (via HTTP)", "{.} by ", "HTTP"},
};

enum { LOOSE_LEAST = 10, LOOSE_MOST = 80 };

/* 192.168.100.200 */
enum { IPV4_BYTES = 15 };

/* One form tried on one line. */
struct attempt {
    struct span line;
    struct received_line found;
    unsigned steps_left;
};

static bool has(struct span line, const char *needle)
{
    return span_find(line, span_of(needle)) >= 0;
}

/* Most of what is tried is none, and seen to be none without parsing it. */
static bool is_address(struct span s)
{
    struct netaddr address;

    if (span_index(s, ':') < 0 && (s.len > IPV4_BYTES || !ascii_is_digit(s.at[0])))
        return false;
    return netaddr_parse(s, &address);
}

static bool begins_address(struct span s)
{
    return (s.len > 0 && ascii_hex(s.at[0]) >= 0) || span_starts(s, SPAN("::"));
}

/* Bytes at the start of s that are an address: 0 for none. */
static size_t address_len(struct span s)
{
    size_t len = span_istarts(s, SPAN("IPv6:")) ? 5 : 0, zone;

    if (!begins_address(span_from(s, len)))
        return 0;
    while (len < s.len && len < NETADDR_TEXT_BYTES &&
           (ascii_hex(s.at[len]) >= 0 || s.at[len] == ':' || s.at[len] == '.'))
        len++;
    zone = len;
    /* A port, or the dot of a sentence. */
    while (len > 0 && !is_address(span_head(s, len))) {
        ptrdiff_t cut = span_rindex(span_head(s, len), ':'),
                  dot = span_rindex(span_head(s, len), '.');
        len = dot > cut ? (size_t)dot : cut > 0 ? (size_t)cut : 0;
    }
    if (len > 0 && len == zone && len < s.len && s.at[len] == '%')
        while (len < s.len && s.at[len] != ']' && !ascii_is_space(s.at[len]))
            len++;
    return len;
}

static struct span *slot_of(struct attempt *a, char code)
{
    switch (code) {
    case 'h':
    case 'u':
        return &a->found.helo;
    case 'r':
    case 'R':
        return &a->found.rdns;
    case 'b':
        return &a->found.by;
    case 'd':
    case '@':
        return &a->found.ident;
    case 'i':
        return &a->found.ip;
    default:
        return NULL;
    }
}

static void keep(struct attempt *a, char code, size_t at, size_t len)
{
    struct span *slot = slot_of(a, code);

    if (code == '@' && len > 0)
        len--;
    if (slot != NULL)
        *slot = (struct span){a->line.at + at, len};
}

static size_t run_len(struct span s, char code)
{
    size_t len = 0;

    while (len < s.len) {
        char c = s.at[len];
        if (code == 'c' ? c == ')' : ascii_is_space(c))
            break;
        if (code == 'u' && (c == '(' || c == ')'))
            break;
        len++;
    }
    return len;
}

/* helo=NAME and ident=NAME in what stands between. */
static void read_extra(struct attempt *a, struct span extra)
{
    static const char *const marks[] = {"helo=", "ident="};

    for (int i = 0; i < 2; i++) {
        struct span mark = span_of(marks[i]), value;
        ptrdiff_t at = span_find(extra, mark);
        if (at < 0)
            continue;
        value = span_from(extra, (size_t)at + mark.len);
        value.len = run_len(value, 's');
        if (i == 0)
            a->found.helo = value;
        else
            a->found.ident = value;
    }
}

/* An item of fixed or no choice: bytes it takes at s, or -1. */
static ptrdiff_t fixed_len(char code, struct span s)
{
    size_t len = 0;

    switch (code) {
    case 'i':
        len = address_len(s);
        return len > 0 ? (ptrdiff_t)len : -1;
    case 'H':
        return span_istarts(s, SPAN("HELO")) || span_istarts(s, SPAN("EHLO")) ? 4 : -1;
    case '[':
        return s.len > 0 && s.at[0] == '[';
    case ']':
        return s.len > 0 && s.at[0] == ']';
    case ':':
        if (s.len > 1 && (s.at[0] == ':' || s.at[0] == '.') && ascii_is_digit(s.at[1]))
            for (len = 1; len < s.len && ascii_is_digit(s.at[len]);)
                len++;
        return (ptrdiff_t)len;
    case '@':
        while (len < s.len && !ascii_is_space(s.at[len]) && s.at[len] != '@' &&
               s.at[len] != ')')
            len++;
        return len < s.len && s.at[len] == '@' ? (ptrdiff_t)len + 1 : 0;
    default:
        return -2; /* of any length */
    }
}

static bool match(struct attempt *a, const char *form, size_t at);

/* A run: the longest that lets the rest of the form match. {.} and {x}: the shortest.
 */
static bool match_run(struct attempt *a, char code, bool may_be_empty, const char *rest,
                      size_t at)
{
    struct span s = span_from(a->line, at);
    bool is_any = strchr(".x~", code) != NULL;
    size_t most = is_any ? s.len : run_len(s, code), least = !may_be_empty;

    if (code == '~' && most > LOOSE_MOST)
        most = LOOSE_MOST;

    for (size_t n = 0; n + least <= most; n++) {
        size_t len = is_any ? n : most - n;
        bool is_end = at + len >= a->line.len;
        if (a->steps_left == 0)
            return false;
        a->steps_left--;
        if (code == '~' && len < LOOSE_LEAST)
            continue;
        if (code == 'R' && span_index(span_head(s, len), '.') < 1)
            continue;
        if (*rest != '{' && *rest != '\0' && *rest != '$' &&
            (is_end || a->line.at[at + len] != *rest))
            continue;
        if (match(a, rest, at + len)) {
            keep(a, code, at, len);
            if (code == 'x')
                read_extra(a, span_head(s, len));
            return true;
        }
    }
    return false;
}

/* Recursion is as deep as the form has items. */
static bool match(struct attempt *a, const char *form, size_t at)
{
    for (; *form != '\0'; form++) {
        const char *end;
        ptrdiff_t len;
        if (*form == '$')
            return at == a->line.len;
        if (*form != '{') {
            if (at >= a->line.len || a->line.at[at++] != *form)
                return false;
            continue;
        }
        end = strchr(form, '}');
        len = fixed_len(form[1], span_from(a->line, at));
        if (len == -2)
            return match_run(a, form[1],
                             form[2] == '*' || strchr("ucx.~", form[1]) != NULL,
                             end + 1, at);
        if (len < 0)
            return false;
        /* {i} may stand twice: the first is the client. */
        if (form[1] != 'i' || a->found.ip.len == 0)
            keep(a, form[1], at, (size_t)len);
        at += (size_t)len;
        form = end;
    }
    return true;
}

/* Does the line read so? found gains what it says. */
static bool try_form(const char *needs, const char *text, struct span line,
                     const struct received_line *before, unsigned *steps_left,
                     struct received_line *found)
{
    struct attempt a = {.line = line, .steps_left = *steps_left};
    bool is_match;

    if (needs != NULL && !has(line, needs))
        return false;
    is_match = match(&a, text, 0);
    *steps_left = a.steps_left;
    if (!is_match)
        return false;
    *found = *before;
    if (a.found.ip.len > 0)
        found->ip = a.found.ip;
    if (a.found.rdns.at != NULL)
        found->rdns = a.found.rdns;
    if (a.found.helo.at != NULL)
        found->helo = a.found.helo;
    if (a.found.by.at != NULL)
        found->by = a.found.by;
    if (a.found.ident.at != NULL)
        found->ident = a.found.ident;
    return true;
}

/* qmail's words fit other MTAs' too: it speaks SMTP, and gives no id after it. */
static bool is_qmail(struct span line)
{
    static const char *const words[] = {"SMTP", "QMQP"};
    ptrdiff_t with = span_find(line, SPAN(" with "));
    struct span tail;

    if (with < 0)
        return false;
    tail = span_from(line, (size_t)with + 5);
    for (int i = 0; i < 2; i++) {
        struct span rest = tail;
        for (ptrdiff_t at; (at = span_find(rest, span_of(words[i]))) >= 0;) {
            bool is_word = at > 0 && rest.at[at - 1] == ' ';
            rest = span_from(rest, (size_t)at + 4);
            if (is_word && !span_starts(rest, SPAN(" id ")))
                return true;
        }
    }
    return false;
}

/* IDENT:user@name, or user@name. */
static void split_ident(struct received_line *line)
{
    ptrdiff_t at = span_index(line->rdns, '@');

    if (at < 0)
        return;
    line->ident = span_head(line->rdns, (size_t)at);
    if (span_starts(line->ident, SPAN("IDENT:")))
        line->ident = span_from(line->ident, 6);
    line->rdns = span_from(line->rdns, (size_t)at + 1);
}

static void settle(const struct form *form, struct received_line *line)
{
    bool is_unnamed = span_ieq(line->rdns, SPAN("unknown"));

    if (form->flags & SENDMAIL)
        split_ident(line);
    if ((form->flags & HELO_IS_RDNS) && (line->helo.len == 0 || (form->flags & QMAIL)))
        line->helo = line->rdns;
    line->has_looked_up = (form->flags & LOOKED_UP) != 0;
    if (form->flags & QMAIL)
        line->has_looked_up = !is_unnamed;
    if (is_unnamed)
        line->rdns = SPAN("");
    if (form->flags & NO_ID)
        line->id = SPAN("");
}

static enum received_kind read_forms(const struct form *rows, size_t count,
                                     struct span text, struct received_line *line)
{
    unsigned steps_left = BOUND_RECEIVED_STEPS;
    struct received_line found;
    bool may_be_qmail = is_qmail(text), is_ldap = has(text, " (qmail-");

    for (size_t i = 0; i < count; i++) {
        if ((rows[i].flags & QMAIL) ? !may_be_qmail
                                    : (rows[i].flags & SENDMAIL) && is_ldap)
            continue;
        if (!try_form(rows[i].needs, rows[i].text, text, line, &steps_left, &found))
            continue;
        if (rows[i].flags & FETCHED)
            return RECEIVED_FETCHED;
        if (rows[i].flags & LOCAL)
            return RECEIVED_LOCAL;
        /* Without the two that a handover needs it was not meant. */
        if (found.ip.len == 0 || found.by.len == 0)
            continue;
        *line = found;
        settle(&rows[i], line);
        return RECEIVED_RELAY;
    }
    return RECEIVED_UNKNOWN;
}

/* ---- what any line may hold ---- */

static bool is_helo_char(char c)
{
    return ascii_is_alnum(c) || (c != '\0' && strchr("-.^+_&:=?!@%*$\\/", c) != NULL);
}

static struct span helo_at(struct span s)
{
    size_t len = 0;

    while (len < s.len && is_helo_char(s.at[len]))
        len++;
    return span_head(s, len);
}

static struct span find_helo(struct span line)
{
    static const char *const marks[] = {"helo=", "HELO ", "EHLO "};
    struct span helo;

    for (int i = 0; i < 3; i++) {
        ptrdiff_t at = span_find(line, span_of(marks[i]));
        if (at < 0 || (at > 0 && ascii_is_alnum(line.at[at - 1])))
            continue;
        helo = helo_at(span_from(line, (size_t)at + 5));
        if (helo.len > 0)
            return helo;
    }
    return SPAN("");
}

/* ` id <ABC`: three bytes at least. */
static struct span find_id(struct span line)
{
    struct span rest = line, id;

    for (ptrdiff_t at; (at = span_find(rest, SPAN(" id "))) >= 0;) {
        rest = span_from(rest, (size_t)at + 4);
        id = rest;
        if (id.len > 0 && id.at[0] == '<')
            id = span_from(id, 1);
        size_t len = 0;
        while (len < id.len && !ascii_is_space(id.at[len]) &&
               strchr("<>;", id.at[len]) == NULL)
            len++;
        if (len >= 3)
            return span_head(id, len);
    }
    return SPAN("");
}

static struct span find_by(struct span line)
{
    ptrdiff_t at = span_find(line, SPAN(" by "));
    struct span by;

    if (at < 0)
        return SPAN("");
    by = span_from(line, (size_t)at + 4);
    by.len = run_len(by, 's');
    return by;
}

static bool is_word_char(char c)
{
    return ascii_is_alnum(c) || c == '_';
}

/* Up to the last place where a word begins or ends. */
static struct span up_to_word(struct span s)
{
    for (size_t len = s.len; len > 0; len--) {
        bool before = is_word_char(s.at[len - 1]);
        bool after = len < s.len && is_word_char(s.at[len]);
        if (before != after)
            return span_head(s, len);
    }
    return SPAN("");
}

static void find_sender(struct span line, struct received_line *out)
{
    static const char *const marks[] = {
        "return-path: ",    "return-path ",   "envelope-sender ",
        "envelope-sender=", "envelope-from ", "envelope-from="};
    ptrdiff_t first = -1;

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        struct span mark = span_of(marks[i]), value;
        ptrdiff_t at = span_ifind(line, mark);
        if (at < 0 || (first >= 0 && at >= first))
            continue;
        value = span_from(line, (size_t)at + mark.len);
        value.len = run_len(value, 's');
        value = up_to_word(value);
        if (value.len == 0)
            continue;
        first = at;
        out->envfrom = value;
        out->has_envfrom = true;
    }
}

/* RFC 3848: with ESMTPA and the like; HTTP is a webmail's session. */
static struct span login_protocol(struct span line)
{
    static const char *const names[] = {
        "ESMTPA",    "ESMTPSA",    "LMTPA", "LMTPSA", "UTF8SMTPA", "UTF8SMTPSA",
        "UTF8LMTPA", "UTF8LMTPSA", "ASMTP", "HTTP",   "HTTPS",     "HTTPU"};
    struct span rest = line, word;

    if (!has(line, " by "))
        return SPAN("");
    for (ptrdiff_t at; (at = span_ifind(rest, SPAN(" with "))) >= 0;) {
        rest = span_from(rest, (size_t)at + 6);
        word = rest;
        word.len = run_len(word, 's');
        ptrdiff_t end = span_index(word, ';');
        if (end >= 0)
            word.len = (size_t)end;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            if (span_ieq(word, span_of(names[i])))
                return word;
    }
    return SPAN("");
}

static struct span find_login(struct span line)
{
    struct span protocol = login_protocol(line);
    unsigned steps_left = BOUND_RECEIVED_STEPS;
    struct received_line none = {0}, found;

    if (protocol.len > 0)
        return protocol;
    for (size_t i = 0; i < sizeof logins / sizeof logins[0]; i++)
        if (try_form(logins[i].needs, logins[i].text, line, &none, &steps_left, &found))
            return span_of(logins[i].name);
    return SPAN("");
}

/* ---- the line itself ---- */

/* White space as single blanks, none at the ends, no ';' at the end. */
static struct span tidy(struct arena *arena, struct span value)
{
    value = span_fold_space(arena, span_head(span_trim(value), BOUND_RECEIVED_BYTES));
    while (value.len > 0 &&
           (value.at[value.len - 1] == ';' || value.at[value.len - 1] == ' '))
        value.len--;
    return value;
}

/* The last word of *rest; *rest becomes what stands before it and its blank. */
static struct span last_word(struct span *rest)
{
    ptrdiff_t at = span_rindex(*rest, ' ');
    struct span word = span_from(*rest, (size_t)(at + 1));

    rest->len = at < 0 ? 0 : (size_t)at;
    return word;
}

static bool is_digits(struct span s)
{
    uint64_t number;

    return s.len < 10 && text_parse_count(s, 999999999, &number);
}

static bool is_time(struct span s)
{
    struct span head, tail;

    if (!span_cut(s, ':', &head, &tail) || !is_digits(head))
        return false;
    return is_digits(tail) ||
           (span_cut(tail, ':', &head, &tail) && is_digits(head) && is_digits(tail));
}

static bool is_name_of(struct span s, const char *names)
{
    if (s.len != 3)
        return false;
    for (; *names != '\0'; names += 3)
        if (memcmp(s.at, names, 3) == 0)
            return true;
    return false;
}

/* Without `; Mon, 7 Aug 2006 17:48:07 +0200` at the end (and nothing behind it). */
static struct span strip_date(struct span line)
{
    struct span rest = line, day;

    (void)last_word(&rest);
    if (!is_time(last_word(&rest)) || !is_digits(last_word(&rest)) ||
        !is_name_of(last_word(&rest), "JanFebMarAprMayJunJulAugSepOctNovDec"))
        return line;
    day = last_word(&rest);
    while (day.len > 0 && day.at[0] == ';')
        day = span_from(day, 1);
    if (!is_digits(day))
        return line;
    struct span before = rest, name = last_word(&before);
    while (name.len > 0 && name.at[0] == ';')
        name = span_from(name, 1);
    if (name.len == 4 && name.at[3] == ',' &&
        is_name_of(span_head(name, 3), "MonTueWedThuFriSatSun"))
        rest = before;
    while (rest.len > 0 &&
           (rest.at[rest.len - 1] == ';' || rest.at[rest.len - 1] == ' '))
        rest.len--;
    return rest;
}

/* `from NAME by NAME ;` tells of no address. */
static bool is_bare(struct span line)
{
    struct span rest = span_from(line, 5), from, by;

    if (!span_istarts(line, SPAN("from ")))
        return false;
    from = span_head(rest, run_len(rest, 's'));
    rest = span_from(rest, from.len);
    if (!span_istarts(rest, SPAN(" by ")))
        return false;
    rest = span_from(rest, 4);
    by = span_head(rest, run_len(rest, 's'));
    if (span_index(by, ';') == 0 || by.len == 0)
        return false;
    rest = span_from(rest, by.len);
    if (span_index(by, ';') < 0 && !span_starts(rest, SPAN(" ;")) &&
        !span_starts(rest, SPAN(";")))
        return false;
    return !(from.len > 6 && from.at[0] == '[' && address_len(span_from(from, 1)) > 0);
}

/* `)by` lacks a blank. */
static struct span part_by(struct arena *arena, struct span line)
{
    ptrdiff_t at = span_find(line, SPAN(")by "));
    char *copy;

    if (at < 0 || (copy = arena_alloc(arena, line.len + 1)) == NULL)
        return line;
    memcpy(copy, line.at, (size_t)at + 1);
    copy[at + 1] = ' ';
    memcpy(copy + at + 2, line.at + at + 1, line.len - (size_t)at - 1);
    return (struct span){copy, line.len + 1};
}

/* No form fits: any address in brackets, if the line says who took it. */
static enum received_kind read_anyhow(struct span text, struct received_line *line)
{
    for (size_t i = 0; line->ip.len == 0 && i + 1 < text.len; i++) {
        struct span s = span_from(text, i + 1);
        size_t len = text.at[i] == '[' ? address_len(s) : 0;
        if (len > 0 && len < s.len && s.at[len] == ']')
            line->ip = span_head(s, len);
    }
    return line->ip.len > 0 && line->by.len > 0 ? RECEIVED_RELAY : RECEIVED_UNKNOWN;
}

static enum received_kind read_line(struct span text, struct received_line *line)
{
    enum received_kind kind = RECEIVED_UNKNOWN;

    if (span_starts(text, SPAN("from "))) {
        text = span_from(text, 5);
        find_sender(text, line);
        kind = read_forms(forms, sizeof forms / sizeof forms[0], text, line);
        if (kind == RECEIVED_UNKNOWN && line->helo.len == 0 && text.len > 0)
            line->helo = span_head(text, run_len(text, 's'));
    } else if (span_starts(text, SPAN("FROM ")))
        kind = read_forms(capital_forms, sizeof capital_forms / sizeof capital_forms[0],
                          span_from(text, 5), line);
    else if (span_starts(text, SPAN("(from ")))
        kind = read_forms(bracket_forms, sizeof bracket_forms / sizeof bracket_forms[0],
                          span_from(text, 6), line);
    return kind == RECEIVED_UNKNOWN ? read_anyhow(text, line) : kind;
}

struct span received_form_address(struct span text)
{
    for (size_t i = 0; i < text.len && i < BOUND_RECEIVED_BYTES; i++) {
        bool is_start = i == 0 || !(ascii_is_alnum(text.at[i - 1]) ||
                                    text.at[i - 1] == ':' || text.at[i - 1] == '_');
        size_t len = is_start ? address_len(span_from(text, i)) : 0;
        if (len > 0)
            return (struct span){text.at + i, len};
    }
    return SPAN("");
}

enum received_kind received_form_read(struct arena *arena, struct span value,
                                      struct received_line *out)
{
    struct span line = tidy(arena, value);

    *out = (struct received_line){0};
    if (!span_istarts(line, SPAN("from ")) && !span_istarts(line, SPAN("(from ")))
        return RECEIVED_LOCAL;
    if (has(line, " with local for ") || is_bare(span_trim(value)))
        return RECEIVED_LOCAL;
    line = part_by(arena, strip_date(line));
    out->id = find_id(line);
    out->helo = find_helo(line);
    out->by = find_by(line);
    out->auth = find_login(line);
    return read_line(line, out);
}
