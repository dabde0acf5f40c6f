/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_report - remarks, gathered while loading and handed out in order.
 *
 * Loading finds things in several passes; the caller wants them by file and line.
 * Threads: one loader, one thread.
 */
#ifndef OUTGATE_RULES_SOURCE_RULE_REPORT_H
#define OUTGATE_RULES_SOURCE_RULE_REPORT_H

#include "base/arena.h"
#include "rules/ruleset.h"

/* Where something stands. */
struct rule_place {
    const char *file;
    unsigned file_order; /* 0 for the first file read, 1 for the next ... */
    unsigned line;
};

struct rule_remark {
    struct rule_place place;
    enum remark_level level;
    const char *text;
};

struct rule_remarks {
    struct arena *arena;
    struct rule_remark *at;
    size_t count, room;
    size_t skipped, errors;
    struct err first_error; /* file:line: text */
    unsigned first_order, first_line;
};

/* rule_remark_add - one remark; what does not fit in the arena is only counted. */
void rule_remark_add(struct rule_remarks *remarks, enum remark_level level,
                     const struct rule_place *place, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* rule_report_fill - sort and copy to the caller's report; NULL is fine. Returns -1
 * without memory. */
int rule_report_fill(struct rule_report *report, struct rule_remarks *remarks,
                     struct err *err);

#endif
