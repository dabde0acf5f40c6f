/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

static struct {
    const char *name;
    bool to_stderr;
} output = {"outgate", true};

void log_open(const char *name, bool to_stderr)
{
    output.name = name;
    output.to_stderr = to_stderr;
    if (!to_stderr)
        openlog(name, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void log_to_syslog(void)
{
    log_open(output.name, false);
}

static int syslog_priority(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return LOG_ERR;
    case LOG_LEVEL_WARNING:
        return LOG_WARNING;
    case LOG_LEVEL_DEBUG:
        return LOG_DEBUG;
    default:
        return LOG_INFO;
    }
}

void log_line(enum log_level level, const char *fmt, ...)
{
    char raw[2048];
    char line[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(raw, sizeof raw, fmt, ap);
    va_end(ap);
    /* a backslash here is from an escape that was made already */
    size_t used = 0;
    for (const char *p = raw; *p != '\0' && used + 5 < sizeof line; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == 0x7f)
            used += (size_t)snprintf(line + used, sizeof line - used, "\\x%02x", c);
        else
            line[used++] = *p;
    }
    line[used] = '\0';
    if (!output.to_stderr) {
        syslog(syslog_priority(level), "%s", line);
        return;
    }
    char out[4200];
    char at[32];
    time_t now = time(NULL);
    struct tm tm;
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    static const char *const words[] = {"", "error: ", "warning: ", "", "debug: "};
    int len = snprintf(out, sizeof out, "%s %s[%ld]: %s%s\n", at, output.name,
                       (long)getpid(), words[level], line);
    if (len > 0 && write(STDERR_FILENO, out, (size_t)len) < 0)
        return; /* nowhere left to complain */
}
