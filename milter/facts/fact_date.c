/* SPDX-License-Identifier: BSD-2-Clause */
#include "facts/fact_date.h"

#include <stddef.h>

struct cursor {
    struct span rest;
};

static void skip_space(struct cursor *c)
{
    c->rest = span_trim(c->rest);
}

static bool take(struct cursor *c, char wanted)
{
    if (c->rest.len == 0 || c->rest.at[0] != wanted)
        return false;
    c->rest = span_from(c->rest, 1);
    return true;
}

/* 1 to most digits; returns how many there were. */
static size_t take_number(struct cursor *c, size_t most, int *value)
{
    size_t len = 0;
    *value = 0;
    while (len < most && len < c->rest.len && ascii_is_digit(c->rest.at[len]))
        *value = *value * 10 + (c->rest.at[len++] - '0');
    c->rest = span_from(c->rest, len);
    return len;
}

/* A name of three letters out of a run of them; its index or -1. */
static int take_name(struct cursor *c, const char *names, int count)
{
    if (c->rest.len < 3)
        return -1;
    for (int i = 0; i < count; i++) {
        struct span name = {names + (ptrdiff_t)3 * i, 3};
        if (span_istarts(c->rest, name)) {
            c->rest = span_from(c->rest, 3);
            return i;
        }
    }
    return -1;
}

static bool skip_day_name(struct cursor *c)
{
    if (c->rest.len == 0 || ascii_is_digit(c->rest.at[0]))
        return true;
    if (take_name(c, "sunmontuewedthufrisat", 7) < 0)
        return false;
    skip_space(c);
    if (!take(c, ','))
        return false;
    skip_space(c);
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

/* Days from 1970-01-01 to a civil date of the Gregorian calendar. */
static int64_t days_since_epoch(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool take_date(struct cursor *c, int64_t *days)
{
    int day;
    int year;
    if (take_number(c, 2, &day) == 0)
        return false;
    skip_space(c);
    int month = take_name(c, "janfebmaraprmayjunjulaugsepoctnovdec", 12) + 1;
    skip_space(c);
    size_t digits = take_number(c, 4, &year);
    if (month == 0 || digits < 2)
        return false;
    if (digits == 2)
        year += year < 50 ? 2000 : 1900; /* RFC 5322 4.3 */
    else if (digits == 3)
        year += 1900;
    if (year < 1900 || day < 1 || day > days_in_month(year, month))
        return false;
    *days = days_since_epoch(year, month, day);
    return true;
}

static bool take_time(struct cursor *c, int64_t *seconds)
{
    int hour;
    int minute;
    int second = 0;
    if (take_number(c, 2, &hour) == 0 || !take(c, ':') ||
        take_number(c, 2, &minute) != 2)
        return false;
    if (take(c, ':') && take_number(c, 2, &second) != 2)
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    *seconds = hour * 3600 + minute * 60 + second;
    return true;
}

/* zone = (+ / -) 4DIGIT, or an obs-zone. */
static bool take_zone(struct cursor *c, int64_t *offset_s)
{
    static const struct {
        struct span name;
        int hours;
    } zones[] = {{SPAN("GMT"), 0},  {SPAN("UTC"), 0},  {SPAN("UT"), 0},
                 {SPAN("Z"), 0},    {SPAN("EST"), -5}, {SPAN("EDT"), -4},
                 {SPAN("CST"), -6}, {SPAN("CDT"), -5}, {SPAN("MST"), -7},
                 {SPAN("MDT"), -6}, {SPAN("PST"), -8}, {SPAN("PDT"), -7}};
    bool is_west = c->rest.len > 0 && c->rest.at[0] == '-';
    int zone;
    if (take(c, '+') || take(c, '-')) {
        if (take_number(c, 4, &zone) != 4 || zone % 100 > 59)
            return false;
        *offset_s = (is_west ? -1 : 1) * (zone / 100 * 3600 + zone % 100 * 60);
        return true;
    }
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
        if (span_istarts(c->rest, zones[i].name)) {
            c->rest = span_from(c->rest, zones[i].name.len);
            *offset_s = zones[i].hours * 3600;
            return true;
        }
    return false;
}

bool date_parse(struct span text, int64_t *time_s)
{
    struct cursor c = {span_trim(text)};
    int64_t days;
    int64_t seconds;
    int64_t offset;
    if (!skip_day_name(&c) || !take_date(&c, &days))
        return false;
    skip_space(&c);
    if (!take_time(&c, &seconds))
        return false;
    skip_space(&c);
    if (!take_zone(&c, &offset))
        return false;
    skip_space(&c);
    if (c.rest.len > 0 && c.rest.at[0] != '(')
        return false;
    *time_s = days * 86400 + seconds - offset;
    return true;
}
