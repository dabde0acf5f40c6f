/* SPDX-License-Identifier: BSD-2-Clause
 *
 * virus - the message, streamed to ClamAV's daemon, and what it says.
 *
 * Stage: authentication. Off until [virus] names a socket. The whole message is sent
 * (clamd takes attachments and archives apart), as it was received, in pieces
 * (INSTREAM), within a deadline and a size. Parts of a message with a broken encoding
 * are sent decoded as well: clamd stops where many readers read on.
 * A clamd that is away, slow or speaks something else is AUTH_TEMPERROR, told once
 * (base/troubles), and left alone for a second, then twice as long, a minute at most:
 * not every message waits the whole deadline. That it is back is told, too.
 * Must never: log, decide, wait past the deadline.
 * Threads: safe; each scan has a connection of its own.
 * Source: clamd(8), "COMMANDS".
 */
#ifndef OUTGATE_AUTH_VIRUS_H
#define OUTGATE_AUTH_VIRUS_H

#include <stdint.h>

#include "base/err.h"
#include "base/troubles.h"
#include "facts/authentication.h"
#include "message/message.h"

struct virus;

struct virus_options {
    const char *clamd;   /* "unix:/path" or "inet:PORT@ADDRESS"; "" none */
    int64_t deadline_us; /* for one message, > 0 */
    int64_t max_bytes;   /* sent of one message, > 0; clamd's StreamMaxLength or less */
    struct troubles *troubles; /* or NULL */
};

/* virus_open - *out is NULL, and that is no error, without a socket. Nothing is
 * contacted. ERR_CONFIG: the socket is not written in one of the two ways. */
int virus_open(struct virus **out, const struct virus_options *options,
               struct err *err);
void virus_close(struct virus **virus); /* NULL is fine */

/* virus_adopt - whether clamd is down, as old knows it, when it is the same clamd:
 * after a reload, before anybody asks fresh. NULL is fine. */
void virus_adopt(struct virus *fresh, struct virus *old);

struct virus_answer {
    enum auth_result result; /* AUTH_PASS: clean; AUTH_FAIL: found; AUTH_NEUTRAL: clean
                                or unknown, for it was not read whole; AUTH_TEMPERROR;
                                AUTH_UNKNOWN: nobody was asked */
    struct span name;        /* of what was found, as clamd has it */
    struct span problem;     /* why not pass or fail, a few words */
};

/* virus_scan - deadline_us: clock_elapsed_us after which nobody waits, or 0: the
 * option's alone; the earlier holds. Texts live in the message's arena. virus NULL:
 * AUTH_UNKNOWN. */
void virus_scan(struct virus *virus, const struct message *msg, int64_t deadline_us,
                struct virus_answer *out);

/* virus_ping - does clamd answer? For `outgate doctor`. version: a line of its own
 * words, in the arena. */
int virus_ping(struct virus *virus, struct arena *arena, struct span *version,
               struct err *err);

#endif
