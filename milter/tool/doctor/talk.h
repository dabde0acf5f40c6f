/* SPDX-License-Identifier: BSD-2-Clause
 *
 * talk - a short SMTP conversation with the MTA of this host, as a client.
 *
 * Replies are the MTA's, and bounded; each step takes 30 s at most.
 * Source: RFC 5321.
 */
#ifndef OUTGATE_TOOL_DOCTOR_TALK_H
#define OUTGATE_TOOL_DOCTOR_TALK_H

#include <stdbool.h>

#include "base/text.h"

enum { TALK_REPLY_BYTES = 1024 };

struct smtp_talk {
    int fd;
    int code;                     /* of the last reply; 0: none came */
    char reply[TALK_REPLY_BYTES]; /* its last line, escaped */
    char left[4096];              /* read and not looked at */
    size_t left_count;
};

/* smtp_begin - connect, take the greeting, say EHLO. False: reply says why not. */
bool smtp_begin(struct smtp_talk *talk, const char *host, const char *port);

/* smtp_say - one line (without CRLF), and the reply to it: true if its code is 2xx or
 * 3xx. */
bool smtp_say(struct smtp_talk *talk, const char *line);

/* smtp_text - the text of a message, lines ended by \n, then the final dot; as
 * smtp_say. */
bool smtp_text(struct smtp_talk *talk, struct span text);

/* smtp_end - QUIT, and close. */
void smtp_end(struct smtp_talk *talk);

#endif
