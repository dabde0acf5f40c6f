/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/virus.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "auth/virus_talk.h"
#include "base/clock.h"
#include "message/mime.h"

#define SECOND_US INT64_C(1000000)
#define WAIT_US   SECOND_US        /* the first pause after a failure. chosen */
#define WAIT_MOST (60 * SECOND_US) /* chosen */

enum {
    SLOW_MOST =
        3, /* deadlines in a row after which clamd, not a mail, is slow. chosen */
    PROBLEM_BYTES = 300,
    PARTS_MOST = 20,        /* sent by themselves. chosen */
    DECODE_BYTES = 1 << 20, /* of memory besides twice the part */
};

struct virus {
    struct virus_options options;
    struct virus_talk_address address;
    pthread_mutex_t lock; /* what follows */
    bool is_down;
    unsigned slow;       /* deadlines that passed in a row */
    int64_t down_at_us;  /* clock_elapsed_us of the first failure */
    int64_t next_try_us; /* nobody asks before, while it is down */
    int64_t wait_us;     /* the next pause */
    uint64_t unscanned;  /* messages since it went down */
};

int virus_open(struct virus **out, const struct virus_options *options, struct err *err)
{
    *out = NULL;
    if (options->clamd[0] == '\0')
        return 0;
    struct virus *virus = calloc(1, sizeof *virus);
    if (virus == NULL)
        return err_set(err, ERR_MEMORY, "no memory for the virus scanner");
    virus->options = *options;
    if (!virus_talk_address_parse(options->clamd, &virus->address)) {
        free(virus);
        return err_set(err, ERR_CONFIG,
                       "[virus] clamd = %s: write unix:/path or inet:PORT@ADDRESS",
                       options->clamd);
    }
    pthread_mutex_init(&virus->lock, NULL);
    *out = virus;
    return 0;
}

void virus_close(struct virus **virus)
{
    if (*virus == NULL)
        return;
    pthread_mutex_destroy(&(*virus)->lock);
    free(*virus);
    *virus = NULL;
}

void virus_adopt(struct virus *fresh, struct virus *old)
{
    if (fresh == NULL || old == NULL ||
        strcmp(fresh->options.clamd, old->options.clamd) != 0)
        return;
    pthread_mutex_lock(&old->lock);
    fresh->is_down = old->is_down;
    fresh->slow = old->slow;
    fresh->down_at_us = old->down_at_us;
    fresh->next_try_us = old->next_try_us;
    fresh->wait_us = old->wait_us;
    fresh->unscanned = old->unscanned;
    pthread_mutex_unlock(&old->lock);
}

/* ---- up and down ---- */

/* While clamd is down one message at a time finds out whether it is back. */
static bool may_try(struct virus *virus)
{
    int64_t now_us = clock_elapsed_us();
    pthread_mutex_lock(&virus->lock);
    bool is_allowed = !virus->is_down || now_us >= virus->next_try_us;
    if (virus->is_down && is_allowed)
        virus->next_try_us = now_us + virus->options.deadline_us + virus->wait_us;
    virus->unscanned += !is_allowed;
    pthread_mutex_unlock(&virus->lock);
    return is_allowed;
}

/* One mail that takes clamd long is that mail's doing: only several in a row are
 * clamd's. Under the lock. */
static bool is_worse(struct virus *virus, enum virus_talk_fault fault)
{
    if (virus->is_down || fault != VIRUS_TALK_SLOW)
        return true;
    return ++virus->slow >= SLOW_MOST;
}

static void note_failure(struct virus *virus, const struct virus_talk *talk)
{
    pthread_mutex_lock(&virus->lock);
    bool is_news = false;
    virus->unscanned++;
    if (is_worse(virus, talk->fault)) {
        is_news = !virus->is_down;
        if (is_news) {
            virus->down_at_us = clock_elapsed_us();
            virus->wait_us = WAIT_US;
            virus->unscanned = 1;
        }
        virus->is_down = true;
        virus->next_try_us = clock_elapsed_us() + virus->wait_us;
        virus->wait_us =
            virus->wait_us * 2 < WAIT_MOST ? virus->wait_us * 2 : WAIT_MOST;
    }
    pthread_mutex_unlock(&virus->lock);
    if (is_news)
        troubles_say(virus->options.troubles,
                     "clamd at %s: %s: mail is not scanned for viruses",
                     virus->options.clamd, virus_talk_why(talk));
}

static void note_success(struct virus *virus)
{
    pthread_mutex_lock(&virus->lock);
    bool is_news = virus->is_down;
    uint64_t unscanned = virus->unscanned;
    int64_t away_us = clock_elapsed_us() - virus->down_at_us;
    virus->is_down = false;
    virus->slow = 0;
    virus->unscanned = 0;
    pthread_mutex_unlock(&virus->lock);
    if (is_news)
        troubles_say(virus->options.troubles,
                     "clamd at %s is back after %lld s, %llu messages were not scanned",
                     virus->options.clamd, (long long)(away_us / SECOND_US),
                     (unsigned long long)unscanned);
}

/* ---- a message ---- */

/* What is left of max_bytes. */
struct stream {
    struct virus_talk *talk;
    int64_t left;
    bool is_cut;
};

static void add(struct stream *stream, struct span bytes)
{
    if ((int64_t)bytes.len > stream->left) {
        stream->is_cut = true;
        bytes = span_head(bytes, (size_t)stream->left);
    }
    stream->left -= (int64_t)bytes.len;
    virus_talk_add(stream->talk, bytes);
}

/* A first line by which clamd knows mail whatever field comes first; not "From ", which
 * would make it an mbox in which any line that begins so cuts an attachment in two. */
static void send_message(struct stream *stream, const struct message *msg)
{
    struct span body = message_body(msg);
    add(stream, SPAN("Received: by outgate\r\n"));
    for (size_t i = 0; i < msg->field_count; i++) {
        add(stream, msg->fields[i].name);
        add(stream, SPAN(":"));
        add(stream, msg->fields[i].raw);
        add(stream, SPAN("\r\n"));
    }
    add(stream, SPAN("\r\n"));
    add(stream, body);
    stream->is_cut = stream->is_cut || msg->body_bytes > body.len;
    virus_talk_end(stream->talk);
}

static struct span escaped(struct arena *arena, struct span text)
{
    char copy[PROBLEM_BYTES];
    return span_dup(arena, span_of(text_escape(text, copy, sizeof copy)));
}

/* "stream: NAME FOUND" */
static struct span found_name(struct span answer)
{
    ptrdiff_t colon = span_find(answer, SPAN(": "));
    answer = span_head(answer, answer.len - SPAN(" FOUND").len);
    return colon >= 0 ? span_from(answer, (size_t)colon + 2) : answer;
}

/* Source: clamd's session.c and scanner.c: "stream: OK", "stream: NAME FOUND", "...
 * ERROR". False: none of these. */
static bool read_answer(struct span answer, const struct stream *stream,
                        struct arena *arena, struct virus_answer *out)
{
    answer = span_trim(answer);
    if (span_iends(answer, SPAN(" FOUND"))) {
        out->result = AUTH_FAIL;
        out->name = escaped(arena, found_name(answer));
    } else if (span_find(answer, SPAN("size limit exceeded")) >= 0) {
        out->result = AUTH_NEUTRAL;
        out->problem = SPAN("larger than clamd's StreamMaxLength");
    } else if (span_iends(answer, SPAN(": OK"))) {
        out->result = stream->is_cut ? AUTH_NEUTRAL : AUTH_PASS;
        if (stream->is_cut)
            out->problem = SPAN("clean as far as it was read");
    } else if (span_iends(answer, SPAN(" ERROR"))) {
        out->result = AUTH_TEMPERROR;
        out->problem = escaped(arena, answer);
    } else {
        return false;
    }
    return true;
}

/* A part as readers decode it. */
static void send_part(struct stream *stream, const struct part *part)
{
    uint32_t defects = 0;
    struct arena *arena = arena_new(2 * part->raw_body.len + DECODE_BYTES);
    if (arena == NULL) {
        stream->is_cut = true;
    } else if (span_eq(part->encoding, SPAN("base64"))) {
        add(stream, mime_decode_base64(arena, part->raw_body, &defects));
    } else {
        add(stream, mime_decode_qp(arena, part->raw_body, &defects));
    }
    stream->is_cut = stream->is_cut || (arena != NULL && arena_is_capped(arena));
    virus_talk_end(stream->talk);
    arena_free(&arena);
}

/* part: NULL: the whole message. */
static void scan(struct virus *virus, const struct message *msg,
                 const struct part *part, struct virus_talk *talk, int64_t deadline_us,
                 struct virus_answer *out)
{
    struct stream stream = {.talk = talk, .left = virus->options.max_bytes};
    virus_talk_open(talk, &virus->address, deadline_us);
    virus_talk_command(talk, "zINSTREAM");
    if (talk->fault == VIRUS_TALK_NO_FAULT)
        part != NULL ? send_part(&stream, part) : send_message(&stream, msg);
    struct span answer = virus_talk_read(talk);
    if (talk->fault == VIRUS_TALK_NO_FAULT &&
        !read_answer(answer, &stream, msg->arena, out))
        talk->fault = VIRUS_TALK_ABSURD;
    if (talk->fault == VIRUS_TALK_NO_FAULT) {
        note_success(virus);
    } else {
        out->result = AUTH_TEMPERROR;
        out->problem = escaped(msg->arena, span_of(virus_talk_why(talk)));
        note_failure(virus, talk);
    }
    virus_talk_close(talk);
}

static bool is_encoded(const struct part *part)
{
    return !part->is_multipart && (span_eq(part->encoding, SPAN("base64")) ||
                                   span_eq(part->encoding, SPAN("quoted-printable")));
}

/* An encoding that is broken ends where clamd stops reading, but many readers read on:
 * such a mail's parts are sent decoded as well. The first answer that is not clean
 * stands. */
static void scan_parts(struct virus *virus, const struct message *msg,
                       struct virus_talk *talk, int64_t deadline_us,
                       struct virus_answer *out)
{
    size_t sent = 0;
    for (size_t i = 0; i < msg->part_count; i++) {
        if (out->result != AUTH_PASS && out->result != AUTH_NEUTRAL)
            return;
        if (!is_encoded(&msg->parts[i]))
            continue;
        struct virus_answer answer = {.name = SPAN(""), .problem = SPAN("")};
        if (++sent > PARTS_MOST)
            answer = (struct virus_answer){AUTH_NEUTRAL, SPAN(""),
                                           SPAN("too many broken parts")};
        else
            scan(virus, msg, &msg->parts[i], talk, deadline_us, &answer);
        if (answer.result != AUTH_PASS)
            *out = answer;
        if (sent > PARTS_MOST)
            return;
    }
}

void virus_scan(struct virus *virus, const struct message *msg, int64_t deadline_us,
                struct virus_answer *out)
{
    *out = (struct virus_answer){.name = SPAN(""), .problem = SPAN("")};
    if (virus == NULL)
        return;
    int64_t own_us = clock_elapsed_us() + virus->options.deadline_us;
    out->result = AUTH_TEMPERROR;
    if (!may_try(virus)) {
        out->problem = SPAN("clamd was away a moment ago");
        return;
    }
    struct virus_talk *talk = arena_alloc(msg->arena, sizeof *talk);
    if (talk == NULL) {
        out->problem = SPAN("no memory to ask clamd");
        return;
    }
    if (deadline_us == 0 || deadline_us > own_us)
        deadline_us = own_us;
    scan(virus, msg, NULL, talk, deadline_us, out);
    if ((msg->defects & (DEFECT_BASE64 | DEFECT_QUOTED_PRINTABLE)) != 0)
        scan_parts(virus, msg, talk, deadline_us, out);
}

int virus_ping(struct virus *virus, struct arena *arena, struct span *version,
               struct err *err)
{
    struct virus_talk *talk = arena_alloc(arena, sizeof *talk);
    if (talk == NULL)
        return err_set(err, ERR_MEMORY, "no memory to ask clamd");
    virus_talk_open(talk, &virus->address,
                    clock_elapsed_us() + virus->options.deadline_us);
    virus_talk_command(talk, "zVERSION");
    struct span answer = virus_talk_read(talk);
    if (talk->fault == VIRUS_TALK_NO_FAULT && !span_starts(answer, SPAN("ClamAV")))
        talk->fault = VIRUS_TALK_ABSURD;
    int result = 0;
    if (talk->fault != VIRUS_TALK_NO_FAULT)
        result = err_set(err, ERR_IO, "clamd at %s: %s", virus->options.clamd,
                         virus_talk_why(talk));
    *version = escaped(arena, span_trim(answer));
    virus_talk_close(talk);
    return result;
}
