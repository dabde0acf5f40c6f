/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tool - what every command of outgate(1) shares: options, config, database, exit
 * codes.
 *
 * A command is one cmd_*.c with one row (struct command) in outgate.c's table; its
 * options are data, from which parsing, --help and the check against the manual come.
 * Threads: one, but for scan's workers.
 */
#ifndef OUTGATE_TOOL_TOOL_H
#define OUTGATE_TOOL_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "settings.h"
#include "store/db.h"

#ifndef OUTGATE_SYSCONFDIR
#define OUTGATE_SYSCONFDIR "/etc/outgate"
#endif
#define OUTGATE_CONFIG_FILE OUTGATE_SYSCONFDIR "/outgate.conf"

/* Exit codes of commands; what fails otherwise ends with err_exit_code. */
enum { EXIT_FINE = 0, EXIT_FOUND = 1, EXIT_USAGE = 2 };

enum option_type {
    OPTION_TYPE_UNKNOWN = 0,
    OPTION_FLAG,  /* bool */
    OPTION_TEXT,  /* const char *; NULL: not given */
    OPTION_LIST,  /* struct option_list; may be given several times */
    OPTION_COUNT, /* int64_t, 0 upward */
    OPTION_TIME,  /* int64_t, microseconds since the epoch; see option_parse_time */
};

enum { OPTION_LIST_MAX = 1000 };

struct option_list {
    const char *at[OPTION_LIST_MAX];
    size_t count;
};

struct option_row {
    const char *name;     /* without --; NULL ends a table */
    char letter;          /* -n, or 0 */
    const char *argument; /* its name in the help; NULL for flags */
    enum option_type type;
    void *target;
    const char *doc;
};

struct tool;

struct command {
    const char *name;
    const char *words;    /* what follows the options, as the help shows it */
    const char *summary;  /* one line, lower case */
    const char *details;  /* for --help; lines ready for a terminal; may be "" */
    const char *examples; /* lines, each a command */
    size_t words_min, words_max;
    const struct option_row *options;
    /* the exit code, or -1 with err set */
    int (*run)(struct tool *tool, struct err *err);
};

struct tool {
    const struct command *command;
    const char *config;   /* --config, or NULL */
    const char *database; /* --db, or NULL */
    const char *rules;    /* --rules, or NULL */
    bool json, wants_help, wants_version;
    bool tells_brake;   /* the command says itself whether the brake is on */
    const char **words; /* in argv's order, options taken out */
    size_t word_count;
    struct arena *arena;       /* the whole run's */
    struct settings *settings; /* after tool_settings */
    struct db *db;             /* after tool_open */
};

/* tool_config_path - --config, else the installed file if it is there, else NULL:
 * the defaults alone. */
const char *tool_config_path(const struct tool *tool);

/* tool_settings - read the config once; every error of it goes to standard error. */
int tool_settings(struct tool *tool, struct err *err);

/* tool_open - the database in that mode (DB_READ or DB_WRITE), config first. While the
 * brake is on, people hear of it on standard error. */
int tool_open(struct tool *tool, enum db_mode mode, struct err *err);

/* tool_who - who runs this, for the log: "ann", "root (ann)", "uid:1000". In the
 * arena. */
const char *tool_who(struct tool *tool);

/* tool_now_us - now, wall clock. */
int64_t tool_now_us(void);

/* tool_complain - a conf_complain that writes to standard error. */
void tool_complain(void *arg, const char *text);

/* tool_clear - database, settings and memory. */
void tool_clear(struct tool *tool);

/* options_parse - argv after the program's name. Finds the command among commands
 * (count of them) and fills tool. -1: err says what is wrong, with the nearest right
 * word. */
int options_parse(struct tool *tool, const struct command *const *commands,
                  size_t count, int argc, char **argv, struct err *err);

/* options_help - print one command's help to standard output. */
void options_help(const struct command *command);

/* option_parse_time - "24h" (that long ago), "2026-01-31", "2026-01-31 09:12[:44]"
 * (local time; with a final Z UTC; T in place of the space), "today", "yesterday". */
bool option_parse_time(struct span text, int64_t now_us, int64_t *out);

/* tool_global_options - the rows that every command has; ends with a NULL name. */
const struct option_row *tool_global_options(void);

#endif
