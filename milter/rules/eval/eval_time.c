/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/eval/eval_time.h"

#include <stddef.h>

enum { WORDS = 600, TEXT_BYTES = 8192 };

/* The text's words; a comma ends one as a blank does. */
static size_t split(struct span text, struct span *words)
{
    size_t count = 0, i = 0;

    text = span_head(text, TEXT_BYTES);
    while (i < text.len && count < WORDS) {
        size_t from;
        while (i < text.len && (ascii_is_space(text.at[i]) || text.at[i] == ','))
            i++;
        from = i;
        while (i < text.len && !ascii_is_space(text.at[i]) && text.at[i] != ',')
            i++;
        if (i > from)
            words[count++] = (struct span){text.at + from, i - from};
    }
    return count;
}

static bool number(struct span s, size_t least, size_t most, int *out)
{
    uint64_t value;

    if (s.len < least || s.len > most || !text_parse_count(s, 99999999, &value))
        return false;
    *out = (int)value;
    return true;
}

static int month_of(struct span s)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

    for (int i = 0; s.len == 3 && i < 12; i++)
        if (span_ieq(s, (struct span){names + (ptrdiff_t)3 * i, 3}))
            return i + 1;
    return 0;
}

struct moment {
    int year, month, day, hour, minute, second;
};

/* hh:mm or hh:mm:ss */
static bool clock_of(struct span s, struct moment *out)
{
    struct span hour, minute, second;
    int h, m, sec = 0;

    if (!span_cut(s, ':', &hour, &minute) || !number(hour, 1, 2, &h))
        return false;
    if (span_cut(minute, ':', &minute, &second) && !number(second, 2, 2, &sec))
        return false;
    if (!number(minute, 2, 2, &m))
        return false;
    out->hour = h < 23 ? h : 23;
    out->minute = m < 59 ? m : 59;
    out->second = sec < 59 ? sec : 59;
    return true;
}

/* Day month year, or month day time year. */
static bool date_of(const struct span *words, size_t count, struct moment *out)
{
    struct moment ignored = {0};
    int year;

    for (size_t i = 0; i + 2 < count; i++)
        if (number(words[i], 1, 8, &out->day) &&
            (out->month = month_of(words[i + 1])) > 0 &&
            number(words[i + 2], 4, 4, &out->year))
            return true;
    for (size_t i = 0; i + 3 < count; i++)
        if ((out->month = month_of(words[i])) > 0 &&
            number(words[i + 1], 1, 8, &out->day) && clock_of(words[i + 2], &ignored) &&
            number(words[i + 3], 4, 4, &out->year))
            return true;
    for (size_t i = 0; i + 2 < count; i++)
        if (number(words[i], 1, 8, &out->day) &&
            (out->month = month_of(words[i + 1])) > 0 &&
            number(words[i + 2], 2, 3, &year)) {
            out->year = year + (words[i + 2].len == 2 && year < 50 ? 2000 : 1900);
            return true;
        }
    return false;
}

/* Seconds east of Greenwich; 0 for zones without a number or a known name. */
static int64_t zone_of(const struct span *words, size_t count)
{
    static const struct {
        struct span name;
        int hours;
    } zones[] = {
        {SPAN("EST"), -5},  {SPAN("EDT"), -4}, {SPAN("CST"), -6},  {SPAN("CDT"), -5},
        {SPAN("MST"), -7},  {SPAN("MDT"), -6}, {SPAN("PST"), -8},  {SPAN("PDT"), -7},
        {SPAN("CET"), 1},   {SPAN("CEST"), 2}, {SPAN("MET"), 1},   {SPAN("MEST"), 2},
        {SPAN("EET"), 2},   {SPAN("BST"), 1},  {SPAN("MSK"), 3},   {SPAN("MSD"), 4},
        {SPAN("JST"), 9},   {SPAN("KST"), 9},  {SPAN("AEST"), 10}, {SPAN("HKT"), 8},
        {SPAN("SGT"), 8},   {SPAN("IST"), 1},  {SPAN("NZST"), 12}, {SPAN("MEZ"), 1},
        {SPAN("MESZ"), 2},  {SPAN("EEST"), 3}, {SPAN("WEST"), 1},  {SPAN("AST"), -4},
        {SPAN("AKST"), -9}, {SPAN("HST"), -10}};
    int digits;

    for (size_t i = 0; i < count; i++) {
        struct span w = words[i];
        if (w.len == 5 && (w.at[0] == '+' || w.at[0] == '-') &&
            number(span_from(w, 1), 4, 4, &digits))
            return (w.at[0] == '-' ? -60 : 60) *
                   (int64_t)(digits / 100 * 60 + digits % 100);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < sizeof zones / sizeof zones[0]; k++)
            if (span_eq(words[i], zones[k].name))
                return (int64_t)zones[k].hours * 3600;
    return 0;
}

static int days_in(int year, int month)
{
    if (month == 2)
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static void make_valid(struct moment *m)
{
    if (m->day > days_in(m->year, m->month)) {
        m->day = 1;
        m->month = m->month % 12 + 1;
        m->year += m->month == 1;
    }
    if (m->day < 1)
        m->day = 1;
    m->year = m->year > 2037 ? 2037 : m->year < 1970 ? 1970 : m->year;
}

/* Days from 1970-01-01. */
static int64_t days_of(const struct moment *m)
{
    int64_t days = (int64_t)(m->year - 1970) * 365 + (m->year - 1969) / 4 -
                   (m->year > 2000 ? (m->year - 2001) / 100 : 0);

    for (int month = 1; month < m->month; month++)
        days += days_in(m->year, month);
    return days + m->day - 1;
}

bool eval_time_parse(struct span text, int64_t *time_s)
{
    struct span words[WORDS];
    size_t count = split(text, words);
    struct moment m = {0};

    if (!date_of(words, count, &m))
        return false;
    for (size_t i = 0; i < count; i++)
        if (clock_of(words[i], &m))
            break;
    make_valid(&m);
    *time_s = days_of(&m) * 86400 + m.hour * 3600 + m.minute * 60 + m.second -
              zone_of(words, count);
    if (*time_s < 0)
        *time_s = 0;
    return true;
}
