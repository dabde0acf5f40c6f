/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "rules/regex/pattern_pump.h"
#include "rules/ruleset_private.h"

/* Chosen. A pattern is probed with what it waits for, in long runs; a slow one costs
 * more than a whole message should. */
enum {
    PROBE_BYTES = 16384,
    PROBE_CHARS = 16,
    RUN_BYTES = 1000,
    PIECE_BYTES = 2048,
    PUMPS = 6,
    SHOWN_BYTES = 24
};
static const double slow_us = 2000;

/* A character that an escape stands for; 0 for none. */
static char sample_of(char escape)
{
    switch (escape) {
    case 'w':
    case 'S':
    case 'D':
        return 'a';
    case 'd':
        return '1';
    case 's':
    case 'W':
        return ' ';
    default:
        return ascii_is_alnum(escape) ? '\0' : escape;
    }
}

static void add_sample(char c, char *samples, size_t *count)
{
    if (c != '\0' && *count < PROBE_CHARS && memchr(samples, c, *count) == NULL)
        samples[(*count)++] = c;
}

/* The characters that the pattern is made of, each once. */
static size_t collect(struct span regex, char *samples)
{
    size_t count = 0;

    for (size_t i = 0; i < regex.len; i++) {
        if (regex.at[i] == '\\' && i + 1 < regex.len)
            add_sample(sample_of(regex.at[++i]), samples, &count);
        else if (ascii_is_alnum(regex.at[i]) || strchr(" @/<>=.\"-_%", regex.at[i]))
            add_sample(regex.at[i], samples, &count);
    }
    add_sample('x', samples, &count);
    return count;
}

/* Long runs of each of them, then all of them in turn, then what ends a match. */
static struct span make_probe(struct span regex, char *room)
{
    char samples[PROBE_CHARS];
    size_t count = collect(regex, samples), len = 0;

    for (size_t i = 0; i < count && len + RUN_BYTES < PROBE_BYTES / 2; i++) {
        memset(room + len, samples[i], RUN_BYTES);
        len += RUN_BYTES;
    }
    for (size_t i = 0; count > 0 && len < PROBE_BYTES - 1; i++)
        room[len++] = samples[i % count];
    room[len++] = '\x01';
    return (struct span){room, len};
}

static bool is_in_pieces(const struct rule *rule)
{
    return rule->info.kind == RULE_BODY || rule->info.kind == RULE_RAWBODY ||
           rule->info.kind == RULE_URI;
}

/* One probe: what it cost, and whether a limit had to stop it. */
struct probe {
    double us;
    bool is_stopped;
    const struct pattern_pump *pump; /* NULL: the general one */
};

static void run_probe(const struct rule *rule, struct span text, struct probe *out)
{
    size_t piece = is_in_pieces(rule) ? PIECE_BYTES : PROBE_BYTES;
    int64_t start_us = clock_thread_us();

    for (out->is_stopped = false; text.len > 0 && !out->is_stopped;) {
        struct span part = span_head(text, piece);
        out->is_stopped = pattern_match(rule->pattern, part) == PATTERN_LIMIT;
        text = span_from(text, part.len);
    }
    out->us = (double)(clock_thread_us() - start_us);
}

/* What leads to the repetition, as many turns of it as a piece of a body has room for,
 * an end that nothing matches, and what a matcher looks for before it begins. */
static struct span make_pumped(const struct pattern_pump *pump, char *room)
{
    size_t len = pump->prefix.len, tail = pump->whole.len + 1;

    memcpy(room, pump->prefix.at, len);
    for (; len + pump->body.len + tail < PIECE_BYTES; len += pump->body.len)
        memcpy(room + len, pump->body.at, pump->body.len);
    room[len++] = '\x01';
    memcpy(room + len, pump->whole.at, pump->whole.len);
    return (struct span){room, len + pump->whole.len};
}

static void run_pumps(struct ruleset *set, const struct rule *rule, bool is_full,
                      struct probe *worst)
{
    struct arena *arena = set->source.arena;
    struct pattern_pump *pumps = arena_array(arena, 2 * (size_t)PUMPS, sizeof *pumps);
    char room[PIECE_BYTES + 1];
    size_t count = 0;

    if (pumps != NULL)
        count = pattern_pumps(rule->regex, is_full, arena, pumps, PUMPS);
    for (size_t i = 0; i < count && !worst->is_stopped; i++) {
        struct probe probe = {.pump = &pumps[i]};
        run_probe(rule, make_pumped(&pumps[i], room), &probe);
        if (probe.is_stopped || probe.us > worst->us)
            *worst = probe;
    }
}

static void remark(struct ruleset *set, const struct rule_entry *entry,
                   const struct probe *probe)
{
    char shown[4 * SHOWN_BYTES + 4] = "", on[sizeof shown + 32] = "a hostile text";

    if (probe->pump != NULL) {
        text_escape(span_head(probe->pump->body, SHOWN_BYTES), shown, sizeof shown);
        snprintf(on, sizeof on, "\"%s\" again and again", shown);
    }
    if (probe->is_stopped)
        rule_remark_add(&set->source.remarks, REMARK_WARNING, &entry->place,
                        "%s: can backtrack for ever: %s stops it by its limit after "
                        "%.1f ms, and it counts as no hit",
                        entry->name, on, probe->us / 1000);
    else if (probe->us > slow_us)
        rule_remark_add(&set->source.remarks, REMARK_WARNING, &entry->place,
                        "%s: slow, %.1f ms on %s", entry->name, probe->us / 1000, on);
}

void rule_probe(struct ruleset *set, const struct rule_entry *entry, struct rule *rule)
{
    char room[PROBE_BYTES];
    struct probe worst = {0};

    run_probe(rule, make_probe(rule->regex, room), &worst);
    run_pumps(set, rule, true, &worst);
    run_pumps(set, rule, false, &worst);
    rule->info.probe_us = worst.us;
    remark(set, entry, &worst);
}
