/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_rule_need - where a regex matches a text, what is said that it needs stands in
 * it: by regex_read, literal, byte_chain, and the prefilter that looks for it.
 *
 * Input: a byte of flags, the regex, NUL, the text. With '+' first: a byte of flags,
 * then each byte is a piece of a regex, written together with what it would match.
 */
#include "base/buf.h"
#include "hostile.h"
#include "rules/regex/literal.h"
#include "rules/regex/pattern.h"
#include "rules/regex/prefilter.h"
#include "rules/rule_need.h"

enum { ARENA_BYTES = 64 << 20, MADE_BYTES = 2000, DEPTH = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena *arena;

/* ---- the claim ---- */

/* Is the only member named? */
static bool is_named(struct prefilter *filter, struct span text)
{
    struct prefilter_run run;
    bool is_in;

    require(prefilter_seal(filter) == 0 && prefilter_start(filter, arena, &run) == 0);
    prefilter_scan(filter, text, &run);
    is_in = run.count == 1;
    require(run.count <= 1 && (!is_in || run.rules[0] == 7));
    prefilter_scan(filter, text, &run); /* nothing is left of the first one */
    require(run.count == is_in);
    return is_in;
}

/* need: of one kind. */
static void check_need(const struct rule_need *need, struct span text)
{
    struct prefilter *filter = prefilter_new();

    require(filter != NULL);
    require(need->kind == RULE_NEED_CHAIN ? prefilter_add_chain(filter, 7, &need->chain)
                                          : prefilter_add(filter, 7, &need->strings));
    require(is_named(filter, text));
    prefilter_free(&filter);
}

static void check_match(struct span regex, unsigned flags, struct span text)
{
    static struct rule_need need;

    need.kind = RULE_NEED_STRINGS;
    if (literal_derive(regex, flags, &need.strings))
        check_need(&need, text);
    need.kind = RULE_NEED_CHAIN;
    if (byte_chain_derive(regex, flags, &need.chain))
        check_need(&need, text);
    rule_need_derive(regex, flags, &need);
    if (need.kind != RULE_NEED_NOTHING)
        check_need(&need, text);
}

static void check_texts(struct span regex, unsigned flags, const struct span *texts,
                        size_t count)
{
    static struct rule_need need;
    struct pattern *pattern;
    struct err err;

    rule_need_derive(regex, flags, &need); /* of what is no regex, too */
    if (pattern_new(&pattern, regex, flags, &err) != 0)
        return;
    for (size_t i = 0; i < count; i++)
        if (pattern_match(pattern, texts[i]) == PATTERN_MATCH)
            check_match(regex, flags, texts[i]);
    pattern_free(&pattern);
}

/* ---- a regex and its text, written together ---- */

static const struct {
    const char *regex, *text;
} pieces[] = {
    {"q", "q"},
    {"z", "Z"},
    {"x{", "x{"},
    {"}j", "}j"},
    {"a", "A"},
    {"\xe9", "\xe9"},
    {" ", " "},
    {"\\x71", "q"},
    {"\\x{5a}", "Z"},
    {".", "%"},
    {"\\w", "e"},
    {"\\W", "-"},
    {"\\s", "\n"},
    {"\\S", "\\"},
    {"\\D", "}"},
    {"\\h", "\xa0"},
    {"\\v", "\x85"},
    {"\\R", "\r\n"},
    {"\\N", "`"},
    {"\\X", "~"},
    {"[qz]", "z"},
    {"[^q]", "="},
    {"[q-]", "-"},
    {"[]q]", "]"},
    {"[^]q]", "\xff"},
    {"[Q-z]", "^"},
    {"[\\w-]", "-"},
    {"[\\x7b-}]", "|"},
    {"[[:alpha:]]", "u"},
    {"[[:^alpha:]q]", "{"},
    {"[[:q]", "["},
    {"[\\]q]", "]"},
    {"[[:<:]]", ""},
    {"[[:>:]]", ""},
    {"\\b", ""},
    {"\\B", ""},
    {"^", ""},
    {"$", ""},
    {"\\A", ""},
    {"\\Z", ""},
    {"\\z", ""},
    {"\\G", ""},
    {"\\K", ""},
    {"(?#c)", ""},
    {"\\Qqz\\E", "qz"},
    {"\\Q\\E", ""},
    {"\\E", ""},
    {"\\Q{*", "{*"},
    {"\\1", ""},
    {"\\g1", ""},
    {"\\g{1}", ""},
    {"\\g{-1}", ""},
    {"\\k<n>", ""},
    {"(?1)", "qzz{"},
    {"(?&n)", "q"},
    {"\\0123", "\n3"},
    {"\\12", "\n"},
    {"\\e", "\033"},
    {"\\-", "-"},
    {"\\{", "{"},
    {"{", "{"},
    {"{q", "{q"},
    {"{2", "{2"},
    {"#", "#"},
    {"#c\n", ""},
    {"\n", "\n"},
    {"\\ ", " "},
    {"(?x)", ""},
    {"(?-x)", ""},
    {"(?xx)", ""},
    {"(?i)", ""},
    {"(?-i)", ""},
    {"(?s)", ""},
    {"(?m)", ""},
    {"(?U)", ""},
    {"(?^)", ""},
    {"(?n)", ""},
    {"(?J)", ""},
    {"{~}", "{~}"},
    {"zaq", "zaq"},
    {"(?=.*zaq)", ""},
    {"(?=zaq)", ""},
    {"[\\d-z]", "-"},
    {"[+--]", ","},
    {"[--0]", "/"},
    {"[\\b]", "\b"},
    {"[^\\n]", "\r"},
    {"\\pL", "q"},
    {"\\p{Lu}", "Q"},
    {"[\\pNq]", "q"},
    {"[^-z]", "~"},
    {"[\\--0]", "."},
    {"[[:alpha:]-z]", "-"},
    {"[\\s\\S]", "}"},
    {"[\\]-a]", "_"},
    {"[^\\W_]", "z"},
    {"(?R)?", ""},
    {"(?-1)", "q"},
    {"(?P=n)", ""},
    {"(?P>n)", "q"},
};

static const char *const openings[] = {
    "(",      "(?:",  "(?:",   "(?i:",  "(?=",   "(?=.*",     "(?!",  "(?<=",
    "(?<!",   "(?>",  "(?|",   "(?<n>", "(?x:",  "(?-i:",     "(?s:", "(?'m'",
    "(?P<o>", "(?^:", "(?xx:", "(?n:",  "(?-x:", "(?J)(?<n>",
};

static const struct {
    const char *regex;
    unsigned times;
} counts[] = {
    {"*", 0},    {"*", 2},     {"+", 1},     {"+", 3},    {"?", 0},   {"?", 1},
    {"{2}", 2},  {"{1,3}", 2}, {"{0,2}", 2}, {"{2,}", 3}, {"{0}", 0}, {"{1}", 1},
    {"{3}", 3},  {"{5,6}", 5}, {"{17}", 17}, {"*?", 1},   {"++", 2},  {"??", 0},
    {"{,2}", 1}, {" +", 2},    {"{3}?", 3},
};

#define COUNT_OF(rows) (sizeof(rows) / sizeof(rows)[0])

enum { PIECES = COUNT_OF(pieces), OPENINGS = COUNT_OF(openings) };

struct maker {
    struct buf regex, text;
    size_t item;                 /* where the text of what was read last begins */
    size_t depth, groups[DEPTH]; /* where the text of open groups begins */
    const char *opened[DEPTH];
};

static void open_group(struct maker *m, const char *opening)
{
    if (m->depth == DEPTH)
        return;
    buf_add_span(&m->regex, span_of(opening));
    m->opened[m->depth] = opening;
    m->groups[m->depth] = m->text.len;
    m->depth++;
}

/* What looks around takes no room; but ahead there is something. */
static void close_group(struct maker *m)
{
    if (m->depth == 0)
        return;
    m->depth--;
    m->item = m->groups[m->depth];
    buf_add_char(&m->regex, ')');
    if (strchr("=!", m->opened[m->depth][strlen(m->opened[m->depth]) - 1]) != NULL)
        m->text.len = m->item;
}

/* The text is that of the last branch; with is_kept that of those before, too. */
static void next_branch(struct maker *m, bool is_kept)
{
    size_t from = m->depth > 0 ? m->groups[m->depth - 1] : 0;

    buf_add_char(&m->regex, '|');
    if (!is_kept)
        m->text.len = from;
    m->item = m->text.len;
}

static void repeat(struct maker *m, const char *count, unsigned times)
{
    struct span text = span_dup(arena, span_from(buf_span(&m->text), m->item));

    buf_add_span(&m->regex, span_of(count));
    m->text.len = m->item;
    for (unsigned i = 0; i < times; i++)
        buf_add_span(&m->text, text);
    m->item = m->text.len;
}

static void take_byte(struct maker *m, unsigned char byte)
{
    if (byte < PIECES) {
        m->item = m->text.len;
        buf_add_span(&m->regex, span_of(pieces[byte].regex));
        buf_add_span(&m->text, span_of(pieces[byte].text));
    } else if (byte < PIECES + OPENINGS)
        open_group(m, openings[byte - PIECES]);
    else if (byte < PIECES + OPENINGS + COUNT_OF(counts))
        repeat(m, counts[byte - PIECES - OPENINGS].regex,
               counts[byte - PIECES - OPENINGS].times);
    else if (byte < 0xd0)
        close_group(m);
    else if (byte < 0xe0)
        next_branch(m, byte % 2 == 0);
    else { /* as it is, in the text alone */
        m->item = m->text.len;
        buf_add_char(&m->text, (char)(byte - 0x80));
    }
}

static void check_made(struct span in)
{
    struct maker m = {.depth = 0};
    struct span texts[3];
    struct buf ends;

    buf_init(&m.regex, arena, MADE_BYTES);
    buf_init(&m.text, arena, MADE_BYTES);
    buf_init(&ends, arena, 2 * MADE_BYTES + 8);
    for (size_t i = 2; i < in.len; i++)
        take_byte(&m, (unsigned char)in.at[i]);
    while (m.depth > 0)
        close_group(&m);
    buf_add_span(&ends, buf_span(&m.text));
    buf_add_span(&ends, SPAN("zaq{q\n"));
    buf_add_span(&ends, buf_span(&m.text));
    texts[0] = buf_span(&m.text);
    texts[1] = buf_span(&ends);
    texts[2] = SPAN("aAqZ{}\n");
    check_texts(buf_span(&m.regex), in.len > 1 ? in.at[1] & 63 : 0, texts, 3);
}

/* ---- time ---- */

static void derive(struct span regex)
{
    static struct rule_need need;

    rule_need_derive(regex, 0, &need);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[HOSTILE_BYTES];
    struct span in = {(const char *)data, size}, regex, text;

    if (arena == NULL && (arena = arena_new(ARENA_BYTES)) == NULL)
        return 0;
    arena_reset(arena);
    if (size == 0)
        return 0;
    if (is_swelling(in)) {
        require_quick(derive, swell(in, room, sizeof room), HOSTILE_MS);
        require_quick(derive, swell(in, room, 32000), HOSTILE_MS);
    } else if (data[0] == '+')
        check_made(in);
    else {
        span_cut(span_from(in, 1), '\0', &regex, &text);
        check_texts(regex, data[0] & 63, &text, 1);
    }
    return 0;
}
