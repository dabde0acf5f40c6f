/* SPDX-License-Identifier: BSD-2-Clause */
#include "facts/fact_scan.h"

#include <stdint.h>
#include <string.h>

enum {
    CLASS_UPPER = 1,
    CLASS_LOWER = 2,
    CLASS_DIGIT = 4,
    CLASS_HIGH = 8, /* part of a UTF-8 sequence */
    CLASS_SPACE = 16,
    CLASS_WORD = CLASS_UPPER | CLASS_LOWER | CLASS_DIGIT,
};

#define R4(c)  c, c, c, c
#define R16(c) R4(c), R4(c), R4(c), R4(c)
#define R26(c) R16(c), R4(c), R4(c), c, c
static const unsigned char byte_class[256] = {
    R4(0),  R4(0),  0,      16,     16,     16,     16,     16,     0,
    0,      R16(0),                                    /* controls; HT..CR are space */
    16,     R4(0),  R4(0),  R4(0),  0,      0,      0, /* SP and marks */
    R4(4),  R4(4),  4,      4,      R4(0),  0,      0,      0, /* digits, : ; < = > ? @
                                                                */
    R26(1), R4(0),  0,      0,                                 /* A-Z [ \ ] ^ _ ` */
    R26(2), R4(0),  0,                                         /* a-z { | } ~ DEL */
    R16(8), R16(8), R16(8), R16(8), R16(8), R16(8), R16(8), R16(8),
};

/* What the word under way is made of. */
struct word {
    size_t at, end;
    uint32_t upper, lower, digits, letters;
    uint32_t latin, cyrillic, greek, unspaced;
    bool is_ascii;
};

struct scan {
    struct span s;
    size_t i;
    struct text_scan *out;
    struct span recent[4];  /* the last words, in a ring */
    size_t word_index;      /* where the next one goes */
    unsigned since_percent; /* words since a percent figure; 255: none */
    size_t number_end;      /* where the last number ended; 0: none */
    bool is_number_priced;  /* it has a currency already */
    bool is_sign_pending;   /* a currency sign stands right before */
};

enum script {
    SCRIPT_NONE = 0,
    SCRIPT_LATIN,
    SCRIPT_CYRILLIC,
    SCRIPT_GREEK,
    SCRIPT_OTHER,
    SCRIPT_UNSPACED,
    SCRIPT_STYLED,
    SCRIPT_MARK
};

static enum script wide_script(uint32_t cp)
{
    if ((cp >= 0x3040 && cp <= 0x30ff) || (cp >= 0x3400 && cp <= 0x9fff) ||
        (cp >= 0xf900 && cp <= 0xfaff) || (cp >= 0x20000 && cp <= 0x3ffff))
        return SCRIPT_UNSPACED;
    if ((cp >= 0xff21 && cp <= 0xff3a) || (cp >= 0xff41 && cp <= 0xff5a) ||
        (cp >= 0x1d400 && cp <= 0x1d7ff))
        return SCRIPT_STYLED;
    if ((cp >= 0x2c00 && cp <= 0x2dff) || (cp >= 0xa000 && cp <= 0xd7ff) ||
        (cp >= 0xfb00 && cp <= 0xfdff) || (cp >= 0x10000 && cp <= 0x1cfff))
        return SCRIPT_OTHER;
    return SCRIPT_NONE;
}

/* Which script a character of a word belongs to; NONE ends the word. Coarse on
 * purpose: blocks, not the Unicode tables. */
static enum script script_of(uint32_t cp)
{
    if (cp < 0xc0)
        return cp == 0xaa || cp == 0xb5 || cp == 0xba ? SCRIPT_LATIN : SCRIPT_NONE;
    if (cp < 0x2b0)
        return cp == 0xd7 || cp == 0xf7 ? SCRIPT_NONE : SCRIPT_LATIN;
    if (cp < 0x370)
        return cp >= 0x300 && cp != 0x34f ? SCRIPT_MARK : SCRIPT_NONE;
    if (cp < 0x400)
        return cp == 0x37e || cp == 0x387 ? SCRIPT_NONE : SCRIPT_GREEK;
    if (cp < 0x530)
        return SCRIPT_CYRILLIC;
    if ((cp >= 0xe00 && cp <= 0xeff) || (cp >= 0x1000 && cp <= 0x109f) ||
        (cp >= 0x1780 && cp <= 0x17ff))
        return SCRIPT_UNSPACED; /* Thai, Lao, Burmese, Khmer */
    if (cp >= 0x1e00 && cp <= 0x1eff)
        return SCRIPT_LATIN;
    if (cp < 0x2000)
        return cp == 0x180e ? SCRIPT_NONE : SCRIPT_OTHER;
    return wide_script(cp);
}

static bool is_zero_width(uint32_t cp)
{
    return cp == 0xad || cp == 0x34f || cp == 0x180e ||
           (cp >= 0x200b && cp <= 0x200d) || cp == 0x2060 || cp == 0xfeff;
}

static bool is_emoji(uint32_t cp)
{
    return (cp >= 0x1f300 && cp <= 0x1faff) || (cp >= 0x2600 && cp <= 0x27bf) ||
           cp == 0x2b50;
}

/* Greek letters that a reader takes for Latin ones. */
static bool is_greek_lookalike(uint32_t cp)
{
    static const uint16_t lookalikes[] = {
        0x391, 0x392, 0x395, 0x396, 0x397, 0x399, 0x39a, 0x39c, 0x39d,
        0x39f, 0x3a1, 0x3a4, 0x3a5, 0x3a7, 0x3b1, 0x3b9, 0x3ba, 0x3bd,
        0x3bf, 0x3c1, 0x3c5, 0x3c7, 0x3f2, 0x3f3, 0x3f9,
    };
    for (size_t i = 0; i < sizeof(lookalikes) / sizeof(lookalikes[0]); i++)
        if (lookalikes[i] == cp)
            return true;
    return false;
}

static void add_letter(struct word *w, struct text_scan *out, uint32_t cp,
                       enum script script)
{
    if (script == SCRIPT_MARK)
        return;
    w->letters++;
    w->latin += script == SCRIPT_LATIN || script == SCRIPT_STYLED;
    w->cyrillic += script == SCRIPT_CYRILLIC;
    w->greek += script == SCRIPT_GREEK && is_greek_lookalike(cp);
    w->unspaced += script == SCRIPT_UNSPACED;
    out->styled += script == SCRIPT_STYLED;
    w->upper += utf8_is_upper(cp);
    w->lower += utf8_is_lower(cp);
}

/* A zero-width character at s[at..next): inside the word when letters stand on both
 * sides. Persian and Indic scripts need the joiners, so only Latin, Greek and Cyrillic
 * letters count; a soft hyphen is honest hyphenation. */
static bool is_between_letters(const struct scan *scan, const struct word *w,
                               uint32_t cp, size_t next)
{
    if (cp == 0xad || w->letters == 0 ||
        w->letters != w->latin + w->cyrillic + w->greek)
        return false;
    if (next >= scan->s.len)
        return false;
    unsigned char cls = byte_class[(unsigned char)scan->s.at[next]];
    if (cls & (CLASS_UPPER | CLASS_LOWER))
        return true;
    if (!(cls & CLASS_HIGH))
        return false;
    enum script script = script_of(utf8_next(scan->s, &next));
    return script >= SCRIPT_LATIN && script <= SCRIPT_GREEK;
}

/* A word with characters beyond ASCII in it, from w->at. */
static void read_wide_word(struct scan *scan, struct word *w)
{
    size_t i = w->at;
    while (i < scan->s.len) {
        size_t next = i;
        uint32_t cp = utf8_next(scan->s, &next);
        unsigned char cls = cp < 0x80 ? byte_class[cp] : 0;
        if (cls & CLASS_DIGIT) {
            w->digits++;
        } else if (cls & CLASS_WORD) {
            add_letter(w, scan->out, cp, SCRIPT_LATIN);
        } else if (cp >= 0x80 && is_zero_width(cp)) {
            scan->out->zero_width++;
            scan->out->zero_width_inside += is_between_letters(scan, w, cp, next);
        } else {
            enum script script = cp >= 0x80 ? script_of(cp) : SCRIPT_NONE;
            if (script == SCRIPT_NONE)
                break;
            add_letter(w, scan->out, cp, script);
        }
        i = next;
    }
    w->end = i;
}

/* Upper, lower and digits of a word are counted at once, 21 bits each; 0 ends it. */
enum { TALLY_BITS = 21, TALLY_MASK = (1 << TALLY_BITS) - 1 };
#define TALLY_LOWER (UINT64_C(1) << TALLY_BITS)
#define TALLY_DIGIT (UINT64_C(1) << 2 * TALLY_BITS)
static const uint64_t byte_tally['z' + 1] = {
    ['0'] = R4(TALLY_DIGIT), R4(TALLY_DIGIT),          TALLY_DIGIT, TALLY_DIGIT,
    ['A'] = R26(1),          ['a'] = R26(TALLY_LOWER),
};

static void read_word(struct scan *scan, struct word *w)
{
    const unsigned char *at = (const unsigned char *)scan->s.at;
    size_t i = scan->i;
    size_t end = scan->s.len - i > TALLY_MASK ? i + TALLY_MASK : scan->s.len;
    uint64_t tally = 0;
    *w = (struct word){.at = i, .is_ascii = true};
    for (uint64_t one; i < end && at[i] <= 'z' && (one = byte_tally[at[i]]) != 0; i++)
        tally += one;
    if (i < end && (byte_class[at[i]] & CLASS_HIGH)) {
        w->is_ascii = false;
        read_wide_word(scan, w);
        return;
    }
    w->end = i;
    w->upper = (uint32_t)(tally & TALLY_MASK);
    w->lower = (uint32_t)(tally >> TALLY_BITS & TALLY_MASK);
    w->digits = (uint32_t)(tally >> 2 * TALLY_BITS);
    w->letters = w->latin = w->upper + w->lower;
}

static bool is_among(struct span word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (span_ieq(word, span_of(*words)))
            return true;
    return false;
}

static bool is_discount_word(struct span word)
{
    static const char *const words[] = {
        "off",       "discount",   "discounts", "save",    "sale",      "savings",
        "reduction", "réduction",  "remise",    "rabais",  "soldes",    "économisez",
        "descuento", "descuentos", "rebaja",    "rebajas", "dto",       "ahorra",
        "rabatt",    "reduziert",  "sparen",    "spare",   "nachlass",  "sconto",
        "sconti",    "risparmia",  "desconto",  "korting", "descontos", "kortingen",
        NULL};
    return is_among(word, words);
}

static bool is_currency_word(struct span word)
{
    static const char *const words[] = {"usd",  "eur",   "gbp",     "chf",
                                        "euro", "euros", "pounds",  "dollar",
                                        "btc",  "usdt",  "dollars", NULL};
    return word.len >= 3 && word.len <= 7 && is_among(word, words);
}

static void note_percent_words(struct scan *scan, struct span word)
{
    if (scan->since_percent < 3) {
        scan->since_percent++;
        if (is_discount_word(word)) {
            scan->out->discounts++;
            scan->since_percent = 255;
        }
    }
    scan->recent[scan->word_index++ & 3] = word;
}

/* don't, well-known, 1,000.50: the word at `at` goes on with the one before. */
static bool is_joined(const struct scan *scan, size_t at)
{
    if (at < 2)
        return false;
    const unsigned char *s = (const unsigned char *)scan->s.at;
    unsigned char mark = s[at - 1];
    if (mark == '.' || mark == ',')
        return (byte_class[s[at - 2]] & CLASS_DIGIT) &&
               (byte_class[s[at]] & CLASS_DIGIT);
    if (mark == 0x99 && at >= 4) /* U+2019 */
        return s[at - 3] == 0xe2 && s[at - 2] == 0x80 &&
               (byte_class[s[at - 4]] & CLASS_WORD);
    return (mark == '\'' || mark == '-') &&
           (byte_class[s[at - 2]] & (CLASS_WORD | CLASS_HIGH));
}

static void note_price(struct scan *scan, const struct word *w, struct span word,
                       bool joined)
{
    if (w->letters == 0 && joined && scan->number_end != 0) {
        scan->number_end = w->end;
    } else if (w->letters == 0) {
        scan->out->money += scan->is_sign_pending;
        scan->is_number_priced = scan->is_sign_pending;
        scan->number_end = w->end;
    } else if (scan->number_end != 0) {
        if (!scan->is_number_priced && w->at - scan->number_end <= 4 &&
            is_currency_word(word))
            scan->out->money++;
        scan->number_end = 0;
    }
    scan->is_sign_pending = false;
}

/* For each first letter, the letters that hardly ever follow it: bit 0 is 'a'. Counted
 * over word lists of the seven languages; under 1 in 10,000 pairs in each. */
static const uint32_t rare_next[26] = {
    0x0000000, 0x0a18004, 0x2e0b26a, 0x0810000, 0x0000000, 0x0811204, 0x0810024,
    0x0a18284, 0x1400000, 0x1c30286, 0x0810024, 0x0800000, 0x0810200, 0x0000000,
    0x0000000, 0x0c13004, 0x3efffff, 0x0800000, 0x0800000, 0x0810000, 0x0000000,
    0x3c9b6ee, 0x3e19664, 0x2e33eea, 0x3a106a0, 0x1a386a8,
};

/* word: ASCII letters alone. */
static bool is_random_letters(struct span word)
{
    static const uint32_t vowel_bits = 0x1104111; /* a e i o u y */
    size_t rare = 0;
    size_t vowels = 0;
    unsigned before = 26;
    for (size_t i = 0; i < word.len; i++) {
        unsigned c = ((unsigned char)word.at[i] | 0x20u) - 'a';
        vowels += vowel_bits >> c & 1;
        if (before < 26)
            rare += rare_next[before] >> c & 1;
        /* Dutch ij closes a syllable, so anything may follow it */
        before = c == 'j' - 'a' && before == 'i' - 'a' ? 26 : c;
    }
    return (rare >= 3 && rare * 4 >= word.len - 1) ||
           (rare >= 2 && vowels * 5 < word.len);
}

static void end_word(struct scan *scan, const struct word *w)
{
    struct text_scan *out = scan->out;
    struct span word = {scan->s.at + w->at, w->end - w->at};
    out->letters += w->letters;
    out->upper += w->upper;
    out->lower += w->lower;
    out->digits += w->digits;
    if (w->letters + w->digits == 0)
        return; /* nothing but zero-width characters or marks */
    bool joined = is_joined(scan, w->at);
    if (w->unspaced > 1)
        out->words += (w->unspaced + 1) / 2;
    else
        out->words += !joined;
    if (w->latin > 0 && (w->cyrillic > 0 || (w->latin > 1 && w->greek > 0)))
        out->mixed_words++;
    if (w->is_ascii && word.len >= 7 && word.len <= 40)
        out->random_words +=
            w->digits == 0 ? is_random_letters(word) : text_is_random(word);
    note_price(scan, w, word, joined);
    if (!joined)
        note_percent_words(scan, word);
    enum wording wording = wording_at(scan->s, w->at);
    out->wording[wording]++;
    if (wording == WORDING_UNSUBSCRIBE)
        out->unsubscribe_at = w->at;
}

/* A URL or an address: the word at w->at is followed by "://", "@x", or is "www.". */
static bool is_address_like(const struct scan *scan, const struct word *w)
{
    struct span rest = span_from(scan->s, w->end);
    if (rest.len < 2 || !w->is_ascii)
        return false;
    if (rest.at[0] == ':')
        return rest.len >= 3 && rest.at[1] == '/' && rest.at[2] == '/';
    if (rest.at[0] == '@')
        return ascii_is_alnum(rest.at[1]);
    return rest.at[0] == '.' && w->end - w->at == 3 &&
           span_ieq((struct span){scan->s.at + w->at, 3}, SPAN("www"));
}

static void skip_token(struct scan *scan)
{
    while (scan->i < scan->s.len) {
        char c = scan->s.at[scan->i];
        if ((byte_class[(unsigned char)c] & CLASS_SPACE) || c == '<' || c == '>' ||
            c == '"' || c == ')')
            return;
        scan->i++;
    }
}

static void take_word(struct scan *scan)
{
    struct word w;
    read_word(scan, &w);
    scan->i = w.end;
    if (is_address_like(scan, &w))
        skip_token(scan);
    else
        end_word(scan, &w);
}

static void take_sign(struct scan *scan)
{
    bool is_after_number = scan->number_end != 0 && !scan->is_number_priced &&
                           scan->i - scan->number_end <= 3;
    scan->out->money += is_after_number;
    scan->is_number_priced |= is_after_number;
    scan->is_sign_pending = !is_after_number;
}

static void take_percent(struct scan *scan)
{
    if (scan->number_end == 0 || scan->i - scan->number_end > 3)
        return;
    scan->out->percents++;
    scan->number_end = 0;
    scan->since_percent = 0;
    for (size_t k = 2; k < 4; k++) /* the newest is the figure itself */
        if (is_discount_word(scan->recent[(scan->word_index - k) & 3])) {
            scan->out->discounts++;
            scan->since_percent = 255;
            return;
        }
}

/* A character beyond ASCII that may begin a word. */
static void take_wide(struct scan *scan)
{
    size_t next = scan->i;
    uint32_t cp = utf8_next(scan->s, &next);
    if (script_of(cp) != SCRIPT_NONE) {
        take_word(scan);
        return;
    }
    scan->out->unknown += cp == 0xfffd;
    scan->out->emoji += is_emoji(cp);
    scan->out->exclamations += cp == 0xff01;
    if (is_zero_width(cp) && cp != 0x200d) /* 200D joins emoji */
        scan->out->zero_width++;
    if (cp == 0x20ac || cp == 0xa3 || cp == 0xa5)
        take_sign(scan);
    scan->i = next;
}

static void take_mark(struct scan *scan, char c)
{
    if (c == '!')
        scan->out->exclamations++;
    else if (c == '%')
        take_percent(scan);
    else if (c == '$')
        take_sign(scan);
    scan->i++;
}

void text_scan(struct span s, struct text_scan *out)
{
    struct scan scan = {.s = s, .out = out, .since_percent = 255};
    memset(out, 0, sizeof(*out));
    while (scan.i < s.len) {
        unsigned char cls = byte_class[(unsigned char)s.at[scan.i]];
        if (cls & CLASS_SPACE)
            scan.i++;
        else if (cls & CLASS_WORD)
            take_word(&scan);
        else if (cls & CLASS_HIGH)
            take_wide(&scan);
        else
            take_mark(&scan, s.at[scan.i]);
    }
    out->wording[WORDING_UNKNOWN] = 0;
}

bool text_is_random(struct span word)
{
    size_t digits = 0;
    size_t switches = 0;
    bool is_hex = true;
    if (word.len < 7 || word.len > 40)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        bool is_digit = ascii_is_digit(word.at[i]);
        if (!is_digit && !ascii_is_alpha(word.at[i]))
            return false;
        digits += is_digit;
        is_hex &= ascii_hex(word.at[i]) >= 0;
        switches += i > 0 && is_digit != ascii_is_digit(word.at[i - 1]);
    }
    if (digits == 0)
        return is_random_letters(word);
    return word.len >= 10 && switches >= 4 && !is_hex;
}
