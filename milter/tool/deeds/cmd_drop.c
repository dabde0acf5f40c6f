/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_drop - delete held mail.
 */
#include "tool/commands.h"
#include "tool/deeds/deed.h"

static struct deed given = {.is_drop = true};

static const struct option_row options[] = {
    {"sender", 0, "KEY", OPTION_TEXT, &given.sender,
     "all that this sender has waiting"},
    {"all", 0, NULL, OPTION_FLAG, &given.all, "everything that waits"},
    {"yes", 'y', NULL, OPTION_FLAG, &given.is_confirmed, "do not ask"},
    {0},
};

static int run(struct tool *tool, struct err *err)
{
    return deed_run(tool, &given, err);
}

const struct command outgate_cmd_drop = {
    .name = "drop",
    .words = "[ID...]",
    .summary = "delete held mail for good; asks first",
    .details =
        "ID is the log's id, a queue id, an incident id or a Message-ID. As root.\n"
        "The log keeps its row, and what it has of the headers. Ends with 1 if\n"
        "any message could not be deleted.",
    .examples = "  outgate drop 17\n"
                "  outgate drop --yes --sender sasl_user:bob@example.com",
    .words_max = SIZE_MAX,
    .options = options,
    .run = run,
};
