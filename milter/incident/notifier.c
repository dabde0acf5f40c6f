/* SPDX-License-Identifier: BSD-2-Clause */
#include "incident/notifier.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "incident/letter.h"
#include "incident/sender_letter.h"
#include "mta/mta.h"
#include "mta/mta_run.h"
#include "store/incident.h"
#include "store/notice.h"

#define SECOND_US INT64_C(1000000)
#define HOUR_US   (3600 * SECOND_US)

enum {
    STEP_MS = 1000,           /* between two looks at the table. chosen */
    STORE_TIMEOUT_MS = 20000, /* as long as a message waits for the store */
    PROGRAM_TIMEOUT_MS = 20000,
    STEP_NOTICES = 10,     /* notices in one step. chosen */
    DIGEST_MAX = 500,      /* incidents told by one digest. chosen */
    LOG_MAX = 100,         /* log lines in one step. chosen */
    SENDERS_PER_HOUR = 60, /* senders told in any hour. chosen */
    RETRY_S = 60,          /* after a failure; doubled up to */
    RETRY_MAX_S = 900,
    SYNC_S = 5,   /* between two looks at blocks and brake. chosen */
    CHORE_S = 60, /* between two looks for what has gone quiet. chosen */
    CHORE_ROWS = 200,
    STEP_BYTES = 16 << 20, /* memory of one step */
    HOST_BYTES = 256,
};

struct notifier {
    struct writer *writer;
    struct reader *reader;
    char host[HOST_BYTES];
    uint64_t reopens; /* of the store, as last seen */

    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* the rest, and what follows */
    pthread_cond_t wake;
    bool is_stopping;
    bool has_fresh;
    struct notifier_settings fresh; /* to be taken by the next step */

    /* the thread's own */
    struct notifier_settings in_use;
    const struct settings *settings;
    struct arena *arena; /* one step's */
    int64_t now_us, sync_at_us, chore_at_us;
};

/* What a job of the writer or reader works on. */
struct job {
    struct notifier *notifier;
    struct incident_work work;
    struct incident_list list;
    const struct incident *incident;
    struct evidence *evidence;
    struct span quiet;
    const char *mark, *purpose;
    int64_t sent_hour; /* notices of the last hour */
    int ways;
    bool is_synced, is_told, to_senders;
};

static int write_job(struct notifier *notifier, writer_job *run, struct job *job,
                     struct err *err)
{
    job->notifier = notifier;
    return writer_run(notifier->writer, run, job, STORE_TIMEOUT_MS, err);
}

static int read_job(struct notifier *notifier, reader_job *run, struct job *job,
                    struct err *err)
{
    job->notifier = notifier;
    return reader_run(notifier->reader, run, job, STORE_TIMEOUT_MS, err);
}

static void complain(const char *doing, const struct err *err)
{
    log_line(LOG_LEVEL_ERROR, "notifier: %s: %s", doing, err->text);
}

/* ---- the log ---- */

static int take_unlogged(struct db *db, void *arg, struct err *err)
{
    struct job *job = arg;
    return incident_take_unlogged(db, LOG_MAX, job->notifier->arena, &job->list, err);
}

static void write_log(struct notifier *notifier)
{
    struct job job = {0};
    struct err err;
    if (write_job(notifier, take_unlogged, &job, &err) != 0) {
        complain("the log of incidents", &err);
        return;
    }
    for (size_t i = 0; i < job.list.count; i++) {
        const struct incident *incident = &job.list.at[i];
        char key[200];
        char what[300];
        log_line(LOG_LEVEL_WARNING,
                 "incident=%lld, kind=%s, level=%d, key=%s, message=%lld, what=\"%s\"",
                 (long long)incident->id, incident_kind_name(incident->kind),
                 incident->level, text_escape(incident->key, key, sizeof key),
                 (long long)incident->message,
                 text_escape(incident->what, what, sizeof what));
    }
}

/* ---- telling ---- */

int64_t notifier_next_us(const struct settings *settings, int64_t times, int64_t now_us)
{
    size_t count = settings->notify_repeat_count;
    if (count == 0 || times < 1)
        return 0;
    size_t step = (uint64_t)times <= count ? (size_t)times - 1 : count - 1;
    return now_us + settings->notify_repeat_us[step];
}

static int64_t retry_us(const struct incident *incident, int64_t now_us)
{
    int64_t wait_s = RETRY_S;
    for (int64_t i = 0; i < incident->tried_times && wait_s < RETRY_MAX_S; i++)
        wait_s *= 2;
    return now_us + (wait_s < RETRY_MAX_S ? wait_s : RETRY_MAX_S) * SECOND_US;
}

static int wanted_ways(const struct settings *settings)
{
    return (settings->notify_to.count > 0 ? INCIDENT_BY_MAIL : 0) |
           (settings->notify_command[0] != '\0' ? INCIDENT_BY_COMMAND : 0);
}

static struct span quiet_kinds(struct notifier *notifier)
{
    struct buf out;
    buf_init(&out, notifier->arena, 1024);
    for (size_t i = 0; i < notifier->settings->notify_quiet.count; i++)
        buf_printf(&out, ",%s,", notifier->settings->notify_quiet.at[i]);
    return buf_span(&out);
}

/* A program that ran but was not content has failed, too. */
static int judge_run(const char *program, const struct run_result *result,
                     struct err *err)
{
    char said[200];
    if (result->status == 0)
        return 0;
    text_escape(span_trim(result->error), said, sizeof said);
    return err_set(err, ERR_IO, "%s ended with %d%s%s", program, result->status,
                   said[0] != '\0' ? ": " : "", said);
}

/* Hand a mail to sendmail(1). In sendmail's own config nothing is changed: with -C it
 * gives up the rights by which it may submit; Postfix's looks for its queue there. */
static int send_mail(struct notifier *notifier, const char *const *to, size_t count,
                     struct span text, struct err *err)
{
    const struct settings *s = notifier->settings;
    struct mta_tools tools = {.kind = MTA_AUTO};
    struct run_result result;
    const char **argv = arena_array(notifier->arena, count + 8, sizeof *argv);
    const char *program = run_find(notifier->arena, s->mta_commands, "sendmail");
    size_t used = 0;
    if (program == NULL)
        program = run_find(notifier->arena, "", "sendmail");
    if (argv == NULL || program == NULL)
        return err_set(err, ERR_NOT_FOUND, "there is no sendmail(1)");
    argv[used++] = program;
    if (s->mta_config[0] != '\0' && mta_open(&tools, s, NULL) == 0 &&
        tools.kind == MTA_POSTFIX) {
        argv[used++] = "-C";
        argv[used++] = s->mta_config;
    }
    argv[used++] = "-i";
    argv[used++] = "-f";
    argv[used++] = s->notify_from;
    argv[used++] = "--";
    memcpy(argv + used, to, count * sizeof *to);
    /* in a group of its own: a postdrop that may not write tries for ever */
    if (run_hook(notifier->arena, argv, (const char *const[]){NULL}, text,
                 PROGRAM_TIMEOUT_MS, &result, err) != 0)
        return -1;
    return judge_run(program, &result, err);
}

/* value: escaped, or known to be sound. */
static const char *variable(struct notifier *notifier, const char *name,
                            const char *value)
{
    struct buf out;
    buf_init(&out, notifier->arena, 2048);
    buf_add_span(&out, span_of(name));
    buf_add_char(&out, '=');
    buf_add_span(&out, span_of(value));
    return buf_cstr(&out);
}

static const char *number(struct notifier *notifier, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    return variable(notifier, name, text);
}

/* The command sees no header: a mark is for the gate alone. */
static struct span without_header(struct span mail)
{
    ptrdiff_t end = span_find(mail, SPAN("\n\n"));
    return end < 0 ? mail : span_from(mail, (size_t)end + 2);
}

/* incident: NULL for a digest. */
static int run_command(struct notifier *notifier, const struct incident *incident,
                       struct span text, struct err *err)
{
    const char *argv[] = {notifier->settings->notify_command, NULL};
    char title[400];
    char key[800];
    const struct incident none = {.kind_name = SPAN("digest"), .times = 1};
    const struct incident *of = incident != NULL ? incident : &none;
    snprintf(title, sizeof title, "several incidents");
    if (incident != NULL)
        letter_title(incident, title, sizeof title);
    const char *environment[] = {
        number(notifier, "OUTGATE_ID", of->id),
        variable(notifier, "OUTGATE_KIND", span_cstr(notifier->arena, of->kind_name)),
        variable(notifier, "OUTGATE_KEY", text_escape(of->key, key, sizeof key)),
        number(notifier, "OUTGATE_LEVEL", of->level),
        number(notifier, "OUTGATE_TIMES", of->times),
        variable(notifier, "OUTGATE_TITLE", title),
        NULL};
    struct run_result result;
    if (run_hook(notifier->arena, argv, environment, text, PROGRAM_TIMEOUT_MS, &result,
                 err) != 0)
        return -1;
    return judge_run(argv[0], &result, err);
}

static int add_mark(struct db *db, void *arg, struct err *err)
{
    struct job *job = arg;
    return notice_add(db, job->mark, job->purpose,
                      job->incident != NULL ? job->incident->id : 0,
                      job->notifier->now_us, err);
}

/* The mark must be in the store before the mail can come to the gate. */
static int new_mark(struct notifier *notifier, char mark[NOTICE_MARK_BYTES],
                    const char *purpose, const struct incident *incident,
                    struct err *err)
{
    struct job job = {.mark = mark, .purpose = purpose, .incident = incident};
    if (notice_mark(mark, err) != 0)
        return -1;
    return write_job(notifier, add_mark, &job, err);
}

/* Told by all ways, or by some: remember it. */
static int keep_outcome(struct db *db, void *arg, struct err *err)
{
    struct job *job = arg;
    const struct notifier *notifier = job->notifier;
    int64_t now_us = notifier->now_us;
    if (job->is_told && notice_sent(db, job->mark, err) != 0)
        return -1;
    for (size_t i = 0; i < job->list.count; i++) {
        const struct incident *incident = &job->list.at[i];
        int64_t next_us =
            notifier_next_us(notifier->settings, incident->told_times + 1, now_us);
        int rc = job->is_told ? incident_told(db, incident, now_us, next_us, err)
                              : incident_not_told(db, incident, job->ways,
                                                  retry_us(incident, now_us), err);
        if (rc != 0)
            return -1;
    }
    return 0;
}

/* Each way that has not worked yet; what comes of it is written down. -1: not told. */
static int tell(struct notifier *notifier, struct job *job, const char *mark,
                struct span text)
{
    const struct settings *s = notifier->settings;
    const struct incident *one = job->list.count == 1 ? job->list.at : NULL;
    int wanted = wanted_ways(s);
    struct err err;
    job->ways = one != NULL ? one->told_ways & wanted : 0;
    if ((wanted & ~job->ways & INCIDENT_BY_MAIL) != 0) {
        if (send_mail(notifier, s->notify_to.at, s->notify_to.count, text, &err) == 0)
            job->ways |= INCIDENT_BY_MAIL;
        else
            complain("a notice could not be sent, it will be tried again", &err);
    }
    if ((wanted & ~job->ways & INCIDENT_BY_COMMAND) != 0) {
        if (run_command(notifier, one, without_header(text), &err) == 0)
            job->ways |= INCIDENT_BY_COMMAND;
        else
            complain("the command failed, it will be tried again", &err);
    }
    job->mark = mark;
    job->is_told = job->ways == wanted;
    if (write_job(notifier, keep_outcome, job, &err) != 0) {
        complain("a notice cannot be recorded", &err);
        return -1;
    }
    return job->is_told ? 0 : -1;
}

static int gather(struct db *db, void *arg, struct err *err)
{
    struct job *job = arg;
    return evidence_gather(db, job->incident, job->notifier->arena, job->evidence, err);
}

static struct letter_head head_of(const struct notifier *notifier, const char *mark,
                                  const char *const *to, size_t count)
{
    return (struct letter_head){.host = notifier->host,
                                .from = notifier->settings->notify_from,
                                .to = to,
                                .to_count = count,
                                .mark = mark};
}

static int tell_one(struct notifier *notifier, const struct incident *incident)
{
    const struct settings *s = notifier->settings;
    char mark[NOTICE_MARK_BYTES];
    struct evidence *evidence = arena_alloc(notifier->arena, sizeof *evidence);
    struct job job = {.incident = incident, .evidence = evidence};
    struct buf text;
    struct err err;
    if (evidence == NULL)
        return -1;
    if (read_job(notifier, gather, &job, &err) != 0 ||
        new_mark(notifier, mark, "incident", incident, &err) != 0) {
        complain("a notice cannot be made", &err);
        return -1;
    }
    struct letter_head head =
        head_of(notifier, mark, s->notify_to.at, s->notify_to.count);
    buf_init(&text, notifier->arena, LETTER_BYTES);
    letter_incident(&text, &head, incident, evidence);
    job.list = (struct incident_list){(struct incident *)(uintptr_t)incident, 1};
    return tell(notifier, &job, mark, buf_span(&text));
}

static int tell_digest(struct notifier *notifier, const struct incident_list *list)
{
    const struct settings *s = notifier->settings;
    char mark[NOTICE_MARK_BYTES];
    struct job job = {.list = *list};
    struct buf text;
    struct err err;
    if (new_mark(notifier, mark, "digest", NULL, &err) != 0) {
        complain("a notice cannot be made", &err);
        return -1;
    }
    struct letter_head head =
        head_of(notifier, mark, s->notify_to.at, s->notify_to.count);
    buf_init(&text, notifier->arena, LETTER_BYTES);
    letter_digest(&text, &head, list);
    return tell(notifier, &job, mark, buf_span(&text));
}

static int find_due(struct db *db, void *arg, struct err *err)
{
    struct job *job = arg;
    struct notifier *notifier = job->notifier;
    int rc = job->to_senders
                 ? incident_due_senders(db, notifier->now_us, STEP_NOTICES,
                                        notifier->arena, &job->list, err)
                 : incident_due(db, notifier->now_us, job->quiet, DIGEST_MAX,
                                notifier->arena, &job->list, err);
    return rc != 0 ? -1
                   : notice_count(db, job->to_senders, notifier->now_us - HOUR_US,
                                  &job->sent_hour, err);
}

/* One notice an incident, until the hour has only one left: that one tells them all. */
static void tell_due(struct notifier *notifier)
{
    struct job job = {.quiet = quiet_kinds(notifier)};
    struct err err;
    if (read_job(notifier, find_due, &job, &err) != 0) {
        complain("incidents cannot be read", &err);
        return;
    }
    int64_t left = notifier->settings->notify_per_hour - job.sent_hour;
    size_t at = 0;
    for (int done = 0; at < job.list.count && left > 0 && done < STEP_NOTICES; done++) {
        struct incident_list rest = {job.list.at + at, job.list.count - at};
        bool is_last = left == 1 && rest.count > 1;
        int rc = is_last ? tell_digest(notifier, &rest) : tell_one(notifier, rest.at);
        if (is_last)
            return;
        left -= rc == 0;
        at++;
    }
}

/* ---- senders ---- */

static int keep_sender(struct db *db, void *arg, struct err *err)
{
    struct job *job = arg;
    if (job->is_told && notice_sent(db, job->mark, err) != 0)
        return -1;
    return incident_sender_told(db, job->incident->id, job->notifier->now_us, err);
}

static int mail_sender(struct notifier *notifier, struct job *job, struct span to,
                       char mark[NOTICE_MARK_BYTES], struct err *err)
{
    const struct settings *s = notifier->settings;
    const char *address = span_cstr(notifier->arena, to);
    struct buf text;
    if (new_mark(notifier, mark, "sender", job->incident, err) != 0)
        return -1;
    struct letter_head head = head_of(notifier, mark, &address, 1);
    enum language language = sender_letter_language((enum language)s->notify_language,
                                                    job->evidence->sample_language);
    buf_init(&text, notifier->arena, LETTER_BYTES);
    sender_letter(&text, &head, language, job->incident, job->evidence, s->contact);
    return send_mail(notifier, &address, 1, buf_span(&text), err);
}

/* A sender whose mail was refused has read the reply; one that cannot be reached is
 * not tried again. -1: sendmail failed, try later. */
static int tell_sender(struct notifier *notifier, const struct incident *incident)
{
    const struct settings *s = notifier->settings;
    char mark[NOTICE_MARK_BYTES] = "";
    struct evidence *evidence = arena_alloc(notifier->arena, sizeof *evidence);
    struct job job = {.incident = incident, .evidence = evidence};
    struct err err;
    if (evidence == NULL)
        return -1;
    if (read_job(notifier, gather, &job, &err) != 0) {
        complain("incidents cannot be read", &err);
        return -1;
    }
    struct span to = sender_letter_address(incident, evidence, s->local_domains.at,
                                           s->local_domains.count);
    bool is_stopped =
        incident->kind == INCIDENT_BLOCK ||
        (span_eq(evidence->sample_action, SPAN("hold")) && !evidence->is_shadow);
    if (is_stopped && to.len > 0) {
        if (mail_sender(notifier, &job, to, mark, &err) != 0) {
            complain("a sender could not be told, it will be tried again", &err);
            return -1;
        }
        job.is_told = true;
    }
    job.mark = mark;
    if (write_job(notifier, keep_sender, &job, &err) == 0)
        return 0;
    complain("a notice cannot be recorded", &err);
    return -1;
}

static void tell_senders(struct notifier *notifier)
{
    struct job job = {.to_senders = true};
    struct err err;
    if (read_job(notifier, find_due, &job, &err) != 0) {
        complain("incidents cannot be read", &err);
        return;
    }
    int64_t left = SENDERS_PER_HOUR - job.sent_hour;
    for (size_t i = 0; i < job.list.count && left > 0; i++, left--)
        if (tell_sender(notifier, &job.list.at[i]) != 0)
            return;
}

/* ---- chores ---- */

static int look_at_orders(struct db *db, void *arg, struct err *err)
{
    struct job *job = arg;
    return incident_is_synced(db, job->notifier->now_us, &job->is_synced, err);
}

static int sync_orders(struct db *db, void *arg, struct err *err)
{
    struct job *job = arg;
    return incident_sync(db, job->notifier->now_us, err);
}

static void sync_with_orders(struct notifier *notifier)
{
    struct job job = {0};
    struct err err;
    notifier->sync_at_us = notifier->now_us + SYNC_S * SECOND_US;
    if (read_job(notifier, look_at_orders, &job, &err) == 0 && !job.is_synced &&
        write_job(notifier, sync_orders, &job, &err) != 0)
        complain("blocks cannot be read", &err);
}

static int tidy(struct db *db, void *arg, struct err *err)
{
    const struct notifier *notifier = ((struct job *)arg)->notifier;
    const struct settings *s = notifier->settings;
    int64_t now_us = notifier->now_us;
    if (incident_close_quiet(db, now_us - s->notify_close_after_us, now_us, err) != 0 ||
        incident_expire(db, now_us - s->keep_for_us, CHORE_ROWS, err) != 0)
        return -1;
    return notice_expire(db, now_us, err);
}

static void do_chores(struct notifier *notifier)
{
    struct job job = {0};
    struct err err;
    int64_t pause_us = CHORE_S * SECOND_US;
    if (notifier->settings->notify_close_after_us < pause_us)
        pause_us = notifier->settings->notify_close_after_us;
    notifier->chore_at_us = notifier->now_us + pause_us;
    if (write_job(notifier, tidy, &job, &err) != 0)
        complain("incidents cannot be closed", &err);
}

static int note_store(struct db *db, void *arg, struct err *err)
{
    const struct job *job = arg;
    return incident_note(db,
                         &(struct incident_note){
                             .kind = INCIDENT_STORE,
                             .key = SPAN("store"),
                             .at_us = job->notifier->now_us,
                             .what = SPAN("the database failed and was opened anew: "
                                          "the daemon's log says why"),
                         },
                         err);
}

/* A store that is away cannot take the note: it is made when it is back. */
static void watch_store(struct notifier *notifier)
{
    struct writer_stats stats;
    struct job job = {0};
    writer_stats(notifier->writer, &stats);
    if (stats.reopens == notifier->reopens)
        return;
    if (write_job(notifier, note_store, &job, NULL) == 0)
        notifier->reopens = stats.reopens;
}

/* ---- the thread ---- */

static int look(struct db *db, void *arg, struct err *err)
{
    struct job *job = arg;
    return incident_look(db, job->notifier->now_us, &job->work, err);
}

static void release(struct notifier_settings *settings)
{
    if (settings->release != NULL)
        settings->release(settings->owner);
    *settings = (struct notifier_settings){0};
}

static void take_settings(struct notifier *notifier)
{
    struct notifier_settings old = {0};
    pthread_mutex_lock(&notifier->lock);
    if (notifier->has_fresh) {
        old = notifier->in_use;
        notifier->in_use = notifier->fresh;
        notifier->has_fresh = false;
    }
    pthread_mutex_unlock(&notifier->lock);
    release(&old);
    notifier->settings = notifier->in_use.settings;
    const char *helo = notifier->settings->helo;
    if (helo[0] != '\0')
        text_escape(span_of(helo), notifier->host, sizeof notifier->host);
    else if (gethostname(notifier->host, sizeof notifier->host) != 0)
        snprintf(notifier->host, sizeof notifier->host, "localhost");
    notifier->host[sizeof notifier->host - 1] = '\0';
}

void notifier_step(struct notifier *notifier, int64_t now_us)
{
    struct job job = {0};
    take_settings(notifier);
    arena_reset(notifier->arena);
    notifier->now_us = now_us;
    watch_store(notifier);
    if (now_us >= notifier->sync_at_us ||
        notifier->sync_at_us > now_us + SYNC_S * SECOND_US) /* the clock went back */
        sync_with_orders(notifier);
    if (read_job(notifier, look, &job, NULL) != 0)
        return; /* the store is away: the messages' errors say so already */
    if (job.work.has_unlogged)
        write_log(notifier);
    if (job.work.has_due && wanted_ways(notifier->settings) != 0)
        tell_due(notifier);
    if (job.work.has_senders && notifier->settings->notify_senders == 1)
        tell_senders(notifier);
    if (now_us >= notifier->chore_at_us ||
        notifier->chore_at_us > now_us + CHORE_S * SECOND_US)
        do_chores(notifier);
}

static void *notifier_main(void *arg)
{
    struct notifier *notifier = arg;
    pthread_mutex_lock(&notifier->lock);
    while (!notifier->is_stopping) {
        pthread_mutex_unlock(&notifier->lock);
        notifier_step(notifier, clock_wall_us());
        pthread_mutex_lock(&notifier->lock);
        int64_t until_ms = clock_elapsed_us() / 1000 + STEP_MS;
        struct timespec until = {.tv_sec = until_ms / 1000,
                                 .tv_nsec = until_ms % 1000 * 1000000};
        if (!notifier->is_stopping)
            pthread_cond_timedwait(&notifier->wake, &notifier->lock, &until);
    }
    pthread_mutex_unlock(&notifier->lock);
    return NULL;
}

int notifier_new(struct notifier **out, struct writer *writer, struct reader *reader,
                 struct notifier_settings settings, struct err *err)
{
    struct writer_stats stats;
    struct notifier *notifier = calloc(1, sizeof *notifier);
    *out = NULL;
    if (notifier != NULL)
        notifier->arena = arena_new(STEP_BYTES);
    if (notifier == NULL || notifier->arena == NULL) {
        free(notifier);
        release(&settings);
        return err_set(err, ERR_MEMORY, "no memory for the notifier");
    }
    writer_stats(writer, &stats);
    notifier->writer = writer;
    notifier->reader = reader;
    notifier->reopens = stats.reopens;
    notifier->in_use = settings;
    pthread_mutex_init(&notifier->lock, NULL);
    clock_cond_init(&notifier->wake);
    *out = notifier;
    return 0;
}

int notifier_run(struct notifier *notifier, struct err *err)
{
    sigset_t all;
    sigset_t old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = pthread_create(&notifier->thread, NULL, notifier_main, notifier);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    notifier->has_thread = rc == 0;
    return rc == 0 ? 0
                   : err_set(err, ERR_MEMORY, "no thread for the notifier: %s",
                             strerror(rc));
}

void notifier_replace(struct notifier *notifier, struct notifier_settings settings)
{
    struct notifier_settings unused = {0};
    pthread_mutex_lock(&notifier->lock);
    if (notifier->has_fresh)
        unused = notifier->fresh;
    notifier->fresh = settings;
    notifier->has_fresh = true;
    pthread_cond_signal(&notifier->wake);
    pthread_mutex_unlock(&notifier->lock);
    release(&unused);
}

void notifier_stop(struct notifier **notifier)
{
    struct notifier *n = *notifier;
    if (n == NULL)
        return;
    pthread_mutex_lock(&n->lock);
    n->is_stopping = true;
    pthread_cond_signal(&n->wake);
    pthread_mutex_unlock(&n->lock);
    if (n->has_thread)
        pthread_join(n->thread, NULL);
    if (n->has_fresh)
        release(&n->fresh);
    release(&n->in_use);
    pthread_cond_destroy(&n->wake);
    pthread_mutex_destroy(&n->lock);
    arena_free(&n->arena);
    free(n);
    *notifier = NULL;
}
