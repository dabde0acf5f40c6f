/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/eval/eval_charset.h"

#include <stddef.h>
#include <string.h>

enum { CHARSET_BYTES = 40 };

/* Names in capitals, without what is no letter or digit. */
static const char *const common[] = {"ISO8859",       "ISO10646",     "UTF",
                                     "UCS",           "CP125",        "WINDOWS",
                                     "UNICODE11UTF7", "UNICODE11UTF8"};
static const char *const common_whole[] = {"USASCII", "ASCII", "IBM852", "XUNKNOWN",
                                           "ISO"};

static const struct {
    const char *locale;
    const char *charsets; /* each between blanks */
} local[] = {
    {"ja",
     " EUCJP JISX020119760 JISX020819830 JISX020819900 JISX020819970 JISX021219900"
     " JISX021320001 JISX021320002 SHIFTJIS ISO2022JP SJIS JIS7 JISX0201 JISX0208"
     " JISX0212 "},
    {"ko", " EUCKR KSC56011987 "},
    {"ru", " KOI8R KOI8U KOI8T ISOIR111 CP1251 GEORGIANPS PT154 CP866 "},
    {"th", " TIS620 "},
    {"zh", " GB1988 GB2312 GB231219800 GB18030 GBK BIG5HKSCS BIG5 EUCTW ISO2022CN "},
};

/* Locales that write as Russian does. */
static struct span script_of(struct span locale)
{
    static const char *const cyrillic[] = {"ka", "tg", "be", "uk", "bg"};

    locale = span_head(locale, 2);
    for (size_t i = 0; i < sizeof cyrillic / sizeof cyrillic[0]; i++)
        if (span_eq(locale, span_of(cyrillic[i])))
            return SPAN("ru");
    return locale;
}

static struct span normal(struct span charset, char *room)
{
    size_t len = 0;

    for (size_t i = 0; i < charset.len && charset.at[i] != ':'; i++)
        if (ascii_is_alnum(charset.at[i]) && len < CHARSET_BYTES) {
            char c = charset.at[i];
            room[len++] = ascii_is_alpha(c) ? (char)(c & ~0x20) : c;
        }
    return (struct span){room, len};
}

static bool is_common(struct span name)
{
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        if (span_starts(name, span_of(common[i])))
            return true;
    for (size_t i = 0; i < sizeof common_whole / sizeof common_whole[0]; i++)
        if (span_eq(name, span_of(common_whole[i])))
            return true;
    return false;
}

static bool is_of_locale(struct span name, struct span locale)
{
    char word[CHARSET_BYTES + 2];
    struct span script = script_of(locale);

    word[0] = word[name.len + 1] = ' ';
    memcpy(word + 1, name.at, name.len);
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++)
        if (span_eq(script, span_of(local[i].locale)))
            return span_find(span_of(local[i].charsets),
                             (struct span){word, name.len + 2}) >= 0;
    return false;
}

bool eval_charset_is_ok(struct span charset, struct span locales)
{
    char room[CHARSET_BYTES];
    struct span name = normal(charset, room), word;

    if (is_common(name))
        return true;
    while (locales.len > 0) {
        span_cut(locales, ' ', &word, &locales);
        if (span_eq(word, SPAN("all")) || is_of_locale(name, word))
            return true;
    }
    return false;
}
