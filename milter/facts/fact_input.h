/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_input - what several facts need, worked out once a message.
 *
 * Stage: facts; private to milter/facts. facts_collect builds it, each fact_*.c reads
 * it and writes its own rows. Everything lives in msg->arena; a part for which the
 * arena has no room is empty.
 * Pure: no clock, file, socket, log or lock.
 */
#ifndef OUTGATE_FACTS_FACT_INPUT_H
#define OUTGATE_FACTS_FACT_INPUT_H

#include "facts/authentication.h"
#include "facts/fact_scan.h"
#include "facts/facts.h"
#include "message/address.h"

/* Header fields that some fact asks for. Several names may share one id. */
enum field_id {
    FIELD_OTHER = 0,
    FIELD_FROM,
    FIELD_SENDER,
    FIELD_REPLY_TO,
    FIELD_TO,
    FIELD_CC,
    FIELD_BCC,
    FIELD_SUBJECT,
    FIELD_DATE,
    FIELD_MESSAGE_ID,
    FIELD_IN_REPLY_TO,
    FIELD_REFERENCES,
    FIELD_MIME_VERSION,
    FIELD_CONTENT_TYPE,
    FIELD_CONTENT_ENCODING,
    FIELD_RECEIVED,
    FIELD_RETURN_PATH,
    FIELD_MAILER, /* X-Mailer, User-Agent */
    FIELD_THREAD, /* Thread-Index, Thread-Topic */
    FIELD_LIST_ID,
    FIELD_LIST_UNSUBSCRIBE,
    FIELD_LIST_POST_FIELD, /* List-Unsubscribe-Post */
    FIELD_LIST_OTHER,      /* List-Post, List-Help, List-Archive, ... */
    FIELD_PRECEDENCE,
    FIELD_AUTO_SUBMITTED,
    FIELD_AUTO_REPLY, /* X-Autoreply, X-Autorespond */
    FIELD_FEEDBACK_ID,
    FIELD_ESP,      /* what bulk mail services write */
    FIELD_SCRIPT,   /* which script of a web server sent it */
    FIELD_PRIORITY, /* X-Priority, Importance, X-MSMail-Priority, Priority */
    FIELD_COUNT
};

/* One distinct host among the web links, in the order of first use. */
struct fact_host {
    struct span name;   /* as struct url has it */
    struct span domain; /* registrable domain; "" for an address or a bare suffix */
    size_t links;       /* counted links that go there */
    bool is_ip;
    bool is_foreign; /* domain known and none of the sender's */
};

struct fact_link {
    const struct link *link;
    struct url url;         /* valid when is_parsed */
    struct fact_host *host; /* of a web link; NULL for the others */
    bool is_parsed;
    bool is_counted; /* a web link, not the plain text's copy of one that HTML has */
};

struct fact_input {
    const struct message *msg;
    const struct envelope *env;
    const struct past *past;           /* never NULL */
    const struct authentication *auth; /* never NULL; is_known says */
    int64_t now_s;
    struct arena *arena;

    unsigned char *kinds; /* enum field_id of each of msg->fields */
    size_t field_count;   /* how many kinds there are */
    const struct header_field *field[FIELD_COUNT]; /* first of its kind, or NULL */
    size_t times[FIELD_COUNT];                     /* how many of its kind */

    struct mailbox *from; /* of the first From: field */
    size_t from_count;
    struct mailbox *to, *cc; /* of the first To: and Cc: */
    size_t to_count, cc_count;
    uint32_t bounds; /* enum bound_bit: reached by what was read for the facts */
    struct span from_domain;     /* registrable domain of from[0], or its host; "" */
    struct span envelope_domain; /* the same of MAIL FROM */
    struct span recipient;       /* the first of the envelope, lower case; "" if none */

    struct fact_link *links; /* one for each of msg->links */
    size_t link_count;
    struct fact_host *hosts;
    size_t host_count;
    size_t counted_links;

    size_t shown_images;  /* images that are not hidden */
    size_t hidden_images; /* tracking pixels and their like */

    struct text_scan subject; /* of the Subject: field */
    struct text_scan text;    /* of msg->text */
};

/* fact_input_build - work it all out. past: NULL when nothing is known. Cannot fail. */
void fact_input_build(struct fact_input *in, const struct message *msg,
                      const struct envelope *env, const struct past *past,
                      int64_t now_s);

/* fact_value - decoded value of the first field of its kind, or empty. */
struct span fact_value(const struct fact_input *in, enum field_id id);

/* fact_field_id - the kind of a field name (any case). */
enum field_id fact_field_id(struct span name);

/* fact_registrable - registrable domain of a host; a host that has none (an address
 * literal, one label) stands for itself. */
struct span fact_registrable(struct arena *arena, struct span host);

/* fact_is_sender_domain - domain is the From: mailbox's or the envelope sender's. */
bool fact_is_sender_domain(const struct fact_input *in, struct span domain);

#define FACT_SET(name, value)      (out->number[FACT_##name] = (double)(value))
#define FACT_TEXT_SET(name, value) (out->text[FACT_##name] = (value))

void fact_subject(const struct fact_input *in, struct facts *out);
void fact_text(const struct fact_input *in, struct facts *out);
void fact_links(const struct fact_input *in, struct facts *out);
void fact_images(const struct fact_input *in, struct facts *out);
void fact_html(const struct fact_input *in, struct facts *out);
void fact_bulk(const struct fact_input *in, struct facts *out);
void fact_sender(const struct fact_input *in, struct facts *out);
void fact_headers(const struct fact_input *in, struct facts *out);
void fact_envelope(const struct fact_input *in, struct facts *out);
void fact_attachments(const struct fact_input *in, struct facts *out);
void fact_calendar(const struct fact_input *in, struct facts *out);
void fact_form(const struct fact_input *in, struct facts *out);
void fact_reputation(const struct fact_input *in, struct facts *out);
void fact_past(const struct fact_input *in, struct facts *out);
void fact_authentication(const struct fact_input *in, struct facts *out);

#endif
