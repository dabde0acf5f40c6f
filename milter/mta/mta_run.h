/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mta_run - run one program of the MTA: no shell, a bound on time and output. It starts
 * with no signal blocked or ignored, and no descriptor of ours but its standard
 * streams.
 *
 * The environment is PATH, LC_ALL=C and TZ alone: a MAIL_CONFIG that an administrator
 * exported must not point root at another's queue.
 * Must never: be called from the daemon's message path.
 */
#ifndef OUTGATE_MTA_RUN_H
#define OUTGATE_MTA_RUN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

struct run_result {
    int status;        /* exit code; 128 + signal when it was killed */
    struct span out;   /* standard output, in the arena */
    struct span error; /* standard error */
    bool is_cut;       /* printed more than was kept */
};

/* run_find - the full path of a program: in folder if that is not "", else in PATH,
 * then /usr/sbin, /usr/bin. NULL if it is nowhere. */
const char *run_find(struct arena *arena, const char *folder, const char *program);

/* run_program - argv[0] is a full path; input goes to its standard input; it is killed
 * after timeout_ms. -1 when it cannot be started, or took too long (ERR_IO). */
int run_program(struct arena *arena, const char *const *argv, struct span input,
                unsigned timeout_ms, struct run_result *out, struct err *err);

/* run_hook - as run_program, in a process group of its own, which is killed whole after
 * timeout_ms. environment: what is added, each "NAME=value", NULL at the end. For what
 * the daemon runs. */
int run_hook(struct arena *arena, const char *const *argv,
             const char *const *environment, struct span input, unsigned timeout_ms,
             struct run_result *out, struct err *err);

/* A program that is kept running and told one line after the other. */
struct run_talk;

/* talk_open - start it; what it prints on standard output is dropped. */
int talk_open(struct run_talk **out, const char *const *argv, struct err *err);

/* talk_say - one line to its standard input, then the next line of its standard error
 * (without the newline, cut at size) or false: it said nothing within timeout_ms, or
 * has ended. */
bool talk_say(struct run_talk *talk, struct span line, unsigned timeout_ms, char *reply,
              size_t size);

/* talk_hear - the next line without saying anything; as talk_say. */
bool talk_hear(struct run_talk *talk, unsigned timeout_ms, char *reply, size_t size);

/* talk_close - end its input, wait for its end (timeout_ms, then it is killed) and
 * keep what it still said on standard error, *last in the arena. Returns its exit
 * code as in run_result; *talk becomes NULL. */
int talk_close(struct run_talk **talk, unsigned timeout_ms, struct arena *arena,
               struct span *last);

#endif
