/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_metrics - OpenMetrics for node_exporter's textfile collector, or over HTTP.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/netaddr.h"
#include "tool/audit/metrics.h"
#include "tool/commands.h"
#include "tool/print.h"
#include "tool/replace.h"

enum {
    TEXT_BYTES = 4 << 20,
    CLIENTS_MAX = 16,
    CLIENT_TIMEOUT_S = 10,
};

static struct {
    const char *out, *listen;
} given;

static const struct option_row options[] = {
    {"out", 'o', "FILE", OPTION_TEXT, &given.out,
     "write it there, whole or not at all (node_exporter's textfile collector)"},
    {"listen", 0, "ADDRESS:PORT", OPTION_TEXT, &given.listen,
     "serve /metrics on this loopback address until SIGTERM"},
    {0},
};

/* ---- once ---- */

static int print_once(struct tool *tool, struct err *err)
{
    struct buf out;
    buf_init(&out, tool->arena, TEXT_BYTES);
    if (tool_open(tool, DB_READ, err) != 0 || metrics_print(tool, &out, err) != 0)
        return -1;
    if (given.out != NULL)
        return replace_file(given.out, buf_span(&out), err);
    fwrite(buf_span(&out).at, 1, buf_span(&out).len, stdout);
    return 0;
}

/* ---- over HTTP ---- */

/* 127.0.0.1:9436, [::1]:9436; only loopback: there is no password here. */
static int read_address(const char *text, struct sockaddr_storage *out, struct err *err)
{
    struct span host;
    struct span all = span_of(text);
    ptrdiff_t colon = span_rindex(all, ':');
    uint64_t port;
    char name[64];
    struct netaddr address;
    if (colon < 1 || !text_parse_count(span_from(all, (size_t)colon + 1), 65535, &port))
        return err_set(err, ERR_USAGE, "--listen %s: write 127.0.0.1:9436", text);
    host = span_head(all, (size_t)colon);
    if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
        host = (struct span){host.at + 1, host.len - 2};
    snprintf(name, sizeof name, "%.*s", (int)host.len, host.at);
    if (!netaddr_parse(host, &address) || !netaddr_is_loopback(&address))
        return err_set(err, ERR_USAGE,
                       "--listen %s: only a loopback address, for whoever asks is told",
                       text);
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)out;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, name, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)port);
        return 0;
    }
    if (inet_pton(AF_INET6, name, &six->sin6_addr) != 1)
        return err_set(err, ERR_USAGE, "--listen %s: no address", text);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons((uint16_t)port);
    return 0;
}

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status,
                             const char *type, struct span text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        text.len, (void *)(uintptr_t)text.at, MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* Each answer opens the database anew: it may have been replaced. */
static enum MHD_Result answer(void *arg, struct MHD_Connection *connection,
                              const char *url, const char *method, const char *version,
                              const char *body, size_t *body_len, void **state)
{
    const struct tool *asked = arg;
    struct tool tool = *asked;
    struct buf out;
    struct err err;
    (void)version;
    (void)body;
    (void)body_len;
    (void)state;
    if (strcmp(method, "GET") != 0)
        return reply(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain",
                     SPAN("GET only\n"));
    if (strcmp(url, "/metrics") != 0)
        return reply(connection, MHD_HTTP_NOT_FOUND, "text/plain", SPAN("/metrics\n"));
    tool.db = NULL;
    tool.arena = arena_new(2 * TEXT_BYTES);
    if (tool.arena == NULL)
        return MHD_NO;
    buf_init(&out, tool.arena, TEXT_BYTES);
    enum MHD_Result result;
    if (tool_open(&tool, DB_READ, &err) == 0 && metrics_print(&tool, &out, &err) == 0)
        result = reply(connection, MHD_HTTP_OK, METRICS_TYPE, buf_span(&out));
    else
        result = reply(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "text/plain",
                       SPAN("the database cannot be read\n"));
    db_close(&tool.db);
    arena_free(&tool.arena);
    return result;
}

static int serve(struct tool *tool, struct err *err)
{
    struct sockaddr_storage address;
    sigset_t signals;
    int signal;
    if (read_address(given.listen, &address, err) != 0 ||
        tool_open(tool, DB_READ, err) != 0)
        return -1;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD;
    if (address.ss_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    struct MHD_Daemon *daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, answer, tool, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CLIENTS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CLIENT_TIMEOUT_S, MHD_OPTION_END);
    if (daemon == NULL)
        return err_set(err, ERR_IO, "%s: cannot listen: %s", given.listen,
                       strerror(errno));
    printf("http://%s/metrics\n", given.listen);
    fflush(stdout);
    sigwait(&signals, &signal);
    MHD_stop_daemon(daemon);
    return 0;
}

static int run(struct tool *tool, struct err *err)
{
    int rc = given.listen != NULL ? serve(tool, err) : print_once(tool, err);
    return rc != 0 ? -1 : EXIT_FINE;
}

const struct command outgate_cmd_metrics = {
    .name = "metrics",
    .words = "",
    .summary = "counters and gauges as OpenMetrics: a file, or over HTTP",
    .details = "No label names a sender: a monitoring system keeps labels for ever.",
    .examples =
        "  outgate metrics --out /var/lib/prometheus/node-exporter/outgate.prom\n"
        "  outgate metrics --listen 127.0.0.1:9436",
    .options = options,
    .run = run,
};
