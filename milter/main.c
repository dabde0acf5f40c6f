/* SPDX-License-Identifier: BSD-2-Clause
 *
 * main - the daemon outgate-milter: options, start-up order, signals, exit codes.
 *
 * The main thread waits for signals while libmilter runs in another: the kernel hands
 * a process's signal to the main thread first, so that SIGTERM is ours and the
 * library's own handler (a wait of up to 5 s) only stands in for it.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/privs.h"
#include "gate.h"
#include "gate/figures.h"
#include "incident/notifier.h"
#include "limits/limit_clock.h"
#include "limits/limits.h"
#include "milter.h"
#include "store/audit.h"
#include "store/orders.h"

#ifndef OUTGATE_CONFIG
#define OUTGATE_CONFIG "/etc/outgate/outgate.conf"
#endif

enum {
    DRAIN_MS = 30000,   /* how long a stop waits for verdicts under way. chosen */
    QUEUE_MAX = 10000,  /* decisions waiting for the store. chosen */
    READERS = 8,        /* threads that look at the past at once. chosen */
    PUBLISH_MS = 20000, /* how long a start or reload waits for the store. chosen */
    PUBLISH_AGAIN_US = 10000000, /* after which it is tried again. chosen */
    TICK_S = 1,                  /* how often what went wrong is looked for. chosen */
    BRAKE_BYTES = 65536,         /* what is read of the brake, and said of it */
};

struct options {
    const char *config;
    const char *rules; /* in place of [rules] path; NULL: as configured */
    bool is_foreground, is_test, is_help, is_version;
};

/* What the daemon consists of once it runs. */
struct daemon {
    struct options options;
    struct engine *engine;
    struct writer *writer;
    struct reader *reader;
    struct notifier *notifier;
    pthread_t server;
    int ready_fd; /* to the parent that waits for us; -1 in the foreground */
    struct figures figures;
    bool is_published;        /* the store knows the limits in force */
    int64_t publish_again_us; /* clock_elapsed_us: when it is told again, if not */
    atomic_bool is_over;      /* the server ended by itself */
    bool has_failed;
    struct err failure; /* the server thread's */
};

static const char usage_text[] =
    "usage: outgate-milter [-f] [-t] [-c FILE] [-r DIR]\n"
    "  -c, --config FILE  config file (default " OUTGATE_CONFIG ")\n"
    "  -f, --foreground   do not detach\n"
    "  -r, --rules DIR    rules from here instead of [rules] path\n"
    "  -t, --test         test config and rules, print what is in force, exit\n"
    "  -h, --help         this text\n"
    "  -V, --version      the version\n"
    "Signals: USR1 reloads config and rules together or not at all; TERM finishes "
    "what\n"
    "is in flight and stops. See outgate-milter(8), outgate.conf(5).\n";

static int read_options(int argc, char **argv, struct options *out)
{
    static const struct option names[] = {
        {"config", required_argument, NULL, 'c'},
        {"foreground", no_argument, NULL, 'f'},
        {"rules", required_argument, NULL, 'r'},
        {"test", no_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int c;
    *out = (struct options){.config = OUTGATE_CONFIG};
    while ((c = getopt_long(argc, argv, "c:fr:thV", names, NULL)) != -1) {
        if (c == 'c')
            out->config = optarg;
        else if (c == 'r')
            out->rules = optarg;
        else if (c == 'f')
            out->is_foreground = true;
        else if (c == 't')
            out->is_test = true;
        else if (c == 'h')
            out->is_help = true;
        else if (c == 'V')
            out->is_version = true;
        else
            return -1;
    }
    return optind == argc ? 0 : -1;
}

static void say_problem(void *arg, const char *text)
{
    (void)arg;
    log_line(LOG_LEVEL_ERROR, "%s", text);
}

static void print_problem(void *arg, const char *text)
{
    (void)arg;
    fprintf(stderr, "outgate-milter: %s\n", text);
}

static void print_policy(const char *name, const struct policy *policy)
{
    printf("%-10s slow from %g, hold from %g, reject from %g points\n", name,
           policy->slow_at, policy->hold_at, policy->reject_at);
}

/* "ON since 2026-01-31T09:12:44.120Z until ... by root: REASON"; "" while
 * it is off. In the arena. */
static const char *brake_words(struct db *db, struct arena *arena, struct err *err)
{
    struct ruling ruling;
    struct buf out;
    char at[32];
    char text[400];
    if (orders_brake(db, clock_wall_us(), arena, &ruling, err) < 0)
        return NULL;
    if (ruling.kind == RULING_NONE)
        return "";
    buf_init(&out, arena, BRAKE_BYTES / 4);
    buf_printf(&out, "ON since %s", audit_time_text(ruling.order.since_us, at));
    if (ruling.order.until_us != 0)
        buf_printf(&out, " until %s", audit_time_text(ruling.order.until_us, at));
    buf_printf(&out, " by %s", text_escape(ruling.order.by, text, sizeof text));
    if (ruling.order.reason.len > 0)
        buf_printf(&out, ": %s", text_escape(ruling.order.reason, text, sizeof text));
    return buf_cstr(&out);
}

/* -t: a database that is not there, or not for this user, says nothing. */
static void print_brake(const char *database)
{
    struct err err;
    struct db *db = NULL;
    struct arena *arena = arena_new(BRAKE_BYTES);
    const char *words = NULL;
    if (arena != NULL && access(database, F_OK) == 0 &&
        db_open(&db, database, DB_READ, &err) == 0)
        words = brake_words(db, arena, &err);
    if (words != NULL)
        printf("brake      %s\n", words[0] != '\0' ? words : "off");
    db_close(&db);
    arena_free(&arena);
}

/* -t: whom authentication asks, and what it cannot know. */
static void print_asked(const struct settings *s)
{
    size_t lists = s->client_lists.count + s->helo_lists.count + s->link_lists.count;
    bool has_dns = settings_has_dns(s);
    printf("dns       ");
    for (size_t i = 0; i < s->dns_servers.count; i++)
        printf(" %s", s->dns_servers.at[i]);
    if (s->dns_zone[0] != '\0')
        printf(" zone %s", s->dns_zone);
    printf("%s\n", has_dns ? "" : " none: SPF, DKIM and DMARC are not known");
    if (has_dns && s->egress.count == 0)
        printf("spf        not judged: [mail] egress is empty\n");
    if (lists > 0)
        printf("dns lists  %zu%s\n", lists, has_dns ? "" : ", not asked: no [dns]");
    if (s->senders_map[0] != '\0')
        printf("senders    %s\n", s->senders_map);
    if (s->clamd[0] != '\0')
        printf("clamd      %s\n", s->clamd);
}

/* -t: what is in force, in words. */
static int test_config(const struct options *options)
{
    struct engine *engine;
    struct err err;
    if (engine_load(&engine, options->config, options->rules, print_problem, NULL,
                    &err) < 0) {
        fprintf(stderr, "outgate-milter: %s\n", err.text);
        return err_exit_code(&err);
    }
    const struct settings *s = engine->settings;
    printf("config     %s\n", options->config);
    printf("socket     %s\n", s->socket);
    printf("mode       %s, on error %s\n",
           s->mode == MODE_SHADOW ? "shadow" : "enforce",
           s->on_error == ON_ERROR_ACCEPT ? "accept" : "tempfail");
    printf("database   %s\n", s->database);
    print_brake(s->database);
    print_policy("outbound", &s->outbound);
    print_policy("forwarded", &s->forwarded);
    print_asked(s);
    printf("rules      %zu\n", ruleset_count(engine->rules));
    printf("limits     %zu\n", s->limit_count);
    for (size_t i = 0; i < s->limit_count; i++) {
        char words[LIMIT_SENTENCE_BYTES];
        printf("  %-12s %s\n", s->limits[i].name, limit_print(&s->limits[i], words));
    }
    engine_release(&engine);
    return 0;
}

/* Become a daemon; the parent waits until the child is ready or has failed, so that
 * "started" means it. Returns the descriptor to report on, in the child. */
static int detach(struct err *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        return err_set(err, ERR_IO, "fork: %s", strerror(errno));
    if (pid > 0) {
        char code = EX_SOFTWARE;
        close(fds[1]);
        ssize_t got = read(fds[0], &code, 1);
        _exit(got == 1 ? code : EX_SOFTWARE);
    }
    close(fds[0]);
    setsid();
    return fds[1];
}

/* Nothing may keep the starting terminal or working folder. */
static void let_go_of_terminal(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return;
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    if (null > STDERR_FILENO)
        close(null);
    if (chdir("/") < 0)
        log_line(LOG_LEVEL_WARNING, "chdir /: %s", strerror(errno));
}

static void report_ready(struct daemon *daemon, char code)
{
    if (daemon->ready_fd < 0)
        return;
    if (write(daemon->ready_fd, &code, 1) < 0)
        log_line(LOG_LEVEL_WARNING, "nobody waits for the start: %s", strerror(errno));
    close(daemon->ready_fd);
    daemon->ready_fd = -1;
}

static int write_pid_file(const char *path, struct err *err)
{
    if (path[0] == '\0')
        return 0;
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    fprintf(file, "%ld\n", (long)getpid());
    if (fclose(file) != 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    return 0;
}

/* A job of the writer: what readers of the database and the limit clock need. */
static int publish(struct db *db, void *arg, struct err *err)
{
    const struct settings *settings = arg;
    if (limit_clock_start(db, err) < 0)
        return -1;
    return limits_publish(db, settings->limits, settings->limit_count, err);
}

static int tell_brake(struct db *db, void *arg, struct err *err)
{
    const struct settings *settings = arg;
    struct arena *arena = arena_new(BRAKE_BYTES);
    if (arena == NULL)
        return err_set(err, ERR_MEMORY, "no memory for the brake");
    const char *words = brake_words(db, arena, err);
    if (words != NULL && words[0] != '\0')
        log_line(LOG_LEVEL_WARNING, "the brake is %s; mail that nothing exempts is %s",
                 words,
                 settings->mode == MODE_SHADOW ? "noted, for mode = shadow"
                                               : "held until outgate brake off");
    arena_free(&arena);
    return words != NULL ? 0 : -1;
}

/* A store that is full or busy now must not keep the gate from its work: what is left
 * undone here is tried again while it runs. */
static void publish_limits(struct daemon *daemon)
{
    struct err err;
    struct settings *settings = daemon->engine->settings;
    writer_keep(daemon->writer, settings->keep_for_us / 1000000);
    daemon->is_published =
        writer_run(daemon->writer, publish, settings, PUBLISH_MS, &err) == 0;
    daemon->publish_again_us = clock_elapsed_us() + PUBLISH_AGAIN_US;
    if (!daemon->is_published)
        log_line(LOG_LEVEL_ERROR, "the store cannot be written to: %s", err.text);
    else if (reader_run(daemon->reader, tell_brake, settings, PUBLISH_MS, &err) < 0)
        log_line(LOG_LEVEL_ERROR, "the store cannot be read: %s", err.text);
}

static void release_engine(void *owner)
{
    struct engine *engine = owner;
    engine_release(&engine);
}

/* The notifier keeps the engine whose settings it reads. */
static struct notifier_settings notifier_settings(const struct daemon *daemon)
{
    return (struct notifier_settings){.settings = daemon->engine->settings,
                                      .owner = engine_acquire(daemon->engine),
                                      .release = release_engine};
}

static int start_notifier(struct daemon *daemon, struct err *err)
{
    if (notifier_new(&daemon->notifier, daemon->writer, daemon->reader,
                     notifier_settings(daemon), err) < 0)
        return -1;
    return notifier_run(daemon->notifier, err);
}

/* Socket and pid file as root, the rest as the daemon's own user. */
static int start(struct daemon *daemon, struct err *err)
{
    const struct settings *s = daemon->engine->settings;
    if (milter_open(daemon->engine, err) < 0 || write_pid_file(s->pid_file, err) < 0 ||
        privs_drop(s->user, err) < 0 ||
        writer_start(&daemon->writer, s->database, QUEUE_MAX, err) < 0 ||
        reader_open(&daemon->reader, s->database, READERS, err) < 0)
        return -1;
    publish_limits(daemon);
    figures_start(&daemon->figures, daemon->engine->dns, daemon->writer);
    return start_notifier(daemon, err);
}

static void *serve(void *arg)
{
    struct daemon *daemon = arg;
    daemon->has_failed =
        milter_run(daemon->writer, daemon->reader, &daemon->failure) < 0;
    atomic_store(&daemon->is_over, true);
    kill(getpid(), SIGTERM); /* the main thread waits for a signal */
    return NULL;
}

static void reload(struct daemon *daemon)
{
    struct engine *fresh;
    struct err err;
    notify_manager("RELOADING=1");
    if (engine_load(&fresh, daemon->options.config, daemon->options.rules, say_problem,
                    NULL, &err) < 0) {
        log_line(LOG_LEVEL_ERROR, "reload refused, the old config and rules stay: %s",
                 err.text);
    } else {
        engine_share(fresh, daemon->engine);
        milter_replace(fresh);
        engine_release(&daemon->engine);
        daemon->engine = fresh;
        figures_use(&daemon->figures, fresh->dns);
        publish_limits(daemon);
        notifier_replace(daemon->notifier, notifier_settings(daemon));
        log_line(LOG_LEVEL_INFO, "reloaded: %zu rules, %zu limits",
                 ruleset_count(fresh->rules), fresh->settings->limit_count);
    }
    notify_manager("READY=1");
}

/* Until a signal that stops. What goes wrong is told within a second, whether mail
 * comes or not. */
static void wait_for_signals(struct daemon *daemon, const sigset_t *set)
{
    const struct timespec tick = {.tv_sec = TICK_S};
    for (;;) {
        int signal = sigtimedwait(set, NULL, &tick);
        if (signal == SIGUSR1)
            reload(daemon);
        else if (signal > 0)
            return;
        milter_tell_troubles(daemon->engine);
        if (!daemon->is_published && clock_elapsed_us() >= daemon->publish_again_us)
            publish_limits(daemon);
    }
}

static int run(struct daemon *daemon, const sigset_t *signals, struct err *err)
{
    if (pthread_create(&daemon->server, NULL, serve, daemon) != 0)
        return err_set(err, ERR_MEMORY, "no thread for the server");
    const struct settings *s = daemon->engine->settings;
    log_line(LOG_LEVEL_INFO,
             "started: version %s, socket %s, %s, %zu rules, %zu limits",
             PACKAGE_VERSION, s->socket, s->mode == MODE_SHADOW ? "shadow" : "enforce",
             ruleset_count(daemon->engine->rules), s->limit_count);
    report_ready(daemon, 0);
    notify_manager("READY=1");
    wait_for_signals(daemon, signals);
    bool was_asked = !atomic_load(&daemon->is_over);
    notify_manager("STOPPING=1");
    notifier_stop(&daemon->notifier); /* its mail may need the gate */
    milter_stop();
    pthread_join(daemon->server, NULL);
    unsigned left = milter_drain(DRAIN_MS);
    if (left > 0)
        log_line(LOG_LEVEL_WARNING, "%u messages were cut off at the stop", left);
    if (!daemon->has_failed)
        return 0;
    if (was_asked) { /* a library that stumbles on its way out has stopped, too */
        log_line(LOG_LEVEL_WARNING, "at the stop: %s", daemon->failure.text);
        return 0;
    }
    *err = daemon->failure;
    return -1;
}

/* Blocked in every thread from the start: an unblocked one would end the process. */
static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void remove_leftovers(const struct daemon *daemon)
{
    const struct settings *s = daemon->engine->settings;
    const char *path = strchr(s->socket, ':') + 1;
    if (s->pid_file[0] != '\0')
        unlink(s->pid_file); /* fails when the folder is root's: harmless */
    if (strncmp(s->socket, "inet", 4) != 0)
        unlink(path);
}

/* What the resolver did, for who wonders whether it is worth its deadline. */
static void log_dns(struct dns *dns)
{
    struct dns_counts counts;
    char text[DNS_COUNTERS * 48] = "";
    size_t len = 0;
    if (!dns_is_configured(dns))
        return;
    dns_count(dns, &counts);
    for (enum dns_counter i = 0; i < DNS_COUNTERS; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, " %s=%lu",
                                dns_counter_name(i), (unsigned long)counts.at[i]);
    log_line(LOG_LEVEL_INFO, "dns:%s", text);
}

static int serve_until_stopped(struct daemon *daemon, struct err *err)
{
    sigset_t signals;
    block_signals(&signals);
    if (start(daemon, err) < 0)
        return -1;
    if (daemon->ready_fd >= 0)
        let_go_of_terminal();
    int result = run(daemon, &signals, err);
    notifier_stop(&daemon->notifier);
    figures_end(&daemon->figures);
    writer_stop(&daemon->writer);
    remove_leftovers(daemon);
    log_dns(daemon->engine->dns);
    if (result == 0)
        log_line(LOG_LEVEL_INFO, "stopped");
    return result;
}

static int run_daemon(const struct options *options)
{
    struct daemon daemon = {.options = *options, .ready_fd = -1};
    struct err err;
    if (engine_load(&daemon.engine, options->config, options->rules, print_problem,
                    NULL, &err) < 0) {
        fprintf(stderr, "outgate-milter: %s\n", err.text);
        return err_exit_code(&err);
    }
    bool to_stderr = daemon.engine->settings->log == 1;
    if (!options->is_foreground)
        daemon.ready_fd = detach(&err);
    bool is_detached = options->is_foreground || daemon.ready_fd >= 0;
    log_open("outgate-milter", to_stderr && options->is_foreground);
    int code = 0;
    if (!is_detached || serve_until_stopped(&daemon, &err) < 0) {
        code = err_exit_code(&err);
        log_line(LOG_LEVEL_ERROR, "%s", err.text);
        if (!to_stderr || !options->is_foreground)
            fprintf(stderr, "outgate-milter: %s\n", err.text);
        report_ready(&daemon, (char)code);
    }
    notifier_stop(&daemon.notifier);
    reader_close(&daemon.reader);
    writer_stop(&daemon.writer);
    figures_clear(&daemon.figures);
    engine_release(&daemon.engine);
    return code;
}

int main(int argc, char **argv)
{
    struct options options;
    if (read_options(argc, argv, &options) < 0) {
        fputs(usage_text, stderr);
        return 2;
    }
    if (options.is_help || options.is_version) {
        if (options.is_help)
            fputs(usage_text, stdout);
        else
            puts("outgate-milter " PACKAGE_VERSION);
        return 0;
    }
    return options.is_test ? test_config(&options) : run_daemon(&options);
}
