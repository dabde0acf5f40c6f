/* SPDX-License-Identifier: BSD-2-Clause */
#include "mta/sendmail_config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mta/mta_sendmail.h"

enum {
    FILE_BYTES = 4 << 20, /* a .cf that is read. chosen; 8.17's own has 60 kB */
    TIMEOUT_MS = 30000,
    NAMES_MAX = 20000, /* of a class. chosen */
    NAME_BYTES = 32,
};

/* ---- lines ---- */

/* The next line; one that begins with white space continues the one before it. */
static bool next_line(struct span *text, struct span *line)
{
    size_t end = 0;
    if (text->len == 0)
        return false;
    do {
        while (end < text->len && text->at[end] != '\n')
            end++;
        end += end < text->len;
    } while (end < text->len && (text->at[end] == ' ' || text->at[end] == '\t'));
    *line = span_trim(span_head(*text, end));
    *text = span_from(*text, end);
    return true;
}

bool sendmail_next_name(struct span *list, struct span *name)
{
    while (list->len > 0) {
        size_t end = 0;
        while (end < list->len && list->at[end] != ',' && list->at[end] != ';')
            end++;
        *name = span_trim(span_head(*list, end));
        *list = span_from(*list, end + (end < list->len));
        if (name->len > 0)
            return true;
    }
    return false;
}

static struct span value_of(struct span text, const char *head)
{
    struct span found = {NULL, 0};
    struct span line;
    while (next_line(&text, &line))
        if (span_starts(line, span_of(head)))
            found = span_trim(span_from(line, strlen(head)));
    return found;
}

struct span sendmail_option(struct span text, const char *name)
{
    char head[100];
    snprintf(head, sizeof head, "O %s=", name);
    return value_of(text, head);
}

struct span sendmail_macro(struct span text, const char *name)
{
    char head[100];
    snprintf(head, sizeof head, name[1] == '\0' ? "D%s" : "D{%s}", name);
    return value_of(text, head);
}

/* ---- filters and daemons ---- */

static struct sendmail_filter parse_filter(struct span line)
{
    struct sendmail_filter filter = {.flags = SPAN("")};
    struct span item;
    struct span rest = span_from(line, 1);
    span_cut(rest, ',', &filter.name, &rest);
    filter.name = span_trim(filter.name);
    while (rest.len > 0) {
        span_cut(rest, ',', &item, &rest);
        item = span_trim(item);
        if (span_starts(item, SPAN("S=")))
            filter.socket = span_trim(span_from(item, 2));
        else if (span_starts(item, SPAN("F=")))
            filter.flags = span_trim(span_from(item, 2));
    }
    return filter;
}

/* Sendmail goes by the first letter of each name (Guide 5.6, DaemonPortOptions). */
static struct sendmail_daemon parse_daemon(struct arena *arena, struct span value,
                                           size_t number)
{
    struct sendmail_daemon daemon = {.whole = value, .port = SPAN("smtp")};
    struct span item, name, text;
    struct span rest = value;
    char *own_name = arena_alloc(arena, NAME_BYTES);
    if (own_name != NULL) {
        snprintf(own_name, NAME_BYTES, "Daemon%zu", number);
        daemon.name = span_of(own_name);
    }
    while (rest.len > 0) {
        span_cut(rest, ',', &item, &rest);
        if (!span_cut(span_trim(item), '=', &name, &text) || name.len == 0)
            continue;
        text = span_trim(text);
        switch (ascii_lower(name.at[0])) {
        case 'n':
            daemon.name = text;
            break;
        case 'a':
            daemon.host = text;
            break;
        case 'p':
            daemon.port = text;
            break;
        case 'm':
            daemon.modifiers = text;
            break;
        case 'i':
            daemon.filters = text;
            daemon.has_filters = true;
            break;
        default:
            break;
        }
    }
    return daemon;
}

static void add_filter(struct arena *arena, struct sendmail_config *out, size_t *room,
                       struct span line)
{
    struct sendmail_filter *grown =
        arena_grow(arena, out->filters, out->filter_count, room, sizeof *grown);
    if (grown == NULL)
        return;
    out->filters = grown;
    grown[out->filter_count++] = parse_filter(line);
}

static void add_daemon(struct arena *arena, struct sendmail_config *out, size_t *room,
                       struct span value)
{
    struct sendmail_daemon *grown =
        arena_grow(arena, out->daemons, out->daemon_count, room, sizeof *grown);
    if (grown == NULL)
        return;
    out->daemons = grown;
    grown[out->daemon_count] = parse_daemon(arena, value, out->daemon_count);
    out->daemon_count++;
}

void sendmail_config_parse(struct arena *arena, struct span text,
                           struct sendmail_config *out)
{
    size_t filter_room = 0;
    size_t daemon_room = 0;
    struct span line;
    struct span rest = text;
    out->text = text;
    while (next_line(&rest, &line)) {
        if (line.len > 1 && line.at[0] == 'X')
            add_filter(arena, out, &filter_room, line);
        else if (span_starts(line, SPAN("O DaemonPortOptions=")))
            add_daemon(arena, out, &daemon_room, span_from(line, 20));
    }
    if (out->daemon_count == 0) /* Sendmail's own: all addresses, port smtp */
        add_daemon(arena, out, &daemon_room, SPAN(""));
}

/* ---- what the program makes of it ---- */

/* Address test mode prints "> " before it reads: the answer stands between two. */
static struct span ask(const struct mta_tools *tools, struct arena *arena,
                       const char *question)
{
    const char *const words[] = {"-bt", NULL};
    struct run_result result = {.status = -1};
    if (mta_ask(tools, arena, "sendmail", words, span_of(question), TIMEOUT_MS, &result,
                NULL) != 0)
        return SPAN("");
    ptrdiff_t begin = span_find(result.out, SPAN("\n> "));
    if (begin < 0)
        return SPAN("");
    struct span answer = span_from(result.out, (size_t)begin + 3);
    if (span_starts(answer, SPAN("> ")))
        return SPAN(""); /* an empty class prints nothing */
    ptrdiff_t end = span_find(answer, SPAN("\n> "));
    return span_trim(end >= 0 ? span_head(answer, (size_t)end) : answer);
}

static size_t ask_class(const struct mta_tools *tools, struct arena *arena,
                        const char *question, struct span **out)
{
    struct span text = ask(tools, arena, question);
    struct span line;
    size_t room = 0, count = 0;
    *out = NULL;
    while (text.len > 0 && count < NAMES_MAX) {
        span_cut(text, '\n', &line, &text);
        struct span *grown = arena_grow(arena, *out, count, &room, sizeof *grown);
        if (grown == NULL)
            break;
        *out = grown;
        grown[count++] = span_trim(line);
    }
    return count;
}

/* ---- files ---- */

static bool read_file(struct arena *arena, const char *path, struct span *out)
{
    FILE *file = fopen(path, "re");
    char *bytes = file != NULL ? arena_alloc(arena, FILE_BYTES) : NULL;
    *out = SPAN("");
    if (bytes != NULL)
        *out = (struct span){bytes, fread(bytes, 1, FILE_BYTES, file)};
    if (file == NULL)
        return false;
    fclose(file);
    return bytes != NULL;
}

int sendmail_config_load(const struct mta_tools *tools, struct arena *arena,
                         struct sendmail_config *out, struct err *err)
{
    struct span text;
    *out = (struct sendmail_config){.path = sendmail_cf(tools->config)};
    out->submit_path = sendmail_submit_cf(arena, tools->config);
    if (!read_file(arena, out->path, &text))
        return err_set(err, ERR_IO, "%s: cannot be read: %s", out->path,
                       strerror(errno));
    sendmail_config_parse(arena, text, out);
    out->has_submit = read_file(arena, out->submit_path, &out->submit);
    out->host_name = ask(tools, arena, "$j\n");
    out->local_count = ask_class(tools, arena, "$=w\n", &out->locals);
    out->relayed_count = ask_class(tools, arena, "$=R\n", &out->relayed);
    return 0;
}
