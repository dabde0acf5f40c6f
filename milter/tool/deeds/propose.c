/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/deeds/propose.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "limits/limit.h"
#include "tool/deeds/peak.h"
#include "tool/print.h"

/* How the figures are chosen: half as much again as what 99 of 100 keys needed at their
 * busiest, never below what a person may send by hand. chosen */
enum { PERCENTILE = 99, HEADROOM_PERCENT = 150, NAMED_MAX = 5, ROW_BYTES = 1 << 16 };

/* A kind of key that limits can be proposed for. */
struct kind {
    const char *name; /* of the limits: NAME-hour, NAME-day */
    const char *key;  /* as the sentence has it */
    enum limit_unit unit;
    int64_t least; /* amount in an hour that is never undercut */
    const char *action;
    const char *sql; /* key, time, amount; by key and time; ?1: since */
};

#define LET_GO                                                                         \
    "at_us >= ?1 AND (action IN ('accept', 'slow') OR (action = 'hold' AND "           \
    "due_at_us IS NOT NULL))"

static const struct kind kinds[] = {
    {"sender", "sender", LIMIT_RECIPIENTS, 20, "hold",
     "SELECT sender, at_us, recipients FROM message WHERE " LET_GO
     " ORDER BY sender, at_us"},
    {"client", "client_ip", LIMIT_RECIPIENTS, 20, "hold",
     "SELECT client_ip, at_us, recipients FROM message WHERE client_ip <> '' "
     "AND " LET_GO " ORDER BY client_ip, at_us"},
    {"domain", "from_domain", LIMIT_RECIPIENTS, 20, "hold",
     "SELECT from_domain, at_us, recipients FROM message WHERE from_domain <> '' "
     "AND " LET_GO " ORDER BY from_domain, at_us"},
    {"campaign", "campaign", LIMIT_RECIPIENTS, 20, "hold",
     "SELECT campaign, at_us, recipients FROM message WHERE campaign <> '' AND " LET_GO
     " ORDER BY campaign, at_us"},
    {"host", "host", LIMIT_MESSAGES, 100, "defer",
     "SELECT 'host', at_us, 1 FROM message WHERE " LET_GO " ORDER BY at_us"},
    {"egress", "egress", LIMIT_POINTS, 10000, "hold for review",
     "SELECT 'egress', at_us, CAST(round(score * 1000) AS INTEGER) FROM message WHERE "
     "score > 0 AND " LET_GO " ORDER BY at_us"},
};

static const char *const length_names[] = {"hour", "day"};

/* The most that a key had in any stretch of each length. */
struct key_peak {
    struct span key;
    struct peak peak;
};

/* One kind at work. */
struct study {
    struct tool *tool;
    const struct kind *kind;
    struct peak_meter meter; /* of the key at hand */
    struct key_peak *peaks;  /* heap */
    size_t peak_count, peak_room;
    struct err *err;
};

static int begin_key(struct study *s, struct span key)
{
    if (s->peak_count == s->peak_room) {
        size_t room = s->peak_room > 0 ? s->peak_room * 2 : 256;
        struct key_peak *more = realloc(s->peaks, room * sizeof *more);
        if (more == NULL)
            return err_set(s->err, ERR_MEMORY, "out of memory");
        s->peaks = more;
        s->peak_room = room;
    }
    s->peaks[s->peak_count++] = (struct key_peak){.key = span_dup(s->tool->arena, key)};
    peak_begin(&s->meter);
    return 0;
}

static int add_event(struct study *s, int64_t at_us, int64_t amount)
{
    return peak_add(&s->meter, at_us, amount, &s->peaks[s->peak_count - 1].peak,
                    s->err);
}

static int read_events(struct study *s, int64_t since_us)
{
    struct query *query = db_query(s->tool->db, s->kind->sql, s->err);
    int step;
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, since_us);
    while ((step = query_step(query, s->err)) > 0) {
        struct span key = query_text(query, 0);
        bool is_new =
            s->peak_count == 0 || !span_eq(s->peaks[s->peak_count - 1].key, key);
        if ((is_new && begin_key(s, key) != 0) ||
            add_event(s, query_int(query, 1), query_int(query, 2)) != 0) {
            query_reset(query);
            return -1;
        }
    }
    return step;
}

static int compare_hours(const void *a, const void *b)
{
    int64_t x = ((const struct key_peak *)a)->peak.most[0];
    int64_t y = ((const struct key_peak *)b)->peak.most[0];
    return (x > y) - (x < y);
}

static int compare_days(const void *a, const void *b)
{
    int64_t x = ((const struct key_peak *)a)->peak.most[1];
    int64_t y = ((const struct key_peak *)b)->peak.most[1];
    return (x > y) - (x < y);
}

/* Up to two leading digits: 137 -> 140. */
static int64_t round_up(int64_t amount)
{
    int64_t step = 1;
    while (amount / step >= 100)
        step *= 10;
    return (amount + step - 1) / step * step;
}

/* Sorted by the length's figure. */
static int64_t percentile(const struct study *s, int length, int percent)
{
    size_t rank = (s->peak_count * (size_t)percent + 99) / 100;
    return s->peaks[rank > 0 ? rank - 1 : 0].peak.most[length];
}

static int64_t choose(const struct study *s, int length)
{
    int64_t amount = percentile(s, length, PERCENTILE) * HEADROOM_PERCENT / 100;
    int64_t least = s->kind->least * (length == 0 ? 1 : 5);
    return round_up(amount > least ? amount : least);
}

/* The proposal as limit_parse reads it. */
static void write_sentence(const struct study *s, int length, int64_t amount, char *out,
                           size_t size)
{
    struct limit unit = {.unit = s->kind->unit};
    char text[64];
    snprintf(out, size, "%s per %s per %s, then %s",
             limit_print_amount(&unit, amount, text, sizeof text),
             length == 0 ? "1h" : "1d", s->kind->key, s->kind->action);
}

static void print_above(const struct study *s, int length, int64_t amount)
{
    struct limit unit = {.unit = s->kind->unit};
    char text[64];
    for (size_t i = s->peak_count, named = 0; i > 0; i--, named++) {
        const struct key_peak *peak = &s->peaks[i - 1];
        if (peak->peak.most[length] <= amount)
            break;
        if (named == NAMED_MAX) {
            printf("# ... and more of them\n");
            break;
        }
        printf("#   more than that: outgate limit set %s-%s %s '%s per %s'\n",
               s->kind->name, length_names[length],
               print_shell_word(s->tool->arena, peak->key),
               limit_print_amount(
                   &unit, round_up(peak->peak.most[length] * HEADROOM_PERCENT / 100),
                   text, sizeof text),
               length == 0 ? "1h" : "1d");
    }
}

static void print_one(const struct study *s, int length, int64_t amount)
{
    struct limit unit = {.unit = s->kind->unit};
    const struct key_peak *worst = &s->peaks[s->peak_count - 1];
    char half[64], most[64], all[64], sentence[LIMIT_SENTENCE_BYTES];
    char time[PRINT_TIME_BYTES];
    printf(
        "# busiest %s: half of them %s, %d of 100 at most %s, the worst %s (%s, until "
        "%s)\n",
        length_names[length],
        limit_print_amount(&unit, percentile(s, length, 50), half, sizeof half),
        PERCENTILE,
        limit_print_amount(&unit, percentile(s, length, PERCENTILE), most, sizeof most),
        limit_print_amount(&unit, worst->peak.most[length], all, sizeof all),
        print_escape(s->tool->arena, worst->key),
        print_time(worst->peak.at_us[length], time));
    write_sentence(s, length, amount, sentence, sizeof sentence);
    printf("%s-%s = %s\n", s->kind->name, length_names[length], sentence);
    print_above(s, length, amount);
}

static void json_one(const struct study *s, int length, int64_t amount)
{
    struct buf out;
    struct json json;
    char sentence[LIMIT_SENTENCE_BYTES], name[64];
    double part = s->kind->unit == LIMIT_POINTS ? 1000 : 1;
    const struct key_peak *worst = &s->peaks[s->peak_count - 1];
    write_sentence(s, length, amount, sentence, sizeof sentence);
    snprintf(name, sizeof name, "%s-%s", s->kind->name, length_names[length]);
    print_object_begin(s->tool->arena, ROW_BYTES, &out, &json);
    json_text(&json, "limit", span_of(name));
    json_text(&json, "sentence", span_of(sentence));
    json_int(&json, "keys", (int64_t)s->peak_count);
    json_number(&json, "median", (double)percentile(s, length, 50) / part);
    json_number(&json, "p99", (double)percentile(s, length, PERCENTILE) / part);
    json_number(&json, "worst", (double)worst->peak.most[length] / part);
    json_text(&json, "worst_key", worst->key);
    print_object_end(&json);
}

static void conclude(struct study *s)
{
    if (!s->tool->json)
        printf("\n# per %s: %zu seen\n", s->kind->key, s->peak_count);
    for (int length = 0; length < PEAK_LENGTHS && s->peak_count > 0; length++) {
        qsort(s->peaks, s->peak_count, sizeof *s->peaks,
              length == 0 ? compare_hours : compare_days);
        if (s->tool->json)
            json_one(s, length, choose(s, length));
        else
            print_one(s, length, choose(s, length));
    }
}

static int study_kind(struct tool *tool, const struct kind *kind, int64_t since_us,
                      struct err *err)
{
    struct study s = {.tool = tool, .kind = kind, .err = err};
    int rc = read_events(&s, since_us);
    if (rc == 0)
        conclude(&s);
    peak_clear(&s.meter);
    free(s.peaks);
    return rc;
}

int propose(struct tool *tool, int64_t since_us, struct err *err)
{
    if (!tool->json)
        printf("# Proposed from the log: %d %% of what %d of 100 keys needed at their\n"
               "# busiest; mail that was refused, or held for its score, is left out.\n"
               "# Take what you want into [limits].\n",
               HEADROOM_PERCENT, PERCENTILE);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (study_kind(tool, &kinds[i], since_us, err) != 0)
            return -1;
    return 0;
}
