/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/snds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/netaddr.h"

/* In the order of the export without titles. */
enum column {
    IP = 0,
    START,
    END,
    RCPT_COMMANDS,
    DATA_COMMANDS,
    RECIPIENTS,
    FILTER_RESULT,
    COMPLAINT_RATE,
    TRAP_START,
    TRAP_END,
    TRAP_HITS,
    SAMPLE_HELO,
    SAMPLE_MAIL_FROM,
    COMMENTS,
    COLUMNS
};

enum {
    FIELDS = 32,    /* of a line that are looked at */
    ROW_BYTES = 10, /* no row is shorter: "::1,1/1/2026" */
};

/* Titles as letters alone, in lower case. */
static const struct {
    const char *title;
    enum column column;
} titles[] = {
    {"ip", IP},
    {"ipaddress", IP},
    {"activitystart", START},
    {"activityperiodstart", START},
    {"activityend", END},
    {"activityperiodend", END},
    {"rcptcommands", RCPT_COMMANDS},
    {"datacommands", DATA_COMMANDS},
    {"messagerecipients", RECIPIENTS},
    {"recipients", RECIPIENTS},
    {"filterresult", FILTER_RESULT},
    {"complaintrate", COMPLAINT_RATE},
    {"trapmessagestart", TRAP_START},
    {"trapmessageperiodstart", TRAP_START},
    {"trapperiodstart", TRAP_START},
    {"trapmessageend", TRAP_END},
    {"trapmessageperiodend", TRAP_END},
    {"trapperiodend", TRAP_END},
    {"traphits", TRAP_HITS},
    {"samplehelo", SAMPLE_HELO},
    {"helo", SAMPLE_HELO},
    {"samplemailfrom", SAMPLE_MAIL_FROM},
    {"mailfrom", SAMPLE_MAIL_FROM},
    {"comments", COMMENTS},
    {"comment", COMMENTS},
};

/* One line's fields, and which column each is. */
struct line {
    struct span fields[FIELDS];
    size_t count;
};

/* ---- CSV, RFC 4180 ---- */

static bool ends_field(char c)
{
    return c == ',' || c == '\r' || c == '\n';
}

/* field = (DQUOTE *(... / 2DQUOTE) DQUOTE) / *TEXTDATA; *rest begins behind it. */
static struct span read_field(struct arena *arena, struct span text, struct span *rest)
{
    struct buf out;
    if (text.len == 0 || text.at[0] != '"') {
        size_t len = 0;
        while (len < text.len && !ends_field(text.at[len]))
            len++;
        *rest = span_from(text, len);
        return span_trim(span_head(text, len));
    }
    size_t i = 1;
    buf_init(&out, arena, BOUND_COLUMN_BYTES);
    for (; i < text.len; i++) {
        if (text.at[i] == '"' && (i + 1 == text.len || text.at[i + 1] != '"'))
            break;
        i += text.at[i] == '"';
        buf_add_char(&out, text.at[i]);
    }
    *rest = span_from(text, i + 1);
    return span_trim(buf_span(&out));
}

/* The next line; what stands behind FIELDS fields is passed over. */
static void read_line(struct arena *arena, struct span *text, struct line *out)
{
    out->count = 0;
    for (;;) {
        struct span field = read_field(arena, *text, text);
        if (out->count < FIELDS)
            out->fields[out->count++] = span_head(field, BOUND_COLUMN_BYTES);
        while (text->len > 0 && !ends_field(text->at[0]))
            *text = span_from(*text, 1); /* "x"y: the rest of a broken field */
        if (text->len == 0 || text->at[0] != ',')
            break;
        *text = span_from(*text, 1);
    }
    if (text->len > 0 && text->at[0] == '\r')
        *text = span_from(*text, 1);
    if (text->len > 0 && text->at[0] == '\n')
        *text = span_from(*text, 1);
}

/* ---- titles ---- */

static int column_of(struct span title)
{
    char letters[32];
    size_t len = 0;
    for (size_t i = 0; i < title.len; i++)
        if (ascii_is_alnum(title.at[i]) && len + 1 < sizeof letters)
            letters[len++] = ascii_lower(title.at[i]);
    letters[len] = '\0';
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (strcmp(letters, titles[i].title) == 0)
            return (int)titles[i].column;
    return -1;
}

/* A line of titles names the address and two more. */
static bool read_titles(const struct line *line, int places[COLUMNS])
{
    size_t known = 0;
    int found[COLUMNS];
    for (int i = 0; i < COLUMNS; i++)
        found[i] = -1;
    for (size_t i = 0; i < line->count; i++) {
        int column = column_of(line->fields[i]);
        if (column >= 0 && found[column] < 0) {
            found[column] = (int)i;
            known++;
        }
    }
    if (found[IP] < 0 || known < 3)
        return false;
    memcpy(places, found, sizeof found);
    return true;
}

/* ---- values ---- */

/* "12/31/2026 10:00 AM", "12/31/2026", or ISO 8601 already. "" is none. */
static bool read_time(struct arena *arena, struct span text, struct span *out)
{
    unsigned month;
    unsigned day;
    unsigned year;
    unsigned hour = 0;
    unsigned minute = 0;
    char half[3] = "";
    char iso[32];
    const char *at = span_cstr(arena, span_head(text, 40));
    *out = SPAN("");
    if (text.len == 0)
        return true;
    int count = sscanf(at, "%2u/%2u/%4u %2u:%2u%*1[ ]%2[AaPpMm]", &month, &day, &year,
                       &hour, &minute, half);
    if (count < 3) {
        count = sscanf(at, "%4u-%2u-%2u%*1[ T]%2u:%2u", &year, &month, &day, &hour,
                       &minute);
        half[0] = '\0';
    }
    if (count != 3 && count < 5)
        return false;
    if (half[0] != '\0' && (hour == 0 || hour > 12))
        return false;
    if (half[0] != '\0')
        hour = hour % 12 + (ascii_lower(half[0]) == 'p' ? 12 : 0);
    if (year < 1990 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
        minute > 59)
        return false;
    snprintf(iso, sizeof iso, "%04u-%02u-%02u %02u:%02u", year, month, day, hour,
             minute);
    *out = span_dup(arena, span_of(iso));
    return out->len > 0;
}

static int64_t read_count(struct span text)
{
    uint64_t value;
    char digits[24];
    size_t len = 0;
    for (size_t i = 0; i < text.len && len < sizeof digits; i++)
        if (text.at[i] != ',' && text.at[i] != ' ')
            digits[len++] = text.at[i];
    return text_parse_count((struct span){digits, len}, INT64_MAX, &value)
               ? (int64_t)value
               : -1;
}

/* "< 0.1%", "0.3%", "1.2 %": its upper end; below 0 for anything else. */
static double read_percent(struct arena *arena, struct span text)
{
    char *end;
    if (text.len > 0 && text.at[0] == '<')
        text = span_trim(span_from(text, 1));
    if (text.len == 0 || !ascii_is_digit(text.at[0]))
        return -1;
    double value = strtod(span_cstr(arena, span_head(text, 20)), &end);
    return value >= 0 && value <= 100 ? value : -1;
}

static bool read_result(struct span text, struct span *out)
{
    static const char *const results[] = {"GREEN", "YELLOW", "RED"};
    *out = SPAN("");
    for (size_t i = 0; i < 3; i++)
        if (span_ieq(text, span_of(results[i])))
            *out = span_of(results[i]);
    return out->len > 0 || text.len == 0;
}

static bool read_address(struct arena *arena, struct span text, struct span *out)
{
    struct netaddr address;
    char canonical[NETADDR_TEXT_BYTES];
    if (!netaddr_parse(text, &address))
        return false;
    *out = span_dup(arena, span_of(netaddr_print(&address, canonical)));
    return out->len > 0;
}

static struct span value_of(const struct line *line, const int places[COLUMNS],
                            enum column column)
{
    int at = places[column];
    return at >= 0 && (size_t)at < line->count ? line->fields[at] : SPAN("");
}

static bool read_row(struct arena *arena, const struct line *line,
                     const int places[COLUMNS], struct snds_row *out)
{
    *out = (struct snds_row){
        .rcpt_commands = read_count(value_of(line, places, RCPT_COMMANDS)),
        .data_commands = read_count(value_of(line, places, DATA_COMMANDS)),
        .recipients = read_count(value_of(line, places, RECIPIENTS)),
        .complaint_rate =
            span_dup(arena, span_head(value_of(line, places, COMPLAINT_RATE), 20)),
        .complaint_percent =
            read_percent(arena, value_of(line, places, COMPLAINT_RATE)),
        .trap_hits = read_count(value_of(line, places, TRAP_HITS)),
        .sample_helo = span_dup(arena, value_of(line, places, SAMPLE_HELO)),
        .sample_mail_from = span_dup(arena, value_of(line, places, SAMPLE_MAIL_FROM)),
        .comments = span_dup(arena, value_of(line, places, COMMENTS)),
    };
    return read_address(arena, value_of(line, places, IP), &out->ip) &&
           read_time(arena, value_of(line, places, START), &out->start_at) &&
           out->start_at.len > 0 &&
           read_time(arena, value_of(line, places, END), &out->end_at) &&
           read_time(arena, value_of(line, places, TRAP_START), &out->trap_start_at) &&
           read_time(arena, value_of(line, places, TRAP_END), &out->trap_end_at) &&
           read_result(value_of(line, places, FILTER_RESULT), &out->filter_result);
}

void snds_read(struct arena *arena, struct span text, struct snds *out)
{
    int places[COLUMNS];
    struct line line;
    *out = (struct snds){0};
    for (int i = 0; i < COLUMNS; i++)
        places[i] = i;
    if (span_starts(text, SPAN("\xef\xbb\xbf")))
        text = span_from(text, 3);
    size_t room = text.len / ROW_BYTES + 1;
    out->rows = arena_array(arena, room < BOUND_SNDS_ROWS ? room : BOUND_SNDS_ROWS,
                            sizeof *out->rows);
    out->is_cut = out->rows == NULL;
    for (size_t number = 1; text.len > 0 && !out->is_cut; number++) {
        read_line(arena, &text, &line);
        if (line.count == 1 && line.fields[0].len == 0)
            continue; /* an empty line */
        if (!out->has_titles && out->row_count == 0 && read_titles(&line, places)) {
            out->has_titles = true;
            continue;
        }
        out->is_cut = out->row_count == BOUND_SNDS_ROWS || arena_is_capped(arena) ||
                      arena_is_broken(arena);
        if (out->is_cut)
            break;
        if (read_row(arena, &line, places, &out->rows[out->row_count])) {
            out->row_count++;
        } else {
            out->wrong_at = out->wrong == 0 ? number : out->wrong_at;
            out->wrong++;
        }
    }
}
