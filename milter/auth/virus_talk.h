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
struct virus_talk_address {
    struct sockaddr_storage at;
    socklen_t len;
};

/* virus_talk_address_parse - "unix:/path", "inet:PORT" (127.0.0.1),
 * "inet:PORT@ADDRESS". */
bool virus_talk_address_parse(const char *text, struct virus_talk_address *out);

enum virus_talk_fault {
    VIRUS_TALK_NO_FAULT = 0,
    VIRUS_TALK_AWAY,   /* nobody listens, or it hung up */
    VIRUS_TALK_SLOW,   /* the deadline passed */
    VIRUS_TALK_ABSURD, /* what it said is no answer */
};

enum { VIRUS_TALK_CHUNK_BYTES = 65536 }; /* chosen: a pipe's or socket's usual buffer */

struct virus_talk {
    int fd;              /* -1: not open */
    int64_t deadline_us; /* clock_elapsed_us */
    enum virus_talk_fault fault;
    int error;       /* errno of VIRUS_TALK_AWAY, 0: it hung up */
    bool has_answer; /* it spoke before all was sent */
    size_t pending;  /* bytes of chunk to be sent, without its length */
    unsigned char chunk[4 + VIRUS_TALK_CHUNK_BYTES];
    char answer[BOUND_VIRUS_ANSWER_BYTES];
    size_t answer_len;
};

/* Each of these does nothing once there is a fault. virus_talk_open: connect.
 * virus_talk_command: "zPING", sent with its NUL. virus_talk_add: bytes of a stream,
 * sent in chunks; does nothing once clamd has spoken. virus_talk_end: the rest of them
 * and the end. virus_talk_read: the answer without its NUL, in talk->answer; empty
 * after a fault. */
void virus_talk_open(struct virus_talk *talk, const struct virus_talk_address *address,
                     int64_t deadline_us);
void virus_talk_command(struct virus_talk *talk, const char *command);
void virus_talk_add(struct virus_talk *talk, struct span bytes);
void virus_talk_end(struct virus_talk *talk);
struct span virus_talk_read(struct virus_talk *talk);
void virus_talk_close(struct virus_talk *talk);

/* virus_talk_why - the fault in a few words. */
const char *virus_talk_why(const struct virus_talk *talk);

#endif
