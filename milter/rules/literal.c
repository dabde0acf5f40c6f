/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/literal.h"

#include <stdlib.h>
#include <string.h>

#include "rules/pattern.h"

/* Chosen. Beyond them a regex has no set. */
enum {
    GROUP_DEPTH = 32,    /* groups within groups */
    REGEX_BYTES = 32768, /* larger ones are replace_tag's, of classes alone */
    EXACT_STRINGS = 128, /* ways to spell a run that is still multiplied out */
    CLASS_BYTES = 6,     /* bytes of a class that counts as alternatives */
    REPEATS = 4,         /* of x{n}, spelt out */
    COST_MOST_BITS = 5,  /* commoner sets are in most texts (measured) */
    NUMBER_MOST = 65535,
};

/* What was read last, and may still be given a quantifier. */
enum item_kind {
    ITEM_NONE = 0,
    ITEM_EXACT,    /* matches one of these strings, and nothing else */
    ITEM_REQUIRED, /* matches more, and one of these strings is in it */
    ITEM_AHEAD,    /* the same, looking ahead: takes no room */
    ITEM_OPAQUE,   /* demands nothing */
};

enum group_kind { GROUP_PLAIN, GROUP_AHEAD, GROUP_IGNORED };

/* One open group; the outermost is the regex itself. */
struct group {
    enum group_kind kind;
    bool was_extended; /* the x flag outside */

    /* of the branches before this one */
    bool is_exact; /* all of them are strings: exact */
    bool is_sure;  /* all of them have a set: required is their union */
    struct literal_set exact, required;

    /* of this branch */
    struct literal_set run; /* what stands right before the item, spelt out */
    bool is_whole;          /* the run is all of the branch as yet */
    struct literal_set best;
    uint64_t best_cost; /* UINT64_MAX: none yet */
    enum item_kind item;
    bool is_counted; /* it has its quantifier */
    struct literal_set strings;
};

struct reader {
    struct span regex;
    size_t at;
    bool is_extended, is_extended_more;
    bool is_lost; /* met what it does not understand */
    unsigned depth;
    struct literal_set spare;
    struct group groups[GROUP_DEPTH];
};

static struct group *group_of(struct reader *r)
{
    return &r->groups[r->depth];
}

/* The byte that is n further on, -1 behind the end. */
static int peek(const struct reader *r, size_t n)
{
    return r->at + n < r->regex.len ? (unsigned char)r->regex.at[r->at + n] : -1;
}

static void lose(struct reader *r)
{
    r->is_lost = true;
}

/* Behind the next c; lost when there is none. */
static void skip_past(struct reader *r, char c)
{
    const char *found = r->at < r->regex.len
                            ? memchr(r->regex.at + r->at, c, r->regex.len - r->at)
                            : NULL;

    if (found == NULL)
        lose(r);
    else
        r->at = (size_t)(found - r->regex.at) + 1;
}

static void start_branch(struct group *g)
{
    literal_set_one(&g->run, SPAN(""));
    g->is_whole = true;
    g->best_cost = UINT64_MAX;
    g->item = ITEM_NONE;
    g->is_counted = false;
}

/* The branch has one of the set: is that the best to look for? */
static void consider(struct reader *r, const struct literal_set *set)
{
    struct group *g = group_of(r);
    uint64_t cost;

    if (literal_set_shortest(set) == 0)
        return;
    literal_set_copy(&r->spare, set);
    literal_set_reduce(&r->spare);
    cost = literal_set_cost(&r->spare);
    if (cost < g->best_cost) {
        literal_set_copy(&g->best, &r->spare);
        g->best_cost = cost;
    }
}

/* What follows does not touch the run. */
static void break_run(struct reader *r)
{
    struct group *g = group_of(r);

    consider(r, &g->run);
    literal_set_one(&g->run, SPAN(""));
    g->is_whole = false;
}

/* The item gets no quantifier any more: it joins the run. */
static void take_item(struct reader *r)
{
    struct group *g = group_of(r);

    switch (g->item) {
    case ITEM_EXACT:
        if (literal_set_multiply(&g->run, &g->strings, EXACT_STRINGS))
            break;
        break_run(r);
        literal_set_copy(&g->run, &g->strings);
        break;
    case ITEM_REQUIRED:
        consider(r, &g->strings);
        break_run(r);
        break;
    case ITEM_AHEAD:
        consider(r, &g->strings);
        break;
    case ITEM_OPAQUE:
        break_run(r);
        break;
    case ITEM_NONE:
        break;
    }
}

static void add_item(struct reader *r, enum item_kind kind)
{
    struct group *g = group_of(r);

    take_item(r);
    g->item = kind;
    g->is_counted = false;
}

static void add_string(struct reader *r, struct span string)
{
    add_item(r, ITEM_EXACT);
    literal_set_one(&group_of(r)->strings, string);
}

static void add_byte(struct reader *r, int byte)
{
    char c = (char)byte;

    add_string(r, (struct span){&c, 1});
}

static void finish_branch(struct reader *r)
{
    struct group *g = group_of(r);

    take_item(r);
    consider(r, &g->run);
    g->is_exact = g->is_exact && g->is_whole &&
                  literal_set_join(&g->exact, &g->run, EXACT_STRINGS);
    g->is_sure = g->is_sure && g->best_cost != UINT64_MAX &&
                 literal_set_join(&g->required, &g->best, LITERAL_STRINGS);
    start_branch(g);
}

static void start_group(struct group *g, enum group_kind kind, bool was_extended)
{
    g->kind = kind;
    g->was_extended = was_extended;
    g->is_exact = g->is_sure = true;
    g->exact.count = g->required.count = 0;
    start_branch(g);
}

static void open_group(struct reader *r, enum group_kind kind, bool was_extended)
{
    add_item(r, ITEM_NONE);
    if (r->depth + 1 == GROUP_DEPTH) {
        lose(r);
        return;
    }
    r->depth++;
    start_group(group_of(r), kind, was_extended);
}

static void close_group(struct reader *r)
{
    struct group *g = group_of(r), *outer;

    if (r->depth == 0) {
        lose(r);
        return;
    }
    finish_branch(r);
    r->depth--;
    r->is_extended = g->was_extended;
    if (g->kind == GROUP_IGNORED) {
        add_string(r, SPAN(""));
        return;
    }
    outer = group_of(r);
    if (g->is_exact) {
        add_item(r, g->kind == GROUP_AHEAD ? ITEM_AHEAD : ITEM_EXACT);
        literal_set_copy(&outer->strings, &g->exact);
    } else if (g->is_sure) {
        add_item(r, g->kind == GROUP_AHEAD ? ITEM_AHEAD : ITEM_REQUIRED);
        literal_set_copy(&outer->strings, &g->required);
    } else
        add_item(r, ITEM_OPAQUE);
}

/* At least once: spelt out as often as it must be, and, when it may be more often,
 * once more behind a gap, for what follows. */
static void repeat_exact(struct reader *r, unsigned least, unsigned most)
{
    for (unsigned i = 1; i < least && i < REPEATS; i++)
        take_item(r);
    if (most == least && least <= REPEATS)
        return;
    take_item(r);
    break_run(r);
}

static void quantify(struct reader *r, unsigned least, unsigned most)
{
    struct group *g = group_of(r);

    if (g->item == ITEM_NONE || g->is_counted) {
        lose(r);
        return;
    }
    g->is_counted = true;
    if (peek(r, 0) == '?' || peek(r, 0) == '+')
        r->at++;
    if (least > 0) {
        if (g->item == ITEM_EXACT)
            repeat_exact(r, least, most);
    } else if (g->item != ITEM_EXACT || most != 1 ||
               !literal_set_add(&g->strings, SPAN(""), EXACT_STRINGS))
        g->item = ITEM_OPAQUE;
}

/* Digits; -1 if there are none, or too many. */
static int read_number(struct reader *r)
{
    int number = -1;

    for (int c = peek(r, 0); c >= '0' && c <= '9'; c = peek(r, 0)) {
        number = (number < 0 ? 0 : number) * 10 + (c - '0');
        if (number > NUMBER_MOST)
            return -1;
        r->at++;
    }
    return number;
}

/* {n} {n,} {n,m}; newer PCRE2 takes {,m} and spaces inside too, this one does not:
 * such a thing is left alone. Any other '{' is itself. */
static void read_brace(struct reader *r)
{
    int next = peek(r, 1), least, most;

    if (next != ',' && (next < '0' || next > '9')) {
        if (next == ' ' || next == '\t')
            lose(r);
        r->at++;
        add_byte(r, '{');
        return;
    }
    r->at++;
    least = most = read_number(r);
    if (peek(r, 0) == ',') {
        r->at++;
        most = peek(r, 0) == '}' ? NUMBER_MOST + 1 : read_number(r);
    }
    if (least < 0 || most < least || peek(r, 0) != '}') {
        lose(r);
        return;
    }
    r->at++;
    quantify(r, (unsigned)least, (unsigned)most);
}

/* Behind \x: {h...} or up to two digits. */
static int read_hex(struct reader *r)
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

static bool is_one_of(int c, const char *set)
{
    return c > 0 && strchr(set, c) != NULL;
}

static bool is_alnum(int c)
{
    return c >= 0 && ascii_is_alnum((char)c);
}

/* Behind \p or \P. */
static void skip_property(struct reader *r)
{
    if (peek(r, 0) == '{')
        skip_past(r, '}');
    else
        r->at++;
}

/* Behind \g or \k: {name}, <name>, 'name'; \g also takes a bare number. */
static void skip_reference(struct reader *r, int letter)
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

/* \Q...\E: each byte as it is. */
static void read_quoted(struct reader *r)
{
    while (r->at < r->regex.len) {
        if (peek(r, 0) == '\\' && peek(r, 1) == 'E') {
            r->at += 2;
            return;
        }
        add_byte(r, peek(r, 0));
        r->at++;
    }
}

/* Escapes that stand for something else than a byte; r is behind the letter. */
static void read_special(struct reader *r, int letter)
{
    if (is_one_of(letter, "bBAzZGK")) {
        add_string(r, SPAN(""));
        return;
    }
    if (letter == 'Q' || letter == 'E') {
        if (letter == 'Q')
            read_quoted(r);
        return;
    }
    if (letter == 'p' || letter == 'P')
        skip_property(r);
    else if (letter == 'g' || letter == 'k')
        skip_reference(r, letter);
    else if (letter >= '0' && letter <= '9') /* octal, or a reference */
        (void)read_number(r);
    else if (!is_one_of(letter, "dDwWsShHvVRXN") ||
             (letter == 'N' && peek(r, 0) == '{'))
        lose(r);
    add_item(r, ITEM_OPAQUE);
}

static void read_escape(struct reader *r)
{
    int c = peek(r, 1);

    r->at += 2;
    if (c < 0)
        lose(r);
    else if (!is_alnum(c))
        add_byte(r, c);
    else if (control_of(c) >= 0)
        add_byte(r, control_of(c));
    else if (c == 'x')
        add_byte(r, read_hex(r));
    else
        read_special(r, c);
}

/* One member of a class: a byte, or -1 for a set of them. */
static int read_member(struct reader *r)
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
    else if (c == 'p' || c == 'P')
        skip_property(r);
    else if (c >= '0' && c <= '9')
        (void)read_number(r);
    else if (!is_one_of(c, "dDwWsShHvV"))
        lose(r);
    return -1;
}

/* Where [:name:] or its like that begins at r ends; 0 if there is none.
 * As pcre2_compile's check_posix_syntax. */
static size_t posix_end(const struct reader *r)
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

/* What a class has, folded to lower case. */
struct members {
    bool has[256];
    bool is_open; /* and more, not listed */
};

static void add_range(struct reader *r, struct members *m, int low, int high)
{
    if (low < 0 || high < 0)
        m->is_open = true;
    else if (high < low)
        lose(r);
    else
        for (int c = low; c <= high; c++)
            m->has[(unsigned char)ascii_lower((char)c)] = true;
}

/* A member, a range, or a POSIX class. */
static void read_members(struct reader *r, struct members *m)
{
    size_t end = peek(r, 0) == '[' ? posix_end(r) : 0;
    int low, high;

    if (end > 0) {
        r->at = end;
        m->is_open = true;
        return;
    }
    low = high = read_member(r);
    if (peek(r, 0) == '-' && peek(r, 1) == '[')
        lose(r); /* to a '[', or before a POSIX class */
    else if (low >= 0 && peek(r, 0) == '-' && peek(r, 1) != ']') {
        r->at++;
        high = read_member(r);
    }
    add_range(r, m, low, high);
}

static void add_class(struct reader *r, const struct members *m)
{
    struct literal_set *set = &group_of(r)->strings;

    add_item(r, ITEM_EXACT);
    set->count = 0;
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        if (m->is_open || (m->has[c] && !literal_set_add(set, (struct span){&byte, 1},
                                                         CLASS_BYTES))) {
            group_of(r)->item = ITEM_OPAQUE;
            return;
        }
    }
}

static void read_class(struct reader *r)
{
    struct members m = {.is_open = peek(r, 1) == '^'};

    if (r->is_extended_more) /* spaces inside would not count */
        lose(r);
    r->at += m.is_open ? 2 : 1;
    do { /* a ']' at the beginning is a member */
        if (peek(r, 0) < 0)
            lose(r);
        else
            read_members(r, &m);
    } while (!r->is_lost && peek(r, 0) != ']');
    r->at++;
    add_class(r, &m);
}

/* (?flags) or (?flags:...); r is behind the '?'. */
static void read_flags(struct reader *r)
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
        r->at++;
    }
    r->at++;
    if (c == ':')
        open_group(r, GROUP_PLAIN, was_extended);
    else
        add_item(r, ITEM_NONE);
}

/* (?<... and (?P...; r is at the '<' or 'P'. */
static void read_named(struct reader *r)
{
    int next = peek(r, 1);

    if (peek(r, 0) == '<' && is_one_of(next, "=!*")) {
        r->at += 2;
        open_group(r, GROUP_IGNORED, r->is_extended);
    } else if (peek(r, 0) == '<' || next == '<') {
        skip_past(r, '>');
        open_group(r, GROUP_PLAIN, r->is_extended);
    } else if (next == '=' || next == '>') { /* a reference, a call */
        skip_past(r, ')');
        add_item(r, ITEM_OPAQUE);
    } else
        lose(r);
}

/* Behind (? */
static void read_extension(struct reader *r)
{
    int c = peek(r, 0), next = peek(r, 1);

    if (is_one_of(c, ":>|=!")) {
        r->at++;
        open_group(r,
                   c == '='   ? GROUP_AHEAD
                   : c == '!' ? GROUP_IGNORED
                              : GROUP_PLAIN,
                   r->is_extended);
    } else if (c == '<' || c == 'P')
        read_named(r);
    else if (c == '\'') {
        r->at++;
        skip_past(r, '\'');
        open_group(r, GROUP_PLAIN, r->is_extended);
    } else if (c == '#')
        skip_past(r, ')');
    else if (is_one_of(c, "R&+0123456789") ||
             (c == '-' && next >= '0' && next <= '9')) {
        skip_past(r, ')'); /* calls a group */
        add_item(r, ITEM_OPAQUE);
    } else
        read_flags(r); /* lost if it is a condition, a callout, ... */
}

static void read_open(struct reader *r)
{
    r->at++;
    if (peek(r, 0) == '*') { /* verbs; (*UTF) too: there case knows more than ASCII */
        lose(r);
    } else if (peek(r, 0) == '?') {
        r->at++;
        read_extension(r);
    } else
        open_group(r, GROUP_PLAIN, r->is_extended);
}

/* White space and comments of the x flag. */
static bool skip_space(struct reader *r)
{
    int c = peek(r, 0);
    const char *end;

    if (!r->is_extended)
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

static void read_plain(struct reader *r, int c)
{
    r->at++;
    switch (c) {
    case '.':
        add_item(r, ITEM_OPAQUE);
        break;
    case '^':
    case '$':
        add_string(r, SPAN(""));
        break;
    case '*':
    case '?':
        quantify(r, 0, c == '?' ? 1 : NUMBER_MOST + 1);
        break;
    case '+':
        quantify(r, 1, NUMBER_MOST + 1);
        break;
    default:
        add_byte(r, c);
    }
}

static void read_next(struct reader *r)
{
    int c = peek(r, 0);

    switch (c) {
    case '\\':
        read_escape(r);
        break;
    case '[':
        read_class(r);
        break;
    case '(':
        read_open(r);
        break;
    case ')':
        r->at++;
        close_group(r);
        break;
    case '|':
        r->at++;
        finish_branch(r);
        break;
    case '{':
        read_brace(r);
        break;
    default:
        read_plain(r, c);
    }
}

static bool read_all(struct reader *r, struct literal_set *out)
{
    struct group *g = &r->groups[0];

    start_group(g, GROUP_PLAIN, false);
    while (r->at < r->regex.len && !r->is_lost)
        if (!skip_space(r))
            read_next(r);
    if (r->is_lost || r->depth > 0)
        return false;
    finish_branch(r);
    if (!g->is_sure)
        return false;
    literal_set_reduce(&g->required);
    literal_set_copy(out, &g->required);
    return literal_set_cost(out) <= UINT64_C(1) << (LITERAL_COST_BITS - COST_MOST_BITS);
}

bool literal_derive(struct span regex, unsigned flags, struct literal_set *out)
{
    struct reader *r;
    bool is_found;

    out->count = 0;
    if (regex.len > REGEX_BYTES || (r = malloc(sizeof *r)) == NULL)
        return false;
    r->regex = regex;
    r->at = 0;
    r->is_extended = flags & (PATTERN_EXTENDED | PATTERN_EXTENDED_MORE);
    r->is_extended_more = flags & PATTERN_EXTENDED_MORE;
    r->is_lost = false;
    r->depth = 0;
    is_found = read_all(r, out);
    free(r);
    if (!is_found)
        out->count = 0;
    return is_found;
}
