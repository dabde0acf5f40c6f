/* SPDX-License-Identifier: BSD-2-Clause
 *
 * virus_talk - a connection to clamd that never waits past its deadline. Private to
 * auth/virus.
 *
 * Threads: one talk, one thread.
 * Source: clamd(8), "COMMANDS": commands that begin with z end in NUL, as do their
 * answers; INSTREAM: chunks of a length of four bytes in network order and so many
 * bytes, the last of length 0.
 */
#ifndef OUTGATE_AUTH_VIRUS_TALK_H
#define OUTGATE_AUTH_VIRUS_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/bounds.h"
#include "base/err.h"
#include "base/text.h"

/* Where clamd listens. */
struct talk_address {
    struct sockaddr_storage at;
    socklen_t len;
};

/* talk_address_parse - "unix:/path", "inet:PORT" (127.0.0.1), "inet:PORT@ADDRESS". */
bool talk_address_parse(const char *text, struct talk_address *out);

enum talk_fault {
    TALK_NO_FAULT = 0,
    TALK_AWAY,   /* nobody listens, or it hung up */
    TALK_SLOW,   /* the deadline passed */
    TALK_ABSURD, /* what it said is no answer */
};

enum { TALK_CHUNK_BYTES = 65536 }; /* chosen: a pipe's or socket's usual buffer */

struct talk {
    int fd;              /* -1: not open */
    int64_t deadline_us; /* clock_elapsed_us */
    enum talk_fault fault;
    int error;       /* errno of TALK_AWAY, 0: it hung up */
    bool has_answer; /* it spoke before all was sent */
    size_t pending;  /* bytes of chunk to be sent, without its length */
    unsigned char chunk[4 + TALK_CHUNK_BYTES];
    char answer[BOUND_VIRUS_ANSWER_BYTES];
    size_t answer_len;
};

/* Each of these does nothing once there is a fault. virus_talk_open: connect.
 * talk_command: "zPING", sent with its NUL. talk_add: bytes of a stream, sent in
 * chunks; does nothing once clamd has spoken. talk_end: the rest of them and the end.
 * talk_read: the answer without its NUL, in talk->answer; empty after a fault. */
void virus_talk_open(struct talk *talk, const struct talk_address *address,
                     int64_t deadline_us);
void talk_command(struct talk *talk, const char *command);
void talk_add(struct talk *talk, struct span bytes);
void talk_end(struct talk *talk);
struct span talk_read(struct talk *talk);
void virus_talk_close(struct talk *talk);

/* talk_why - the fault in a few words. */
const char *talk_why(const struct talk *talk);

#endif
