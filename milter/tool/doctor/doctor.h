/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor - what `outgate doctor` found: each finding with its level, why it matters and
 * the lines that repair it. The checks (host, postfix, probe, ...) add findings; the
 * command prints them.
 * What a repairing line says must work when it is pasted, as root.
 */
#ifndef OUTGATE_TOOL_DOCTOR_DOCTOR_H
#define OUTGATE_TOOL_DOCTOR_DOCTOR_H

#include "base/dns.h"
#include "mta/mta.h"
#include "mta/postfix_config.h"
#include "mta/sendmail_config.h"
#include "tool/tool.h"

enum level {
    LEVEL_UNKNOWN = 0,
    LEVEL_OK,
    LEVEL_NOTE,    /* worth knowing; nothing is wrong */
    LEVEL_WARNING, /* should be repaired */
    LEVEL_BAD,     /* costs reputation, lets mail past the gate or stops mail */
};

const char *level_name(enum level level); /* "ok" "note" "warning" "bad" */

/* Where a repairing line belongs. */
enum remedy_kind {
    REMEDY_UNKNOWN = 0,
    REMEDY_SHELL, /* into a root shell, on this host */
    REMEDY_ZONE,  /* into the zone of the domain, in RFC 1035 5 form */
    REMEDY_LOOK,  /* a command that tells more; it changes nothing */
};

const char *remedy_name(enum remedy_kind kind); /* "shell" "zone" "look" */

struct remedy {
    enum remedy_kind kind;
    const char *line;
};

enum { REMEDIES = 6 };

struct finding {
    const char *section; /* "host" "mta" "probe" "dns" */
    const char *check;   /* a word that stays the same: "smtpd_milters" */
    const char *subject; /* what it is about: a service, domain, address; "" */
    enum level level;
    const char *what, *why; /* why: "" when all is well */
    struct remedy remedies[REMEDIES];
    size_t remedy_count;
};

struct doctor {
    struct tool *tool;
    struct arena *arena;
    const char *section; /* findings that are added belong to it */
    struct finding *findings;
    size_t count, room;
    size_t printed;
    size_t counts[LEVEL_BAD + 1];
    bool is_fast;     /* nothing that takes seconds */
    bool sends_probe; /* mail may be sent */
    struct mta_tools mta;
    bool has_mta;
    struct err mta_err;                /* why not, or why its config is NULL */
    struct postfix_config *postfix;    /* NULL: not Postfix, or it cannot be asked */
    struct sendmail_config *sendmail;  /* NULL: not Sendmail, or it cannot be read */
    const struct option_list *domains; /* --domain */
    const struct option_list *signers; /* --signer */
    struct dns *dns;                   /* the section dns has opened it; else NULL */
    struct finding spare;              /* what is written when memory is out */
};

/* doctor_open - ask which MTA it is, and for its configuration. What fails
 * becomes a finding of the section mta. */
void doctor_open(struct doctor *doctor);

/* doctor_find - add a finding; what is printf's. Valid until the next call. */
struct finding *doctor_find(struct doctor *doctor, enum level level, const char *check,
                            struct span subject, const char *what, ...)
    __attribute__((format(printf, 5, 6)));

/* doctor_why - why it matters: one sentence or two. Text must live as long as the
 * arena, or be constant. */
void doctor_why(struct finding *finding, const char *why);

/* doctor_remedy - add a line. What is not fixed text in it goes through
 * print_shell_word. */
void doctor_remedy(struct doctor *doctor, struct finding *finding,
                   enum remedy_kind kind, const char *line, ...)
    __attribute__((format(printf, 4, 5)));

/* doctor_set - add the lines that set keys of outgate.conf: text is lines of an INI
 * section, written as a drop-in of this name that is read after the config, and then
 * the line that makes the daemon read it. */
void doctor_set(struct doctor *doctor, struct finding *finding, const char *name,
                const char *text);

/* doctor_postconf - add the line that sets a parameter of main.cf ("" service) or of a
 * service. */
void doctor_postconf(struct doctor *doctor, struct finding *finding,
                     struct span service, const char *name, struct span value);

/* doctor_edit_cf - add the line that does a sed script on a .cf of Sendmail's. */
void doctor_edit_cf(struct doctor *doctor, struct finding *finding, const char *path,
                    const char *script);

/* doctor_reload - add the line that makes the MTA read its configuration. */
void doctor_reload(struct doctor *doctor, struct finding *finding);

/* doctor_postfix_option - " -c DIR" for the lines of Postfix's commands; "" when its
 * own is meant. */
const char *doctor_postfix_option(struct doctor *doctor);

/* doctor_look_up - what the first of these tables of Postfix's (a list of "type:name")
 * says of a key; "" none does. */
struct span doctor_look_up(struct doctor *doctor, struct span tables, const char *key);

/* doctor_host_name - as the MTA has it: myhostname, $j. doctor->postfix or
 * doctor->sendmail is there. */
struct span doctor_host_name(struct doctor *doctor);

/* doctor_read - the first most bytes of a file, in the arena; "" it cannot be read. */
struct span doctor_read(struct doctor *doctor, const char *path, size_t most);

/* doctor_text - printf into the arena. */
const char *doctor_text(struct doctor *doctor, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* doctor_print - what was not printed yet. */
void doctor_print(struct doctor *doctor);

/* The checks, in the order of the report. */
void doctor_check_host(struct doctor *doctor);
void doctor_check_mta(struct doctor *doctor);
void doctor_check_probe(struct doctor *doctor);
void doctor_check_dns(struct doctor *doctor);

#endif
