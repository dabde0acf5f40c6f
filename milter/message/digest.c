/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/digest.h"

#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"

/* What a reader sees or a mail program obeys. A field that Postfix completes (a From:
 * without a domain) is complete at the first pass already. */
static bool is_digested(struct span name)
{
    static const struct span names[] = {
        SPAN("From"),       SPAN("Reply-To"),     SPAN("Subject"),
        SPAN("Message-ID"), SPAN("Content-Type"), SPAN("Content-Transfer-Encoding"),
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_ieq(name, names[i]))
            return true;
    return false;
}

/* Lower case, as folded text without its folds, through a small buffer. */
struct feed {
    struct sha256 *sha;
    char bytes[256];
    size_t used;
};

static void feed_flush(struct feed *feed)
{
    sha256_add(feed->sha, (struct span){feed->bytes, feed->used});
    feed->used = 0;
}

static void feed_char(struct feed *feed, char c)
{
    if (feed->used == sizeof feed->bytes)
        feed_flush(feed);
    feed->bytes[feed->used++] = c;
}

static void add_lower(struct sha256 *sha, struct span text)
{
    struct feed feed = {.sha = sha};
    for (size_t i = 0; i < text.len; i++)
        feed_char(&feed, ascii_lower(text.at[i]));
    feed_flush(&feed);
}

static void add_unfolded(struct sha256 *sha, struct span text)
{
    struct feed feed = {.sha = sha};
    text = span_trim(text);
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_space(text.at[i]))
            feed_char(&feed, text.at[i]);
        else if (!ascii_is_space(text.at[i - 1])) /* trimmed: i > 0 */
            feed_char(&feed, ' ');
    }
    feed_flush(&feed);
}

static void add_field(struct sha256 *sha, const struct header_field *field)
{
    add_lower(sha, field->name);
    sha256_add(sha, SPAN(":"));
    add_unfolded(sha, field->raw);
    sha256_add(sha, SPAN("\n")); /* no field has one of its own */
}

void digest_message(const struct message *msg, char out[DIGEST_BYTES])
{
    struct sha256 sha;
    unsigned char digest[SHA256_BYTES];
    char length[8];
    sha256_init(&sha);
    for (size_t i = 0; i < msg->field_count; i++)
        if (is_digested(msg->fields[i].name))
            add_field(&sha, &msg->fields[i]);
    for (int i = 0; i < 8; i++)
        length[i] = (char)(msg->body_bytes >> (8 * i));
    sha256_add(&sha, (struct span){length, sizeof length});
    sha256_add(&sha, message_body(msg));
    sha256_end(&sha, digest);
    sha256_hex(digest, (DIGEST_BYTES - 1) / 2, out);
}

void digest_token(struct span address, char out[DIGEST_TOKEN_BYTES + 1])
{
    struct sha256 sha;
    unsigned char digest[SHA256_BYTES];
    sha256_init(&sha);
    add_lower(&sha, address);
    sha256_end(&sha, digest);
    sha256_hex(digest, DIGEST_TOKEN_BYTES / 2, out);
}

static int compare_tokens(const void *a, const void *b)
{
    return memcmp(a, b, DIGEST_TOKEN_BYTES);
}

struct span digest_recipients(const struct envelope *env, struct arena *arena)
{
    char token[DIGEST_TOKEN_BYTES + 1];
    char *all = arena_array(arena, env->recipient_kept + 1, DIGEST_TOKEN_BYTES);
    if (all == NULL)
        return SPAN("");
    for (size_t i = 0; i < env->recipient_kept; i++) {
        digest_token(env->recipients[i], token);
        memcpy(all + i * DIGEST_TOKEN_BYTES, token, DIGEST_TOKEN_BYTES);
    }
    qsort(all, env->recipient_kept, DIGEST_TOKEN_BYTES, compare_tokens);
    return (struct span){all, env->recipient_kept * DIGEST_TOKEN_BYTES};
}
