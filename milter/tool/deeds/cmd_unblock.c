/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_unblock - let blocked identities send again.
 */
#include <stdio.h>

#include "store/orders.h"
#include "tool/commands.h"
#include "tool/print.h"

/* All or none, so that a slip of the pen is not half a deed. */
static int lift_all(struct tool *tool, const struct span *keys, struct err *err)
{
    if (db_begin(tool->db, err) != 0)
        return -1;
    int rc = 0;
    for (size_t i = 0; i < tool->word_count && rc == 0; i++)
        rc = orders_unblock(tool->db, keys[i], err);
    return db_end(tool->db, rc, err);
}

/* What the block held is not let go with it: a person looks first. */
static int count_held(struct tool *tool, int64_t *count, struct err *err)
{
    struct query *query = db_query(tool->db,
                                   "SELECT count(*) FROM held_message WHERE state = "
                                   "'waiting' AND cause = 'block'",
                                   err);
    if (query == NULL || query_step(query, err) < 0)
        return -1;
    *count = query_int(query, 0);
    query_reset(query);
    return 0;
}

static int run(struct tool *tool, struct err *err)
{
    int64_t held = 0;
    bool is_network;
    struct span *keys = arena_array(tool->arena, tool->word_count, sizeof *keys);
    if (keys == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < tool->word_count; i++)
        if (order_key(tool->arena, span_of(tool->words[i]), &keys[i], &is_network,
                      err) != 0)
            return -1;
    if (tool_open(tool, DB_WRITE, err) != 0 || lift_all(tool, keys, err) != 0 ||
        count_held(tool, &held, err) != 0)
        return -1;
    for (size_t i = 0; i < tool->word_count && !tool->json; i++)
        printf("%s may send again\n", print_escape(tool->arena, keys[i]));
    if (held > 0 && !tool->json)
        printf("%lld message%s that a block held still wait%s: outgate held --cause "
               "block\n",
               (long long)held, held == 1 ? "" : "s", held == 1 ? "s" : "");
    return EXIT_FINE;
}

const struct command outgate_cmd_unblock = {
    .name = "unblock",
    .words = "KEY...",
    .summary = "let blocked identities send again",
    .details =
        "KEY as outgate block --list shows it. Mail that the block held waits on\n"
        "until outgate release. Ends with 1, and does nothing, if one of the keys "
        "is\nnot blocked.",
    .examples = "  outgate unblock sasl_user:bob@example.com",
    .words_min = 1,
    .words_max = SIZE_MAX,
    .options = NULL,
    .run = run,
};
