/* SPDX-License-Identifier: BSD-2-Clause
 *
 * scan_judge - one mail through the gate's pure stages, and what is printed of it.
 *
 * Threads: a struct scan_how is shared and never changed; each call has its own arena.
 */
#ifndef OUTGATE_TOOL_JUDGE_SCAN_JUDGE_H
#define OUTGATE_TOOL_JUDGE_SCAN_JUDGE_H

#include "gate.h"
#include "tool/judge/scan_input.h"
#include "tool/tool.h"

/* A fact that is taken as said, whatever the mail is. */
struct scan_fact {
    enum fact_id id;
    double number;
    struct span text;
};

/* What the command line says for all mails. */
struct scan_how {
    const struct engine *engine;
    bool json, with_facts, with_all_hits, is_terse;
    enum mail_class mail_class;
    const char *mail_from, *client_ip, *helo, *auth_user; /* NULL: not said */
    const struct option_list *recipients;
    const char *sender;    /* whose history and name, NULL: the mail's own */
    struct reader *reader; /* the database with that history, or NULL */
    const struct scan_fact *facts;
    size_t fact_count;
};

struct scan_result {
    char *text; /* to print, malloc'ed; NULL without memory */
    size_t text_len;
    enum action action; /* UNKNOWN: there is no verdict, see error */
    char error[300];    /* for standard error; "" fine */
};

/* One mail, read and judged. */
struct scan_reading {
    struct message *msg;
    struct envelope env;
    struct judgement judgement;
    int64_t elapsed_us;
};

/* scan_read - read a mail and judge it, all in arena, which is reset first. NULL, or
 * why there is no judgement (it lives as long as mail). */
const char *scan_read(const struct scan_how *how, const struct scan_mail *mail,
                      struct arena *arena, struct scan_reading *out);

/* scan_judge - score mail and write result. The arena is reset first. Cannot fail but
 * for memory, which stands in result->error. */
void scan_judge(const struct scan_how *how, const struct scan_mail *mail,
                struct arena *arena, struct scan_result *result);

/* scan_fact_parse - "network_new=1", "helo=mail.example.com". */
int scan_fact_parse(struct span text, struct scan_fact *out, struct err *err);

/* scan_arena_bytes - what an arena for one mail must be able to hold. */
size_t scan_arena_bytes(const struct engine *engine);

#endif
