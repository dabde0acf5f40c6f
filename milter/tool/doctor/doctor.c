/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool/print.h"

enum {
    TEXT_BYTES = 1 << 16, /* one text of a finding. chosen */
    ROW_BYTES = 1 << 19,
    TABLE_MS = 20000, /* one question to one table */
};

const char *level_name(enum level level)
{
    static const char *const names[] = {"unknown", "ok", "note", "warning", "bad"};
    return names[level];
}

const char *remedy_name(enum remedy_kind kind)
{
    static const char *const names[] = {"unknown", "shell", "zone", "look"};
    return names[kind];
}

__attribute__((format(printf, 2, 0))) static const char *
print_text(struct doctor *doctor, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    size_t size = len < 0 ? 1 : (size_t)len + 1;
    if (size > TEXT_BYTES)
        size = TEXT_BYTES;
    char *text = arena_alloc(doctor->arena, size);
    if (text == NULL)
        return "(out of memory)";
    vsnprintf(text, size, fmt, ap);
    return text;
}

const char *doctor_text(struct doctor *doctor, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const char *text = print_text(doctor, fmt, ap);
    va_end(ap);
    return text;
}

static void open_sendmail(struct doctor *doctor)
{
    struct sendmail_config *config = arena_alloc(doctor->arena, sizeof *config);
    if (config != NULL && sendmail_config_load(&doctor->mta, doctor->arena, config,
                                               &doctor->mta_err) == 0)
        doctor->sendmail = config;
}

static void open_postfix(struct doctor *doctor)
{
    mta_prepare(&doctor->mta, doctor->arena);
    struct postfix_config *config = arena_alloc(doctor->arena, sizeof *config);
    if (config != NULL &&
        postfix_config_load(&doctor->mta, doctor->arena, config, &doctor->mta_err) == 0)
        doctor->postfix = config;
}

void doctor_open(struct doctor *doctor)
{
    const struct settings *settings = doctor->tool->settings;
    doctor->has_mta = mta_open(&doctor->mta, settings, &doctor->mta_err) == 0;
    if (doctor->has_mta && doctor->mta.kind == MTA_SENDMAIL)
        open_sendmail(doctor);
    else if (doctor->has_mta)
        open_postfix(doctor);
}

struct span doctor_host_name(struct doctor *doctor)
{
    return doctor->sendmail != NULL
               ? doctor->sendmail->host_name
               : postfix_value(doctor->postfix, SPAN(""), "myhostname");
}

struct span doctor_read(struct doctor *doctor, const char *path, size_t most)
{
    struct span text = SPAN("");
    FILE *file = fopen(path, "re");
    char *bytes = file != NULL ? arena_alloc(doctor->arena, most) : NULL;
    if (bytes != NULL)
        text = (struct span){bytes, fread(bytes, 1, most, file)};
    if (file != NULL)
        fclose(file);
    return text;
}

struct finding *doctor_find(struct doctor *doctor, enum level level, const char *check,
                            struct span subject, const char *what, ...)
{
    struct finding *finding = &doctor->spare;
    struct finding *grown = arena_grow(doctor->arena, doctor->findings, doctor->count,
                                       &doctor->room, sizeof *grown);
    if (grown != NULL) {
        doctor->findings = grown;
        finding = &grown[doctor->count++];
    }
    va_list ap;
    va_start(ap, what);
    *finding = (struct finding){
        .section = doctor->section,
        .check = check,
        .subject = span_cstr(doctor->arena, subject),
        .level = level,
        .what = print_text(doctor, what, ap),
        .why = "",
    };
    va_end(ap);
    doctor->counts[level]++;
    return finding;
}

void doctor_why(struct finding *finding, const char *why)
{
    finding->why = why;
}

void doctor_remedy(struct doctor *doctor, struct finding *finding,
                   enum remedy_kind kind, const char *line, ...)
{
    va_list ap;
    if (finding->remedy_count == REMEDIES)
        return;
    va_start(ap, line);
    finding->remedies[finding->remedy_count++] =
        (struct remedy){kind, print_text(doctor, line, ap)};
    va_end(ap);
}

/* ---- lines that repair ---- */

static void reload_outgate(struct doctor *doctor, struct finding *finding)
{
    const char *pid_file = doctor->tool->settings->pid_file;
    if (access("/run/systemd/system", F_OK) == 0)
        doctor_remedy(doctor, finding, REMEDY_SHELL, "systemctl reload outgate");
    else if (pid_file[0] != '\0')
        doctor_remedy(doctor, finding, REMEDY_SHELL, "kill -USR1 $(cat %s)",
                      print_shell_word(doctor->arena, span_of(pid_file)));
    else
        doctor_remedy(doctor, finding, REMEDY_SHELL, "pkill -USR1 -x outgate-milter");
}

void doctor_set(struct doctor *doctor, struct finding *finding, const char *name,
                const char *text)
{
    const char *path = tool_config_path(doctor->tool);
    struct span file = span_of(path != NULL ? path : OUTGATE_CONFIG_FILE);
    ptrdiff_t slash = span_rindex(file, '/');
    struct span folder = slash > 0 ? span_head(file, (size_t)slash) : SPAN(".");
    const char *drop_ins =
        doctor_text(doctor, "%.*s/conf.d", (int)folder.len, folder.at);
    struct buf words;
    struct span rest = span_of(text);
    struct span line;
    buf_init(&words, doctor->arena, TEXT_BYTES);
    while (rest.len > 0) {
        span_cut(rest, '\n', &line, &rest);
        buf_add_char(&words, ' ');
        buf_add_span(&words, span_of(print_shell_word(doctor->arena, line)));
    }
    doctor_remedy(doctor, finding, REMEDY_SHELL, "mkdir -p %s && printf '%%s\\n'%s >%s",
                  print_shell_word(doctor->arena, span_of(drop_ins)), buf_cstr(&words),
                  print_shell_word(
                      doctor->arena,
                      span_of(doctor_text(doctor, "%s/zz-%s.conf", drop_ins, name))));
    reload_outgate(doctor, finding);
}

const char *doctor_postfix_option(struct doctor *doctor)
{
    if (doctor->mta.config[0] == '\0')
        return "";
    return doctor_text(doctor, " -c %s",
                       print_shell_word(doctor->arena, span_of(doctor->mta.config)));
}

/* postconf -P takes no white space in a value: it stands between commas as well. */
static struct span without_space(struct doctor *doctor, struct span list)
{
    struct buf out;
    struct span word;
    buf_init(&out, doctor->arena, TEXT_BYTES);
    while (postfix_next_word(&list, &word)) {
        if (out.len > 0)
            buf_add_char(&out, ',');
        for (size_t i = 0; i < word.len; i++)
            if (!ascii_is_space(word.at[i]))
                buf_add_char(&out, word.at[i]);
    }
    return buf_span(&out);
}

void doctor_postconf(struct doctor *doctor, struct finding *finding,
                     struct span service, const char *name, struct span value)
{
    const char *option = doctor_postfix_option(doctor);
    if (service.len == 0) {
        const char *line =
            doctor_text(doctor, "%s = %.*s", name, (int)value.len, value.at);
        doctor_remedy(doctor, finding, REMEDY_SHELL, "postconf%s -e %s", option,
                      print_shell_word(doctor->arena, span_of(line)));
        return;
    }
    value = without_space(doctor, value);
    const char *line = doctor_text(doctor, "%.*s/%s=%.*s", (int)service.len, service.at,
                                   name, (int)value.len, value.at);
    doctor_remedy(doctor, finding, REMEDY_SHELL, "postconf%s -P %s", option,
                  print_shell_word(doctor->arena, span_of(line)));
}

void doctor_edit_cf(struct doctor *doctor, struct finding *finding, const char *path,
                    const char *script)
{
    doctor_remedy(doctor, finding, REMEDY_SHELL, "sed -i %s %s",
                  print_shell_word(doctor->arena, span_of(script)),
                  print_shell_word(doctor->arena, span_of(path)));
}

/* Sendmail's daemon begins anew at SIGHUP; the first line of its file is its pid. */
static void reload_sendmail(struct doctor *doctor, struct finding *finding)
{
    struct span file = sendmail_option(doctor->sendmail->text, "PidFile");
    if (file.len > 0 && file.at[0] == '/')
        doctor_remedy(doctor, finding, REMEDY_SHELL, "kill -HUP $(head -n 1 %s)",
                      print_shell_word(doctor->arena, file));
    else
        doctor_remedy(doctor, finding, REMEDY_SHELL, "pkill -HUP -o -x sendmail");
}

void doctor_reload(struct doctor *doctor, struct finding *finding)
{
    if (doctor->sendmail != NULL) {
        reload_sendmail(doctor, finding);
        return;
    }
    doctor_remedy(doctor, finding, REMEDY_SHELL, "postfix%s reload",
                  doctor_postfix_option(doctor));
}

struct span doctor_look_up(struct doctor *doctor, struct span tables, const char *key)
{
    struct span table;
    while (postfix_next_word(&tables, &table)) {
        const char *const words[] = {"-q", key, span_cstr(doctor->arena, table), NULL};
        struct run_result result = {.status = -1};
        if (mta_ask(&doctor->mta, doctor->arena, "postmap", words, SPAN(""), TABLE_MS,
                    &result, NULL) == 0 &&
            result.status == 0 && result.out.len > 0)
            return span_trim(result.out);
    }
    return SPAN("");
}

/* ---- printing ---- */

static void print_json(struct doctor *doctor, const struct finding *finding)
{
    struct buf out;
    struct json json;
    print_object_begin(doctor->arena, ROW_BYTES, &out, &json);
    json_text(&json, "section", span_of(finding->section));
    json_text(&json, "check", span_of(finding->check));
    json_text_or_null(&json, "subject", span_of(finding->subject));
    json_text(&json, "level", span_of(level_name(finding->level)));
    json_text(&json, "what", span_of(finding->what));
    json_text_or_null(&json, "why", span_of(finding->why));
    json_open(&json, "repair", '[');
    for (size_t i = 0; i < finding->remedy_count; i++) {
        json_open(&json, NULL, '{');
        json_text(&json, "kind", span_of(remedy_name(finding->remedies[i].kind)));
        json_text(&json, "line", span_of(finding->remedies[i].line));
        json_close(&json, '}');
    }
    json_close(&json, ']');
    print_object_end(&json);
}

static enum colour colour_of_level(enum level level)
{
    static const enum colour colours[] = {COLOUR_NONE, COLOUR_GREEN, COLOUR_DIM,
                                          COLOUR_YELLOW, COLOUR_RED};
    return colours[level];
}

/* A text in lines of this width at most, words whole, each after the first begun with
 * so many spaces. */
static void print_wrapped(const char *text, size_t indent, size_t width)
{
    struct span rest = span_of(text);
    bool is_first = true;
    while (rest.len > 0) {
        size_t end = rest.len;
        if (end > width) {
            ptrdiff_t space = span_rindex(span_head(rest, width), ' ');
            end = space > 0 ? (size_t)space : width;
        }
        printf("%*s%.*s\n", is_first ? 0 : (int)indent, "", (int)end, rest.at);
        rest = span_trim(span_from(rest, end));
        is_first = false;
    }
}

/* Lines that are pasted stand whole, with nothing before them but white space. */
static void print_remedies(struct doctor *doctor, const struct finding *finding)
{
    static const char *const heads[] = {
        "", "repair, as root:", "repair, in the zone:", "look:"};
    enum remedy_kind kind = REMEDY_UNKNOWN;
    for (size_t i = 0; i < finding->remedy_count; i++) {
        const struct remedy *remedy = &finding->remedies[i];
        if (remedy->kind != kind)
            printf("           %s\n", heads[remedy->kind]);
        kind = remedy->kind;
        printf("    %s%s%s\n", colour_begin(COLOUR_BOLD),
               print_sound(doctor->arena, span_of(remedy->line)),
               colour_end(COLOUR_BOLD));
    }
}

static void print_person(struct doctor *doctor, const struct finding *finding)
{
    enum colour colour = colour_of_level(finding->level);
    const char *text = print_escape(
        doctor->arena,
        span_of(finding->subject[0] == '\0'
                    ? finding->what
                    : doctor_text(doctor, "%s: %s", finding->subject, finding->what)));
    printf("  %s%-7s%s  ", colour_begin(colour), level_name(finding->level),
           colour_end(colour));
    print_wrapped(text, 11, 77);
    if (finding->level == LEVEL_OK)
        return;
    if (finding->why[0] != '\0') {
        printf("           ");
        print_wrapped(finding->why, 11, 77);
    }
    print_remedies(doctor, finding);
}

void doctor_print(struct doctor *doctor)
{
    for (; doctor->printed < doctor->count; doctor->printed++) {
        const struct finding *finding = &doctor->findings[doctor->printed];
        bool is_first = doctor->printed == 0 ||
                        strcmp(doctor->findings[doctor->printed - 1].section,
                               finding->section) != 0;
        if (doctor->tool->json) {
            print_json(doctor, finding);
            continue;
        }
        if (is_first)
            printf("%s%s%s%s\n", doctor->printed > 0 ? "\n" : "",
                   colour_begin(COLOUR_BOLD), finding->section,
                   colour_end(COLOUR_BOLD));
        print_person(doctor, finding);
    }
    fflush(stdout);
}
