/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/regex/pattern_pump.h"

#include <string.h>

/* Chosen: the deepest published patterns have 20 levels; a text longer than this is no
 * longer the beginning of one piece of a body. */
enum { LEVELS = 64, SAMPLE_BYTES = 600, COPIES = 40, FAR = 8 };

struct level {
    size_t start;      /* of what it matches, in the sample */
    bool is_ambiguous; /* has a choice or a repetition */
    bool is_mute;      /* looks around, or is off: matches nothing itself */
};

struct walk {
    struct span regex;
    size_t at;
    char sample[SAMPLE_BYTES]; /* a text that matches all so far */
    size_t len;
    struct level levels[LEVELS];
    size_t depth;
    struct arena *arena;
    struct pattern_pump *out;
    size_t max, nested, plain;
    bool is_full; /* what may be left out is not */
};

static bool starts(const struct walk *w, const char *text)
{
    return span_starts(span_from(w->regex, w->at), span_of(text));
}

static char here(const struct walk *w)
{
    return w->at < w->regex.len ? w->regex.at[w->at] : '\0';
}

static void add(struct walk *w, char c)
{
    if (w->len < SAMPLE_BYTES)
        w->sample[w->len++] = c;
}

/* One character that an escape matches; 0: it matches a place, not a character. */
static char escaped(char c)
{
    switch (c) {
    case 'w':
    case 'S':
    case 'D':
    case 'N':
    case 'X':
        return 'a';
    case 'd':
        return '1';
    case 's':
    case 'W':
    case 'h':
        return ' ';
    case 'n':
    case 'R':
    case 'v':
        return '\n';
    case 't':
        return '\t';
    case 'b':
    case 'B':
    case 'A':
    case 'z':
    case 'Z':
    case 'G':
    case 'K':
    case 'Q':
    case 'E':
        return '\0';
    default:
        return c;
    }
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = strchr(digits, ascii_lower(c));
    return c != '\0' && at != NULL ? (int)(at - digits) : -1;
}

/* Behind the backslash; *c: what it stands for, 0 for none. */
static void read_escape(struct walk *w, char *c)
{
    char kind = here(w);
    int high, low;

    w->at++;
    *c = escaped(kind);
    if (kind != 'x' || w->at + 1 >= w->regex.len)
        return;
    high = hex_digit(w->regex.at[w->at]);
    low = hex_digit(w->regex.at[w->at + 1]);
    if (high < 0 || low < 0)
        return;
    *c = (char)(high * 16 + low);
    w->at += 2;
}

/* The candidates of a negated class; what is in it is struck out. */
static const char candidates[] = "a1 -x.<Z_\n";

/* A class, behind its '['; *c: one of its characters. */
static void read_class(struct walk *w, char *c)
{
    bool is_negated = here(w) == '^', is_struck[sizeof candidates] = {false};
    size_t first;
    char member = '\0', found = '\0';

    w->at += is_negated;
    for (first = w->at; w->at < w->regex.len; w->at++) {
        if (here(w) == ']' && w->at > first)
            break;
        member = here(w);
        if (starts(w, "[:")) {
            while (w->at < w->regex.len && !starts(w, ":]"))
                w->at++;
            w->at++;
            member = 'a';
        } else if (member == '\\') {
            w->at++;
            read_escape(w, &member);
            w->at--;
        }
        if (found == '\0')
            found = member;
        for (size_t i = 0; member != '\0' && i + 1 < sizeof candidates; i++)
            is_struck[i] |= candidates[i] == member;
    }
    w->at++;
    *c = found;
    for (size_t i = 0; is_negated && i + 1 < sizeof candidates; i++)
        if (!is_struck[i]) {
            *c = candidates[i];
            return;
        }
}

struct quantifier {
    size_t least;
    bool is_far; /* repeats often, or for ever */
    bool is_possessive;
};

/* {N} {N,} {N,M} behind the '{'; false, and nothing read, when it is none. */
static bool read_braces(struct walk *w, struct quantifier *q)
{
    size_t at = w->at + 1, most = 0;
    bool has_most = false, has_comma = false, has_least = false;

    for (q->least = 0; at < w->regex.len && ascii_is_digit(w->regex.at[at]); at++) {
        q->least = q->least < 10000 ? 10 * q->least + (size_t)(w->regex.at[at] - '0')
                                    : q->least;
        has_least = true;
    }
    if (at < w->regex.len && w->regex.at[at] == ',') {
        has_comma = true;
        for (at++; at < w->regex.len && ascii_is_digit(w->regex.at[at]); at++) {
            most = most < 10000 ? 10 * most + (size_t)(w->regex.at[at] - '0') : most;
            has_most = true;
        }
    }
    if (at >= w->regex.len || w->regex.at[at] != '}' || !has_least)
        return false;
    q->is_far = has_comma && (!has_most || most > q->least + FAR);
    w->at = at + 1;
    return true;
}

static bool read_quantifier(struct walk *w, struct quantifier *q)
{
    char c = here(w);

    *q = (struct quantifier){.least = 1};
    if (c == '*' || c == '+' || c == '?') {
        q->is_far = c != '?';
        q->least = c == '+';
        w->at++;
    } else if (c != '{' || !read_braces(w, q))
        return false;
    q->is_possessive = here(w) == '+';
    w->at += here(w) == '+' || here(w) == '?';
    return true;
}

static struct span keep(struct walk *w, size_t from, size_t to)
{
    return span_of(span_cstr(w->arena, (struct span){w->sample + from, to - from}));
}

/* What stands in the sample from start on may come again and again. */
static void note_pump(struct walk *w, size_t start, bool is_nested)
{
    size_t *count = is_nested ? &w->nested : &w->plain;
    struct pattern_pump *pump = &w->out[is_nested ? w->nested : w->max + w->plain];

    if (*count == w->max || start >= w->len)
        return;
    *pump = (struct pattern_pump){.prefix = keep(w, 0, start),
                                  .body = keep(w, start, w->len),
                                  .is_nested = is_nested};
    *count += pump->body.len > 0;
}

/* What was added last, from start on, with the quantifier behind it. */
static void repeat(struct walk *w, size_t start, bool is_ambiguous)
{
    struct quantifier q;
    size_t len = w->len - start;

    if (!read_quantifier(w, &q))
        return;
    if (q.is_far && !q.is_possessive)
        note_pump(w, start, is_ambiguous);
    w->levels[w->depth].is_ambiguous |= q.is_far && !q.is_possessive;
    if (q.least == 0 && !w->is_full)
        w->len = start;
    for (size_t i = 1; i < q.least && i < COPIES && w->len + len <= SAMPLE_BYTES; i++) {
        memmove(w->sample + w->len, w->sample + start, len);
        w->len += len;
    }
}

static void take_atom(struct walk *w)
{
    size_t start = w->len;
    char c = here(w);

    w->at++;
    if (c == '\\')
        read_escape(w, &c);
    else if (c == '[')
        read_class(w, &c);
    else if (c == '.')
        c = 'a';
    else if (c == '^' || c == '$')
        c = '\0';
    if (c != '\0')
        add(w, c);
    repeat(w, start, false);
}

/* Behind "(": what sort of group, and where its pattern begins. Flags alone, a comment
 * and verbs are no group: false. */
static bool open_kind(struct walk *w, bool *is_mute)
{
    static const char *const around[] = {"?=", "?!", "?<=", "?<!"};
    size_t at = w->at;

    *is_mute = false;
    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++)
        *is_mute |= starts(w, around[i]);
    if (here(w) != '?' && here(w) != '*')
        return true;
    if (starts(w, "?#") || here(w) == '*') {
        while (w->at < w->regex.len && here(w) != ')')
            w->at++;
        w->at++;
        return false;
    }
    for (at++; at < w->regex.len && w->regex.at[at] != ':' && w->regex.at[at] != ')' &&
               w->regex.at[at] != '>' && w->regex.at[at] != '=' &&
               w->regex.at[at] != '!' && w->regex.at[at] != '|';
         at++)
        continue;
    w->at = at < w->regex.len ? at + 1 : at;
    return at >= w->regex.len || w->regex.at[at] != ')';
}

static void open_group(struct walk *w)
{
    bool is_mute;

    w->at++;
    if (!open_kind(w, &is_mute) || w->depth + 1 == LEVELS)
        return;
    w->levels[++w->depth] = (struct level){.start = w->len, .is_mute = is_mute};
}

static void choose(struct walk *w)
{
    struct level *level = &w->levels[w->depth];

    w->at++;
    level->is_ambiguous = true;
    w->len = level->start; /* the next alternative is as good, its pumps count, too */
}

static void close_group(struct walk *w)
{
    struct level level = w->levels[w->depth];

    w->at++;
    if (w->depth == 0)
        return;
    w->depth--;
    if (level.is_mute)
        w->len = level.start;
    w->levels[w->depth].is_ambiguous |= level.is_ambiguous && !level.is_mute;
    repeat(w, level.start, level.is_ambiguous);
}

size_t pattern_pumps(struct span regex, bool is_full, struct arena *arena,
                     struct pattern_pump *out, size_t max)
{
    struct walk w = {
        .regex = regex, .arena = arena, .out = out, .max = max, .is_full = is_full};
    struct span whole;

    while (w.at < regex.len && w.len < SAMPLE_BYTES) {
        if (here(&w) == '(')
            open_group(&w);
        else if (here(&w) == ')')
            close_group(&w);
        else if (here(&w) == '|')
            choose(&w);
        else
            take_atom(&w);
    }
    memmove(out + w.nested, out + max, w.plain * sizeof *out);
    whole = keep(&w, 0, w.len);
    for (size_t i = 0; i < w.nested + w.plain; i++)
        out[i].whole = whole;
    return w.nested + w.plain;
}
