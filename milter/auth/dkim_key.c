/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dkim_key.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/buf.h"

enum {
    KEY_BYTES = 16384,  /* of p=, decoded; RSA of 32768 bits has 4,700. chosen */
    ED25519_BYTES = 32, /* RFC 8463 4.2 */
    RECORD_BYTES = 65536,
};

static struct span tag_value(struct span text, const char *wanted)
{
    struct span tag, name, value;
    while (text.len > 0) {
        span_cut(text, ';', &tag, &text);
        if (span_cut(tag, '=', &name, &value) &&
            span_eq(span_trim(name), span_of(wanted)))
            return span_trim(value);
    }
    return (struct span){NULL, 0};
}

/* White space in p= means nothing: RFC 6376 3.6.1. *is_sound: it is base64. */
static struct span decode(struct span text, struct arena *arena, bool *is_sound)
{
    struct buf plain;
    size_t padding = 0;
    buf_init(&plain, arena, KEY_BYTES / 3 * 4 + 4);
    for (size_t i = 0; i < text.len; i++) {
        if (ascii_is_space(text.at[i]))
            continue;
        padding += text.at[i] == '=';
        buf_add_char(&plain, text.at[i]);
    }
    unsigned char *out = arena_alloc(arena, plain.len / 4 * 3 + 3);
    int len =
        out == NULL || plain.is_full || plain.len % 4 != 0
            ? -1
            : EVP_DecodeBlock(out, (const unsigned char *)plain.at, (int)plain.len);
    *is_sound = len >= 0 && padding <= 2;
    if (!*is_sound)
        return SPAN("");
    return (struct span){(const char *)out, (size_t)len - padding};
}

static bool is_ed25519(struct span type)
{
    return span_eq(type, SPAN("ed25519"));
}

/* NULL: it is no such key. */
static EVP_PKEY *load_public(const struct dkim_key *key)
{
    const unsigned char *at = (const unsigned char *)key->public.at;
    if (is_ed25519(key->type))
        return key->public.len == ED25519_BYTES
                   ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, at,
                                                 key->public.len)
                   : NULL;
    return d2i_PUBKEY(NULL, &at, (long)key->public.len);
}

const char *dkim_key_parse(struct span text, struct arena *arena, struct dkim_key *out)
{
    struct span version = tag_value(text, "v");
    struct span type = tag_value(text, "k");
    struct span public = tag_value(text, "p");
    struct span flags = tag_value(text, "t");
    bool is_sound = true;
    *out = (struct dkim_key){.type = type.len > 0 ? type : SPAN("rsa")};
    if (version.at != NULL && !span_eq(version, SPAN("DKIM1")))
        return "v= is not DKIM1";
    if (!is_ed25519(out->type) && !span_eq(out->type, SPAN("rsa")))
        return "k= is neither rsa nor ed25519";
    if (public.at == NULL)
        return "it has no p=";
    struct span flag;
    while (flags.len > 0) {
        span_cut(flags, ':', &flag, &flags);
        out->is_test = out->is_test || span_eq(span_trim(flag), SPAN("y"));
    }
    out->public = decode(public, arena, &is_sound);
    if (!is_sound)
        return "p= is not base64";
    if (out->public.len == 0)
        return NULL; /* revoked */
    EVP_PKEY *key = load_public(out);
    if (key == NULL)
        return "p= is no key";
    out->bits = (unsigned)EVP_PKEY_bits(key);
    EVP_PKEY_free(key);
    return NULL;
}

bool dkim_key_is_same(const struct dkim_key *a, const struct dkim_key *b)
{
    EVP_PKEY *one = load_public(a);
    EVP_PKEY *two = load_public(b);
    bool is_same = one != NULL && two != NULL && EVP_PKEY_eq(one, two) == 1;
    EVP_PKEY_free(one);
    EVP_PKEY_free(two);
    return is_same;
}

static struct span encode(const unsigned char *bytes, size_t len, const char *type,
                          struct arena *arena)
{
    struct buf record;
    unsigned char *text = arena_alloc(arena, (len + 2) / 3 * 4 + 1);
    if (text == NULL)
        return SPAN("");
    int used = EVP_EncodeBlock(text, bytes, (int)len);
    buf_init(&record, arena, RECORD_BYTES);
    buf_printf(&record, "v=DKIM1; k=%s; p=", type);
    buf_add(&record, text, (size_t)used);
    return buf_span(&record);
}

struct span dkim_key_record(struct span pem, struct arena *arena)
{
    unsigned char raw[ED25519_BYTES];
    size_t raw_len = sizeof raw;
    struct span record = SPAN("");
    BIO *bio = pem.len <= INT_MAX ? BIO_new_mem_buf(pem.at, (int)pem.len) : NULL;
    static char no_password[] = "";
    EVP_PKEY *key =
        bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, no_password) : NULL;
    BIO_free(bio);
    if (key == NULL)
        return record;
    if (EVP_PKEY_is_a(key, "ED25519")) {
        if (EVP_PKEY_get_raw_public_key(key, raw, &raw_len) == 1)
            record = encode(raw, raw_len, "ed25519", arena);
    } else if (EVP_PKEY_is_a(key, "RSA")) {
        unsigned char *der = NULL;
        int len = i2d_PUBKEY(key, &der);
        if (len > 0)
            record = encode(der, (size_t)len, "rsa", arena);
        OPENSSL_free(der);
    }
    EVP_PKEY_free(key);
    return record;
}
