/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/conf.h"

#include <errno.h>
#include <glob.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum {
    FILE_BYTES = 1 << 20, /* largest config file. chosen */
    LIST_ITEMS = 10000,   /* most items of one list. chosen */
};

/* Where the reader stands. */
struct reader {
    struct conf *conf;
    const char *file;
    unsigned line;
    const char *section; /* as written; "" before the first */
    struct err *first;   /* the first error's words */
};

static void complain(struct reader *r, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void complain(struct reader *r, unsigned line, const char *fmt, ...)
{
    char what[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    struct err text;
    if (line > 0)
        err_set(&text, ERR_CONFIG, "%s:%u: %s", r->file, line, what);
    else
        err_set(&text, ERR_CONFIG, "%s: %s", r->file, what);
    if (r->conf->errors++ == 0 && r->first != NULL)
        *r->first = text;
    if (r->conf->complain != NULL)
        r->conf->complain(r->conf->arg, text.text);
}

/* A number and its unit: "24h" -> 24, "h". */
static bool split_unit(struct span text, double *number, struct span *unit)
{
    char copy[32];
    size_t digits = 0;
    text = span_trim(text);
    while (digits < text.len &&
           (ascii_is_digit(text.at[digits]) || text.at[digits] == '.'))
        digits++;
    if (digits == 0 || digits >= sizeof copy)
        return false;
    memcpy(copy, text.at, digits);
    copy[digits] = '\0';
    char *end;
    *number = strtod(copy, &end);
    *unit = span_trim(span_from(text, digits));
    return *end == '\0' && isfinite(*number);
}

struct unit {
    const char *name;
    double factor;
};

static bool scale(struct span text, const struct unit *units, int64_t *out)
{
    double number;
    struct span name;
    if (!split_unit(text, &number, &name))
        return false;
    for (; units->name != NULL; units++) {
        double value = number * units->factor;
        if (span_eq(name, span_of(units->name)) && value < 9e18) {
            *out = (int64_t)llround(value);
            return true;
        }
    }
    return false;
}

bool conf_parse_duration(struct span text, int64_t *out)
{
    static const struct unit units[] = {
        {"ms", 1e3},    {"s", 1e6},      {"m", 60e6}, {"h", 3600e6},
        {"d", 86400e6}, {"w", 604800e6}, {NULL, 0},
    };
    if (span_eq(span_trim(text), SPAN("0"))) {
        *out = 0;
        return true;
    }
    return scale(text, units, out);
}

bool conf_parse_bytes(struct span text, int64_t *out)
{
    static const struct unit units[] = {
        {"", 1}, {"k", 1024}, {"K", 1024}, {"M", 1048576}, {"G", 1073741824}, {NULL, 0},
    };
    return scale(text, units, out);
}

static bool parse_number(struct span text, double *out)
{
    bool minus = text.len > 0 && text.at[0] == '-';
    struct span unit;
    if (!split_unit(minus ? span_from(text, 1) : text, out, &unit) || unit.len > 0)
        return false;
    if (minus)
        *out = -*out;
    return true;
}

/* Index of the word in "a|b|c", or -1. */
static int find_choice(const char *choices, struct span word)
{
    struct span rest = span_of(choices);
    struct span one;
    for (int i = 0; rest.len > 0; i++) {
        span_cut(rest, '|', &one, &rest);
        if (span_eq(one, word))
            return i;
    }
    return -1;
}

/* Split at commas, trimmed, empty items left out. */
static bool parse_list(struct conf *conf, struct span text, struct conf_list *out)
{
    size_t room = 1;
    for (size_t i = 0; i < text.len; i++)
        room += text.at[i] == ',';
    *out = (struct conf_list){NULL, 0};
    if (room > LIST_ITEMS)
        return false;
    out->at = arena_array(conf->arena, room, sizeof *out->at);
    if (out->at == NULL)
        return false;
    struct span one;
    while (text.len > 0) {
        span_cut(text, ',', &one, &text);
        one = span_trim(one);
        if (one.len > 0)
            out->at[out->count++] = span_cstr(conf->arena, one);
    }
    return true;
}

static const char *parse_networks(struct conf *conf, struct span text,
                                  struct conf_networks *out)
{
    struct conf_list items;
    *out = (struct conf_networks){NULL, 0};
    if (!parse_list(conf, text, &items))
        return "too many items";
    out->at = arena_array(conf->arena, items.count + 1, sizeof *out->at);
    if (out->at == NULL)
        return "out of memory";
    for (size_t i = 0; i < items.count; i++) {
        if (!network_parse(span_of(items.at[i]), &out->at[i]))
            return "not an address or network such as 192.0.2.0/24 or 2001:db8::/32 "
                   "(the bits after the prefix must be 0)";
        out->count++;
    }
    return NULL;
}

/* A value as one number, for min and max. */
static bool as_number(const struct conf_key *key, struct span text, double *out)
{
    int64_t value = 0;
    uint64_t count = 0;
    switch (key->type) {
    case CONF_COUNT:
        if (!text_parse_count(text, INT64_MAX, &count))
            return false;
        *out = (double)count;
        return true;
    case CONF_NUMBER:
        return parse_number(text, out);
    case CONF_BYTES:
        if (!conf_parse_bytes(text, &value))
            return false;
        *out = (double)value;
        return true;
    case CONF_DURATION:
        if (!conf_parse_duration(text, &value))
            return false;
        *out = (double)value;
        return true;
    default:
        return false;
    }
}

static const char *expected(const struct conf_key *key)
{
    switch (key->type) {
    case CONF_COUNT:
        return "a whole number";
    case CONF_NUMBER:
        return "a number";
    case CONF_BYTES:
        return "a size such as 64k, 8M or 1G";
    case CONF_DURATION:
        return "a duration with its unit, such as 500ms, 3s, 10m, 24h or 30d";
    default:
        return "a value";
    }
}

/* Store a number, size or duration; NULL or what is wrong, in text. */
static const char *store_number(struct conf *conf, const struct conf_key *key,
                                struct span value, char *text, size_t size)
{
    double number = 0;
    double bound;
    char *field = (char *)conf->target + key->offset;
    if (!as_number(key, value, &number)) {
        snprintf(text, size, "expected %s", expected(key));
        return text;
    }
    if ((as_number(key, span_of(key->min), &bound) && number < bound) ||
        (as_number(key, span_of(key->max), &bound) && number > bound)) {
        snprintf(text, size, "must be between %s and %s",
                 key->min[0] != '\0' ? key->min : "anything",
                 key->max[0] != '\0' ? key->max : "anything");
        return text;
    }
    if (key->type == CONF_NUMBER)
        *(double *)(void *)field = number;
    else
        *(int64_t *)(void *)field = (int64_t)number;
    return NULL;
}

static const char *store_choice(struct conf *conf, const struct conf_key *key,
                                struct span value, char *text, size_t size)
{
    int index = find_choice(key->choices, value);
    if (index < 0) {
        snprintf(text, size, "must be one of %s", key->choices);
        return text;
    }
    *(int *)(void *)((char *)conf->target + key->offset) = index;
    return NULL;
}

/* Store a value; NULL, or what is wrong with it. text: room for the words. */
static const char *store(struct conf *conf, const struct conf_key *key,
                         struct span value, char *text, size_t size)
{
    void *field = (char *)conf->target + key->offset;
    switch (key->type) {
    case CONF_TEXT:
        *(const char **)field = span_cstr(conf->arena, value);
        return NULL;
    case CONF_LIST:
        return parse_list(conf, value, field) ? NULL : "too many items";
    case CONF_NETWORKS:
        return parse_networks(conf, value, field);
    case CONF_CHOICE:
        return store_choice(conf, key, value, text, size);
    default:
        return store_number(conf, key, value, text, size);
    }
}

static const struct conf_key *find_key(const struct conf *conf, const char *section,
                                       struct span name)
{
    for (size_t i = 0; i < conf->key_count; i++)
        if (strcmp(conf->keys[i].section, section) == 0 &&
            span_eq(name, span_of(conf->keys[i].name)))
            return &conf->keys[i];
    return NULL;
}

/* word as "; did you mean WORD?" in out, if it is nearer to name than *best letters. */
static void suggest_word(struct span name, const char *word, unsigned *best, char *out,
                         size_t size)
{
    unsigned distance = text_distance(name, span_of(word));
    if (distance >= *best)
        return;
    *best = distance;
    snprintf(out, size, "; did you mean %s?", word);
}

/* The known key of a section, or with section NULL the known section, nearest to a
 * mistyped one; "" if none is near. */
static const char *suggest(const struct conf *conf, const char *section,
                           struct span name, char *out, size_t size)
{
    unsigned best = 4; /* further off than 3 letters is another word. chosen */
    out[0] = '\0';
    if (section == NULL && conf->free_section != NULL)
        suggest_word(name, conf->free_section, &best, out, size);
    for (size_t i = 0; i < conf->key_count; i++) {
        const struct conf_key *key = &conf->keys[i];
        if (section == NULL || strcmp(key->section, section) == 0)
            suggest_word(name, section != NULL ? key->name : key->section, &best, out,
                         size);
    }
    /* a key of another section is the other common slip */
    for (size_t i = 0; section != NULL && out[0] == '\0' && i < conf->key_count; i++)
        if (span_eq(name, span_of(conf->keys[i].name)))
            snprintf(out, size, "; it belongs to [%s]", conf->keys[i].section);
    return out;
}

static bool section_is_known(const struct conf *conf, const char *name)
{
    if (conf->free_section != NULL && strcmp(conf->free_section, name) == 0)
        return true;
    for (size_t i = 0; i < conf->key_count; i++)
        if (strcmp(conf->keys[i].section, name) == 0)
            return true;
    return false;
}

static void read_section(struct reader *r, struct span text)
{
    char hint[100];
    if (text.len < 2 || text.at[text.len - 1] != ']') {
        complain(r, r->line, "a section is written [name]");
        r->section = NULL;
        return;
    }
    struct span name = span_trim((struct span){text.at + 1, text.len - 2});
    r->section = span_cstr(r->conf->arena, name);
    if (section_is_known(r->conf, r->section))
        return;
    complain(r, r->line, "unknown section [%s]%s", r->section,
             suggest(r->conf, NULL, name, hint, sizeof hint));
    r->section = NULL; /* its keys are not complained of one by one */
}

static void read_free(struct reader *r, unsigned line, struct span name,
                      struct span value)
{
    struct err err;
    if (r->conf->free_line(r->conf->arg, r->file, line, name, value, &err) < 0)
        complain(r, line, "%s", err.text);
}

static void read_pair(struct reader *r, unsigned line, struct span text)
{
    struct span name;
    struct span value;
    char hint[200];
    if (r->section == NULL)
        return;
    if (!span_cut(text, '=', &name, &value)) {
        complain(r, line, "expected \"key = value\"");
        return;
    }
    name = span_trim(name);
    value = span_trim(value);
    if (r->conf->free_section != NULL &&
        strcmp(r->section, r->conf->free_section) == 0) {
        read_free(r, line, name, value);
        return;
    }
    const struct conf_key *key = find_key(r->conf, r->section, name);
    if (key == NULL) {
        complain(r, line, "unknown key \"%.*s\" in [%s]%s",
                 (int)span_head(name, 60).len, name.at, r->section,
                 suggest(r->conf, r->section, name, hint, sizeof hint));
        return;
    }
    const char *wrong = store(r->conf, key, value, hint, sizeof hint);
    if (wrong != NULL)
        complain(r, line, "%s = %.*s: %s", key->name, (int)span_head(value, 100).len,
                 value.at, wrong);
}

/* Without a comment that begins after white space. */
static struct span strip_comment(struct span line)
{
    for (size_t i = 1; i < line.len; i++)
        if (line.at[i] == '#' && ascii_is_space(line.at[i - 1]))
            return span_head(line, i);
    return line;
}

/* One logical line, its continuations joined by a space. */
struct logical {
    struct buf text;
    unsigned line; /* where it begins; 0: there is none */
};

static void finish_logical(struct reader *r, struct logical *logical)
{
    struct span text = span_trim(buf_span(&logical->text));
    if (logical->line > 0 && text.len > 0)
        read_pair(r, logical->line, text);
    logical->line = 0;
    buf_init(&logical->text, r->conf->arena, FILE_BYTES);
}

static void read_line(struct reader *r, struct logical *logical, struct span line)
{
    struct span text = span_trim(line);
    bool is_comment = text.len == 0 || text.at[0] == '#' || text.at[0] == ';';
    if (is_comment)
        return;
    if (ascii_is_space(line.at[0]) && logical->line > 0) {
        buf_add_char(&logical->text, ' ');
        buf_add_span(&logical->text, span_trim(strip_comment(line)));
        return;
    }
    finish_logical(r, logical);
    if (text.at[0] == '[') {
        read_section(r, span_trim(strip_comment(text)));
        return;
    }
    logical->line = r->line;
    buf_add_span(&logical->text, strip_comment(text));
}

static void read_text(struct reader *r, struct span rest)
{
    struct logical logical = {.line = 0};
    struct span line;
    buf_init(&logical.text, r->conf->arena, FILE_BYTES);
    if (span_index(rest, '\0') >= 0) {
        complain(r, 0, "is not a text file (it holds NUL bytes)");
        return;
    }
    while (rest.len > 0) {
        span_cut(rest, '\n', &line, &rest);
        r->line++;
        read_line(r, &logical, line);
    }
    finish_logical(r, &logical);
}

static void read_file(struct conf *conf, const char *path, struct err *first)
{
    struct reader r = {.conf = conf, .file = path, .section = "", .first = first};
    FILE *file = fopen(path, "re");
    char *bytes = file != NULL ? malloc(FILE_BYTES) : NULL;
    size_t len = bytes != NULL ? fread(bytes, 1, FILE_BYTES, file) : 0;
    if (bytes == NULL || ferror(file))
        complain(&r, 0, "%s", strerror(errno));
    else if (len == FILE_BYTES)
        complain(&r, 0, "is larger than %d bytes", FILE_BYTES - 1);
    else
        read_text(&r, (struct span){bytes, len});
    free(bytes);
    if (file != NULL)
        fclose(file);
}

static void read_folder(struct conf *conf, const char *path, struct err *first)
{
    char pattern[4096];
    const char *slash = strrchr(path, '/');
    int dir = slash != NULL ? (int)(slash - path) : 1;
    int len = snprintf(pattern, sizeof pattern, "%.*s/conf.d/*.conf", dir,
                       slash != NULL ? path : ".");
    glob_t found;
    if (len < 0 || len >= (int)sizeof pattern || glob(pattern, 0, NULL, &found) != 0)
        return; /* no such folder or no file in it: fine */
    for (size_t i = 0; i < found.gl_pathc; i++)
        read_file(conf, span_cstr(conf->arena, span_of(found.gl_pathv[i])), first);
    globfree(&found);
}

void conf_defaults(struct conf *conf)
{
    char text[200];
    for (size_t i = 0; i < conf->key_count; i++)
        store(conf, &conf->keys[i], span_of(conf->keys[i].fallback), text, sizeof text);
}

int conf_read(struct conf *conf, const char *path, struct err *err)
{
    struct err first;
    conf->errors = 0;
    read_file(conf, path, &first);
    read_folder(conf, path, &first);
    if (arena_is_capped(conf->arena) || arena_is_broken(conf->arena))
        return err_set(err, ERR_MEMORY, "%s: too large for memory", path);
    if (conf->errors == 0)
        return 0;
    if (conf->errors == 1)
        return err_set(err, ERR_CONFIG, "%s", first.text);
    return err_set(err, ERR_CONFIG, "%s (and %u more)", first.text, conf->errors - 1);
}
