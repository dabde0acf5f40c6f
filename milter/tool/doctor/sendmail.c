/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/sendmail.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tool/print.h"

enum { FILE_BYTES = 4 << 20 };

/* What sendmail.cf says of filters. Source: Sendmail Installation and Operation Guide
 * 5.13 (X), 5.6 (InputMailFilters). */
struct cf {
    const char *path;
    struct span text;
    struct span name;    /* of the filter whose socket is ours; "" none */
    struct span flags;   /* its F= */
    struct span filters; /* O InputMailFilters */
};

static const char why_past[] =
    "Mail is neither scored nor limited nor recorded. (What is put into sendmail.cf "
    "here "
    "belongs into sendmail.mc as well: contrib/sendmail/outgate.mc.)";

static struct span equate(struct span line, const char *name)
{
    struct span item;
    while (line.len > 0) {
        span_cut(line, ',', &item, &line);
        item = span_trim(item);
        if (span_starts(item, span_of(name)))
            return span_trim(span_from(item, strlen(name)));
    }
    return SPAN("");
}

/* "Xoutgate, S=unix:/run/outgate/milter.sock, F=T, T=..." */
static void read_filter(struct doctor *doctor, struct cf *cf, struct span line)
{
    struct span name, rest;
    span_cut(span_from(line, 1), ',', &name, &rest);
    struct span socket = equate(rest, "S=");
    struct span ours = span_of(doctor->tool->settings->socket);
    if (span_istarts(socket, SPAN("local:")))
        socket = span_of(
            doctor_text(doctor, "unix:%.*s", (int)socket.len - 6, socket.at + 6));
    if (!span_eq(socket, ours))
        return;
    cf->name = span_trim(name);
    cf->flags = equate(rest, "F=");
}

static bool read_cf(struct doctor *doctor, struct cf *cf)
{
    struct span line;
    FILE *file = fopen(cf->path, "re");
    char *bytes = file != NULL ? arena_alloc(doctor->arena, FILE_BYTES) : NULL;
    if (bytes != NULL)
        cf->text = (struct span){bytes, fread(bytes, 1, FILE_BYTES, file)};
    if (file == NULL)
        return false;
    fclose(file);
    struct span rest = cf->text;
    while (rest.len > 0) {
        span_cut(rest, '\n', &line, &rest);
        if (line.len > 1 && line.at[0] == 'X')
            read_filter(doctor, cf, line);
        else if (span_starts(line, SPAN("O InputMailFilters=")))
            cf->filters = span_trim(span_from(line, 19));
    }
    return true;
}

static void edit(struct doctor *doctor, struct finding *finding, const struct cf *cf,
                 const char *script)
{
    doctor_remedy(doctor, finding, REMEDY_SHELL, "sed -i '%s' %s", script,
                  print_shell_word(doctor->arena, span_of(cf->path)));
    doctor_remedy(doctor, finding, REMEDY_LOOK, "killall -HUP sendmail");
}

static void tell_no_filter(struct doctor *doctor, const struct cf *cf)
{
    struct finding *finding = doctor_find(
        doctor, LEVEL_BAD, "input_mail_filter", span_of(cf->path),
        "no filter has the gate's socket %s", doctor->tool->settings->socket);
    doctor_why(finding, why_past);
    edit(doctor, finding, cf,
         doctor_text(doctor, "$a Xoutgate, S=%s, F=T, T=C:1m;S:30s;R:30s;E:5m",
                     doctor->tool->settings->socket));
}

/* All others in their order, the gate last. */
static const char *mended(struct doctor *doctor, const struct cf *cf)
{
    struct buf out;
    struct span rest = cf->filters;
    struct span item;
    buf_init(&out, doctor->arena, 4096);
    while (rest.len > 0) {
        span_cut(rest, ',', &item, &rest);
        item = span_trim(item);
        if (item.len > 0 && !span_eq(item, cf->name))
            buf_printf(&out, "%.*s, ", (int)item.len, item.at);
    }
    buf_add_span(&out, cf->name);
    return buf_cstr(&out);
}

static void check_order(struct doctor *doctor, const struct cf *cf)
{
    struct span rest = cf->filters;
    struct span item = SPAN("");
    bool is_there = false;
    while (rest.len > 0) {
        span_cut(rest, ',', &item, &rest);
        item = span_trim(item);
        is_there = is_there || span_eq(item, cf->name);
    }
    if (is_there && span_eq(item, cf->name)) {
        doctor_find(doctor, LEVEL_OK, "input_mail_filters", span_of(cf->path),
                    "outgate is the last of InputMailFilters");
        return;
    }
    struct finding *finding = doctor_find(
        doctor, LEVEL_BAD, "input_mail_filters", span_of(cf->path),
        "outgate is not %s InputMailFilters", is_there ? "the last of" : "in");
    doctor_why(finding, is_there ? "Before the signer the gate sees mail without the "
                                   "signature that will leave."
                                 : why_past);
    const char *list = mended(doctor, cf);
    edit(doctor, finding, cf,
         cf->filters.at != NULL
             ? doctor_text(doctor, "s|^O InputMailFilters=.*|O InputMailFilters=%s|",
                           list)
             : doctor_text(doctor, "$a O InputMailFilters=%s", list));
}

static void check_flags(struct doctor *doctor, const struct cf *cf)
{
    if (span_eq(cf->flags, SPAN("T"))) {
        doctor_find(doctor, LEVEL_OK, "filter_flags", cf->name,
                    "while the gate is away mail waits (F=T)");
        return;
    }
    bool is_refused = span_eq(cf->flags, SPAN("R"));
    struct finding *finding =
        doctor_find(doctor, is_refused ? LEVEL_WARNING : LEVEL_BAD, "filter_flags",
                    cf->name, "while the gate is away mail %s",
                    is_refused ? "is refused (F=R)" : "passes (no F=T)");
    doctor_why(finding, is_refused ? "A restart of the gate costs mail. It should wait."
                                   : why_past);
    const char *script = cf->flags.at != NULL && cf->flags.len > 0
                             ? doctor_text(doctor, "/^X%.*s,/s/F=[^,]*/F=T/",
                                           (int)cf->name.len, cf->name.at)
                             : doctor_text(doctor, "/^X%.*s,/s/$/, F=T/",
                                           (int)cf->name.len, cf->name.at);
    edit(doctor, finding, cf, script);
}

void doctor_check_sendmail(struct doctor *doctor)
{
    struct cf cf = {.path = doctor->mta.config[0] != '\0' ? doctor->mta.config
                                                          : "/etc/mail/sendmail.cf"};
    if (!read_cf(doctor, &cf)) {
        struct finding *finding =
            doctor_find(doctor, LEVEL_WARNING, "mta", span_of(cf.path),
                        "cannot be read: %s", strerror(errno));
        doctor_why(finding, "How the gate is wired cannot be told.");
        return;
    }
    if (cf.name.len == 0) {
        tell_no_filter(doctor, &cf);
        return;
    }
    check_order(doctor, &cf);
    check_flags(doctor, &cf);
}
