/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fill_log - a log to test the command line on: some messages through the whole gate,
 * as of some time ago, with a pair of hands that agrees to everything.
 *
 *   fill_log CONFIG < LIST
 *
 * LIST: one message a line, columns divided by '|': minutes ago, login, client,
 * envelope sender, recipients (a number), queue id, Message-ID, subject. \xNN in a
 * column stands for that byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gate.h"
#include "limits/limits.h"

enum { COLUMNS = 8, LINE_BYTES = 8192 };

static int agree(void *ctx, const char *reason)
{
    (void)ctx;
    (void)reason;
    return 0;
}

static int agree_reply(void *ctx, const char *code, const char *xcode, const char *text)
{
    (void)ctx;
    (void)code;
    (void)xcode;
    (void)text;
    return 0;
}

static int agree_header(void *ctx, const char *name, const char *value)
{
    (void)ctx;
    (void)name;
    (void)value;
    return 0;
}

static int agree_removal(void *ctx, const char *name, int index)
{
    (void)ctx;
    (void)name;
    (void)index;
    return 0;
}

static const struct hands hands = {NULL, agree, agree_reply, agree_header,
                                   agree_removal};

/* Bytes written as \xNN, in place. */
static void unescape(char *text)
{
    char *out = text;
    while (*text != '\0') {
        unsigned byte;
        if (sscanf(text, "\\x%2x", &byte) == 1) {
            *out++ = (char)byte;
            text += 4;
        } else {
            *out++ = *text++;
        }
    }
    *out = '\0';
}

static int split(char *line, char *columns[COLUMNS])
{
    line[strcspn(line, "\n")] = '\0';
    for (int i = 0; i < COLUMNS; i++) {
        columns[i] = strsep(&line, "|");
        if (columns[i] == NULL)
            return -1;
        unescape(columns[i]);
    }
    return 0;
}

static void add_field(struct message *msg, const char *name, const char *value)
{
    char text[LINE_BYTES + 8];
    int len = snprintf(text, sizeof text, " %s", value);
    message_add_field(msg, span_of(name), (struct span){text, (size_t)len});
}

static void fill_message(struct message *msg, struct envelope *env, char **columns)
{
    static struct span recipients[10000];
    static const char body[] = "Hello,\r\nall is well.\r\n";
    size_t count = (size_t)atoi(columns[4]);
    for (size_t i = 0; i < count; i++)
        recipients[i] = SPAN("friend@there.example");
    *env = (struct envelope){.path = PATH_SMTP,
                             .mail_class = CLASS_OUTBOUND,
                             .mail_from = span_of(columns[3]),
                             .is_null_sender = columns[3][0] == '\0',
                             .auth_user = span_of(columns[1]),
                             .client_ip = span_of(columns[2]),
                             .queue_id = span_of(columns[5]),
                             .recipients = recipients,
                             .recipient_count = count,
                             .recipient_kept = count};
    add_field(msg, "From", columns[3][0] != '\0' ? columns[3] : "MAILER-DAEMON");
    add_field(msg, "To", "friend@there.example");
    add_field(msg, "Message-ID", columns[6]);
    add_field(msg, "Subject", columns[7]);
    message_add_body(msg, body, sizeof body - 1);
    message_finish(msg);
}

static int put(const struct engine *engine, struct writer *writer, char **columns,
               struct err *err)
{
    struct arena *arena = arena_new(64 << 20);
    struct message *msg = message_new(arena, 1 << 20);
    struct envelope env;
    struct judgement judgement;
    struct plan plan;
    int64_t id;
    fill_message(msg, &env, columns);
    int64_t at_us = clock_wall_us() - (int64_t)atoi(columns[0]) * 60000000;
    const struct passage passage = {.engine = engine,
                                    .msg = msg,
                                    .env = &env,
                                    .writer = writer,
                                    .hands = &hands,
                                    .now_us = at_us,
                                    .limit_now_us = at_us,
                                    .started_us = clock_elapsed_us()};
    err->text[0] = '\0';
    gate_run(&passage, &judgement, &plan, &id, err);
    arena_free(&arena);
    return err->text[0] == '\0' ? 0 : -1;
}

static int publish(struct db *db, void *arg, struct err *err)
{
    const struct settings *settings = arg;
    return limits_publish(db, settings->limits, settings->limit_count, err);
}

int main(int argc, char **argv)
{
    struct engine *engine;
    struct writer *writer;
    struct err err = {0};
    char line[LINE_BYTES];
    char *columns[COLUMNS];
    if (argc != 2 || engine_load(&engine, argv[1], NULL, NULL, NULL, &err) != 0 ||
        writer_start(&writer, engine->settings->database, 100, &err) != 0 ||
        writer_run(writer, publish, engine->settings, 10000, &err) != 0) {
        fprintf(stderr, "fill_log: %s\n", err.text);
        return 1;
    }
    int result = 0;
    while (result == 0 && fgets(line, sizeof line, stdin) != NULL)
        if (split(line, columns) == 0)
            result = put(engine, writer, columns, &err);
    if (result != 0)
        fprintf(stderr, "fill_log: %s\n", err.text);
    writer_stop(&writer);
    engine_release(&engine);
    return result != 0;
}
