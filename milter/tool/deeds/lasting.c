/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/deeds/lasting.h"

#include <stdio.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/conf.h"
#include "tool/record.h"

enum { END_BYTES = 128, ROW_BYTES = 1 << 16, ROWS_MAX = 10000 };

/* Longer than anybody means, and no overflow: a hundred years. */
static const int64_t longest_us = INT64_C(100) * 366 * 86400 * 1000000;

static int read_length(const char *text, int64_t now_us, int64_t *until_us,
                       struct err *err)
{
    int64_t length_us;
    if (!conf_parse_duration(span_of(text), &length_us) || length_us <= 0 ||
        length_us > longest_us)
        return err_set(err, ERR_USAGE, "--for %s: write a length of time such as 24h",
                       text);
    *until_us = now_us + length_us;
    return 0;
}

static int read_until(const char *text, int64_t now_us, int64_t *until_us,
                      struct err *err)
{
    int64_t length_us;
    if (conf_parse_duration(span_of(text), &length_us))
        return err_set(err, ERR_USAGE, "--until %s: a length of time is --for %s", text,
                       text);
    if (!option_parse_time(span_of(text), now_us, until_us))
        return err_set(err, ERR_USAGE,
                       "--until %s: write 2026-01-31 or \"2026-01-31 09:12\"", text);
    if (*until_us <= now_us)
        return err_set(err, ERR_USAGE, "--until %s: that is over", text);
    return 0;
}

int lasting_order(struct tool *tool, const struct lasting *lasting, struct order *out,
                  struct err *err)
{
    int64_t now_us = tool_now_us();
    *out = (struct order){
        .since_us = now_us,
        .reason = span_trim(span_of(lasting->reason)),
        .by = span_of(tool_who(tool)),
    };
    if (lasting->length != NULL && lasting->until != NULL)
        return err_set(err, ERR_USAGE, "--for and --until exclude each other");
    if (out->reason.len > BOUND_COLUMN_BYTES)
        return err_set(err, ERR_USAGE, "--reason: more than %d bytes",
                       BOUND_COLUMN_BYTES);
    if (lasting->length != NULL)
        return read_length(lasting->length, now_us, &out->until_us, err);
    if (lasting->until != NULL)
        return read_until(lasting->until, now_us, &out->until_us, err);
    return 0;
}

const char *lasting_end(struct tool *tool, const struct order *order)
{
    struct buf out;
    char time[PRINT_TIME_BYTES];
    char left[PRINT_AGE_BYTES];
    if (order->until_us == 0)
        return "until it is lifted";
    buf_init(&out, tool->arena, END_BYTES);
    buf_printf(&out, "until %s (%s)", print_time(order->until_us, time),
               print_span_of_time(order->until_us - tool_now_us(), left));
    return buf_cstr(&out);
}

void lasting_warn_shadow(const struct tool *tool, const char *what)
{
    if (tool->settings->mode == MODE_SHADOW)
        fprintf(stderr,
                "%soutgate: mode = shadow: the %s is recorded and NOTHING IS STOPPED; "
                "for it to bite set [milter] mode = enforce%s\n",
                colour_begin(COLOUR_RED), what, colour_end(COLOUR_RED));
}

static bool is_over(struct query *query, int at)
{
    return !query_is_null(query, at) && query_int(query, at) <= tool_now_us();
}

static void list_row(const struct tool *tool, const struct lasting_table *what,
                     struct table *table, struct query *query)
{
    char time[PRINT_TIME_BYTES];
    int until = what->at + 1;
    what->cells(tool, table, query);
    table_cell(table, query_is_null(query, until)
                          ? "removed"
                          : print_time(query_int(query, until), time));
    table_colour(table, is_over(query, until) ? COLOUR_DIM : COLOUR_NONE);
    table_text(table, query_text(query, what->at + 3));
    table_text(table, query_text(query, what->at + 2));
}

static void list_json(struct tool *tool, const struct lasting_table *what,
                      struct query *query)
{
    struct buf out;
    struct json json;
    print_object_begin(tool->arena, ROW_BYTES, &out, &json);
    what->members(&json, query);
    record_json_time(&json, "since", query_int(query, what->at));
    record_json_time(&json, "until", query_int(query, what->at + 1));
    json_text_or_null(&json, "reason", query_text(query, what->at + 2));
    json_text_or_null(&json, "by", query_text(query, what->at + 3));
    json_bool(&json, "is_over", is_over(query, what->at + 1));
    print_object_end(&json);
}

int lasting_list(struct tool *tool, const struct lasting_table *what, struct err *err)
{
    struct table table;
    int step;
    int rows = 0;
    if (tool->word_count != 1)
        return err_set(err, ERR_USAGE, "%s takes no more words", what->words);
    if (tool_open(tool, DB_READ, err) != 0)
        return -1;
    struct query *query = db_query(tool->db, what->sql, err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, ROWS_MAX);
    table_init(&table, tool->arena, what->columns, what->column_count);
    for (; (step = query_step(query, err)) > 0; rows++) {
        if (tool->json)
            list_json(tool, what, query);
        else
            list_row(tool, what, &table, query);
    }
    table_print(&table);
    if (rows == 0 && step == 0 && !tool->json)
        puts(what->none);
    return step < 0 ? -1 : EXIT_FINE;
}
