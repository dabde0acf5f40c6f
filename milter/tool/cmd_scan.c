/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_scan - score mails: the daemon's own stages over files, several at once.
 *
 * The main thread reads mails into a ring; workers judge them; whoever finishes the
 * oldest one prints it and all finished ones behind it, so that the output is in order.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "tool/commands.h"
#include "tool/print.h"
#include "tool/scan_judge.h"

enum {
    JOBS_MAX = 256,
    SLOTS_PER_JOB = 4, /* mails read ahead for each worker. chosen */
    HISTORY_READERS = 8,
};

static struct {
    const char *mail_from, *client_ip, *helo, *auth_user, *mail_class;
    const char *sender;
    struct option_list recipients, facts;
    bool with_facts, with_all_hits, is_terse;
    int64_t jobs;
} given;

static const struct option_row options[] = {
    {"facts", 'f', NULL, OPTION_FLAG, &given.with_facts,
     "print every fact that is set"},
    {"all-hits", 0, NULL, OPTION_FLAG, &given.with_all_hits,
     "print every rule that is true, __RULES too, and how often"},
    {"quiet", 'q', NULL, OPTION_FLAG, &given.is_terse,
     "one line a mail, without the rules that hit"},
    {"mail-from", 0, "ADDRESS", OPTION_TEXT, &given.mail_from,
     "envelope sender, in place of Return-Path: or From:"},
    {"rcpt", 0, "ADDRESS", OPTION_LIST, &given.recipients,
     "envelope recipient (repeat it), in place of To:, Cc: and Bcc:"},
    {"client-ip", 0, "ADDRESS", OPTION_TEXT, &given.client_ip,
     "who handed the mail in"},
    {"helo", 0, "NAME", OPTION_TEXT, &given.helo, "the name that it gave"},
    {"auth-user", 0, "LOGIN", OPTION_TEXT, &given.auth_user, "its SASL login"},
    {"class", 0, "CLASS", OPTION_TEXT, &given.mail_class,
     "outbound (default) or forwarded: whose policy"},
    {"sender", 0, "KEY", OPTION_TEXT, &given.sender,
     "judge as mail of this sender, with its history in the database"},
    {"fact", 0, "NAME=VALUE", OPTION_LIST, &given.facts,
     "take this fact as said (repeat it): what would the rules say if ..."},
    {"jobs", 0, "N", OPTION_COUNT, &given.jobs,
     "threads; default: one for each processor"},
    {0},
};

enum slot_state { SLOT_FREE = 0, SLOT_READY, SLOT_TAKEN, SLOT_DONE };

struct slot {
    enum slot_state state;
    struct scan_mail mail;
    struct scan_result result;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t has_room, has_work;
    struct scan_how how;
    struct slot *slots;
    uint64_t size;
    uint64_t put, take, print; /* sequence numbers, each modulo size is a slot */
    bool is_closed;
    size_t counts[ACTION_REJECT + 1]; /* mails by action; UNKNOWN: no verdict */
    bool has_found, is_out_of_memory;
    struct progress progress;
};

/* Print one finished mail; the lock is held. */
static void print_slot(struct pool *pool, struct slot *slot)
{
    struct scan_result *result = &slot->result;
    pool->counts[result->action]++;
    pool->has_found = pool->has_found || result->action >= ACTION_HOLD;
    pool->is_out_of_memory = pool->is_out_of_memory || result->text == NULL;
    if (result->error[0] != '\0')
        progress_end(&pool->progress);
    if (result->error[0] != '\0')
        fprintf(stderr, "outgate: %s\n", result->error);
    if (result->text_len > 0)
        fwrite(result->text, 1, result->text_len, stdout);
    free(result->text);
    free(slot->mail.bytes);
    slot->state = SLOT_FREE;
}

static void print_finished(struct pool *pool)
{
    while (pool->slots[pool->print % pool->size].state == SLOT_DONE) {
        print_slot(pool, &pool->slots[pool->print % pool->size]);
        pool->print++;
        pthread_cond_signal(&pool->has_room);
    }
}

static void *work(void *arg)
{
    struct pool *pool = arg;
    struct arena *arena = arena_new(scan_arena_bytes(pool->how.engine));
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (pool->take == pool->put && !pool->is_closed)
            pthread_cond_wait(&pool->has_work, &pool->lock);
        if (pool->take == pool->put)
            break;
        struct slot *slot = &pool->slots[pool->take++ % pool->size];
        slot->state = SLOT_TAKEN;
        pthread_mutex_unlock(&pool->lock);
        if (arena != NULL)
            scan_judge(&pool->how, &slot->mail, arena, &slot->result);
        else
            slot->result = (struct scan_result){.error = "out of memory"};
        pthread_mutex_lock(&pool->lock);
        slot->state = SLOT_DONE;
        print_finished(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    arena_free(&arena);
    return NULL;
}

/* Hand one mail over; waits for a free slot. */
static void put_mail(struct pool *pool, const struct scan_mail *mail)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->put - pool->print == pool->size)
        pthread_cond_wait(&pool->has_room, &pool->lock);
    struct slot *slot = &pool->slots[pool->put++ % pool->size];
    slot->mail = *mail;
    slot->state = SLOT_READY;
    pthread_cond_signal(&pool->has_work);
    pthread_mutex_unlock(&pool->lock);
}

static void show_progress(struct pool *pool, uint64_t done, uint64_t total)
{
    char what[64];
    pthread_mutex_lock(&pool->lock);
    snprintf(what, sizeof what, "%llu mails", (unsigned long long)pool->print);
    progress_show(&pool->progress, done, total, what);
    pthread_mutex_unlock(&pool->lock);
}

static void give_up(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->is_out_of_memory = true;
    pthread_mutex_unlock(&pool->lock);
}

static bool read_all(struct pool *pool, const struct scan_list *list)
{
    uint64_t done = 0;
    bool all_read = true;
    for (size_t i = 0; i < list->count; i++) {
        struct scan_mail mail;
        uint64_t inside = 0;
        struct scan_reader *reader = scan_open(&list->at[i]);
        while (reader != NULL && scan_next(reader, &mail)) {
            all_read = all_read && mail.error[0] == '\0';
            inside += mail.len;
            put_mail(pool, &mail);
            show_progress(pool, done + inside, list->bytes);
        }
        if (reader == NULL)
            give_up(pool);
        scan_close(&reader);
        done += list->at[i].bytes;
    }
    return all_read;
}

static size_t job_count(const struct scan_list *list)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t jobs = given.jobs > 0 ? given.jobs : (cores > 0 ? cores : 1);
    if (list->count == 1 && list->bytes < 100000 && given.jobs == 0)
        jobs = 1; /* one mail needs no company */
    return jobs < JOBS_MAX ? (size_t)jobs : JOBS_MAX;
}

/* Start jobs workers, feed them, wait for them. -1: not even one could be started. */
static int run_pool(struct pool *pool, const struct scan_list *list, size_t jobs,
                    bool *all_read)
{
    pthread_t threads[JOBS_MAX];
    size_t started = 0;
    while (started < jobs && pthread_create(&threads[started], NULL, work, pool) == 0)
        started++;
    if (started == 0)
        return -1;
    *all_read = read_all(pool, list);
    pthread_mutex_lock(&pool->lock);
    pool->is_closed = true;
    pthread_cond_broadcast(&pool->has_work);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    progress_end(&pool->progress);
    return 0;
}

static void print_summary(const struct pool *pool)
{
    size_t total = 0;
    for (size_t i = 0; i <= ACTION_REJECT; i++)
        total += pool->counts[i];
    if (total < 2 || pool->how.json)
        return;
    printf("%zu mails:", total);
    for (int action = ACTION_ACCEPT; action <= ACTION_REJECT; action++)
        if (pool->counts[action] > 0)
            printf(" %zu %s", pool->counts[action], action_name((enum action)action));
    if (pool->counts[ACTION_UNKNOWN] > 0)
        printf(" %zu could not be read", pool->counts[ACTION_UNKNOWN]);
    putchar('\n');
}

static int scan_with(struct tool *tool, const struct scan_how *how,
                     const struct scan_list *list, struct err *err)
{
    bool all_read = true;
    size_t jobs = job_count(list);
    struct pool pool = {
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .has_room = PTHREAD_COND_INITIALIZER,
        .has_work = PTHREAD_COND_INITIALIZER,
        .how = *how,
        .size = jobs * SLOTS_PER_JOB,
    };
    pool.how.json = tool->json;
    pool.slots = calloc(pool.size, sizeof *pool.slots);
    progress_start(&pool.progress);
    if (pool.slots == NULL || run_pool(&pool, list, jobs, &all_read) != 0) {
        free(pool.slots);
        return err_set(err, ERR_MEMORY, "cannot start a thread");
    }
    free(pool.slots);
    print_summary(&pool);
    if (pool.is_out_of_memory)
        return err_set(err, ERR_MEMORY, "out of memory: not every mail has a verdict");
    if (!all_read)
        return EX_NOINPUT;
    return pool.has_found ? EXIT_FOUND : EXIT_FINE;
}

static int read_class(enum mail_class *out, struct err *err)
{
    struct span word = span_of(given.mail_class);
    *out = CLASS_OUTBOUND;
    if (word.len == 0 || span_eq(word, SPAN("outbound")))
        return 0;
    *out = CLASS_FORWARDED;
    if (span_eq(word, SPAN("forwarded")))
        return 0;
    return err_set(err, ERR_USAGE, "--class %s: outbound or forwarded",
                   given.mail_class);
}

/* The sender's history; without a sender the database is not looked at. */
static int open_history(struct tool *tool, struct reader **out, struct err *err)
{
    *out = NULL;
    if (given.sender == NULL)
        return 0;
    if (tool_open(tool, DB_READ, err) != 0)
        return -1;
    const char *path =
        tool->database != NULL ? tool->database : tool->settings->database;
    return reader_open(out, path, HISTORY_READERS, err);
}

static int read_facts(struct tool *tool, struct scan_how *how, struct err *err)
{
    struct scan_fact *facts =
        arena_array(tool->arena, given.facts.count + 1, sizeof *facts);
    if (facts == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < given.facts.count; i++)
        if (scan_fact_parse(span_of(given.facts.at[i]), &facts[i], err) != 0)
            return -1;
    how->facts = facts;
    how->fact_count = given.facts.count;
    return 0;
}

static int run(struct tool *tool, struct err *err)
{
    struct engine *engine = NULL;
    struct scan_list list;
    struct scan_how how = {.with_facts = given.with_facts,
                           .with_all_hits = given.with_all_hits,
                           .is_terse = given.is_terse,
                           .mail_from = given.mail_from,
                           .client_ip = given.client_ip,
                           .helo = given.helo,
                           .auth_user = given.auth_user,
                           .recipients = &given.recipients,
                           .sender = given.sender};
    if (read_class(&how.mail_class, err) != 0 || read_facts(tool, &how, err) != 0 ||
        scan_collect(&list, tool->arena, tool->words, tool->word_count, err) != 0 ||
        engine_load(&engine, tool_config_path(tool), tool->rules, tool_complain, NULL,
                    err) != 0)
        return -1;
    how.engine = engine;
    if (how.with_all_hits)
        ruleset_run_whole(engine->rules);
    if (open_history(tool, &how.reader, err) != 0) {
        engine_release(&engine);
        return -1;
    }
    if (tool->word_count == 0 && isatty(STDIN_FILENO))
        fprintf(stderr, "outgate: reading a mail from standard input\n");
    int result = scan_with(tool, &how, &list, err);
    reader_close(&how.reader);
    engine_release(&engine);
    return result;
}

const struct command outgate_cmd_scan = {
    .name = "scan",
    .words = "[FILE...]",
    .summary = "score mails as the gate would, and say why",
    .details =
        "FILE is a mail, an mbox, a folder of mails or a Maildir; - or nothing is\n"
        "standard input. Nothing is written or charged. Ends with 1 if any mail is at\n"
        "or over the hold threshold, 66 if a file could not be read.",
    .examples =
        "  outgate scan message.eml\n"
        "  outgate scan --facts --rules ./rules message.eml\n"
        "  outgate scan --json ~/Maildir/.Sent | jq 'select(.score > 3)'\n"
        "  outgate scan --auth-user bob --client-ip 192.0.2.7 - < message.eml\n"
        "  outgate scan --sender sasl_user:bob --client-ip 192.0.2.7 message.eml\n"
        "  outgate scan --fact network_new=1 --fact volume_ratio=5 message.eml",
    .words_max = SIZE_MAX,
    .options = options,
    .run = run,
};
