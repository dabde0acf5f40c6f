/* SPDX-License-Identifier: BSD-2-Clause
 *
 * conf - INI files read by a table of keys.
 *
 * A line is `[section]`, `key = value`, a comment (# or ; first) or empty; a line that
 * begins with white space continues the value above it; ` #` begins a comment after a
 * value. Every key is a row of a table, which also makes the sample file, the help
 * and the manual. All errors of all files are reported in one run, each with
 * file:line.
 */
#ifndef OUTGATE_BASE_CONF_H
#define OUTGATE_BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/netaddr.h"
#include "base/text.h"

/* What a value looks like and where it is stored. */
enum conf_type {
    CONF_TYPE_UNKNOWN = 0,
    CONF_TEXT,     /* const char * */
    CONF_LIST,     /* struct conf_list: items divided by commas */
    CONF_NETWORKS, /* struct conf_networks */
    CONF_COUNT,    /* int64_t; plain number */
    CONF_NUMBER,   /* double */
    CONF_BYTES,    /* int64_t; 512, 64k, 8M, 1G */
    CONF_DURATION, /* int64_t microseconds; 500ms, 3s, 10m, 24h, 30d; unit required */
    CONF_CHOICE,   /* int; index into choices, 0 is the first word */
};

struct conf_list {
    const char **at;
    size_t count;
};

struct conf_networks {
    struct network *at;
    size_t count;
};

/* One key. offset: of its field in the caller's struct. min and max: as text in the
 * key's own form; "" for none. choices: words divided by '|'. */
struct conf_key {
    const char *section, *name;
    enum conf_type type;
    size_t offset;
    const char *unit, *fallback, *min, *max, *choices;
    const char *doc;
};

/* Told of each error: "file:line: what is wrong". */
typedef void conf_complain(void *arg, const char *text);

/* A section whose names are free (the [limits]): called for each line. */
typedef int conf_free_line(void *arg, const char *file, unsigned line, struct span name,
                           struct span value, struct err *err);

struct conf {
    const struct conf_key *keys;
    size_t key_count;
    const char *free_section; /* or NULL */
    conf_free_line *free_line;
    void *target;        /* the struct that offsets point into */
    struct arena *arena; /* values live here */
    conf_complain *complain;
    void *arg;       /* for complain and free_line */
    unsigned errors; /* out: how many there were */
};

/* conf_defaults - set every key's fallback. */
void conf_defaults(struct conf *conf);

/* conf_read - read path, then DIR/conf.d / *.conf in the order of names, DIR being
 * path's folder. Errors go to complain and are counted; returns -1 (err: the first of
 * them and how many) when there were any, or a file cannot be read. */
int conf_read(struct conf *conf, const char *path, struct err *err);

/* conf_parse_duration, conf_parse_bytes - one value; *out in microseconds / bytes. */
bool conf_parse_duration(struct span text, int64_t *out);
bool conf_parse_bytes(struct span text, int64_t *out);

#endif
