/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/source/rule_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Chosen: the stock files give some thousand; each takes a hundred bytes. */
enum { REMARKS_MAX = 100000, REPORT_BYTES = 64 << 20 };

int rule_report_init(struct rule_report *report, struct err *err)
{
    *report = (struct rule_report){.arena = arena_new(REPORT_BYTES)};
    if (report->arena == NULL)
        return err_set(err, ERR_MEMORY, "no memory for a rule report");
    return 0;
}

void rule_report_clear(struct rule_report *report)
{
    arena_free(&report->arena);
    *report = (struct rule_report){0};
}

static bool is_earlier(const struct rule_place *place, const struct rule_remarks *r)
{
    if (place->file_order != r->first_order)
        return place->file_order < r->first_order;
    return place->line < r->first_line;
}

static void count(struct rule_remarks *remarks, enum remark_level level,
                  const struct rule_place *place, const char *text)
{
    if (level == REMARK_SKIPPED)
        remarks->skipped++;
    if (level != REMARK_ERROR)
        return;
    if (remarks->errors++ > 0 && !is_earlier(place, remarks))
        return;
    remarks->first_order = place->file_order;
    remarks->first_line = place->line;
    err_set(&remarks->first_error, ERR_CONFIG, "%s:%u: %s", place->file, place->line,
            text);
}

static bool has_room(struct rule_remarks *remarks)
{
    size_t room = remarks->room > 0 ? 2 * remarks->room : 64;
    struct rule_remark *at;

    if (remarks->count < remarks->room)
        return true;
    if (remarks->count >= REMARKS_MAX)
        return false;
    at = arena_array(remarks->arena, room, sizeof *at);
    if (at == NULL)
        return false;
    if (remarks->count > 0)
        memcpy(at, remarks->at, remarks->count * sizeof *at);
    remarks->at = at;
    remarks->room = room;
    return true;
}

void rule_remark_add(struct rule_remarks *remarks, enum remark_level level,
                     const struct rule_place *place, const char *fmt, ...)
{
    char text[400], safe[500];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    text_escape(span_of(text), safe, sizeof safe);
    count(remarks, level, place, safe);
    if (!has_room(remarks))
        return;
    remarks->at[remarks->count++] =
        (struct rule_remark){*place, level, span_dup(remarks->arena, span_of(safe)).at};
}

static int compare(const void *left, const void *right)
{
    const struct rule_remark *a = left, *b = right;

    if (a->place.file_order != b->place.file_order)
        return a->place.file_order < b->place.file_order ? -1 : 1;
    if (a->place.line != b->place.line)
        return a->place.line < b->place.line ? -1 : 1;
    return strcmp(a->text, b->text);
}

static const char *copy(struct arena *arena, const char *text)
{
    return span_dup(arena, span_of(text)).at;
}

int rule_report_fill(struct rule_report *report, struct rule_remarks *remarks,
                     struct err *err)
{
    const char *file = NULL, *kept = "";

    if (report == NULL)
        return 0;
    if (remarks->count > 0)
        qsort(remarks->at, remarks->count, sizeof *remarks->at, compare);
    report->remarks =
        arena_array(report->arena, remarks->count, sizeof *report->remarks);
    if (report->remarks == NULL)
        return err_set(err, ERR_MEMORY, "no memory for a rule report");
    for (size_t i = 0; i < remarks->count; i++) {
        const struct rule_remark *r = &remarks->at[i];
        if (file != r->place.file)
            kept = copy(report->arena, r->place.file);
        file = r->place.file;
        report->remarks[i] = (struct remark){r->level, kept, r->place.line,
                                             copy(report->arena, r->text)};
    }
    report->count = remarks->count;
    report->skipped = remarks->skipped;
    report->errors = remarks->errors;
    return 0;
}
