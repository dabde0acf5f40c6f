/* SPDX-License-Identifier: BSD-2-Clause
 *
 * log - one line an event, to syslog or stderr: "QUEUEID: key=value, ...".
 *
 * Values that come from mail go through text_escape before they get here; what is
 * left of control characters is escaped once more. Only main, milter, the notifier and
 * the writer thread speak; other modules return their errors.
 * Threads: safe.
 */
#ifndef OUTGATE_BASE_LOG_H
#define OUTGATE_BASE_LOG_H

#include <stdbool.h>

enum log_level {
    LOG_LEVEL_UNKNOWN = 0,
    LOG_LEVEL_ERROR,   /* an administrator must act */
    LOG_LEVEL_WARNING, /* something is off; mail goes on */
    LOG_LEVEL_INFO,    /* a decision, a start, a reload */
    LOG_LEVEL_DEBUG,
};

/* log_open - where lines go: stderr (with the time before each line) or syslog,
 * facility mail. Call before threads start. name: the program, a string constant. */
void log_open(const char *name, bool to_stderr);

/* log_to_syslog - change over from stderr once the daemon has detached. */
void log_to_syslog(void);

void log_line(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
