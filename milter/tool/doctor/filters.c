/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/filters.h"

#include <string.h>
#include <sys/stat.h>

#include "tool/doctor/milters.h"
#include "tool/print.h"

static const char why_past[] =
    "Mail is neither scored nor limited nor recorded. (What is put into sendmail.cf "
    "here belongs into sendmail.mc as well: contrib/sendmail/outgate.mc.)";

/* ---- lists ---- */

/* Both spell a unix socket "unix:" or "local:". */
static struct span plain_socket(struct span socket)
{
    if (span_istarts(socket, SPAN("local:")))
        return span_from(socket, 6);
    return span_istarts(socket, SPAN("unix:")) ? span_from(socket, 5) : socket;
}

const struct sendmail_filter *filters_gate(struct doctor *doctor)
{
    struct span ours = plain_socket(span_of(doctor->tool->settings->socket));
    const struct sendmail_config *config = doctor->sendmail;
    for (size_t i = 0; config != NULL && i < config->filter_count; i++)
        if (span_eq(plain_socket(config->filters[i].socket), ours))
            return &config->filters[i];
    return NULL;
}

static struct span list_of(struct doctor *doctor, const struct sendmail_daemon *daemon)
{
    if (daemon != NULL && daemon->has_filters)
        return daemon->filters;
    return sendmail_option(doctor->sendmail->text, "InputMailFilters");
}

static bool has_filter(struct span list, struct span wanted, bool *is_last)
{
    struct span name;
    bool is_there = false;
    *is_last = false;
    while (sendmail_next_name(&list, &name)) {
        *is_last = span_eq(name, wanted);
        is_there = is_there || *is_last;
    }
    return is_there;
}

bool filters_have_gate(struct doctor *doctor, const struct sendmail_daemon *daemon)
{
    const struct sendmail_filter *gate = filters_gate(doctor);
    bool is_last;
    return gate != NULL && has_filter(list_of(doctor, daemon), gate->name, &is_last);
}

/* ---- the option ---- */

static void edit(struct doctor *doctor, struct finding *finding, const char *script)
{
    doctor_edit_cf(doctor, finding, doctor->sendmail->path, script);
    doctor_reload(doctor, finding);
}

/* A second filter of the same name would keep Sendmail from starting. */
static bool has_name(struct doctor *doctor, struct span name)
{
    const struct sendmail_config *config = doctor->sendmail;
    for (size_t i = 0; i < config->filter_count; i++)
        if (span_eq(config->filters[i].name, name))
            return true;
    return false;
}

static void tell_no_filter(struct doctor *doctor)
{
    const char *socket = doctor->tool->settings->socket;
    struct finding *finding = doctor_find(doctor, LEVEL_BAD, "input_mail_filter",
                                          span_of(doctor->sendmail->path),
                                          "no filter has the gate's socket %s", socket);
    doctor_why(finding, why_past);
    edit(doctor, finding,
         has_name(doctor, SPAN("outgate"))
             ? doctor_text(doctor, "/^Xoutgate,/s|S=[^,]*|S=%s|", socket)
             : doctor_text(doctor, "$a Xoutgate, S=%s, F=T, T=C:1m;S:30s;R:30s;E:5m",
                           socket));
}

/* All others in their order, the gate last. */
static const char *mended(struct doctor *doctor, struct span list, struct span gate)
{
    struct buf out;
    struct span name;
    buf_init(&out, doctor->arena, 4096);
    while (sendmail_next_name(&list, &name))
        if (!span_eq(name, gate))
            buf_printf(&out, "%.*s, ", (int)name.len, name.at);
    buf_add_span(&out, gate);
    return buf_cstr(&out);
}

static void check_list(struct doctor *doctor, const struct sendmail_filter *gate)
{
    struct span subject = span_of(doctor->sendmail->path);
    struct span list = list_of(doctor, NULL);
    bool is_last;
    bool is_there = has_filter(list, gate->name, &is_last);
    if (is_last) {
        doctor_find(doctor, LEVEL_OK, "input_mail_filters", subject,
                    "outgate is the last of InputMailFilters");
        return;
    }
    struct finding *finding = doctor_find(doctor, LEVEL_BAD, "input_mail_filters",
                                          subject, "outgate is not %s InputMailFilters",
                                          is_there ? "the last of" : "in");
    doctor_why(finding, is_there ? "Before the signer the gate sees mail without the "
                                   "signature that will leave."
                                 : why_past);
    const char *names = mended(doctor, list, gate->name);
    edit(doctor, finding,
         list.at != NULL
             ? doctor_text(doctor, "s|^O InputMailFilters=.*|O InputMailFilters=%s|",
                           names)
             : doctor_text(doctor, "$a O InputMailFilters=%s", names));
}

/* ---- a port with a list of its own ---- */

/* The value of DaemonPortOptions without its list, so that the option counts. */
static const char *without_list(struct doctor *doctor, struct span whole)
{
    struct buf out;
    struct span item;
    buf_init(&out, doctor->arena, 4096);
    while (whole.len > 0) {
        span_cut(whole, ',', &item, &whole);
        item = span_trim(item);
        if (item.len > 0 && ascii_lower(item.at[0]) != 'i')
            buf_printf(&out, "%s%.*s", out.len > 0 ? ", " : "", (int)item.len, item.at);
    }
    return buf_cstr(&out);
}

/* Text as a basic regular expression that matches it between bars. */
static const char *quoted(struct doctor *doctor, struct span text)
{
    struct buf out;
    buf_init(&out, doctor->arena, 4096);
    for (size_t i = 0; i < text.len; i++) {
        if (strchr(".[]*^$\\|", text.at[i]) != NULL)
            buf_add_char(&out, '\\');
        buf_add_char(&out, text.at[i]);
    }
    return buf_cstr(&out);
}

static void check_daemon(struct doctor *doctor, const struct sendmail_filter *gate,
                         const struct sendmail_daemon *daemon)
{
    bool is_last;
    bool is_there = has_filter(list_of(doctor, daemon), gate->name, &is_last);
    if (!daemon->has_filters || is_last)
        return;
    struct finding *finding =
        doctor_find(doctor, LEVEL_BAD, "daemon_filters", daemon->name,
                    "a port with filters of its own; outgate is not %s them",
                    is_there ? "the last of" : "among");
    doctor_why(finding, is_there ? "Before the signer the gate sees mail without the "
                                   "signature that will leave."
                                 : "All mail that comes by it is neither scored nor "
                                   "limited nor recorded.");
    edit(doctor, finding,
         doctor_text(doctor, "s|^O DaemonPortOptions=%s$|O DaemonPortOptions=%s|",
                     quoted(doctor, daemon->whole),
                     without_list(doctor, daemon->whole)));
}

/* ---- while the gate is away ---- */

static void check_flags(struct doctor *doctor, const struct sendmail_filter *gate)
{
    if (span_eq(gate->flags, SPAN("T"))) {
        doctor_find(doctor, LEVEL_OK, "filter_flags", gate->name,
                    "while the gate is away mail waits (F=T)");
        return;
    }
    bool is_refused = span_eq(gate->flags, SPAN("R"));
    struct finding *finding =
        doctor_find(doctor, is_refused ? LEVEL_WARNING : LEVEL_BAD, "filter_flags",
                    gate->name, "while the gate is away mail %s",
                    is_refused ? "is refused (F=R)" : "passes (no F=T)");
    doctor_why(finding, is_refused ? "A restart of the gate costs mail. It should wait."
                                   : why_past);
    edit(doctor, finding,
         gate->flags.len > 0 ? doctor_text(doctor, "/^X%.*s,/s/F=[^,]*/F=T/",
                                           (int)gate->name.len, gate->name.at)
                             : doctor_text(doctor, "/^X%.*s,/s/$/, F=T/",
                                           (int)gate->name.len, gate->name.at));
}

/* ---- the way to the socket ---- */

/* Sendmail will not use a socket below a folder that others than its owner may write
 * to, sticky or not. Source: Guide 5.13 (X), 6.6.2 (DontBlameSendmail); measured. */
static void check_folders(struct doctor *doctor)
{
    const char *path = milters_socket_path(doctor);
    struct span blame = sendmail_option(doctor->sendmail->text, "DontBlameSendmail");
    mode_t most = 0;
    if (span_ifind(blame, SPAN("GroupWritableDirPathSafe")) < 0)
        most |= S_IWGRP;
    if (span_ifind(blame, SPAN("WorldWritableDirPath")) < 0)
        most |= S_IWOTH;
    for (size_t i = 1; path != NULL && path[i] != '\0'; i++) {
        struct stat st;
        const char *folder = doctor_text(doctor, "%.*s", (int)i, path);
        if (path[i] != '/' || stat(folder, &st) != 0 || (st.st_mode & most) == 0)
            continue;
        struct finding *finding =
            doctor_find(doctor, LEVEL_BAD, "filter_folder", span_of(folder),
                        "others may write to this folder above the gate's socket");
        doctor_why(finding,
                   "Sendmail calls the socket unsafe and does not use it: mail "
                   "waits, or passes unseen, as F= says.");
        if ((st.st_mode & S_ISVTX) == 0)
            doctor_remedy(doctor, finding, REMEDY_SHELL, "chmod go-w %s",
                          print_shell_word(doctor->arena, span_of(folder)));
        else /* a place for all, as /tmp */
            doctor_remedy(doctor, finding, REMEDY_LOOK, "outgate config | grep socket");
    }
}

void doctor_check_filters(struct doctor *doctor)
{
    const struct sendmail_filter *gate = filters_gate(doctor);
    const struct sendmail_config *config = doctor->sendmail;
    if (gate == NULL) {
        tell_no_filter(doctor);
        return;
    }
    check_list(doctor, gate);
    for (size_t i = 0; i < config->daemon_count; i++)
        check_daemon(doctor, gate, &config->daemons[i]);
    check_flags(doctor, gate);
    check_folders(doctor);
}
