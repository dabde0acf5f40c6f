/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_header - what `header` and `mimeheader` rules look up.
 *
 * Source: Mail::SpamAssassin::Conf(3pm), "header SYMBOLIC_TEST_NAME header op
 * /pattern/modifiers"; MIMEHeader(3pm).
 * Pure.
 */
#ifndef OUTGATE_RULES_TEXT_RULE_HEADER_H
#define OUTGATE_RULES_TEXT_RULE_HEADER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"
#include "message/message.h"
#include "rules/text/rule_view.h"

enum header_kind {
    HEADER_KIND_UNKNOWN = 0,
    HEADER_FIELD,     /* all fields of that name */
    HEADER_ALL,       /* the whole header */
    HEADER_TOCC,      /* To and Cc */
    HEADER_MESSAGEID, /* the Message-ID and where list programs move it to */
    HEADER_ENVELOPE_FROM,
    HEADER_RELAYS, /* X-Spam-Relays-SIDE: the relays of one side as text */
    HEADER_SIDE,   /* ALL-SIDE: the fields that relays of that side have written */
};

enum header_modifier {
    HEADER_RAW = 1 << 0,    /* not decoded, folds kept */
    HEADER_ADDR = 1 << 1,   /* addresses, one a line */
    HEADER_NAME = 1 << 2,   /* display names, one a line */
    HEADER_HOST = 1 << 3,   /* what follows the last @ */
    HEADER_DOMAIN = 1 << 4, /* its registrable domain */
    HEADER_FIRST = 1 << 5,  /* of several fields the topmost */
    HEADER_LAST = 1 << 6,
    HEADER_IP = 1 << 7,       /* the first IPv4 or IPv6 address in it */
    HEADER_REVERSED = 1 << 8, /* as block lists are asked for it */
};

struct header_spec {
    enum header_kind kind;
    struct span name;     /* HEADER_FIELD */
    enum relay_side side; /* HEADER_RELAYS, HEADER_SIDE */
    unsigned modifiers;
};

/* header_spec_parse - NAME[:modifier...]; name stays a part of written. -1
 * (ERR_NOT_FOUND) on a modifier that is not there. */
int header_spec_parse(struct span written, struct header_spec *out, struct err *err);

/* header_value - what a pattern is matched against: the values found, each followed
 * by LF (addresses, names and hosts parted by LF), at most BOUND_MATCH_TEXT_BYTES of
 * them. Lives in the message's arena. Returns false when there is none (unset). */
bool header_value(const struct header_spec *spec, struct rule_view *view,
                  struct span *out);

/* header_part_value - the same of one MIME part's own header. */
bool header_part_value(const struct header_spec *spec, const struct message *msg,
                       const struct part *part, struct span *out);

#endif
