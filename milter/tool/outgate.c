/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outgate - the command line: finds the command, runs it, says what failed.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "tool/commands.h"
#include "tool/print.h"

#ifndef OUTGATE_VERSION
#define OUTGATE_VERSION "(no release)"
#endif

enum { RUN_BYTES = 1 << 30 }; /* memory one command may take, listings included */

/* A new command is one row here and one cmd_*.c. */
static const struct command *const commands[] = {
    &outgate_cmd_scan,    &outgate_cmd_lint,      &outgate_cmd_tune,
    &outgate_cmd_log,     &outgate_cmd_show,      &outgate_cmd_top,
    &outgate_cmd_senders, &outgate_cmd_sender,    &outgate_cmd_campaigns,
    &outgate_cmd_limits,  &outgate_cmd_limit,     &outgate_cmd_exempt,
    &outgate_cmd_explain, &outgate_cmd_held,      &outgate_cmd_release,
    &outgate_cmd_drop,    &outgate_cmd_block,     &outgate_cmd_unblock,
    &outgate_cmd_brake,   &outgate_cmd_incidents, &outgate_cmd_doctor,
    &outgate_cmd_alert,   &outgate_cmd_dossier,   &outgate_cmd_feedback,
    &outgate_cmd_forget,  &outgate_cmd_replay,    &outgate_cmd_report,
    &outgate_cmd_metrics, &outgate_cmd_config,    &outgate_cmd_facts,
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static void print_usage(FILE *out)
{
    fputs("usage: outgate COMMAND [options] [words]\n\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\nfor every command, before or after its name:\n", out);
    for (const struct option_row *row = tool_global_options(); row->name; row++)
        fprintf(out, "  --%s%s%-*s %s\n", row->name, row->argument ? " " : "",
                (int)(16 - strlen(row->name) - (row->argument ? 1 : 0)),
                row->argument ? row->argument : "", row->doc);
    fputs("\noutgate COMMAND --help tells more, with examples. Manual: outgate(1), "
          "outgate.conf(5),\noutgate.rules(5).\n",
          out);
}

/* What was printed must have arrived: a full disk is an error, not a short answer. */
static int finish(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fputs("outgate: writing standard output failed\n", stderr);
    return EX_IOERR;
}

static int run(struct tool *tool, int argc, char **argv, struct err *err)
{
    if (options_parse(tool, commands, COMMAND_COUNT, argc - 1, argv + 1, err) != 0)
        return -1;
    if (tool->wants_version) {
        puts("outgate " OUTGATE_VERSION);
        return EXIT_FINE;
    }
    if (tool->wants_help && tool->command != NULL) {
        options_help(tool->command);
        return EXIT_FINE;
    }
    if (tool->command == NULL) {
        print_usage(tool->wants_help ? stdout : stderr);
        return tool->wants_help ? EXIT_FINE : EXIT_USAGE;
    }
    return tool->command->run(tool, err);
}

int main(int argc, char **argv)
{
    struct err err = {.code = ERR_UNKNOWN, .text = "unknown"};
    struct tool tool = {.arena = arena_new(RUN_BYTES)};
    print_start();
    if (tool.arena == NULL) {
        fputs("outgate: out of memory\n", stderr);
        return EX_OSERR;
    }
    int code = run(&tool, argc, argv, &err);
    if (code < 0) {
        fflush(stdout);
        fprintf(stderr, "outgate: %s\n", err.text);
        code = err_exit_code(&err);
    }
    tool_clear(&tool);
    return finish(code);
}
