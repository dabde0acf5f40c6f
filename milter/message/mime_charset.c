/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "message/mime_internal.h"

enum kind { KIND_UNKNOWN = 0, KIND_NONE, KIND_UTF8, KIND_ASCII, KIND_1252, KIND_ICONV };

enum { NAME_BYTES = 64 };

struct charset {
    enum kind kind;
    bool is_ascii_based; /* bytes below 0x80 mean ASCII, but for ESC */
    char name[NAME_BYTES];
};

/* Names that are read as another charset's, mostly a larger one's: what senders of
 * the first really write. Source: WHATWG Encoding, "names and labels". */
static const struct alias {
    const char *name;
    enum kind kind;
    const char *iconv_name;
} aliases[] = {
    {"utf-8", KIND_UTF8, NULL},
    {"utf8", KIND_UTF8, NULL},
    {"unicode-1-1-utf-8", KIND_UTF8, NULL},
    {"us-ascii", KIND_ASCII, NULL},
    {"ascii", KIND_ASCII, NULL},
    {"ansi_x3.4-1968", KIND_ASCII, NULL},
    {"iso-8859-1", KIND_1252, NULL},
    {"iso8859-1", KIND_1252, NULL},
    {"iso_8859-1", KIND_1252, NULL},
    {"latin1", KIND_1252, NULL},
    {"windows-1252", KIND_1252, NULL},
    {"cp1252", KIND_1252, NULL},
    {"x-cp1252", KIND_1252, NULL},
    {"unknown-8bit", KIND_NONE, NULL}, /* RFC 1428 section 3 */
    {"unknown", KIND_NONE, NULL},
    {"x-unknown", KIND_NONE, NULL},
    {"default", KIND_NONE, NULL},
    {"default_charset", KIND_NONE, NULL},
    {"gb2312", KIND_ICONV, "GB18030"},
    {"gb_2312-80", KIND_ICONV, "GB18030"},
    {"gbk", KIND_ICONV, "GB18030"},
    {"x-gbk", KIND_ICONV, "GB18030"},
    {"gb18030", KIND_ICONV, "GB18030"},
    {"ks_c_5601-1987", KIND_ICONV, "CP949"},
    {"ks_c_5601-1989", KIND_ICONV, "CP949"},
    {"ksc5601", KIND_ICONV, "CP949"},
    {"euc-kr", KIND_ICONV, "CP949"},
    {"shift_jis", KIND_ICONV, "CP932"},
    {"shift-jis", KIND_ICONV, "CP932"},
    {"x-sjis", KIND_ICONV, "CP932"},
    {"sjis", KIND_ICONV, "CP932"},
    {"x-euc-jp", KIND_ICONV, "EUC-JP"},

    {"big5", KIND_ICONV, "BIG5-HKSCS"},
    {"big5-hkscs", KIND_ICONV, "BIG5-HKSCS"},
    {"iso-8859-9", KIND_ICONV, "CP1254"},
    {"iso-8859-8-i", KIND_ICONV, "ISO-8859-8"},
    {"iso-8859-8-e", KIND_ICONV, "ISO-8859-8"},
    {"iso-8859-6-i", KIND_ICONV, "ISO-8859-6"},
    {"iso-8859-6-e", KIND_ICONV, "ISO-8859-6"},
    {"iso-8859-11", KIND_ICONV, "CP874"},
    {"tis-620", KIND_ICONV, "CP874"},
    {"windows-874", KIND_ICONV, "CP874"},
    {"x-mac-roman", KIND_ICONV, "MACINTOSH"},
    {"x-mac-cyrillic", KIND_ICONV, "MAC-CYRILLIC"},
    {"unicode-1-1-utf-7", KIND_ICONV, "UTF-7"},
};

/* Families in which bytes below 0x80 are ASCII. */
static const char *const ascii_based[] = {
    "iso-8859-", "iso8859-", "iso_8859-", "windows-12", "cp125",  "koi8-",
    "gb",        "big5",     "euc-",      "ks_c_",      "x-gbk",  "iso-2022-",
    "tis-",      "latin",    "windows-8", "shift",      "x-sjis",
};

/* Lower case, without quotes; false when iconv could not know such a name (no '/':
 * that would hand options to iconv_open). */
static bool clean_name(struct span given, char out[NAME_BYTES])
{
    size_t len = 0;
    given = span_trim(given);
    for (size_t i = 0; i < given.len; i++) {
        char c = ascii_lower(given.at[i]);
        if (c == '"' || c == '\'')
            continue;
        if (!ascii_is_alnum(c) && strchr("-_.:+()", c) == NULL)
            return false;
        if (c == '\0' || len + 1 >= NAME_BYTES)
            return false;
        out[len++] = c;
    }
    out[len] = '\0';
    return true;
}

static const struct alias *find_alias(const char *name)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(aliases[i].name, name) == 0)
            return &aliases[i];
    return NULL;
}

static void read_name(struct span given, struct charset *out)
{
    *out = (struct charset){.kind = KIND_UNKNOWN};
    if (!clean_name(given, out->name))
        return;
    if (out->name[0] == '\0') {
        out->kind = KIND_NONE;
        return;
    }
    for (size_t i = 0; i < sizeof ascii_based / sizeof *ascii_based; i++)
        if (strncmp(out->name, ascii_based[i], strlen(ascii_based[i])) == 0)
            out->is_ascii_based = true;
    const struct alias *alias = find_alias(out->name);
    out->kind = alias != NULL ? alias->kind : KIND_ICONV;
    if (alias != NULL && alias->iconv_name != NULL)
        strcpy(out->name, alias->iconv_name);
}

bool mime_charset_is_known(struct span charset)
{
    char name[NAME_BYTES];
    return clean_name(charset, name) && find_alias(name) != NULL;
}

size_t mime_ascii_run(struct span s)
{
    size_t i = 0;
    for (uint64_t word; i + 8 <= s.len; i += 8) {
        memcpy(&word, s.at + i, 8);
        if ((word & 0x8080808080808080u) != 0)
            break;
    }
    while (i < s.len && (unsigned char)s.at[i] < 0x80)
        i++;
    return i;
}

/* How many bytes at the head of s are well-formed UTF-8. */
static size_t utf8_run(struct span s)
{
    size_t i = mime_ascii_run(s);
    while (i < s.len) {
        size_t start = i;
        if (utf8_next(s, &i) == 0xfffd && i - start == 1)
            return start;
        if (i < s.len && (unsigned char)s.at[i] < 0x80)
            i += mime_ascii_run(span_from(s, i));
    }
    return s.len;
}

/* At most max bytes of s, never a part of a character. */
static struct span cut_at(struct span s, size_t max, bool *is_cut)
{
    if (s.len <= max)
        return s;
    *is_cut = true;
    while (max > 0 && ((unsigned char)s.at[max] & 0xc0) == 0x80)
        max--;
    return span_head(s, max);
}

/* buf's contents; a character that the bound cut in two is taken off. */
static struct span whole(const struct buf *out, bool *is_cut)
{
    struct span s = buf_span(out);
    if (!out->is_full)
        return s;
    *is_cut = true;
    return span_head(s, utf8_run(s));
}

static struct span repair_utf8(struct mime_state *state, struct span in, size_t max,
                               bool *is_cut)
{
    size_t good = utf8_run(in);
    if (good == in.len)
        return cut_at(in, max, is_cut);
    state->defects |= DEFECT_CHARSET_WRONG;
    struct buf out;
    buf_init(&out, state->arena, max);
    while (!out.is_full) {
        buf_add(&out, in.at, good);
        in = span_from(in, good);
        if (in.len == 0)
            break;
        buf_add_utf8(&out, 0xfffd);
        in = span_from(in, 1);
        good = utf8_run(in);
    }
    return whole(&out, is_cut);
}

/* 0x80..0x9f. Source: WHATWG Encoding, index windows-1252. */
static const uint16_t high_1252[32] = {
    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021,
    0x2c6,  0x2030, 0x160,  0x2039, 0x152,  0x8d,   0x17d,  0x8f,
    0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178,
};

static struct span from_1252(struct mime_state *state, struct span in, size_t max,
                             bool *is_cut)
{
    size_t plain = mime_ascii_run(in);
    if (plain == in.len)
        return cut_at(in, max, is_cut);
    struct buf out;
    buf_init(&out, state->arena, max);
    while (!out.is_full) {
        buf_add(&out, in.at, plain);
        in = span_from(in, plain);
        if (in.len == 0)
            break;
        unsigned char c = (unsigned char)in.at[0];
        buf_add_utf8(&out, c < 0xa0 ? high_1252[c - 0x80] : c);
        in = span_from(in, 1);
        plain = mime_ascii_run(in);
    }
    return whole(&out, is_cut);
}

/* No charset was named: what a reader's guess gives. */
static struct span guess(struct mime_state *state, struct span in, size_t max,
                         bool *is_cut)
{
    if (utf8_run(in) == in.len)
        return cut_at(in, max, is_cut);
    state->defects |= DEFECT_EIGHT_BIT;
    return from_1252(state, in, max, is_cut);
}

/* What is left when too many bytes were refused: it is not of that charset at all. */
static void give_up(struct mime_state *state, struct span rest, struct buf *out)
{
    bool is_cut = false;
    state->bounds |= BOUND_BIT_CHARSETS;
    rest = from_1252(state, rest, out->max - out->len, &is_cut);
    buf_add_span(out, rest);
    out->is_full |= is_cut;
}

static void convert(iconv_t cd, struct mime_state *state, struct span bytes,
                    struct buf *out)
{
    char chunk[4096];
    char *in = (char *)bytes.at;
    size_t left = bytes.len;
    bool is_flushed = false;
    while (!is_flushed && !out->is_full) {
        char *to = chunk;
        size_t room = sizeof chunk;
        is_flushed = left == 0; /* a last call gives out what iconv held back */
        size_t done = iconv(cd, is_flushed ? NULL : &in, &left, &to, &room);
        int why = errno;
        buf_add(out, chunk, (size_t)(to - chunk));
        if (done != (size_t)-1 || left == 0 || why == E2BIG)
            continue;
        state->defects |= DEFECT_CHARSET_WRONG;
        buf_add_utf8(out, 0xfffd);
        in++;
        left--;
        if (++state->iconv_errors > BOUND_CHARSET_ERRORS) {
            give_up(state, (struct span){in, left}, out);
            return;
        }
    }
}

/* False when iconv has no such charset, or the message has used up its share. */
static bool through_iconv(struct mime_state *state, const char *name, struct span in,
                          size_t max, bool *is_cut, struct span *out)
{
    if (state->iconv_opens >= BOUND_CHARSETS) {
        state->bounds |= BOUND_BIT_CHARSETS;
        return false;
    }
    state->iconv_opens++;
    iconv_t cd = iconv_open("UTF-8", name);
    if (cd == (iconv_t)-1)
        return false;
    struct buf buf;
    buf_init(&buf, state->arena, max);
    convert(cd, state, in, &buf);
    iconv_close(cd);
    *out = whole(&buf, is_cut);
    return true;
}

struct span mime_charset_to_utf8(struct mime_state *state, struct span bytes,
                                 struct span given, size_t max, bool *is_cut)
{
    struct charset charset;
    struct span out;
    read_name(given, &charset);
    if (charset.kind == KIND_ICONV && charset.is_ascii_based &&
        mime_ascii_run(bytes) == bytes.len && span_index(bytes, '\033') < 0)
        return cut_at(bytes, max, is_cut);
    switch (charset.kind) {
    case KIND_NONE:
        return guess(state, bytes, max, is_cut);
    case KIND_UTF8:
        return repair_utf8(state, bytes, max, is_cut);
    case KIND_1252:
        return from_1252(state, bytes, max, is_cut);
    case KIND_ASCII:
        if (mime_ascii_run(bytes) == bytes.len)
            return cut_at(bytes, max, is_cut);
        state->defects |= DEFECT_CHARSET_WRONG;
        return guess(state, bytes, max, is_cut);
    case KIND_ICONV:
        if (through_iconv(state, charset.name, bytes, max, is_cut, &out))
            return out;
        break;
    case KIND_UNKNOWN:
        break;
    }
    state->defects |= DEFECT_CHARSET_UNKNOWN;
    return guess(state, bytes, max, is_cut);
}

struct span mime_to_utf8(struct arena *arena, struct span bytes, struct span charset,
                         size_t max_bytes, uint32_t *defects, bool *is_cut)
{
    struct mime_state state = {.arena = arena};
    struct span out = mime_charset_to_utf8(&state, bytes, charset, max_bytes, is_cut);
    *defects |= state.defects;
    return out;
}

struct span mime_text_lines(struct arena *arena, struct span s)
{
    if (span_index(s, '\r') < 0)
        return s;
    char *out = arena_alloc(arena, s.len);
    if (out == NULL)
        return s;
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        const char *cr = memchr(s.at + i, '\r', s.len - i);
        size_t run = cr != NULL ? (size_t)(cr - s.at) - i : s.len - i;
        memcpy(out + len, s.at + i, run);
        len += run;
        i += run;
        if (i < s.len && (i + 1 == s.len || s.at[i + 1] != '\n'))
            out[len++] = '\n';
    }
    return (struct span){out, len};
}
