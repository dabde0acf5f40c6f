/* SPDX-License-Identifier: BSD-2-Clause
 *
 * settings - the config: one table of keys, one struct they fill.
 *
 * The table (outgate_setting_keys) drives the parser, the sample file, --help, the
 * manual page and the lint that compares them.
 * Threads: a loaded struct settings is never changed.
 */
#ifndef OUTGATE_SETTINGS_H
#define OUTGATE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "limits/limit.h"
#include "limits/sender.h"

enum run_mode { MODE_ENFORCE = 0, MODE_SHADOW };
enum on_error { ON_ERROR_TEMPFAIL = 0, ON_ERROR_ACCEPT };
enum keep { KEEP_NONE = 0, KEEP_HEADERS, KEEP_FULL };
enum { NOTIFY_REPEATS = 8 }; /* steps of [notify] repeat */
enum mta { MTA_AUTO = 0, MTA_POSTFIX, MTA_SENDMAIL };

/* Thresholds in points; a score at or over one asks for its action. */
struct policy {
    double slow_at, hold_at, reject_at;
    int64_t max_hold_us;
};

struct settings {
    struct arena *arena;
    const char *file;

    /* [milter] */
    const char *socket;       /* unix:/path or inet:port@host */
    const char *socket_mode;  /* octal, of a unix socket */
    const char *socket_group; /* of a unix socket; "" the user's own */
    const char *user;         /* run as; "" stay */
    const char *pid_file;     /* "" none */
    int mode;                 /* enum run_mode */
    int on_error;             /* enum on_error */
    int log;                  /* 0 syslog, 1 stderr */
    int add_headers;          /* 0 no, 1 yes: X-Outgate-Score and its like */
    const char *contact;      /* whom a refused sender may ask; "" none */
    int64_t scan_bytes;       /* body bytes read of a message */
    int64_t max_messages;     /* messages worked on at once; more get 4xx */
    int64_t timeout_us;       /* the MTA's silence after which a session ends */

    /* [mail] */
    struct conf_networks networks;
    struct conf_list local_domains;
    struct conf_list egress;
    const char *helo;
    struct conf_list signed_later; /* domains whose signer runs after the gate */
    const char *geoip;             /* MaxMind DB of countries; "" none */
    const char *senders_map;       /* who owns which From:; "" none */
    const char *senders_query;     /* of a map in SQLite */
    int senders_own;               /* 0 yes, 1 no: a login owns its own address */
    struct conf_list identify_by_words;
    enum identity identify_by[IDENTITY_COUNT];
    size_t identify_by_count;

    /* [dns] */
    struct conf_list dns_servers;
    int64_t dns_deadline_us;      /* a message's */
    int64_t dns_lookups;          /* questions of one message that leave the cache */
    const char *dns_zone;         /* master file; "" none */
    const char *dns_trust_anchor; /* "" DNSSEC is not validated */

    struct policy outbound;  /* [policy] */
    struct policy forwarded; /* [policy forwarded] */

    /* [border] */
    int has_border;                 /* 0 no, 1 yes */
    const char *border_daemon_name; /* {daemon_name} of the second smtpd */

    /* [reputation]: DNS lists, each as auth/reputation has it */
    struct conf_list client_lists, helo_lists, link_lists;

    /* [virus] */
    const char *clamd; /* unix:/path or inet:PORT@ADDRESS; "" none */
    int64_t virus_deadline_us;
    int64_t virus_max_bytes;

    struct conf_list rule_paths; /* [rules] path */

    /* [store] */
    const char *database;
    int keep; /* enum keep */
    int64_t keep_for_us;

    /* [mta] */
    int mta;                  /* enum mta */
    const char *mta_config;   /* Postfix config directory, Sendmail cf; "" default */
    const char *mta_commands; /* directory with postqueue, postsuper or sendmail; ""
                                 PATH and /usr/sbin */

    /* [notify] */
    struct conf_list notify_to;
    const char *notify_from;
    const char *notify_command; /* "" none */
    struct conf_list notify_repeat_words;
    int64_t notify_repeat_us[NOTIFY_REPEATS];
    size_t notify_repeat_count;
    struct conf_list notify_quiet;
    int64_t notify_per_hour; /* notices to administrators, in any hour */
    int64_t notify_close_after_us;
    int notify_senders;  /* 0 no, 1 yes */
    int notify_language; /* enum language */

    struct limit *limits; /* [limits], in the order of the file */
    size_t limit_count;
};

extern const struct conf_key outgate_setting_keys[];
extern const size_t outgate_setting_key_count;

/* settings_load - read path and its conf.d. complain may be NULL. */
int settings_load(struct settings **out, const char *path, conf_complain *complain,
                  void *arg, struct err *err);

/* settings_default - the fallbacks alone, without a file (for scan and tests). */
int settings_default(struct settings **out, struct err *err);

void settings_free(struct settings **settings);

/* settings_has_dns - [dns] names somebody to ask. */
static inline bool settings_has_dns(const struct settings *settings)
{
    return settings->dns_servers.count > 0 || settings->dns_zone[0] != '\0';
}

/* settings_policy - the thresholds for a class. */
const struct policy *settings_policy(const struct settings *settings,
                                     enum mail_class mail_class);

#endif
