/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/audit/metrics.h"

#include <stdio.h>
#include <sys/stat.h>

#include "limits/limits.h"
#include "store/dns_figures.h"

static void head(struct buf *out, const char *name, const char *type, const char *unit,
                 const char *help)
{
    buf_printf(out, "# TYPE outgate_%s %s\n", name, type);
    if (unit[0] != '\0')
        buf_printf(out, "# UNIT outgate_%s %s\n", name, unit);
    buf_printf(out, "# HELP outgate_%s %s\n", name, help);
}

/* escaped-char of OpenMetrics: backslash, quote and line end; the rest as UTF-8. */
static void label(struct buf *out, const char *name, struct span value)
{
    buf_printf(out, "%s=\"", name);
    for (size_t i = 0; i < value.len; i++) {
        char c = value.at[i];
        if (c == '\\' || c == '"')
            buf_add_char(out, '\\');
        if (c == '\n')
            buf_add_span(out, SPAN("\\n"));
        else
            buf_add_char(out, c);
    }
    buf_add_char(out, '"');
}

/* A row a line: the first columns are labels, the last is the value. */
static int series(struct tool *tool, struct buf *out, const char *name, const char *sql,
                  const char *const *labels, struct err *err)
{
    struct query *query = db_query(tool->db, sql, err);
    int step = -1;
    while (query != NULL && (step = query_step(query, err)) == 1) {
        int at = 0;
        buf_printf(out, "outgate_%s", name);
        for (; labels[at] != NULL; at++) {
            buf_add_char(out, at == 0 ? '{' : ',');
            label(out, labels[at], query_text(query, at));
        }
        buf_printf(out, "%s %.17g\n", at > 0 ? "}" : "", query_double(query, at));
    }
    return step;
}

#define CLASS_ACTION                                                                   \
    (const char *const[])                                                              \
    {                                                                                  \
        "class", "action", NULL                                                        \
    }
#define NO_LABELS                                                                      \
    (const char *const[])                                                              \
    {                                                                                  \
        NULL                                                                           \
    }

static int print_traffic(struct tool *tool, struct buf *out, struct err *err)
{
    head(out, "messages", "counter", "", "Messages decided.");
    if (series(tool, out, "messages_total",
               "SELECT class, action, sum(messages) FROM summary_hour GROUP BY 1, 2",
               CLASS_ACTION, err) != 0)
        return -1;
    head(out, "recipients", "counter", "", "Recipients of these.");
    if (series(tool, out, "recipients_total",
               "SELECT class, action, sum(recipients) FROM summary_hour GROUP BY 1, 2",
               CLASS_ACTION, err) != 0)
        return -1;
    head(out, "message_bytes", "counter", "bytes", "Bytes of these.");
    if (series(tool, out, "message_bytes_total",
               "SELECT class, action, sum(bytes) FROM summary_hour GROUP BY 1, 2",
               CLASS_ACTION, err) != 0)
        return -1;
    head(out, "points", "counter", "", "Points of suspicion of these.");
    return series(tool, out, "points_total",
                  "SELECT class, action, sum(points) / 1000.0 FROM summary_hour "
                  "GROUP BY 1, 2",
                  CLASS_ACTION, err);
}

static int print_held(struct tool *tool, struct buf *out, struct err *err)
{
    static const char *const cause[] = {"cause", NULL};
    head(out, "held_messages", "gauge", "", "Messages that wait in the hold queue.");
    if (series(tool, out, "held_messages",
               "SELECT cause, count(*) FROM held_message WHERE state = 'waiting' "
               "GROUP BY 1",
               cause, err) != 0)
        return -1;
    head(out, "held_oldest_timestamp_seconds", "gauge", "seconds",
         "When the oldest of these was held; 0 when none waits.");
    if (series(tool, out, "held_oldest_timestamp_seconds",
               "SELECT coalesce(min(held_at_us), 0) / 1e6 FROM held_message WHERE "
               "state = 'waiting'",
               NO_LABELS, err) != 0)
        return -1;
    head(out, "held_overdue_messages", "gauge", "",
         "Messages whose time has come a minute ago or more: is the releaser running?");
    return series(tool, out, "held_overdue_messages",
                  "SELECT count(*) FROM held_message WHERE state = 'waiting' AND "
                  "due_at_us < (julianday('now') - 2440587.5) * 86400e6 - 60e6",
                  NO_LABELS, err);
}

static int print_state(struct tool *tool, struct buf *out, struct err *err)
{
    static const char *const kind[] = {"kind", NULL};
    head(out, "blocked_senders", "gauge", "", "Senders that are locked.");
    if (series(tool, out, "blocked_senders",
               "SELECT count(*) FROM blocked_sender WHERE until_us IS NULL OR until_us "
               "> (julianday('now') - 2440587.5) * 86400e6",
               NO_LABELS, err) != 0)
        return -1;
    head(out, "brake", "gauge", "", "1 while everything is held.");
    if (series(tool, out, "brake",
               "SELECT count(*) FROM brake WHERE until_us IS NULL OR until_us > "
               "(julianday('now') - 2440587.5) * 86400e6",
               NO_LABELS, err) != 0)
        return -1;
    head(out, "incidents_open", "gauge", "", "Incidents that are open.");
    if (series(tool, out, "incidents_open",
               "SELECT kind, count(*) FROM incident WHERE closed_us IS NULL GROUP BY 1",
               kind, err) != 0)
        return -1;
    head(out, "last_decision_timestamp_seconds", "gauge", "seconds",
         "When a message was last decided; 0 for never.");
    return series(tool, out, "last_decision_timestamp_seconds",
                  "SELECT coalesce(max(at_us), 0) / 1e6 FROM message", NO_LABELS, err);
}

static bool is_global(const struct limit *limit)
{
    return limit->window_us > 0 && limit->keys[1] == LIMIT_KEY_NONE &&
           (limit->keys[0] == LIMIT_EGRESS || limit->keys[0] == LIMIT_HOST);
}

static int print_limits(struct tool *tool, struct buf *out, struct err *err)
{
    head(out, "limit_used_ratio", "gauge", "ratio",
         "What a limit per egress or host has used of its window that ends now.");
    for (size_t i = 0; i < tool->settings->limit_count; i++) {
        const struct limit *limit = &tool->settings->limits[i];
        int64_t used;
        int64_t free_at_us;
        if (!is_global(limit))
            continue;
        if (limits_used(tool->db, limit,
                        limit->keys[0] == LIMIT_EGRESS ? SPAN("egress") : SPAN("host"),
                        0, tool_now_us(), &used, &free_at_us, err) != 0)
            return -1;
        buf_add_span(out, SPAN("outgate_limit_used_ratio{"));
        label(out, "limit", span_of(limit->name));
        buf_printf(out, "} %.6f\n", (double)used / (double)limit->amount);
    }
    return 0;
}

static int print_feedback(struct tool *tool, struct buf *out, struct err *err)
{
    static const char *const kind[] = {"kind", NULL};
    head(out, "feedback_day", "gauge", "",
         "Bounces and complaints of the last 24 hours that were counted.");
    return series(tool, out, "feedback_day",
                  "SELECT kind, sum(is_counted) FROM feedback WHERE at_us > "
                  "(julianday('now') - 2440587.5) * 86400e6 - 86400e6 GROUP BY 1",
                  kind, err);
}

/* A counter whose rows are "FAMILY.LABEL". */
static int labelled(struct tool *tool, struct buf *out, const char *name,
                    const char *sql, const char *help, struct err *err)
{
    static const char *const outcome[] = {"outcome", NULL};
    char sample[64];
    head(out, name, "counter", "", help);
    snprintf(sample, sizeof sample, "%s_total", name);
    return series(tool, out, sample, sql, outcome, err);
}

static int print_lookups(struct tool *tool, struct buf *out, struct err *err)
{
    if (labelled(tool, out, "dns_questions",
                 "SELECT substr(name, instr(name, '.') + 1), value FROM dns_figure "
                 "WHERE name GLOB 'questions.*'",
                 "What the resolver was asked, by how it ended: known to the zone, the "
                 "cache or the servers; failed; late (a message's deadline came first) "
                 "or crowded (so did it, with too many under way for this one to "
                 "leave); unpaid (the message had asked too much); skipped (no server "
                 "answered anything); unasked.",
                 err) != 0)
        return -1;
    return labelled(tool, out, "dns_lookups",
                    "SELECT substr(name, instr(name, '.') + 1), value FROM dns_figure "
                    "WHERE name GLOB 'lookups.*'",
                    "What was sent to the DNS servers, by how it ended.", err);
}

static int print_authentication(struct tool *tool, struct buf *out, struct err *err)
{
    head(out, "authentication_messages", "counter", "",
         "Messages for which the DNS was asked.");
    if (series(tool, out, "authentication_messages_total",
               "SELECT value FROM dns_figure WHERE name = 'messages'", NO_LABELS,
               err) != 0)
        return -1;
    head(out, "authentication_late_messages", "counter", "",
         "Of these, the ones whose authentication met its deadline.");
    return series(tool, out, "authentication_late_messages_total",
                  "SELECT value FROM dns_figure WHERE name = 'messages_late'",
                  NO_LABELS, err);
}

static int print_servers(struct tool *tool, struct buf *out, struct err *err)
{
    head(out, "dns_deaths", "counter", "",
         "Times that the DNS servers began to count as dead.");
    if (series(tool, out, "dns_deaths_total",
               "SELECT value FROM dns_figure WHERE name = 'deaths'", NO_LABELS,
               err) != 0)
        return -1;
    head(out, "dns_dead", "gauge", "", "1 while no DNS server answers.");
    if (series(tool, out, "dns_dead",
               "SELECT value > 0 FROM dns_figure WHERE name = 'dead_since_us'",
               NO_LABELS, err) != 0)
        return -1;
    head(out, "dns_start_timestamp_seconds", "gauge", "seconds",
         "When outgate-milter started: what it counts of the DNS was zero.");
    return series(tool, out, "dns_start_timestamp_seconds",
                  "SELECT value / 1e6 FROM dns_figure WHERE name = 'start_us'",
                  NO_LABELS, err);
}

/* Nothing where nobody is asked: by the config, or by the daemon as it runs. */
static int print_resolver(struct tool *tool, struct buf *out, struct err *err)
{
    struct dns_figure start = {.name = "start_us"};
    if (!settings_has_dns(tool->settings))
        return 0;
    int found = dns_figures_get(tool->db, &start, 1, err);
    if (found <= 0)
        return found;
    if (print_lookups(tool, out, err) != 0 || print_authentication(tool, out, err) != 0)
        return -1;
    return print_servers(tool, out, err);
}

static void print_files(struct tool *tool, struct buf *out)
{
    struct stat st;
    const char *path =
        tool->database != NULL ? tool->database : tool->settings->database;
    head(out, "database_bytes", "gauge", "bytes", "Size of the database.");
    if (stat(path, &st) == 0)
        buf_printf(out, "outgate_database_bytes %lld\n", (long long)st.st_size);
}

int metrics_print(struct tool *tool, struct buf *out, struct err *err)
{
    static int (*const parts[])(struct tool *, struct buf *, struct err *) = {
        print_traffic, print_held,     print_state,
        print_limits,  print_feedback, print_resolver};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i](tool, out, err) != 0)
            return -1;
    print_files(tool, out);
    buf_add_span(out, SPAN("# EOF\n"));
    return out->is_full ? err_set(err, ERR_MEMORY, "out of memory") : 0;
}
