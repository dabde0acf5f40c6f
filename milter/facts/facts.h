/* SPDX-License-Identifier: BSD-2-Clause
 *
 * facts - what is true of a message: named numbers, flags and texts; no opinion.
 *
 * Stage: facts. Reads: message, envelope, the time. Gives: one value a fact. Rules
 * turn facts into points; nothing here does.
 * A new fact is one row in FACTS_TABLE, computed in one fact_*.c.
 * Must never: use a clock (the time is an argument), file, socket, log or lock; fail.
 * Threads: one struct facts, one thread at a time.
 */
#ifndef OUTGATE_FACTS_FACTS_H
#define OUTGATE_FACTS_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "facts/past.h"
#include "message/envelope.h"
#include "message/message.h"

/* The sorts of value; what a rule may compare them with follows from it. */
enum fact_type {
    FACT_TYPE_UNKNOWN = 0,
    FACT_FLAG,   /* 0 or 1; true when the claim in its name holds */
    FACT_COUNT,  /* a whole number, 0 upward */
    FACT_RATIO,  /* 0..1 */
    FACT_NUMBER, /* any number, in the unit that its row names */
    FACT_TEXT,   /* UTF-8, escaped when printed */
};

/* F(name, type, unit, range, source, what it says)
 * source: where the criterion comes from: an RFC section, "OVHcloud guide" or "Gigas
 * guide" with its heading, "Vade" (the causes that its filter was seen to name), or
 * chosen. A fact whose ground is missing (no words, no links) is 0 or empty. */
#include "facts/facts_table.h"

enum fact_id {
#define F(name, type, unit, range, source, doc) FACT_##name,
    FACTS_TABLE(F)
#undef F
        FACT_ID_COUNT
};

struct fact_row {
    const char *name;
    enum fact_type type;
    const char *unit, *range, *source, *doc;
};

/* The table, FACT_ID_COUNT rows, indexed by enum fact_id. */
extern const struct fact_row outgate_fact_rows[];

struct facts {
    double number[FACT_ID_COUNT];    /* flags, counts, ratios, numbers */
    struct span text[FACT_ID_COUNT]; /* FACT_TEXT only */
};

/* facts_collect - fill every fact of msg. past: what the store knows, or NULL. now_s:
 * seconds since the epoch (for Date:). Texts live in msg->arena. */
void facts_collect(struct facts *facts, const struct message *msg,
                   const struct envelope *env, const struct past *past, int64_t now_s);

/* facts_find - the id of a name, or -1. */
int facts_find(struct span name);

/* facts_nearest - the known name nearest to a mistyped one, or NULL. */
const char *facts_nearest(struct span name);

/* facts_is_set - false for 0 and empty: what need not be printed or stored. */
bool facts_is_set(const struct facts *facts, enum fact_id id);

#endif
