/* SPDX-License-Identifier: BSD-2-Clause
 *
 * envelope - what is known of a message besides its bytes: the SMTP session, the
 * path it came by, and its class.
 *
 * Stage: session fills it from callbacks and macros; every later stage reads it.
 * `outgate scan` fills it from the header and its options.
 * All spans live in the message's arena; empty means unknown.
 */
#ifndef OUTGATE_MESSAGE_ENVELOPE_H
#define OUTGATE_MESSAGE_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* How the message entered the MTA. Source: seen on Postfix 3.7 and Sendmail
 * 8.17; README.md, "The two paths". */
enum mail_path {
    PATH_UNKNOWN = 0,
    PATH_SMTP,   /* a client spoke SMTP to it */
    PATH_LOCAL,  /* sendmail(1): Postfix pickup, Sendmail's submission program */
    PATH_BORDER, /* the MTA itself, on what leaves: the border layout's second pass */
};

enum mail_class {
    CLASS_UNKNOWN = 0,
    CLASS_INBOUND,   /* every recipient is local, or a stranger's mail to us */
    CLASS_OUTBOUND,  /* ours, to at least one recipient elsewhere */
    CLASS_FORWARDED, /* not ours, yet to a recipient elsewhere */
};

struct authentication;

struct envelope {
    enum mail_path path;
    enum mail_class mail_class;
    bool is_null_sender; /* MAIL FROM:<> */
    bool is_scan;        /* no session: a file read by the command line */
    bool is_ours;        /* the client logged in, is in networks, or was sendmail(1) */

    struct span mail_from;   /* RFC5321.MailFrom, without <> */
    struct span *recipients; /* RFC5321.RcptTo, without <>, as accepted */
    size_t recipient_count;  /* how many there were; recipients may hold fewer,
                                BOUND_RECIPIENTS at most */
    size_t recipient_kept;   /* how many stand in recipients */

    struct span original_to; /* ORCPT (RFC 3461 4.2) of the first recipient whom an
                                alias or a .forward file stands before; "" none */

    struct span queue_id;    /* {i} */
    struct span client_ip;   /* text form, "" unknown; without "IPv6:" */
    struct span client_name; /* verified name or "" */
    struct span helo;        /* RFC5321.HELO/.EHLO argument */
    struct span auth_user;   /* {auth_authen}: SASL login */
    struct span auth_type;   /* {auth_type}: SASL mechanism */
    struct span tls_subject; /* {cert_subject} of a verified client certificate */
    struct span daemon_name; /* {daemon_name} */
    struct span local_user;  /* local submission: uid or login name */
    struct span mta_version; /* {v} */
    struct span host;        /* {j}: the MTA's own host name */

    /* what DNS, lists and the virus scanner said (milter/auth); NULL: nobody was asked
     */
    const struct authentication *authentication;
};

const char *mail_path_name(enum mail_path path); /* "smtp" "local" "border" "unknown" */
const char *mail_class_name(enum mail_class mail_class); /* "outbound" ... */
enum mail_path mail_path_find(struct span name);         /* UNKNOWN if there is none */
enum mail_class mail_class_find(struct span name);

/* envelope_must_not_refuse - no refusal is sane: a 5xx to sendmail(1) is a bounce with
 * the whole spam, a 4xx there loops under new queue ids; at the border it is a bounce
 * to a sender who may be forged; bounces are never refused. */
bool envelope_must_not_refuse(const struct envelope *env);

#endif
