/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/judge/tune_audit.h"

#include "tool/judge/scan_judge.h"
#include "tool/print.h"

/* A person's word: not its due time, and not found missing in the queue. */
#define DECIDED                                                                        \
    "FROM held_message WHERE state IN ('released', 'dropped') AND state_by NOT IN "    \
    "('', 'due')"

static int count_decisions(struct tool *tool, size_t counts[2], struct err *err)
{
    struct query *query =
        db_query(tool->db,
                 "SELECT coalesce(sum(state = 'released'), 0), coalesce(sum(state = "
                 "'dropped'), 0) " DECIDED,
                 err);
    if (query == NULL || query_step(query, err) < 0)
        return -1;
    counts[0] = (size_t)query_int(query, 0);
    counts[1] = (size_t)query_int(query, 1);
    query_reset(query);
    if (counts[0] < TUNE_DECISIONS_MIN || counts[1] < TUNE_DECISIONS_MIN)
        return err_set(err, ERR_NOT_FOUND,
                       "of held mail %zu were released by a person and %zu dropped: "
                       "scores are learned from %d of each at least",
                       counts[0], counts[1], TUNE_DECISIONS_MIN);
    return 0;
}

static int add(struct tune_set *set, const struct kept *kept, bool is_spam,
               struct arena *arena, struct err *err)
{
    struct sketch sketch = {0};
    uint32_t *rules = arena_array(arena, kept->hits.count + 1, sizeof *rules);
    if (rules == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < kept->hits.count; i++)
        rules[i] = (uint32_t)kept->hits.at[i].rule;
    if (kept->depth == KEPT_WHOLE)
        sketch_make(kept->msg, &sketch);
    return tune_set_add(set, is_spam, rules, kept->hits.count, &sketch, err);
}

/* One after another: few messages, and each is read once. */
static int add_all(struct tool *tool, const struct engine *engine,
                   bool (*is_stopped)(void), struct arena *arena, struct tune_set *set,
                   size_t total, struct tune_decisions *decisions, struct err *err)
{
    struct progress progress;
    int step;
    struct query *query = db_query(
        tool->db, "SELECT message, state = 'dropped' " DECIDED " ORDER BY 1", err);
    if (query == NULL)
        return -1;
    progress_start(&progress, true);
    while ((step = query_step(query, err)) == 1 && !is_stopped()) {
        struct kept kept;
        arena_reset(arena);
        if (kept_judge(tool->db, engine, query_int(query, 0), arena, &kept, err) != 0 ||
            add(set, &kept, query_int(query, 1) != 0, arena, err) != 0) {
            step = -1;
            break;
        }
        decisions->depths[kept.depth]++;
        decisions->unknown += kept.unknown;
        progress_show(&progress, set->mail_count, total, "messages of the log");
    }
    progress_end(&progress);
    query_reset(query);
    return step < 0 ? -1 : 0;
}

int tune_audit(struct tool *tool, const struct engine *engine, bool (*is_stopped)(void),
               struct tune_set *set, struct tune_decisions *decisions, struct err *err)
{
    size_t counts[2];
    *decisions = (struct tune_decisions){0};
    if (count_decisions(tool, counts, err) != 0)
        return -1;
    struct arena *arena = arena_new(scan_arena_bytes(engine));
    if (arena == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    int rc = add_all(tool, engine, is_stopped, arena, set, counts[0] + counts[1],
                     decisions, err);
    arena_free(&arena);
    return rc;
}
