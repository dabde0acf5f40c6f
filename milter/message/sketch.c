/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/sketch.h"

#include <stdio.h>
#include <string.h>

#include "message/sketch_words.h"

enum {
    WORDS_LEAST = 14,            /* fewer say nothing; measured */
    WORDS_FEW = 40,              /* the subject helps to tell; chosen */
    WORDS_MOST = 16384,          /* looked at: twenty pages; chosen */
    LINK_WORDS_LEAST = 4,        /* a bare link with fewer words is known by its path */
    LINKS_MOST = 32,             /* looked at; chosen */
    FILE_BYTES_LEAST = 512,      /* a smaller attachment tells nothing; chosen */
    IMAGE_BYTES_LEAST = 16384,   /* a smaller image may be a signature's logo; chosen */
    FILE_BYTES_HASHED = 1 << 18, /* of each attachment, as encoded; chosen */
};

/* ---- hashing ---- */

static uint32_t mix32(uint32_t h)
{
    h ^= h >> 16;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    h *= 0xc2b2ae35u;
    return h ^ (h >> 16);
}

static uint64_t mix64(uint64_t h)
{
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdULL;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53ULL;
    return h ^ (h >> 33);
}

/* Eight bytes at a time. */
static uint64_t hash_bytes(struct span bytes)
{
    uint64_t hash = mix64(bytes.len);
    while (bytes.len > 0) {
        uint64_t word = 0;
        size_t n = bytes.len < sizeof word ? bytes.len : sizeof word;
        memcpy(&word, bytes.at, n);
        hash = mix64(hash ^ word);
        bytes = span_from(bytes, n);
    }
    return hash;
}

/* All or nothing: every number from one hash. */
static void sketch_exactly(uint64_t hash, enum sketch_kind kind, struct sketch *out)
{
    out->kind = kind;
    hash ^= (uint64_t)kind << 56;
    for (unsigned i = 0; i < SKETCH_VALUES; i++)
        out->value[i] = (uint16_t)(mix64(hash + i) >> 48);
}

/* ---- words ---- */

/* Sixteen hashes of one thing, the least of each kept. Two make all (Kirsch and
 * Mitzenmacher 2006): additions alone, which compilers turn into vectors. */
static void take(uint32_t thing, int32_t least[SKETCH_VALUES])
{
    uint64_t hash = mix64(thing + UINT64_C(0x9e3779b97f4a7c15));
    uint32_t first = (uint32_t)hash;
    uint32_t step = (uint32_t)(hash >> 32) | 1;
    for (unsigned i = 0; i < SKETCH_VALUES; i++) {
        int32_t value = (int32_t)(first + i * step);
        least[i] = value < least[i] ? value : least[i];
    }
}

/* Each word, and each two neighbours in either order. */
static void sketch_text(const struct sketch_words *words, struct sketch *out)
{
    int32_t least[SKETCH_VALUES];
    for (unsigned i = 0; i < SKETCH_VALUES; i++)
        least[i] = INT32_MAX;
    for (size_t i = 0; i < words->count; i++) {
        uint32_t word = mix32(words->at[i]);
        take(word, least);
        if (i + 1 < words->count)
            take((word + mix32(words->at[i + 1])) * 0x9e3779b1u, least);
    }
    for (unsigned i = 0; i < SKETCH_VALUES; i++)
        out->value[i] = (uint16_t)(mix32((uint32_t)least[i]) >> 16);
    out->kind = SKETCH_TEXT;
}

static bool is_reply_subject(struct span subject)
{
    static const char *const heads[] = {"re:", "aw:", "sv:", "antw:", "rv:", "r:"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (span_istarts(subject, span_of(heads[i])))
            return true;
    return false;
}

static void read_words(const struct message *msg, struct sketch_words *words)
{
    bool is_reply = message_field(msg, "In-Reply-To", 0) != NULL ||
                    message_field(msg, "References", 0) != NULL ||
                    is_reply_subject(message_value(msg, "Subject"));
    sketch_words_read(words, msg->text, is_reply);
    /* a reply of which nothing is its own words is none */
    if (is_reply && words->count == 0)
        sketch_words_read(words, msg->text, false);
}

/* ---- files ---- */

/* Signatures and cards are the same under all that one person writes. */
static bool is_personal(const struct part *part)
{
    static const char *const subtypes[] = {
        "pkcs7-signature", "x-pkcs7-signature", "pgp-signature", "pgp-keys",
        "vcard",           "x-vcard",           "calendar",      "delivery-status"};
    for (size_t i = 0; i < sizeof subtypes / sizeof *subtypes; i++)
        if (span_eq(part->subtype, span_of(subtypes[i])))
            return true;
    return false;
}

static bool is_telling_file(const struct part *part)
{
    if (part->is_multipart || is_personal(part))
        return false;
    if (span_eq(part->type, SPAN("image")))
        return part->content_bytes >= IMAGE_BYTES_LEAST;
    return part->is_attachment && part->content_bytes >= FILE_BYTES_LEAST;
}

/* The files in any order; 0: none. */
static uint64_t hash_files(const struct message *msg)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < msg->part_count; i++) {
        const struct part *part = &msg->parts[i];
        if (is_telling_file(part))
            sum += hash_bytes(span_head(part->raw_body, FILE_BYTES_HASHED)) ^
                   mix64(part->content_bytes);
    }
    return sum;
}

/* ---- links ---- */

static uint64_t hash_link(const struct message *msg, const struct link *link,
                          bool with_path)
{
    struct url url;
    struct span path, query;
    if (!url_parse(msg->arena, link->target, &url) || !url.is_web || url.host.len == 0)
        return 0;
    struct span domain = url.is_ip ? url.host : url_domain(msg->arena, url.host);
    span_cut(url.path, '?', &path, &query);
    return hash_bytes(domain.len > 0 ? domain : url.host) +
           (with_path ? hash_bytes(path) : 0);
}

/* Where the links go, each place once, in any order; 0: nowhere. */
static uint64_t hash_links(const struct message *msg, bool with_path)
{
    uint64_t seen[LINKS_MOST];
    uint64_t sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < msg->link_count && i < LINKS_MOST; i++) {
        uint64_t hash = hash_link(msg, &msg->links[i], with_path);
        size_t k = 0;
        while (k < count && seen[k] != hash)
            k++;
        if (hash == 0 || k < count)
            continue;
        seen[count++] = hash;
        sum += mix64(hash);
    }
    return sum;
}

/* Too few words: files if there are any, else the words themselves and the links. */
static void sketch_little(const struct message *msg, const struct sketch_words *words,
                          struct sketch *out)
{
    uint64_t files = hash_files(msg);
    if (files != 0) {
        sketch_exactly(files, SKETCH_FILE, out);
        return;
    }
    uint64_t links = hash_links(msg, words->count < LINK_WORDS_LEAST);
    if (links == 0)
        return;
    struct span bytes = {(const char *)words->at, words->count * sizeof *words->at};
    sketch_exactly(mix64(links) + hash_bytes(bytes), SKETCH_SHORT, out);
}

/* ---- what callers see ---- */

void sketch_make(const struct message *msg, struct sketch *out)
{
    struct sketch_words words = {.max = WORDS_MOST};
    memset(out, 0, sizeof *out);
    /* no text has more words than every second byte */
    size_t subject_bytes = message_value(msg, "Subject").len;
    if (words.max > (msg->text.len + subject_bytes) / 2 + 2)
        words.max = (msg->text.len + subject_bytes) / 2 + 2;
    words.at = arena_array(msg->arena, words.max, sizeof *words.at);
    if (words.at == NULL)
        return;
    read_words(msg, &words);
    if (words.count < WORDS_LEAST) {
        sketch_little(msg, &words, out);
        return;
    }
    if (words.count < WORDS_FEW)
        sketch_words_read(&words, message_value(msg, "Subject"), false);
    sketch_text(&words, out);
}

unsigned sketch_equal(const struct sketch *a, const struct sketch *b)
{
    unsigned equal = 0;
    for (unsigned i = 0; i < SKETCH_VALUES; i++)
        equal += a->value[i] == b->value[i];
    return equal;
}

uint32_t sketch_band(const struct sketch *sketch, unsigned band)
{
    return (uint32_t)sketch->value[2 * band] << 16 | sketch->value[2 * band + 1];
}

char *sketch_print(const struct sketch *sketch, char out[SKETCH_TEXT_BYTES])
{
    for (unsigned i = 0; i < SKETCH_VALUES; i++)
        snprintf(out + (size_t)i * 4, 5, "%04x", sketch->value[i]);
    return out;
}

bool sketch_parse(struct span text, struct sketch *out)
{
    memset(out, 0, sizeof *out);
    if (text.len != SKETCH_TEXT_BYTES - 1)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int digit = ascii_hex(text.at[i]);
        if (digit < 0)
            return false;
        out->value[i / 4] = (uint16_t)(out->value[i / 4] << 4 | digit);
    }
    out->kind = SKETCH_TEXT;
    return true;
}
