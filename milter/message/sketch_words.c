/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/sketch_words.h"

enum {
    SEPARATOR = 0,            /* what a code point folds to: ends a word */
    INVISIBLE = 1,            /* is not there */
    NUMBER_WORD = 0x6e756d62, /* every number */
    ADDRESS_LEAST_BYTES = 4,  /* a.co */
    GREETING_BYTES = 60,      /* chosen: "Dear" and a name with titles */
    FOOTER_BYTES = 600,       /* chosen: more below a line is no footer */
    FOOTED_WORDS = 14,        /* chosen: fewer words have a footer after "-- " alone */
    NOTICE_BYTES = 2500,      /* chosen: a longer paragraph is no legal notice */
    NOTICE_LINE_BYTES = 120,  /* chosen: a shorter line is none by itself */
    NOTICE_MARKS = 2,         /* chosen: words of the trade beside "confidential" */
    RULER_BYTES = 10,         /* chosen: ---------- */
    QUOTE_NAME_BYTES = 8,     /* chosen: who is quoted, before '>' */
};

/* The word under way. */
struct word {
    uint32_t hash;
    unsigned letters, digits;
};

/* ---- characters ---- */

/* U+00C0 to U+017F without their marks; '_' is no letter. */
static const char latin[] =
    "aaaaaaaceeeeiiiidnooooo_ouuuuytsaaaaaaaceeeeiiiidnooooo_ouuuuyty"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/* What looks like a Latin letter, in lower case. Source: Unicode confusables.txt, the
 * letters of words in spam. */
static uint32_t cyrillic(uint32_t cp)
{
    static const char from_430[] = "a.b..e....k.mho.pcty.x";
    cp += cp < 0x410 ? 0x50 : cp < 0x430 ? 0x20 : 0;
    if (cp < 0x430 + sizeof from_430 - 1)
        return from_430[cp - 0x430] != '.' ? (uint32_t)from_430[cp - 0x430] : cp;
    return cp == 0x455 ? 's' : cp == 0x456 ? 'i' : cp == 0x458 ? 'j' : cp;
}

static uint32_t greek(uint32_t cp)
{
    static const char from_3b1[] = "ab..e...ik..v.o.p..tu.x.w";
    cp += cp >= 0x391 && cp <= 0x3a9 ? 0x20 : 0;
    bool is_alike =
        cp >= 0x3b1 && cp < 0x3b1 + sizeof from_3b1 - 1 && from_3b1[cp - 0x3b1] != '.';
    return is_alike ? (uint32_t)from_3b1[cp - 0x3b1] : cp;
}

static bool is_invisible(uint32_t cp)
{
    return cp == 0xad || (cp >= 0x300 && cp <= 0x36f) || cp == 0x61c || cp == 0x180e ||
           (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x202a && cp <= 0x202e) ||
           (cp >= 0x2060 && cp <= 0x206f) || (cp >= 0xfe00 && cp <= 0xfe0f) ||
           cp == 0xfeff || cp >= 0xe0000;
}

static bool is_symbol(uint32_t cp)
{
    return cp < 0xc0 || (cp >= 0x2000 && cp < 0x2c00) ||
           (cp >= 0x3000 && cp < 0x3040) || (cp >= 0xe000 && cp < 0xf900) ||
           (cp >= 0xfe10 && cp < 0xfe70) || cp >= 0xff5f;
}

/* Letters in circles, in mathematics and in full width are letters. */
static uint32_t plain_form(uint32_t cp)
{
    if (cp >= 0xff01 && cp <= 0xff5e)
        return cp - 0xfee0;
    if (cp >= 0x24b6 && cp <= 0x24e9)
        return 'a' + (cp - 0x24b6) % 26;
    if (cp >= 0x1d400 && cp <= 0x1d6a3)
        return 'a' + (cp - 0x1d400) % 26;
    if (cp >= 0x1d7ce && cp <= 0x1d7ff)
        return '0' + (cp - 0x1d7ce) % 10;
    return cp;
}

static uint32_t fold_ascii(uint32_t cp)
{
    char c = (char)cp;
    return ascii_is_alnum(c) ? (uint32_t)ascii_lower(c)
           : c == '\''       ? INVISIBLE
                             : SEPARATOR;
}

/* A letter or digit in its plainest form, SEPARATOR or INVISIBLE. */
static uint32_t fold(uint32_t cp)
{
    cp = plain_form(cp);
    if (cp < 0x80)
        return fold_ascii(cp);
    if (is_invisible(cp) || cp == 0x2019)
        return INVISIBLE;
    if (cp >= 0xc0 && cp < 0x180)
        return latin[cp - 0xc0] != '_' ? (uint32_t)latin[cp - 0xc0] : SEPARATOR;
    if (is_symbol(cp))
        return SEPARATOR;
    if (cp >= 0x370 && cp < 0x400)
        return greek(cp);
    return cp >= 0x400 && cp < 0x460 ? cyrillic(cp) : cp;
}

/* Scripts that put no space between words: each character is one. */
static bool is_word_alone(uint32_t cp)
{
    return (cp >= 0xe00 && cp < 0xe80) || (cp >= 0x3040 && cp < 0xa000) ||
           (cp >= 0xf900 && cp < 0xfb00);
}

/* ---- words ---- */

static void end_word(struct sketch_words *words, struct word *word)
{
    bool is_number = word->digits > 0;
    uint32_t hash = is_number ? NUMBER_WORD : word->hash;
    size_t n = words->count;
    bool is_again = is_number && n > 0 && words->at[n - 1] == NUMBER_WORD;
    if (word->letters + word->digits > 0 && !is_again && n < words->max)
        words->at[words->count++] = hash;
    *word = (struct word){.hash = SPAN_HASH_SEED};
}

static void add_char(struct sketch_words *words, struct word *word, uint32_t cp)
{
    uint32_t folded = fold(cp);
    if (folded == INVISIBLE)
        return;
    if (folded == SEPARATOR) {
        end_word(words, word);
        return;
    }
    word->hash = (word->hash ^ folded) * 16777619u;
    if (folded >= '0' && folded <= '9')
        word->digits++;
    else
        word->letters++;
    if (is_word_alone(folded))
        end_word(words, word);
}

/* How many bytes from `at` on can belong to one address. */
static size_t address_run(struct span line, size_t at)
{
    size_t end = at;
    while (end < line.len) {
        char c = line.at[end];
        if (c <= ' ' || c >= 0x7f || c == '<' || c == '>' || c == '"' || c == '(' ||
            c == ')' || c == '[' || c == ']' || c == ',' || c == ';')
            break;
        end++;
    }
    return end - at;
}

/* Addresses differ from copy to copy: user@host, scheme://, www., host.tld/path. */
static bool is_address(struct span run)
{
    if (run.len < ADDRESS_LEAST_BYTES)
        return false;
    struct span head, tail;
    if (span_index(run, '@') > 0 || span_find(run, SPAN("://")) >= 0 ||
        span_istarts(run, SPAN("www.")))
        return true;
    span_cut(run, '/', &head, &tail);
    ptrdiff_t dot = span_rindex(head, '.');
    struct span last = dot > 0 ? span_from(head, (size_t)dot + 1) : SPAN("");
    return last.len >= 2 && last.len <= 12 && ascii_is_alpha(last.at[0]) &&
           ascii_is_alpha(last.at[1]) && ascii_is_alnum(head.at[dot - 1]);
}

static void read_line(struct sketch_words *words, struct span line)
{
    struct word word = {.hash = SPAN_HASH_SEED};
    size_t looked = 0; /* each byte is looked at for an address once */
    for (size_t i = 0; i < line.len && words->count < words->max;) {
        if (i >= looked && word.letters + word.digits == 0) {
            size_t run = address_run(line, i);
            if (is_address((struct span){line.at + i, run})) {
                i += run;
                continue;
            }
            looked = i + run;
        }
        add_char(words, &word, utf8_next(line, &i));
    }
    end_word(words, &word);
}

/* ---- lines ---- */

static bool starts_with_one_of(struct span line, const char *const *heads)
{
    for (; *heads != NULL; heads++) {
        struct span head = span_of(*heads);
        if (span_istarts(line, head) &&
            (line.len == head.len || !ascii_is_alnum(line.at[head.len])))
            return true;
    }
    return false;
}

/* The line without the salutation that it begins with: as far as its comma (colon,
 * exclamation mark), or whole when it is short. */
static struct span after_greeting(struct span line)
{
    static const char *const greetings[] = {
        "dear",         "hi",       "hello",    "hey",          "greetings",
        "attention",    "attn",     "bonjour",  "salut",        "bonsoir",
        "cher",         "chère",    "madame",   "monsieur",     "hola",
        "buenos",       "buenas",   "estimado", "estimada",     "querido",
        "querida",      "hallo",    "guten",    "sehr geehrte", "liebe",
        "lieber",       "ciao",     "gentile",  "good morning", "good afternoon",
        "good evening", "good day", NULL};
    if (!starts_with_one_of(line, greetings))
        return line;
    struct span head = span_head(line, GREETING_BYTES);
    for (size_t i = 0; i < head.len; i++)
        if (head.at[i] == ',' || head.at[i] == ':' || head.at[i] == '!')
            return span_from(line, i + 1);
    return line.len <= GREETING_BYTES ? SPAN("") : line;
}

static bool ends_with_one_of(struct span line, const char *const *tails)
{
    for (; *tails != NULL; tails++)
        if (span_iends(line, span_of(*tails)))
            return true;
    return false;
}

/* What mail programs put above the text that they quote. */
static bool is_quote_head(struct span line)
{
    static const char *const heads[] = {
        "-----Original Message", "-----Message d'origine", "-----Mensaje original",
        "-----Ursprüngliche", NULL};
    static const char *const tails[] = {
        "wrote:",    "writes:",  "a écrit :",   "a écrit:",
        "escribió:", "schrieb:", "ha scritto:", NULL};
    return starts_with_one_of(line, heads) || ends_with_one_of(line, tails);
}

/* "> text", "| text" or, as some write it, "Ann> text". */
static bool is_quoted(struct span line)
{
    size_t i = 0;
    while (i < line.len && i < QUOTE_NAME_BYTES && ascii_is_alpha(line.at[i]))
        i++;
    return i < line.len && (line.at[i] == '>' || (i == 0 && line.at[0] == '|'));
}

/* All that is left is quoted without a mark: above it stands its head alone. */
static bool is_quote_to_end(struct span line, struct span rest)
{
    if (!is_quote_head(line))
        return false;
    while (rest.len > 0 && ascii_is_space(rest.at[0]))
        rest = span_from(rest, 1);
    return !is_quoted(rest);
}

static bool is_ruler(struct span line)
{
    size_t i = 0;
    while (i < line.len && line.at[i] == line.at[0])
        i++;
    return i >= RULER_BYTES && i == line.len &&
           (line.at[0] == '_' || line.at[0] == '-' || line.at[0] == '=');
}

/* A signature; or what a list, a scanner or a company puts below a text of some length.
 */
static bool is_footer(const struct sketch_words *words, struct span line,
                      struct span rest)
{
    if (rest.len > FOOTER_BYTES)
        return false;
    return span_eq(line, SPAN("--")) ||
           (words->count >= FOOTED_WORDS && is_ruler(line));
}

/* ---- legal notices ---- */

static bool has_one_of(struct span text, const char *const *parts, size_t wanted)
{
    for (; *parts != NULL && wanted > 0; parts++)
        wanted -= span_ifind(text, span_of(*parts)) >= 0;
    return wanted == 0;
}

/* "This message is confidential and intended for ...", under all that one company's
 * people write: longer than many a mail, and not what they say. */
static bool is_notice(struct span text)
{
    static const char *const first[] = {"confiden", "vertraulich", NULL};
    static const char *const second[] = {
        "intended",       "recipient",    "addressee", "privileged", "disclos",
        "unauthori",      "delete",       "notify",    "prohibited", "destinataire",
        "supprimer",      "destinatario", "eliminar",  "prohibid",   "interdit",
        "Empf\u00e4nger", "l\u00f6schen", NULL};
    return text.len <= NOTICE_BYTES && has_one_of(text, first, 1) &&
           has_one_of(text, second, NOTICE_MARKS);
}

/* As far as the next empty line. */
static struct span paragraph(struct span text)
{
    ptrdiff_t end = span_find(span_head(text, NOTICE_BYTES + 2), SPAN("\n\n"));
    return end >= 0 ? span_head(text, (size_t)end + 1) : text;
}

/* How many bytes of a notice begin here, below a text of some length. HTML has it in
 * one line, others in a paragraph. */
static size_t notice_bytes(const struct sketch_words *words, struct span text,
                           bool is_paragraph)
{
    if (words->count < FOOTED_WORDS)
        return 0;
    struct span line, rest;
    struct span whole = is_paragraph ? paragraph(text) : SPAN("");
    if (whole.len > 0 && is_notice(whole))
        return whole.len;
    span_cut(text, '\n', &line, &rest);
    return line.len >= NOTICE_LINE_BYTES && is_notice(line) ? line.len : 0;
}

/* ---- all of it ---- */

void sketch_words_read(struct sketch_words *words, struct span text, bool is_reply)
{
    struct span line;
    size_t before = words->count;
    bool is_paragraph = true; /* an empty line stands above */
    while (text.len > 0 && words->count < words->max) {
        text = span_from(text, notice_bytes(words, text, is_paragraph));
        span_cut(text, '\n', &line, &text);
        is_paragraph = line.len == 0;
        line = span_trim(line);
        if (is_footer(words, line, text) || (is_reply && is_quote_to_end(line, text)))
            break;
        if (is_reply && (is_quoted(line) || is_quote_head(line)))
            continue;
        read_line(words, words->count == before ? after_greeting(line) : line);
    }
}
