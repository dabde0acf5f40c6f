/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_release - let held mail go.
 */
#include "tool/commands.h"
#include "tool/deeds/deed.h"
#include "tool/deeds/releaser.h"
#include "verdict/action.h"

static struct deed given;
static bool due, loop;

static const struct option_row options[] = {
    {"sender", 0, "KEY", OPTION_TEXT, &given.sender,
     "all that this sender has waiting"},
    {"cause", 0, "WHAT", OPTION_TEXT, &given.cause,
     "what this holds: score, limit, brake, block or alert"},
    {"due", 0, NULL, OPTION_FLAG, &due,
     "what is due by now (with --sender: of that sender)"},
    {"loop", 0, NULL, OPTION_FLAG, &loop,
     "stay, and let each message go when it is due"},
    {"all", 0, NULL, OPTION_FLAG, &given.all, "everything that waits"},
    {0},
};

static int run(struct tool *tool, struct err *err)
{
    if (given.cause != NULL && cause_find(span_of(given.cause)) == CAUSE_NONE)
        return err_set(err, ERR_USAGE,
                       "--cause %s: write score, limit, brake, block or alert",
                       given.cause);
    if (!due && !loop)
        return deed_run(tool, &given, err);
    if (tool->word_count > 0 || given.all || given.cause != NULL || (due && loop) ||
        (loop && given.sender != NULL))
        return err_set(err, ERR_USAGE,
                       "release: IDs, --all, --cause, --due and --loop exclude "
                       "each other; --sender goes with --due alone");
    return loop ? releaser_loop(tool, err) : releaser_due(tool, given.sender, err);
}

const struct command outgate_cmd_release = {
    .name = "release",
    .words = "[ID...]",
    .summary = "let held mail go, and charge it to its sender's limits",
    .details =
        "ID is the log's id, a queue id, an incident id or a Message-ID. As root: the\n"
        "hold queue belongs to the superuser. A message whose queue id belongs to\n"
        "another mail by now is not touched. One that waited longer than half of\n"
        "Postfix's maximal_queue_lifetime is requeued, and gets a new queue id.\n"
        "--due and --loop let go what a limit holds, first due first, never what "
        "waits\n"
        "for a person, nothing while the brake is on. What is late is charged anew, "
        "or\n"
        "gets a new due time, so that no limit is exceeded after an outage either.\n"
        "--loop is for a service (contrib/systemd) and ends on SIGTERM.\n"
        "Ends with 1 if any message could not be released.",
    .examples = "  outgate release 17 4jX9R33dk9z1fPKf\n"
                "  outgate release --sender sasl_user:bob@example.com\n"
                "  outgate release --due",
    .words_max = SIZE_MAX,
    .options = options,
    .run = run,
};
