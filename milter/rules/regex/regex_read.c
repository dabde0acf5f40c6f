/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/regex/regex_read.h"

#include <string.h>

#include "rules/regex/pattern.h"

void regex_read_start(struct regex_reader *reader, struct span regex, unsigned flags)
{
    *reader = (struct regex_reader){.regex = regex};
    reader->is_caseless = flags & PATTERN_CASELESS;
    reader->is_extended = flags & (PATTERN_EXTENDED | PATTERN_EXTENDED_MORE);
    reader->is_extended_more = flags & PATTERN_EXTENDED_MORE;
}

/* The byte that is n further on, -1 behind the end. */
static int peek(const struct regex_reader *r, size_t n)
{
    return r->at + n < r->regex.len ? (unsigned char)r->regex.at[r->at + n] : -1;
}

static void lose(struct regex_reader *r)
{
    r->is_lost = true;
}

/* Behind the next c; lost when there is none. */
static void skip_past(struct regex_reader *r, char c)
{
    const char *found = r->at < r->regex.len
                            ? memchr(r->regex.at + r->at, c, r->regex.len - r->at)
                            : NULL;

    if (found == NULL)
        lose(r);
    else
        r->at = (size_t)(found - r->regex.at) + 1;
}

static bool is_one_of(int c, const char *set)
{
    return c > 0 && strchr(set, c) != NULL;
}

static bool is_alnum(int c)
{
    return c >= 0 && ascii_is_alnum((char)c);
}

static void put_kind(struct regex_piece *piece, enum regex_kind kind)
{
    piece->kind = kind;
}

static void put_byte(struct regex_piece *piece, int byte)
{
    piece->kind = REGEX_BYTE;
    piece->is_listed = true;
    if (byte >= 0)
        byte_set_add(&piece->bytes, (unsigned char)byte);
}

/* Digits; -1 if there are none, or too many. */
static int read_number(struct regex_reader *r)
{
    int number = -1;

    for (int c = peek(r, 0); c >= '0' && c <= '9'; c = peek(r, 0)) {
        number = (number < 0 ? 0 : number) * 10 + (c - '0');
        if (number >= REGEX_ENDLESS)
            return -1;
        r->at++;
    }
    return number;
}

/* r is behind the quantifier, but for what makes it lazy or possessive. */
static void put_count(struct regex_reader *r, struct regex_piece *piece, int least,
                      int most)
{
    if (peek(r, 0) == '?' || peek(r, 0) == '+')
        r->at++;
    piece->kind = REGEX_COUNT;
    piece->least = (unsigned)least;
    piece->most = (unsigned)most;
}

/* {n} {n,} {n,m}; newer PCRE2 takes {,m} and spaces inside too, this one does not:
 * such a thing is left alone. Any other '{' is itself. */
static void read_brace(struct regex_reader *r, struct regex_piece *piece)
{
    int next = peek(r, 1), least, most;

    r->at++;
    if (next != ',' && (next < '0' || next > '9')) {
        if (next == ' ' || next == '\t')
            lose(r);
        put_byte(piece, '{');
        return;
    }
    least = most = read_number(r);
    if (peek(r, 0) == ',') {
        r->at++;
        most = peek(r, 0) == '}' ? REGEX_ENDLESS : read_number(r);
    }
    if (least < 0 || most < least || peek(r, 0) != '}') {
        lose(r);
        return;
    }
    r->at++;
    put_count(r, piece, least, most);
}

/* Behind \x: {h...} or up to two digits. */
static int read_hex(struct regex_reader *r)
{
    int value = 0;
    bool is_braced = peek(r, 0) == '{';

    r->at += is_braced;
    for (int i = 0; i < (is_braced ? 8 : 2); i++) {
        int c = peek(r, 0), digit = c < 0 ? -1 : ascii_hex((char)c);
        if (digit < 0)
            break;
        value = value * 16 + digit;
        if (value > 0xff)
            lose(r);
        if (r->is_lost)
            return 0;
        r->at++;
    }
    if (is_braced && peek(r, 0) != '}')
        lose(r);
    r->at += is_braced;
    return value;
}

/* \a \e \f \n \r \t; -1 for others. */
static int control_of(int c)
{
    static const char names[] = "aefnrt", values[] = "\a\033\f\n\r\t";
    const char *found = c > 0 ? strchr(names, c) : NULL;

    return found != NULL ? values[found - names] : -1;
}

/* Behind \p or \P. */
static void skip_property(struct regex_reader *r)
{
    if (peek(r, 0) == '{')
        skip_past(r, '}');
    else
        r->at++;
}

/* Behind \g or \k: {name}, <name>, 'name'; \g also takes a bare number. */
static void skip_reference(struct regex_reader *r, int letter)
{
    int c = peek(r, 0);

    if (is_one_of(c, "{<'")) {
        r->at++;
        skip_past(r, c == '{' ? '}' : c == '<' ? '>' : '\'');
        return;
    }
    r->at += c == '+' || c == '-';
    if (letter == 'k' || read_number(r) < 0)
        lose(r);
}

/* What \d \s \w \h \v match, in lower case; false for other letters. */
static bool add_named(struct byte_set *set, int letter)
{
    switch (letter) {
    case 'd':
        byte_set_add_range(set, '0', '9');
        return true;
    case 's':
        byte_set_add_range(set, '\t', '\r');
        byte_set_add(set, ' ');
        return true;
    case 'w':
        byte_set_add_range(set, '0', '9');
        byte_set_add_range(set, 'A', 'Z');
        byte_set_add_range(set, 'a', 'z');
        byte_set_add(set, '_');
        return true;
    case 'h':
        byte_set_add(set, '\t');
        byte_set_add(set, ' ');
        byte_set_add(set, 0xa0);
        return true;
    case 'v':
        byte_set_add_range(set, '\n', '\r');
        byte_set_add(set, 0x85);
        return true;
    default:
        return false;
    }
}

/* \d and its like, \D and its like. */
static bool add_class_of(struct byte_set *set, int letter)
{
    struct byte_set named = {{0}};

    if (letter < 0 || !add_named(&named, ascii_lower((char)letter)))
        return false;
    if (letter >= 'A' && letter <= 'Z')
        byte_set_invert(&named);
    byte_set_join(set, &named);
    return true;
}

static void put_any_byte(struct regex_piece *piece)
{
    piece->kind = REGEX_BYTE;
    piece->bytes = (struct byte_set){{0}};
    byte_set_invert(&piece->bytes);
    piece->is_listed = false;
}

/* Escapes that stand for something else than one byte; r is behind the letter. */
static void read_special(struct regex_reader *r, int letter, struct regex_piece *piece)
{
    put_kind(piece, REGEX_ANYTHING);
    if (is_one_of(letter, "bBAzZGK"))
        put_kind(piece, REGEX_PLACE);
    else if (letter == 'p' || letter == 'P')
        skip_property(r);
    else if (letter == 'g' || letter == 'k')
        skip_reference(r, letter);
    else if (letter >= '0' && letter <= '9') /* octal, or a reference */
        (void)read_number(r);
    else if (letter == 'N' && peek(r, 0) != '{')
        put_any_byte(piece);
    else if (add_class_of(&piece->bytes, letter))
        put_kind(piece, REGEX_BYTE);
    else if (!is_one_of(letter, "RX"))
        lose(r);
}

static void read_escape(struct regex_reader *r, struct regex_piece *piece)
{
    int c = peek(r, 1);

    r->at += 2;
    if (c < 0)
        lose(r);
    else if (!is_alnum(c))
        put_byte(piece, c);
    else if (control_of(c) >= 0)
        put_byte(piece, control_of(c));
    else if (c == 'x')
        put_byte(piece, read_hex(r));
    else
        read_special(r, c, piece);
}

/* What a class has. */
struct members {
    struct byte_set bytes;
    bool is_listed;
    bool is_unknown; /* and more, which it is not known what */
};

/* Escapes that stand for several members. */
static void add_escaped(struct regex_reader *r, int letter, struct members *m)
{
    m->is_listed = false;
    if (add_class_of(&m->bytes, letter))
        return;
    m->is_unknown = true;
    if (letter == 'p' || letter == 'P')
        skip_property(r);
    else if (letter >= '0' && letter <= '9')
        (void)read_number(r);
    else
        lose(r);
}

/* One member of a class: a byte, or -1 for several, which are added. */
static int read_member(struct regex_reader *r, struct members *m)
{
    int c = peek(r, 0);

    r->at++;
    if (c != '\\')
        return c;
    c = peek(r, 0);
    r->at++;
    if (c < 0)
        lose(r);
    else if (!is_alnum(c))
        return c;
    else if (control_of(c) >= 0)
        return control_of(c);
    else if (c == 'x')
        return read_hex(r);
    else if (c == 'b')
        return '\b';
    else
        add_escaped(r, c, m);
    return -1;
}

/* Where [:name:] or its like that begins at r ends; 0 if there is none.
 * As pcre2_compile's check_posix_syntax. */
static size_t posix_end(const struct regex_reader *r)
{
    const char *at = r->regex.at;
    int mark = peek(r, 1);

    if (mark != ':' && mark != '.' && mark != '=')
        return 0;
    for (size_t i = r->at + 2; i + 1 < r->regex.len; i++) {
        if (at[i] == '\\' && (at[i + 1] == ']' || at[i + 1] == '\\'))
            i++;
        else if ((at[i] == '[' && at[i + 1] == mark) || at[i] == ']')
            return 0;
        else if (at[i] == mark && at[i + 1] == ']')
            return i + 2;
    }
    return 0;
}

/* A member, a range, or a POSIX class. */
static void read_members(struct regex_reader *r, struct members *m)
{
    size_t end = peek(r, 0) == '[' ? posix_end(r) : 0;
    int low, high;

    if (end > 0) {
        r->at = end;
        m->is_unknown = true;
        return;
    }
    low = high = read_member(r, m);
    if (peek(r, 0) == '-' && peek(r, 1) == '[')
        lose(r); /* to a '[', or before a POSIX class */
    else if (low >= 0 && peek(r, 0) == '-' && peek(r, 1) != ']') {
        r->at++;
        high = read_member(r, m);
        if (high < low)
            lose(r);
    }
    if (low >= 0)
        byte_set_add_range(&m->bytes, low, high);
}

/* [[:<:]] and [[:>:]]: where a word begins and ends. As pcre2_compile's parse_regex. */
static bool skip_word_end(struct regex_reader *r)
{
    struct span rest = span_from(r->regex, r->at);

    if (!span_starts(rest, SPAN("[[:<:]]")) && !span_starts(rest, SPAN("[[:>:]]")))
        return false;
    r->at += 7;
    return true;
}

static void read_class(struct regex_reader *r, struct regex_piece *piece)
{
    struct members m = {.is_listed = true};
    bool is_negated = peek(r, 1) == '^';

    if (skip_word_end(r)) {
        put_kind(piece, REGEX_PLACE);
        return;
    }
    if (r->is_extended_more) /* spaces inside would not count */
        lose(r);
    r->at += is_negated ? 2 : 1;
    do { /* a ']' at the beginning is a member */
        if (peek(r, 0) < 0)
            lose(r);
        else
            read_members(r, &m);
    } while (!r->is_lost && peek(r, 0) != ']');
    r->at++;
    if (is_negated)
        byte_set_invert(&m.bytes);
    put_kind(piece, REGEX_BYTE);
    piece->bytes = m.bytes;
    piece->is_listed = m.is_listed && !m.is_unknown && !is_negated;
    if (m.is_unknown)
        put_any_byte(piece);
}

static void open_group(struct regex_reader *r, enum regex_kind kind, bool was_extended,
                       struct regex_piece *piece)
{
    if (r->depth == REGEX_DEPTH) {
        lose(r);
        return;
    }
    r->was_extended[r->depth++] = was_extended;
    put_kind(piece, kind);
}

static void close_group(struct regex_reader *r, struct regex_piece *piece)
{
    if (r->depth == 0) {
        lose(r);
        return;
    }
    r->is_extended = r->was_extended[--r->depth];
    put_kind(piece, REGEX_CLOSE);
}

/* (?flags) or (?flags:...); r is behind the '?'. */
static void read_flags(struct regex_reader *r, struct regex_piece *piece)
{
    bool is_on = true, was_extended = r->is_extended;
    int c;

    for (c = peek(r, 0); c != ')' && c != ':'; c = peek(r, 0)) {
        if (c == '-')
            is_on = false;
        else if (c == '^')
            r->is_extended = false;
        else if (c == 'x') {
            r->is_extended = is_on;
            r->is_extended_more = r->is_extended_more || peek(r, 1) == 'x';
        } else if (!is_one_of(c, "imsnJU")) {
            lose(r);
            return;
        }
        r->is_caseless = r->is_caseless || c == 'i';
        r->at++;
    }
    r->at++;
    if (c == ':')
        open_group(r, REGEX_OPEN, was_extended, piece);
    else
        put_kind(piece, REGEX_OPTION);
}

/* (?<... and (?P...; r is at the '<' or 'P'. */
static void read_named(struct regex_reader *r, struct regex_piece *piece)
{
    int next = peek(r, 1);

    if (peek(r, 0) == '<' && is_one_of(next, "=!*")) {
        r->at += 2;
        open_group(r, REGEX_IGNORED, r->is_extended, piece);
    } else if (peek(r, 0) == '<' || next == '<') {
        skip_past(r, '>');
        open_group(r, REGEX_OPEN, r->is_extended, piece);
    } else if (next == '=' || next == '>') { /* a reference, a call */
        skip_past(r, ')');
        put_kind(piece, REGEX_ANYTHING);
    } else
        lose(r);
}

/* Behind (? */
static void read_extension(struct regex_reader *r, struct regex_piece *piece)
{
    int c = peek(r, 0), next = peek(r, 1);

    if (is_one_of(c, ":>|=!")) {
        r->at++;
        open_group(r,
                   c == '='   ? REGEX_AHEAD
                   : c == '!' ? REGEX_IGNORED
                              : REGEX_OPEN,
                   r->is_extended, piece);
    } else if (c == '<' || c == 'P')
        read_named(r, piece);
    else if (c == '\'') {
        r->at++;
        skip_past(r, '\'');
        open_group(r, REGEX_OPEN, r->is_extended, piece);
    } else if (is_one_of(c, "R&+0123456789") ||
               (c == '-' && next >= '0' && next <= '9')) {
        skip_past(r, ')'); /* calls a group */
        put_kind(piece, REGEX_ANYTHING);
    } else
        read_flags(r, piece); /* lost if it is a condition, a callout, ... */
}

static void read_open(struct regex_reader *r, struct regex_piece *piece)
{
    r->at++;
    if (peek(r, 0) == '*') { /* verbs; (*UTF) too: there case knows more than ASCII */
        lose(r);
    } else if (peek(r, 0) == '?') {
        r->at++;
        read_extension(r, piece);
    } else
        open_group(r, REGEX_OPEN, r->is_extended, piece);
}

/* White space and comments of the x flag. */
static bool skip_space(struct regex_reader *r)
{
    int c = peek(r, 0);
    const char *end;

    if (!r->is_extended || c < 0)
        return false;
    if (c == '#') {
        end = memchr(r->regex.at + r->at, '\n', r->regex.len - r->at);
        r->at = end != NULL ? (size_t)(end - r->regex.at) + 1 : r->regex.len;
        return true;
    }
    if (c == 0x85 || c == 0xa0) /* space in some tables of PCRE2 */
        lose(r);
    if (!ascii_is_space((char)c))
        return false;
    r->at++;
    return true;
}

/* What is no piece of its own: \Q, \E, comments. */
static bool skip_silent(struct regex_reader *r)
{
    bool is_end = peek(r, 0) == '\\' && peek(r, 1) == 'E';

    if (is_end || (!r->is_quoted && peek(r, 0) == '\\' && peek(r, 1) == 'Q')) {
        r->is_quoted = !is_end;
        r->at += 2;
        return true;
    }
    if (r->is_quoted)
        return false;
    if (peek(r, 0) == '(' && peek(r, 1) == '?' && peek(r, 2) == '#') {
        skip_past(r, ')');
        return true;
    }
    return skip_space(r);
}

static void read_plain(struct regex_reader *r, int c, struct regex_piece *piece)
{
    r->at++;
    switch (c) {
    case '.':
        put_any_byte(piece);
        break;
    case '^':
    case '$':
        put_kind(piece, REGEX_PLACE);
        break;
    case '|':
        put_kind(piece, REGEX_OR);
        break;
    case ')':
        close_group(r, piece);
        break;
    case '*':
    case '?':
    case '+':
        put_count(r, piece, c == '+', c == '?' ? 1 : REGEX_ENDLESS);
        break;
    default:
        put_byte(piece, c);
    }
}

static void read_next(struct regex_reader *r, struct regex_piece *piece)
{
    int c = peek(r, 0);

    if (r->is_quoted) {
        r->at++;
        put_byte(piece, c);
    } else if (c == '\\')
        read_escape(r, piece);
    else if (c == '[')
        read_class(r, piece);
    else if (c == '(')
        read_open(r, piece);
    else if (c == '{')
        read_brace(r, piece);
    else
        read_plain(r, c, piece);
}

static bool is_countable(enum regex_kind kind)
{
    return kind == REGEX_BYTE || kind == REGEX_PLACE || kind == REGEX_ANYTHING ||
           kind == REGEX_CLOSE;
}

void regex_read(struct regex_reader *reader, struct regex_piece *piece)
{
    *piece = (struct regex_piece){.kind = REGEX_END};
    while (!reader->is_lost && skip_silent(reader))
        ;
    if (!reader->is_lost && reader->at < reader->regex.len)
        read_next(reader, piece);
    else if (reader->depth > 0)
        lose(reader);
    if (piece->kind == REGEX_COUNT && !reader->is_after_countable)
        lose(reader);
    if (reader->is_lost)
        piece->kind = REGEX_LOST;
    reader->is_after_countable = is_countable(piece->kind);
}
