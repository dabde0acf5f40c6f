/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/signer.h"

#include <stdio.h>
#include <string.h>

enum { FILE_BYTES = 1 << 20, SEEN_ROWS = 5000, DAYS = 7 };

/* A key whose file is known replaces one that the log has seen. */
static void add(struct doctor *doctor, struct signing_key *keys, size_t *count,
                struct span domain, struct span selector, const char *file)
{
    if (domain.len == 0 || selector.len == 0)
        return;
    for (size_t i = 0; i < *count; i++)
        if (span_ieq(keys[i].domain, domain) && span_ieq(keys[i].selector, selector)) {
            if (keys[i].file[0] == '\0')
                keys[i].file = file;
            return;
        }
    if (*count < SIGNER_KEYS)
        keys[(*count)++] = (struct signing_key){
            .domain = span_lower(doctor->arena, domain),
            .selector = span_lower(doctor->arena, selector),
            .file = file,
        };
}

/* ---- opendkim ---- */

struct opendkim {
    struct span domain, selector, key_file, key_table;
};

static bool next_word(struct span *rest, struct span *word)
{
    *rest = span_trim(*rest);
    size_t end = 0;
    while (end < rest->len && !ascii_is_space(rest->at[end]))
        end++;
    *word = span_head(*rest, end);
    *rest = span_from(*rest, end);
    return end > 0;
}

static struct span without_comment(struct span line)
{
    struct span head, tail;
    span_cut(line, '#', &head, &tail);
    return span_trim(head);
}

static void read_opendkim(struct span text, struct opendkim *out)
{
    struct span line, name, value;
    while (text.len > 0) {
        span_cut(text, '\n', &line, &text);
        line = without_comment(line);
        if (!next_word(&line, &name))
            continue;
        value = span_trim(line);
        if (span_ieq(name, SPAN("Domain")))
            out->domain = value;
        else if (span_ieq(name, SPAN("Selector")))
            out->selector = value;
        else if (span_ieq(name, SPAN("KeyFile")))
            out->key_file = value;
        else if (span_ieq(name, SPAN("KeyTable")))
            out->key_table = value;
    }
}

/* "NAME DOMAIN:SELECTOR:FILE"; "%" stands for the domain of From:.
 * Source: opendkim.conf(5), KeyTable. */
static void add_table_line(struct doctor *doctor, struct span line,
                           const struct sending *domains, size_t domain_count,
                           struct signing_key *keys, size_t *count)
{
    struct span name, domain, selector, file;
    line = without_comment(line);
    if (!next_word(&line, &name) || !span_cut(span_trim(line), ':', &domain, &line) ||
        !span_cut(line, ':', &selector, &file))
        return;
    const char *path = span_cstr(doctor->arena, span_trim(file));
    if (!span_eq(domain, SPAN("%"))) {
        add(doctor, keys, count, domain, selector, path);
        return;
    }
    for (size_t i = 0; i < domain_count; i++)
        if (domains[i].is_ours)
            add(doctor, keys, count, domains[i].domain, selector, path);
}

static void add_opendkim(struct doctor *doctor, struct span text,
                         const struct sending *domains, size_t domain_count,
                         struct signing_key *keys, size_t *count)
{
    struct opendkim config = {.domain = SPAN("")};
    struct span word, line;
    read_opendkim(text, &config);
    struct span list = config.domain;
    const char *file = span_cstr(doctor->arena, config.key_file);
    while (list.len > 0) {
        span_cut(list, ',', &word, &list);
        add(doctor, keys, count, span_trim(word), config.selector, file);
    }
    struct span type;
    struct span path = config.key_table;
    if (path.len > 0 && path.at[0] != '/')
        span_cut(config.key_table, ':', &type, &path);
    if (path.len == 0 || path.at[0] != '/')
        return;
    struct span table = doctor_read(doctor, span_cstr(doctor->arena, path), FILE_BYTES);
    while (table.len > 0) {
        span_cut(table, '\n', &line, &table);
        add_table_line(doctor, line, domains, domain_count, keys, count);
    }
}

/* ---- rspamd ---- */

static struct span without_quotes(struct span value)
{
    value = span_trim(value);
    if (value.len > 0 && value.at[value.len - 1] == ';')
        value = span_trim(span_head(value, value.len - 1));
    if (value.len >= 2 && (value.at[0] == '"' || value.at[0] == '\''))
        return (struct span){value.at + 1, value.len - 2};
    return value;
}

static const char *fill_in(struct doctor *doctor, struct span pattern,
                           struct span domain, struct span selector)
{
    struct buf out;
    buf_init(&out, doctor->arena, 4096);
    while (pattern.len > 0) {
        if (span_starts(pattern, SPAN("$domain"))) {
            buf_add_span(&out, domain);
            pattern = span_from(pattern, 7);
        } else if (span_starts(pattern, SPAN("$selector"))) {
            buf_add_span(&out, selector);
            pattern = span_from(pattern, 9);
        } else {
            buf_add_char(&out, pattern.at[0]);
            pattern = span_from(pattern, 1);
        }
    }
    return buf_cstr(&out);
}

/* The two keys of the simple form; a selector_map or domain blocks are passed over. */
static void add_rspamd(struct doctor *doctor, struct span text,
                       const struct sending *domains, size_t domain_count,
                       struct signing_key *keys, size_t *count)
{
    struct span line, name, value;
    struct span path = SPAN("");
    struct span selector = SPAN("");
    while (text.len > 0) {
        span_cut(text, '\n', &line, &text);
        if (!span_cut(without_comment(line), '=', &name, &value))
            continue;
        if (span_eq(span_trim(name), SPAN("path")))
            path = without_quotes(value);
        else if (span_eq(span_trim(name), SPAN("selector")))
            selector = without_quotes(value);
    }
    for (size_t i = 0; i < domain_count && selector.len > 0 && path.len > 0; i++)
        if (domains[i].is_ours)
            add(doctor, keys, count, domains[i].domain, selector,
                fill_in(doctor, path, domains[i].domain, selector));
}

void signer_parse(struct doctor *doctor, struct span text,
                  const struct sending *domains, size_t domain_count,
                  struct signing_key *keys, size_t *count)
{
    bool is_rspamd = span_find(text, SPAN("selector =")) >= 0 ||
                     span_find(text, SPAN("selector=")) >= 0;
    if (is_rspamd)
        add_rspamd(doctor, text, domains, domain_count, keys, count);
    else
        add_opendkim(doctor, text, domains, domain_count, keys, count);
}

/* ---- the log ---- */

static struct span value_of(struct span text, const char *name)
{
    ptrdiff_t at = span_find(text, span_of(name));
    struct span value, rest;
    if (at < 0)
        return SPAN("");
    text = span_from(text, (size_t)at + strlen(name));
    span_cut(text, ' ', &value, &rest);
    span_cut(value, ';', &value, &rest);
    return value;
}

/* "dkim=pass header.d=example.com header.s=key1": RFC 8601 2.7.1. */
static void add_seen(struct doctor *doctor, const struct sending *domains,
                     size_t domain_count, struct signing_key *keys, size_t *count)
{
    static const char sql[] =
        "SELECT DISTINCT authentication FROM (SELECT authentication FROM message WHERE "
        "at_us > ?1 AND class = 'outbound' AND authentication LIKE '%header.s=%' "
        "ORDER BY at_us DESC LIMIT ?2)";
    struct err err;
    struct query *query =
        doctor->tool->db != NULL ? db_query(doctor->tool->db, sql, &err) : NULL;
    if (query == NULL)
        return;
    query_bind_int(query, 1, tool_now_us() - DAYS * INT64_C(86400000000));
    query_bind_int(query, 2, SEEN_ROWS);
    while (query_step(query, &err) == 1) {
        struct span text = query_text(query, 0);
        ptrdiff_t at;
        while ((at = span_find(text, SPAN("dkim="))) >= 0) {
            text = span_from(text, (size_t)at + 5);
            struct span domain = value_of(text, "header.d=");
            if (sending_find(domains, domain_count, domain) != NULL)
                add(doctor, keys, count, domain, value_of(text, "header.s="), "");
        }
    }
    query_reset(query);
}

size_t signer_keys(struct doctor *doctor, const struct sending *domains, size_t count,
                   struct signing_key **out)
{
    static const char *const usual[] = {"/etc/opendkim.conf",
                                        "/etc/rspamd/local.d/dkim_signing.conf"};
    size_t key_count = 0;
    bool is_named = doctor->signers->count > 0;
    const char *const *files = is_named ? doctor->signers->at : usual;
    size_t file_count = is_named ? doctor->signers->count : 2;
    *out = arena_array(doctor->arena, SIGNER_KEYS, sizeof **out);
    if (*out == NULL)
        return 0;
    for (size_t i = 0; i < file_count; i++)
        signer_parse(doctor, doctor_read(doctor, files[i], FILE_BYTES), domains, count,
                     *out, &key_count);
    add_seen(doctor, domains, count, *out, &key_count);
    return key_count;
}
