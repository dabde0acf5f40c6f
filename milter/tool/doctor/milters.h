/* SPDX-License-Identifier: BSD-2-Clause
 *
 * milters - is the gate on each of Postfix's milter lists, last, and reachable there?
 */
#ifndef OUTGATE_TOOL_DOCTOR_MILTERS_H
#define OUTGATE_TOOL_DOCTOR_MILTERS_H

#include "tool/doctor/doctor.h"

enum whose {
    WHOSE_UNKNOWN = 0,
    WHOSE_OTHER,  /* another milter */
    WHOSE_OURS,   /* the socket of outgate.conf */
    WHOSE_UNSEEN, /* it would be, but for the chroot */
};

/* One list of milters, as a service has it. */
struct list {
    const char *name;           /* "smtpd_milters" "non_smtpd_milters" */
    struct span subject;        /* the service whose mail it is */
    struct span service;        /* the service that reads the list, "cleanup/unix" */
    struct span owner;          /* where it is set: a service, or "" main.cf */
    struct span client;         /* the service whose chroot counts */
    struct span text;           /* the list as set */
    bool is_chrooted, is_local; /* is_local: of mail from sendmail(1) */
    bool spells_action;         /* the mended entry names its default_action */
    struct postfix_milter *at;
    size_t count;
};

/* milters_check - add what is to be said of a list; true: the gate is on it. */
bool milters_check(struct doctor *doctor, struct list *list);

/* milters_has_gate - quietly: mail that a service (smtpd or pickup) takes is seen by
 * the gate, by the configuration. */
bool milters_has_gate(struct doctor *doctor, const struct postfix_service *service);

/* milters_comes_back - the service takes mail back from a content filter: it has been
 * judged. */
bool milters_comes_back(struct doctor *doctor, const struct postfix_service *service);

/* milters_whose - whose an address of a list is. */
enum whose milters_whose(struct doctor *doctor, struct span address, bool is_chrooted);

/* milters_seen_path - where a process of Postfix finds a path of its configuration. */
const char *milters_seen_path(struct doctor *doctor, struct span path,
                              bool is_chrooted);

/* milters_socket_path - of the gate's unix socket; NULL: it has none. */
const char *milters_socket_path(struct doctor *doctor);

/* milters_is_this_host - "", "localhost" or an address of loopback. */
bool milters_is_this_host(struct span host);

/* milters_is_loopback - the service listens on loopback only. */
bool milters_is_loopback(const struct postfix_service *service);

/* milters_listens_at - where a service of master.cf listens: its own host part, else
 * the first of inet_interfaces. */
void milters_listens_at(struct doctor *doctor, const struct postfix_service *service,
                        const char **host, const char **port);

/* milters_has_domain - a parameter that lists domains, by name or in tables, has it.
 */
bool milters_has_domain(struct doctor *doctor, const char *parameter,
                        struct span domain);

/* milters_cleanup - "cleanup/unix": the cleanup service that a service hands mail to.
 */
struct span milters_cleanup(struct doctor *doctor, struct span service);

/* milters_has_word, milters_without_word - in a list of Postfix's. */
bool milters_has_word(struct span list, const char *wanted);
struct span milters_without_word(struct doctor *doctor, struct span list,
                                 const char *unwanted);

/* doctor_check_milters - all services of master.cf. */
void doctor_check_milters(struct doctor *doctor);

#endif
