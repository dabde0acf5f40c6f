/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/provider/feedback_views.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bounds.h"
#include "base/json.h"
#include "store/snds.h"
#include "tool/print.h"
#include "tool/rate.h"

enum {
    LINE_BYTES = 65536,
    EXPORT_BYTES = 16 << 20,
    EXPORT_ROWS = 500, /* stored in one transaction */
};

/* ---- rates ---- */

static const struct column rate_columns[] = {
    {"BOUNCES, AT LEAST", true, false, false},
    {"COMPLAINTS, AT LEAST", true, false, false},
    {"RECIPIENTS", true, false, false},
    {"BOUNCES", true, false, false},
    {"COMPLAINTS", true, false, false},
    {"SENDER", false, true, false},
};

static void percent_cell(struct table *table, double least)
{
    table_printf(table, "%.2f %%", 100 * least);
}

static void print_rates_json(struct tool *tool, const struct rate *rates, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buf out;
        struct json json;
        print_object_begin(tool->arena, LINE_BYTES, &out, &json);
        json_text(&json, "sender", rates[i].sender);
        json_int(&json, "messages", rates[i].messages);
        json_int(&json, "recipients", rates[i].recipients);
        json_int(&json, "bounces", rates[i].bounces);
        json_int(&json, "complaints", rates[i].complaints);
        json_number(&json, "bounce_rate_least", rates[i].bounce_least);
        json_number(&json, "complaint_rate_least", rates[i].complaint_least);
        print_object_end(&json);
    }
}

static void print_rates(struct tool *tool, const struct rate *rates, size_t count)
{
    struct table table;
    size_t unrated = 0;
    table_init(&table, tool->arena, rate_columns,
               sizeof rate_columns / sizeof *rate_columns);
    for (size_t i = 0; i < count; i++) {
        if (isnan(rates[i].bounce_least)) {
            unrated++;
            continue;
        }
        percent_cell(&table, rates[i].bounce_least);
        percent_cell(&table, rates[i].complaint_least);
        table_printf(&table, "%lld", (long long)rates[i].recipients);
        table_printf(&table, "%lld", (long long)rates[i].bounces);
        table_printf(&table, "%lld", (long long)rates[i].complaints);
        table_text(&table, rates[i].sender);
    }
    table_print(&table);
    if (count == 0)
        puts("no bounce and no complaint was counted");
    if (unrated > 0)
        printf("%s%zu sender%s with bounces or complaints sent to fewer than %d "
               "recipients: too few for a rate\n",
               unrated < count ? "\n" : "", unrated, unrated == 1 ? "" : "s",
               RATE_SAMPLE_MIN);
}

int feedback_print_rates(struct tool *tool, int64_t since_us, struct err *err)
{
    struct rate *rates;
    size_t count;
    if (tool_open(tool, DB_READ, err) != 0 ||
        rate_read(tool, since_us, tool_now_us(), &rates, &count, err) != 0)
        return -1;
    if (tool->json)
        print_rates_json(tool, rates, count);
    else
        print_rates(tool, rates, count);
    return EXIT_FINE;
}

/* ---- SNDS ---- */

static int read_stream(struct tool *tool, FILE *file, const char *name,
                       struct span *out, struct err *err)
{
    char *bytes = arena_alloc(tool->arena, EXPORT_BYTES + 1);
    if (bytes == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    size_t len = fread(bytes, 1, EXPORT_BYTES + 1, file);
    if (ferror(file))
        return err_set(err, ERR_IO, "%s: %s", name, strerror(errno));
    if (len > EXPORT_BYTES)
        return err_set(err, ERR_USAGE, "%s: an export has 16 MiB at most", name);
    *out = (struct span){bytes, len};
    return 0;
}

static int read_export(struct tool *tool, const char *path, struct span *out,
                       struct err *err)
{
    if (strcmp(path, "-") == 0)
        return read_stream(tool, stdin, "standard input", out, err);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    int rc = read_stream(tool, file, path, out, err);
    fclose(file);
    return rc;
}

static int store_some(struct tool *tool, const struct snds *snds, size_t from,
                      size_t *fresh, struct err *err)
{
    if (db_begin(tool->db, err) != 0)
        return -1;
    for (size_t i = from; i < snds->row_count && i < from + EXPORT_ROWS; i++) {
        bool is_new = false;
        if (snds_record(tool->db, &snds->rows[i], tool_now_us(), &is_new, err) != 0) {
            db_rollback(tool->db);
            return -1;
        }
        *fresh += is_new;
    }
    if (db_commit(tool->db, err) == 0)
        return 0;
    db_rollback(tool->db);
    return -1;
}

static void print_taken(const struct tool *tool, const struct snds *snds, size_t fresh,
                        bool is_dry)
{
    size_t bad = 0;
    for (size_t i = 0; i < snds->row_count; i++)
        bad += span_eq(snds->rows[i].filter_result, SPAN("RED")) ||
               snds->rows[i].trap_hits > 0;
    if (tool->json)
        printf("{\"rows\": %zu, \"new\": %zu, \"wrong\": %zu}\n", snds->row_count,
               fresh, snds->wrong);
    else if (is_dry)
        printf("%zu rows, %zu of them red or with trap hits; nothing was stored\n",
               snds->row_count, bad);
    else
        printf("%zu rows, %zu of them new, %zu red or with trap hits; outgate feedback "
               "--snds-list\n",
               snds->row_count, fresh, bad);
    if (snds->wrong > 0)
        fprintf(stderr, "outgate: %zu lines are no rows, the first is line %zu\n",
                snds->wrong, snds->wrong_at);
    if (snds->is_cut)
        fprintf(stderr, "outgate: more than %d rows: the rest was not read\n",
                BOUND_SNDS_ROWS);
}

int feedback_take_snds(struct tool *tool, const char *path, bool is_dry,
                       struct err *err)
{
    struct span bytes;
    struct snds snds;
    size_t fresh = 0;
    if (read_export(tool, path, &bytes, err) != 0)
        return -1;
    snds_read(tool->arena, bytes, &snds);
    if (snds.row_count == 0)
        return err_set(err, ERR_USAGE,
                       "%s: not an export of SNDS: no line has an address, a time and "
                       "GREEN, YELLOW or RED",
                       path);
    if (!is_dry && tool_open(tool, DB_WRITE, err) != 0)
        return -1;
    for (size_t i = 0; i < snds.row_count && !is_dry; i += EXPORT_ROWS)
        if (store_some(tool, &snds, i, &fresh, err) != 0)
            return -1;
    print_taken(tool, &snds, fresh, is_dry);
    return snds.wrong > 0 || snds.is_cut ? EXIT_FOUND : EXIT_FINE;
}

static const struct column snds_columns[] = {
    {"PERIOD BEGINS", false, false, false}, {"ADDRESS", false, false, false},
    {"FILTER", false, false, false},        {"COMPLAINTS", true, false, false},
    {"TRAPS", true, false, false},          {"RECIPIENTS", true, false, false},
    {"HELO", false, true, false},           {"MAIL FROM", false, true, false},
};

static void add_count(struct table *table, struct query *query, int column)
{
    if (query_is_null(query, column))
        table_cell(table, "-");
    else
        table_printf(table, "%lld", (long long)query_int(query, column));
}

static enum colour colour_of_result(struct span result)
{
    if (span_eq(result, SPAN("RED")))
        return COLOUR_RED;
    return span_eq(result, SPAN("YELLOW")) ? COLOUR_YELLOW : COLOUR_GREEN;
}

static void add_snds(struct table *table, struct query *query)
{
    table_text(table, query_text(query, 1));
    table_text(table, query_text(query, 0));
    table_text(table, query_text(query, 2));
    table_colour(table, colour_of_result(query_text(query, 2)));
    table_text(table, query_text(query, 3));
    add_count(table, query, 4);
    add_count(table, query, 5);
    table_text(table, query_text(query, 6));
    table_text(table, query_text(query, 7));
}

static void json_count(struct json *json, const char *name, struct query *query,
                       int column)
{
    if (query_is_null(query, column))
        json_null(json, name);
    else
        json_int(json, name, query_int(query, column));
}

static void print_snds_json(struct tool *tool, struct query *query)
{
    struct buf out;
    struct json json;
    print_object_begin(tool->arena, LINE_BYTES, &out, &json);
    json_text(&json, "ip", query_text(query, 0));
    json_text(&json, "start_at", query_text(query, 1));
    json_text(&json, "filter_result", query_text(query, 2));
    json_text_or_null(&json, "complaint_rate", query_text(query, 3));
    json_count(&json, "trap_hits", query, 4);
    json_count(&json, "recipients", query, 5);
    json_text_or_null(&json, "sample_helo", query_text(query, 6));
    json_text_or_null(&json, "sample_mail_from", query_text(query, 7));
    print_object_end(&json);
}

/* The export's times are text that sorts. */
static void day_text(int64_t at_us, char out[16])
{
    time_t at = (time_t)(at_us / 1000000);
    struct tm tm;
    out[0] = '\0';
    if (at_us > 0 && localtime_r(&at, &tm) != NULL)
        strftime(out, 16, "%Y-%m-%d", &tm);
}

int feedback_list_snds(struct tool *tool, int64_t since_us, struct err *err)
{
    struct table table;
    char since[16];
    int step = -1;
    size_t rows = 0;
    if (tool_open(tool, DB_READ, err) != 0)
        return -1;
    table_init(&table, tool->arena, snds_columns,
               sizeof snds_columns / sizeof *snds_columns);
    struct query *query =
        db_query(tool->db,
                 "SELECT ip, start_at, filter_result, complaint_rate, trap_hits, "
                 "recipients, sample_helo, sample_mail_from FROM snds_day WHERE "
                 "start_at >= ?1 ORDER BY start_at DESC, ip",
                 err);
    day_text(since_us, since);
    if (query != NULL)
        query_bind_text(query, 1, span_of(since));
    for (; query != NULL && (step = query_step(query, err)) == 1; rows++)
        if (tool->json)
            print_snds_json(tool, query);
        else
            add_snds(&table, query);
    if (step < 0)
        return -1;
    table_print(&table);
    if (rows == 0 && !tool->json)
        puts("nothing of SNDS is stored; outgate feedback --snds FILE reads an export");
    return EXIT_FINE;
}
