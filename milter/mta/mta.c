/* SPDX-License-Identifier: BSD-2-Clause */
#include "mta/mta.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/clock.h"
#include "mta/mta_postfix.h"
#include "mta/mta_run.h"
#include "mta/mta_sendmail.h"

enum {
    LIST_TIMEOUT_MS = 120000, /* a listing of a large queue. chosen */
    DEED_TIMEOUT_MS = 120000,
    BEFORE_S = 6 * 3600, /* a slow client's message arrived (its queue file was made)
                            long before the gate saw its end. chosen */
    BEFORE_REWRITTEN_S = 300, /* the same, when the sender differs: cleanup may have
                                 rewritten it. chosen */
    LIFETIME_S = 5 * 86400,   /* Postfix's default maximal_queue_lifetime */
    AFTER_S = 60,             /* clocks of one host, read apart. chosen */
};

int mta_open(struct mta_tools *out, const struct settings *settings, struct err *err)
{
    *out = (struct mta_tools){(enum mta)settings->mta, settings->mta_config,
                              settings->mta_commands, "", LIFETIME_S};
    struct arena *arena = arena_new(65536);
    if (arena == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (out->kind == MTA_AUTO && run_find(arena, out->commands, "postsuper") != NULL)
        out->kind = MTA_POSTFIX;
    if (out->kind == MTA_AUTO && run_find(arena, out->commands, "sendmail") != NULL)
        out->kind = MTA_SENDMAIL;
    arena_free(&arena);
    if (out->kind == MTA_AUTO)
        return err_set(err, ERR_NOT_FOUND,
                       "neither postsuper nor sendmail is in %s: set [mta] commands",
                       out->commands[0] != '\0' ? out->commands : "PATH or /usr/sbin");
    return 0;
}

int mta_may_act(struct err *err)
{
    if (geteuid() == 0)
        return 0;
    return err_set(err, ERR_USAGE,
                   "the hold queue belongs to the superuser: run this as root");
}

const char *mta_name(const struct mta_tools *tools)
{
    return tools->kind == MTA_SENDMAIL ? "Sendmail" : "Postfix";
}

const char *mta_answer_text(enum mta_answer answer)
{
    switch (answer) {
    case MTA_IS_HELD:
        return "is held";
    case MTA_DONE:
        return "done";
    case MTA_GONE:
        return "has left the queue";
    case MTA_IS_OTHER:
        return "its queue id belongs to another message now";
    case MTA_NOT_HELD:
        return "is no longer held: on its way";
    case MTA_REFUSED:
        return "the MTA did not confirm it";
    case MTA_ANSWER_UNKNOWN:
        break;
    }
    return "unknown";
}

int mta_ask(const struct mta_tools *tools, struct arena *arena, const char *program,
            const char *const *words, struct span input, unsigned timeout_ms,
            struct run_result *result, struct err *err)
{
    const char *argv[16] = {run_find(arena, tools->commands, program)};
    size_t count = 1;
    if (argv[0] == NULL)
        return err_set(err, ERR_IO, "%s is not in %s: set [mta] commands", program,
                       tools->commands[0] ? tools->commands : "PATH or /usr/sbin");
    if (tools->config[0] != '\0') {
        argv[count++] = tools->kind == MTA_POSTFIX ? "-c" : "-C";
        argv[count++] = tools->config;
    }
    for (; *words != NULL && count < 15; words++)
        argv[count++] = *words;
    return run_program(arena, argv, input, timeout_ms, result, err);
}

/* The first line that a program complained with, as an error. */
static int complain(const char *program, const struct run_result *result,
                    struct err *err)
{
    struct span line, rest;
    span_cut(result->error.len > 0 ? result->error : result->out, '\n', &line, &rest);
    line = span_head(span_trim(line), 300);
    if (line.len == 0)
        return err_set(err, ERR_IO, "%s ended with %d and said nothing", program,
                       result->status);
    return err_set(err, ERR_IO, "%.*s", (int)line.len, line.at);
}

static int by_id(const void *a, const void *b)
{
    return span_compare(((const struct mta_mail *)a)->queue_id,
                        ((const struct mta_mail *)b)->queue_id);
}

static size_t parse_postqueue(struct arena *arena, struct span text,
                              struct mta_mail **list)
{
    size_t room = 1, count = 0;
    for (size_t i = 0; i < text.len; i++)
        room += text.at[i] == '\n';
    *list = arena_array(arena, room, sizeof **list);
    struct span line;
    while (*list != NULL && text.len > 0) {
        span_cut(text, '\n', &line, &text);
        count += mta_parse_postqueue(arena, line, &(*list)[count]);
    }
    return count;
}

int mta_queue(const struct mta_tools *tools, struct arena *arena,
              struct mta_mail **list, size_t *count, struct err *err)
{
    bool postfix = tools->kind == MTA_POSTFIX;
    const char *program = postfix ? "postqueue" : "sendmail";
    const char *const all[] = {"-j", NULL};
    const char *const held[] = {"-bp", "-qQ", NULL}; /* as mailq -qQ */
    struct run_result result = {.status = -1};
    *list = NULL;
    *count = 0;
    if (mta_ask(tools, arena, program, postfix ? all : held, SPAN(""), LIST_TIMEOUT_MS,
                &result, err) != 0)
        return -1;
    if (result.status != 0)
        return complain(program, &result, err);
    if (result.is_cut)
        return err_set(err, ERR_IO, "%s: its listing is too long to read", program);
    *count = postfix
                 ? parse_postqueue(arena, result.out, list)
                 : mta_parse_mailq(arena, result.out, clock_wall_us() / 1000000, list);
    if (arena_is_capped(arena) || arena_is_broken(arena))
        return err_set(err, ERR_MEMORY, "%s: its listing does not fit in memory",
                       program);
    if (*count > 0)
        qsort(*list, *count, sizeof **list, by_id);
    return 0;
}

/* ---- take one back ---- */

static bool delete_postfix(const struct mta_tools *tools, struct arena *arena,
                           struct span queue_id)
{
    const char *const words[] = {"-d", "-", NULL};
    struct run_result result = {.status = -1};
    return mta_is_queue_id(queue_id) &&
           mta_ask(tools, arena, "postsuper", words, queue_id, DEED_TIMEOUT_MS, &result,
                   NULL) == 0 &&
           mta_confirms(result.error, queue_id, SPAN("removed"));
}

/* The queue id of the mail to this address; "" there is none. */
static struct span find_postfix(const struct mta_tools *tools, struct arena *arena,
                                const char *address)
{
    const char *const words[] = {"-j", NULL};
    struct run_result result = {.status = -1};
    struct mta_mail mail;
    struct span line;
    char wanted[BOUND_ADDRESS_BYTES];
    snprintf(wanted, sizeof wanted, "\"address\": \"%s\"", address);
    if (mta_ask(tools, arena, "postqueue", words, SPAN(""), LIST_TIMEOUT_MS, &result,
                NULL) != 0)
        return SPAN("");
    while (result.out.len > 0) {
        span_cut(result.out, '\n', &line, &result.out);
        if (span_find(line, span_of(wanted)) >= 0 &&
            mta_parse_postqueue(arena, line, &mail))
            return mail.queue_id;
    }
    return SPAN("");
}

/* In the daemon's queue, or in that of the submission program. */
static bool take_back_sendmail(const struct mta_tools *tools, struct arena *arena,
                               const char *address)
{
    const char *const files[] = {sendmail_cf(tools->config),
                                 sendmail_submit_cf(arena, tools->config)};
    bool is_done = false;
    for (size_t i = 0; i < 2 && !is_done; i++) {
        struct sendmail_queue *queue;
        if (sendmail_queue_open(&queue, arena, files[i], NULL) != 0)
            continue;
        struct span id = sendmail_queue_find(queue, arena, address);
        is_done = id.len > 0 && sendmail_queue_drop(queue, id, false);
        sendmail_queue_close(&queue);
    }
    return is_done;
}

bool mta_take_back(const struct mta_tools *tools, struct arena *arena,
                   const char *address, struct span queue_id)
{
    if (tools->kind == MTA_SENDMAIL)
        return take_back_sendmail(tools, arena, address);
    return delete_postfix(tools, arena, queue_id) ||
           delete_postfix(tools, arena, find_postfix(tools, arena, address));
}

/* A mail of the queue is the message of the log: its times fit. The sender counts only
 * for how closely, since an MTA may rewrite it after the gate saw it. */
static bool is_same(const struct mta_mail *mail, const struct mta_wish *wish)
{
    if (mail->arrival_s == 0)
        return span_ieq(mail->sender, wish->mail_from);
    int64_t late_s = mail->arrival_s - wish->at_us / 1000000;
    bool same_sender = span_ieq(mail->sender, wish->mail_from);
    return late_s <= AFTER_S &&
           -late_s <= (same_sender ? BEFORE_S : BEFORE_REWRITTEN_S);
}

static const struct mta_mail *find(const struct mta_mail *list, size_t count,
                                   struct span queue_id)
{
    struct mta_mail key = {.queue_id = queue_id};
    if (count == 0)
        return NULL;
    return bsearch(&key, list, count, sizeof *list, by_id);
}

void mta_match(const struct mta_mail *list, size_t count, struct mta_wish *wishes,
               size_t wish_count)
{
    for (size_t i = 0; i < wish_count; i++) {
        const struct mta_mail *mail = find(list, count, wishes[i].queue_id);
        if (mail == NULL || !mta_is_queue_id(wishes[i].queue_id))
            wishes[i].answer = MTA_GONE;
        else if (!is_same(mail, &wishes[i]))
            wishes[i].answer = MTA_IS_OTHER;
        else
            wishes[i].answer = mail->is_held ? MTA_IS_HELD : MTA_NOT_HELD;
    }
}

/* What these ids name is what they named when the log was written. */
static bool are_long_ids(const struct mta_wish *wishes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!postfix_is_long_id(wishes[i].queue_id))
            return false;
    return true;
}

static int list_all(const struct mta_tools *tools, struct arena *arena,
                    struct mta_wish *wishes, size_t count, struct err *err)
{
    struct mta_mail *list;
    size_t listed;
    if (mta_may_act(err) != 0 || mta_queue(tools, arena, &list, &listed, err) != 0)
        return -1;
    mta_match(list, listed, wishes, count);
    return 0;
}

/* Of what the gate held. */
static int list_and_match(const struct mta_tools *tools, struct arena *arena,
                          struct mta_wish *wishes, size_t count, struct err *err)
{
    if (tools->kind != MTA_POSTFIX || !are_long_ids(wishes, count))
        return list_all(tools, arena, wishes, count, err);
    if (mta_may_act(err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        wishes[i].answer = MTA_IS_HELD; /* postsuper will say */
    return 0;
}

/* Ids of the chosen wishes, one a line, for postsuper's standard input. */
static struct span chosen_ids(struct arena *arena, const struct mta_wish *wishes,
                              const bool *chosen, size_t count)
{
    struct buf ids;
    buf_init(&ids, arena, SIZE_MAX / 4);
    for (size_t i = 0; i < count; i++) {
        if (chosen[i]) {
            buf_add_span(&ids, wishes[i].queue_id);
            buf_add_char(&ids, '\n');
        }
    }
    return buf_span(&ids);
}

/* Where those are that postsuper did not confirm; one that is held still was refused.
 */
static int find_out(const struct mta_tools *tools, struct arena *arena,
                    struct mta_wish *wishes, size_t count, struct err *err)
{
    struct mta_mail *list = NULL;
    size_t listed = 0;
    for (size_t i = 0; i < count; i++) {
        if (wishes[i].answer != MTA_REFUSED)
            continue;
        if (list == NULL && mta_queue(tools, arena, &list, &listed, err) != 0)
            return -1;
        mta_match(list, listed, &wishes[i], 1);
        if (wishes[i].answer == MTA_IS_HELD)
            wishes[i].answer = MTA_REFUSED;
    }
    return 0;
}

/* postsuper WORDS on the chosen, their queue ids on its input. 1: it ran, and said what
 * it did in result; 0: none is chosen. */
static int tell_postsuper(const struct mta_tools *tools, struct arena *arena,
                          const char *const *words, const struct mta_wish *wishes,
                          const bool *chosen, size_t count, struct run_result *result,
                          struct err *err)
{
    struct span ids = chosen_ids(arena, wishes, chosen, count);
    *result = (struct run_result){.status = -1};
    if (ids.len == 0)
        return 0;
    if (mta_ask(tools, arena, "postsuper", words, ids, DEED_TIMEOUT_MS, result, err) !=
        0)
        return -1;
    return result->status != 0 ? complain("postsuper", result, err) : 1;
}

/* postsuper OPTION - hold, on the chosen; DEED is its word for "done". */
static int postsuper(const struct mta_tools *tools, struct arena *arena,
                     const char *option, const char *deed, struct mta_wish *wishes,
                     const bool *chosen, size_t count, struct err *err)
{
    struct run_result result;
    const char *const words[] = {option, "-", "hold", NULL};
    int told = tell_postsuper(tools, arena, words, wishes, chosen, count, &result, err);
    if (told <= 0)
        return told;
    for (size_t i = 0; i < count; i++)
        if (chosen[i])
            wishes[i].answer =
                mta_confirms(result.error, wishes[i].queue_id, span_of(deed))
                    ? MTA_DONE
                    : MTA_REFUSED;
    return find_out(tools, arena, wishes, count, err);
}

void mta_prepare(struct mta_tools *tools, struct arena *arena)
{
    const char *const words[] = {"-h", "queue_directory", "maximal_queue_lifetime",
                                 NULL};
    struct run_result result = {.status = -1};
    if (tools->kind != MTA_POSTFIX || mta_ask(tools, arena, "postconf", words, SPAN(""),
                                              DEED_TIMEOUT_MS, &result, NULL))
        return;
    struct span line;
    while (result.out.len > 0) {
        span_cut(result.out, '\n', &line, &result.out);
        line = span_trim(line);
        if (span_starts(line, SPAN("/")))
            tools->queue = span_cstr(arena, line);
        else if (mta_parse_lifetime(line) > 0)
            tools->lifetime_s = mta_parse_lifetime(line);
    }
}

static struct postfix postfix_of(const struct mta_tools *tools)
{
    return (struct postfix){tools->commands, tools->config, tools->queue};
}

bool mta_is_up(const struct mta_tools *tools)
{
    struct postfix postfix = postfix_of(tools);
    return tools->kind != MTA_POSTFIX || postfix_is_up(&postfix);
}

/* Those that are young, one after the other: *done of the count places. */
static int release_chosen(const struct mta_tools *tools, struct arena *arena,
                          struct mta_wish *wishes, const size_t *places, size_t count,
                          size_t *done, struct err *err)
{
    struct postfix postfix = postfix_of(tools);
    struct postfix_mail *mails = arena_array(arena, count, sizeof *mails);
    if (mails == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (size_t k = 0; k < count; k++)
        mails[k] = (struct postfix_mail){.queue_id = wishes[places[k]].queue_id};
    int result = postfix_release(&postfix, arena, mails, count, done, err);
    for (size_t k = 0; k < count; k++)
        if (mails[k].is_released)
            wishes[places[k]].answer = MTA_DONE;
    return result;
}

/* The place `failed` was tried and not confirmed; those behind it were not tried. */
static int look_again(const struct mta_tools *tools, struct arena *arena,
                      struct mta_wish *wishes, const size_t *places, size_t count,
                      size_t failed, struct err *err)
{
    for (size_t k = failed; k < count; k++)
        wishes[places[k]].answer = MTA_REFUSED;
    if (find_out(tools, arena, wishes, places[count - 1] + 1, err) != 0)
        return -1;
    for (size_t k = failed + 1; k < count; k++)
        if (wishes[places[k]].answer == MTA_REFUSED)
            wishes[places[k]].answer = MTA_IS_HELD;
    return 0;
}

/* The one that is not confirmed may be gone, and others with it: the listing tells
 * before the rest is tried, so that not each of them costs a wait. */
static int release_young(const struct mta_tools *tools, struct arena *arena,
                         struct mta_wish *wishes, const bool *young, size_t count,
                         struct err *err)
{
    size_t *places = arena_array(arena, count + 1, sizeof *places);
    if (places == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (;;) {
        size_t chosen = 0, done;
        for (size_t i = 0; i < count; i++)
            if (young[i] && wishes[i].answer == MTA_IS_HELD)
                places[chosen++] = i;
        if (chosen == 0)
            return 0;
        if (release_chosen(tools, arena, wishes, places, chosen, &done, err) != 0)
            return -1;
        if (done == chosen)
            return 0;
        if (look_again(tools, arena, wishes, places, chosen, done, err) != 0)
            return -1;
    }
}

static int release_postfix(const struct mta_tools *tools, struct arena *arena,
                           struct mta_wish *wishes, size_t count, struct err *err)
{
    int64_t old_us = clock_wall_us() - tools->lifetime_s / 2 * 1000000;
    struct postfix postfix = postfix_of(tools);
    bool *young = arena_array(arena, count + 1, sizeof *young);
    bool *old = arena_array(arena, count + 1, sizeof *old);
    size_t old_count = 0;
    if (young == NULL || old == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        bool held = wishes[i].answer == MTA_IS_HELD;
        young[i] = held && wishes[i].at_us >= old_us;
        old[i] = held && wishes[i].at_us < old_us;
        old_count += old[i];
    }
    if (postsuper(tools, arena, "-r", "requeued", wishes, old, count, err) != 0)
        return -1;
    if (old_count > 0)
        postfix_kick(&postfix, "pickup", "W");
    return release_young(tools, arena, wishes, young, count, err);
}

/* What delivery says is the queue's business: the message has been let go. */
static void deliver_sendmail(const struct mta_tools *tools, struct arena *arena,
                             struct span queue_id)
{
    struct run_result result = {.status = -1};
    char option[ERR_TEXT_BYTES];
    snprintf(option, sizeof option, "-qI%.*s", (int)queue_id.len, queue_id.at);
    const char *const words[] = {option, NULL};
    mta_ask(tools, arena, "sendmail", words, SPAN(""), DEED_TIMEOUT_MS, &result, NULL);
}

/* Sendmail has one command a message; its exit code is all it says, so the queue is
 * listed again afterwards by the caller. */
static int release_sendmail_one(const struct mta_tools *tools, struct arena *arena,
                                struct span queue_id, struct err *err)
{
    struct run_result result = {.status = -1};
    char option[ERR_TEXT_BYTES];
    snprintf(option, sizeof option, "-qI%.*s", (int)queue_id.len, queue_id.at);
    const char *const free_it[] = {"-Q", "-qQ", option, NULL};
    if (mta_ask(tools, arena, "sendmail", free_it, SPAN(""), DEED_TIMEOUT_MS, &result,
                err))
        return -1;
    if (result.status != 0)
        return complain("sendmail", &result, err);
    deliver_sendmail(tools, arena, queue_id);
    return 0;
}

static int release_sendmail(const struct mta_tools *tools, struct arena *arena,
                            struct mta_wish *wishes, size_t count, struct err *err)
{
    struct mta_mail *list;
    size_t listed;
    for (size_t i = 0; i < count; i++)
        if (wishes[i].answer == MTA_IS_HELD &&
            release_sendmail_one(tools, arena, wishes[i].queue_id, err) != 0)
            return -1;
    if (mta_queue(tools, arena, &list, &listed, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (wishes[i].answer != MTA_IS_HELD)
            continue;
        const struct mta_mail *mail = find(list, listed, wishes[i].queue_id);
        wishes[i].answer = mail != NULL && mail->is_held ? MTA_REFUSED : MTA_DONE;
    }
    return 0;
}

void mta_hasten(const struct mta_tools *tools, struct arena *arena,
                const struct mta_wish *wishes, size_t count)
{
    struct postfix postfix = postfix_of(tools);
    bool is_on_its_way = false;
    for (size_t i = 0; i < count; i++) {
        is_on_its_way |= wishes[i].answer == MTA_NOT_HELD;
        if (tools->kind == MTA_SENDMAIL && wishes[i].answer == MTA_GONE &&
            mta_is_queue_id(wishes[i].queue_id))
            deliver_sendmail(tools, arena, wishes[i].queue_id);
    }
    if (tools->kind == MTA_POSTFIX && is_on_its_way)
        postfix_kick(&postfix, "qmgr", "D");
}

int mta_release(const struct mta_tools *tools, struct arena *arena,
                struct mta_wish *wishes, size_t count, struct err *err)
{
    if (list_and_match(tools, arena, wishes, count, err) != 0)
        return -1;
    if (tools->kind == MTA_POSTFIX)
        return release_postfix(tools, arena, wishes, count, err);
    return release_sendmail(tools, arena, wishes, count, err);
}

static int drop_sendmail(const struct mta_tools *tools, struct arena *arena,
                         struct mta_wish *wishes, size_t count, struct err *err)
{
    struct sendmail_queue *queue;
    if (sendmail_queue_open(&queue, arena, sendmail_cf(tools->config), err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (wishes[i].answer == MTA_IS_HELD)
            wishes[i].answer = sendmail_queue_drop(queue, wishes[i].queue_id, true)
                                   ? MTA_DONE
                                   : MTA_REFUSED;
    sendmail_queue_close(&queue);
    return 0;
}

int mta_drop(const struct mta_tools *tools, struct arena *arena,
             struct mta_wish *wishes, size_t count, struct err *err)
{
    if (list_and_match(tools, arena, wishes, count, err) != 0)
        return -1;
    if (tools->kind == MTA_SENDMAIL)
        return drop_sendmail(tools, arena, wishes, count, err);
    bool *chosen = arena_array(arena, count + 1, sizeof *chosen);
    if (chosen == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        chosen[i] = wishes[i].answer == MTA_IS_HELD;
    return postsuper(tools, arena, "-d", "removed", wishes, chosen, count, err);
}

/* What waits elsewhere goes to the hold queue; Sendmail calls it quarantine. */
static int hold_postfix(const struct mta_tools *tools, struct arena *arena,
                        struct mta_wish *wishes, size_t count, struct err *err)
{
    struct run_result result;
    const char *const words[] = {"-h", "-", NULL};
    bool *chosen = arena_array(arena, count + 1, sizeof *chosen);
    if (chosen == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        chosen[i] = wishes[i].answer == MTA_NOT_HELD;
    int told = tell_postsuper(tools, arena, words, wishes, chosen, count, &result, err);
    if (told <= 0)
        return told;
    for (size_t i = 0; i < count; i++)
        if (chosen[i] &&
            mta_confirms(result.error, wishes[i].queue_id, SPAN("placed on hold")))
            wishes[i].answer = MTA_IS_HELD;
    return 0;
}

static int hold_sendmail(const struct mta_tools *tools, struct arena *arena,
                         struct mta_wish *wishes, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct run_result result = {.status = -1};
        char option[ERR_TEXT_BYTES];
        if (wishes[i].answer != MTA_NOT_HELD)
            continue;
        snprintf(option, sizeof option, "-qI%.*s", (int)wishes[i].queue_id.len,
                 wishes[i].queue_id.at);
        const char *const words[] = {"-Qheld after a provider's alert", option, NULL};
        if (mta_ask(tools, arena, "sendmail", words, SPAN(""), DEED_TIMEOUT_MS, &result,
                    err) != 0)
            return -1;
        if (result.status == 0)
            wishes[i].answer = MTA_IS_HELD;
    }
    return 0;
}

int mta_hold(const struct mta_tools *tools, struct arena *arena,
             struct mta_wish *wishes, size_t count, struct err *err)
{
    if (list_all(tools, arena, wishes, count, err) != 0)
        return -1;
    return tools->kind == MTA_POSTFIX ? hold_postfix(tools, arena, wishes, count, err)
                                      : hold_sendmail(tools, arena, wishes, count, err);
}
