/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_date - HeaderEval's functions on dates: Date: against Received:, and against the
 * time in a Message-ID.
 * Source: behaviour of Mail::SpamAssassin::Plugin::HeaderEval.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "rules/eval/eval_function.h"
#include "rules/eval/eval_time.h"

struct eval_dates {
    bool has_date, has_difference;
    int64_t date_s;
    int64_t difference_s; /* Date: less the nearest date in Received: */
};

/* The first date of a Resent-Date:, else of a Date: field. */
static bool find_date(const struct message *msg, int64_t *time_s)
{
    static const char *const names[] = {"Resent-Date", "Date"};

    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < msg->field_count; k++)
            if (span_ieq(msg->fields[k].name, span_of(names[i])) &&
                msg->fields[k].value.len > 0 &&
                eval_time_parse(msg->fields[k].value, time_s))
                return true;
    return false;
}

/* ` 7 Aug 2006 17:48:07 +0200` somewhere in the line: where it begins; -1 for none. */
static ptrdiff_t date_at(struct eval_scene *scene, struct span line)
{
    for (size_t i = 0; i + 1 < line.len; i++) {
        struct span s = span_from(line, i);
        if (!ascii_is_space(s.at[0]) ||
            !(ascii_is_digit(s.at[1]) || (s.len > 2 && ascii_is_digit(s.at[2]))))
            continue;
        if (scene_match(scene, EVAL_RECEIVED_DATE, s))
            return (ptrdiff_t)i;
    }
    return -1;
}

static bool line_time(struct eval_scene *scene, struct span line, int64_t *time_s)
{
    ptrdiff_t at = date_at(scene, line);
    struct span date, rest;
    unsigned blanks = 0;
    size_t len = 1;

    if (at < 0)
        return false;
    /* Day, month, year, time, zone: what follows may confuse. */
    date = span_trim(span_from(line, (size_t)at));
    rest = date;
    for (len = 0; len < rest.len; len++)
        if (rest.at[len] == ' ' && len > 1 && ++blanks == 5)
            break;
    return eval_time_parse(span_head(date, len), time_s);
}

/* The Received: fields that tell when others took the message: not a fetcher's. */
static size_t skip_local(struct eval_scene *scene, const struct span *lines,
                         size_t count)
{
    size_t local = 0;

    if (count > 0 && scene_match(scene, EVAL_FETCH_LOCAL, lines[0]))
        local = 1;
    if (count > local && scene_match(scene, EVAL_FETCHMAIL, lines[local]))
        return local + 1;
    return 0;
}

/* A fold is one blank, whatever stands there. */
static struct span single_blanks(struct arena *arena, struct span s)
{
    struct span copy = span_dup(arena, span_head(s, BOUND_RECEIVED_BYTES));
    char *to = (char *)copy.at; /* span_dup's own copy */
    size_t len = 0;

    for (size_t i = 0; i < copy.len; i++)
        if (len == 0 || !ascii_is_space(copy.at[i]) || !ascii_is_space(to[len - 1]))
            to[len++] = copy.at[i];
    copy.len = len;
    return copy;
}

static size_t received_lines(const struct message *msg, struct span *lines)
{
    size_t count = 0;

    for (size_t i = 0; i < msg->field_count && count < BOUND_RELAYS; i++)
        if (span_ieq(msg->fields[i].name, SPAN("Received")) &&
            msg->fields[i].value.len > 0)
            lines[count++] = single_blanks(msg->arena, msg->fields[i].value);
    return count;
}

static void note_difference(struct eval_dates *dates, int64_t difference_s)
{
    if (!dates->has_difference || llabs(difference_s) < llabs(dates->difference_s))
        dates->difference_s = difference_s;
    dates->has_difference = true;
}

/* The difference that is nearest to 0; the oldest field's is left out if it is 0. */
static void find_difference(struct eval_scene *scene, struct eval_dates *dates)
{
    struct span lines[BOUND_RELAYS];
    size_t count = received_lines(scene->msg, lines), known = 0;
    int64_t last_s = 0, time_s;

    for (size_t i = skip_local(scene, lines, count); i < count; i++) {
        if (!line_time(scene, lines[i], &time_s))
            continue;
        if (known++ > 0)
            note_difference(dates, last_s);
        last_s = dates->date_s - time_s;
    }
    if (known == 1 || (known > 1 && last_s != 0))
        note_difference(dates, last_s);
}

static const struct eval_dates *dates_of(struct eval_scene *scene)
{
    static const struct eval_dates none;

    if (scene->dates != NULL)
        return scene->dates;
    scene->dates = arena_alloc(scene->msg->arena, sizeof *scene->dates);
    if (scene->dates == NULL)
        return &none;
    scene->dates->has_date = find_date(scene->msg, &scene->dates->date_s);
    if (scene->dates->has_date)
        find_difference(scene, scene->dates);
    return scene->dates;
}

bool eval_shifted_date(struct eval_scene *scene, const struct eval_call *call)
{
    const struct eval_dates *dates = dates_of(scene);
    double hours = dates->has_difference ? (double)dates->difference_s / 3600 : 0;

    return eval_is_between(&call->arguments[0], &call->arguments[1], hours);
}

/* Outlook's own clock, as the identifier holds its upper half: since 1601, in units of
 * 2^32 * 100 ns. */
static int64_t outlook_time(int64_t time_s)
{
    return (int64_t)((double)time_s * 0.0023283064365387 + 27111902.8329849);
}

enum { OUTLOOK_SLACK = 250 };

static bool is_outlook_time(int64_t token, int64_t time_s)
{
    return llabs(token - outlook_time(time_s)) < OUTLOOK_SLACK;
}

bool eval_outlook_id(struct eval_scene *scene, const struct eval_call *call)
{
    struct span id = scene_get(scene, "MESSAGEID");
    int64_t token = 0, time_s;

    (void)call;
    if (!scene_match(scene, EVAL_OUTLOOK_ID, id))
        return false;
    for (size_t i = 5; i < 13; i++)
        token = token * 16 + ascii_hex(id.at[i]);
    if (!eval_time_parse(scene_get(scene, "Date"), &time_s))
        time_s = 0;
    if (is_outlook_time(token, time_s))
        return false;
    if (!eval_time_parse(scene_get(scene, "Received"), &time_s))
        time_s = 0;
    return !is_outlook_time(token, time_s);
}
