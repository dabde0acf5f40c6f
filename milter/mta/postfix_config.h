/* SPDX-License-Identifier: BSD-2-Clause
 *
 * postfix_config - Postfix's configuration as postconf(1) tells it: main.cf with every
 * default and every $name expanded, master.cf with what its services override.
 *
 * Read once, looked at often; spans live in the arena.
 * Source: postconf(1) (-x, -M, -P), master(5), MILTER_README.
 */
#ifndef OUTGATE_MTA_POSTFIX_CONFIG_H
#define OUTGATE_MTA_POSTFIX_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "mta/mta.h"

/* A line of master.cf. */
struct postfix_service {
    struct span id;      /* "smtp/inet", as postconf -P and -F name it */
    struct span name;    /* "smtp" "127.0.0.1:10025" "submission" "pickup" */
    struct span type;    /* "inet" "unix" "fifo" "pass" "unix-dgram" */
    struct span program; /* "smtpd" "cleanup" ... */
    bool is_chrooted;
};

/* A parameter of main.cf (service "") or one that a service overrides. */
struct postfix_setting {
    struct span service, name, value;
};

struct postfix_config {
    struct postfix_service *services;
    size_t service_count;
    struct postfix_setting *settings;
    size_t setting_count;
};

/* postfix_config_load - run postconf. ERR_IO with its first complaint. */
int postfix_config_load(const struct mta_tools *tools, struct arena *arena,
                        struct postfix_config *out, struct err *err);

/* postfix_parse_services - what `postconf -M` printed. chroots: what "-" means in its
 * chroot column. Returns how many. */
size_t postfix_parse_services(struct arena *arena, struct span text, bool chroots,
                              struct postfix_service **out);

/* postfix_value - what a service ("" main.cf) goes by; "" when nothing is set. */
struct span postfix_value(const struct postfix_config *config, struct span service,
                          const char *name);

/* postfix_is_overridden - the service sets it for itself. */
bool postfix_is_overridden(const struct postfix_config *config, struct span service,
                           const char *name);

/* postfix_find_service - by name and type, or NULL. */
const struct postfix_service *postfix_find_service(const struct postfix_config *config,
                                                   struct span name, const char *type);

/* postfix_next_word - the next item of a list divided by commas or white space, braces
 * whole, taken from *list; false at its end. */
bool postfix_next_word(struct span *list, struct span *word);

/* One entry of smtpd_milters: "unix:a" or "{ unix:a, default_action=accept }". */
struct postfix_milter {
    struct span whole; /* as written, with its braces */
    struct span address;
    struct span default_action, protocol; /* "" not set here */
    struct span options;                  /* all of them, as written */
};

/* postfix_milters - a list of milters taken apart, in the arena; returns how many. */
size_t postfix_milters(struct arena *arena, struct span list,
                       struct postfix_milter **out);

#endif
