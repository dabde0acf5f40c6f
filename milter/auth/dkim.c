/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Calls that are never made, as what comes back of them cannot be trusted in
 * libopendkim 2.11.0~beta2: dkim_ohdrs (writes beyond its heap block on a z= tag of
 * more than 32 KiB) and the library's own resolver (reads beyond its answer).
 */
#include "auth/dkim.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <opendkim/dkim.h>

#include "base/bounds.h"
#include "facts/fact_input.h"

enum {
    FIELDS_MOST = 16,  /* DKIM-Signature: fields that the library is shown: each costs
                          it 0.3 ms (measured). chosen */
    WEAK_BITS = 2048,  /* RFC 8301 3.2: signers SHOULD use this many */
    LEAST_BITS = 1024, /* RFC 8301 3.2: below, a signature is not valid */
    KEY_NAME_BYTES = 512,
    PIECE_BYTES = 4096, /* of a body whose line ends are changed */
};

struct auth_dkim {
    DKIM_LIB *lib;
};

/* What the question for a signature's key came to. */
struct key {
    enum auth_result result; /* TEMPERROR, PERMERROR; UNKNOWN: it was handed over */
    const char *problem;
};

struct auth_dkim_check {
    DKIM *dkim;
    struct span from_domain; /* registrable */
    struct arena *arena;     /* the message's */
    DKIM_SIGINFO *chosen[AUTH_SIGNATURES];
    size_t chosen_count;
    struct key keys[AUTH_SIGNATURES];
    bool was_cr;      /* the last byte of the body so far was CR */
    size_t line_ends; /* CR and LF at the end of the body so far */

    /* during auth_dkim_finish */
    struct dns *dns;
    struct dns_budget *budget;
};

static struct span text_of(const unsigned char *text)
{
    return span_of((const char *)text);
}

/* ---- choosing ---- */

static bool is_aligned_domain(const struct auth_dkim_check *check,
                              const DKIM_SIGINFO *sig)
{
    struct span domain = text_of(dkim_sig_getdomain((DKIM_SIGINFO *)sig));
    return domain.len > 0 && check->from_domain.len > 0 &&
           span_ieq(fact_registrable(check->arena, domain), check->from_domain);
}

/* Of many signatures those of From:'s own domain are looked at, then the first. */
static DKIM_CBSTAT on_prescreen(DKIM *dkim, DKIM_SIGINFO **sigs, int count)
{
    struct auth_dkim_check *check = dkim_get_user_context(dkim);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < count && check->chosen_count < AUTH_SIGNATURES; i++)
            if (is_aligned_domain(check, sigs[i]) == (pass == 0))
                check->chosen[check->chosen_count++] = sigs[i];
    for (int i = 0; i < count; i++) {
        bool is_chosen = false;
        for (size_t k = 0; k < check->chosen_count; k++)
            is_chosen = is_chosen || check->chosen[k] == sigs[i];
        if (!is_chosen)
            dkim_sig_ignore(sigs[i]);
    }
    return DKIM_CBSTAT_CONTINUE;
}

/* ---- keys ---- */

/* RFC 6376 3.6.2.1. "" when the tags make no name. */
static struct span key_name(DKIM_SIGINFO *sig, char out[KEY_NAME_BYTES])
{
    const unsigned char *domain = dkim_sig_getdomain(sig);
    const unsigned char *selector = dkim_sig_getselector(sig);
    if (domain == NULL || selector == NULL)
        return SPAN("");
    int len = snprintf(out, KEY_NAME_BYTES, "%s._domainkey.%s", (const char *)selector,
                       (const char *)domain);
    return len < KEY_NAME_BYTES ? span_of(out) : SPAN("");
}

static DKIM_CBSTAT refuse_key(struct key *key, enum auth_result result, const char *why)
{
    *key = (struct key){result, why};
    return result == AUTH_TEMPERROR ? DKIM_CBSTAT_TRYAGAIN : DKIM_CBSTAT_NOTFOUND;
}

static DKIM_CBSTAT ask_key(struct auth_dkim_check *check, DKIM_SIGINFO *sig,
                           struct key *key, char *buf, size_t size)
{
    char name[KEY_NAME_BYTES];
    struct dns_answer answer;
    dns_ask(check->dns, check->budget, key_name(sig, name), DNS_TXT, check->arena,
            &answer);
    if (answer.status == DNS_SPENT)
        return refuse_key(key, AUTH_TEMPERROR, "lookups spent");
    if (answer.status == DNS_TEMPERROR)
        return refuse_key(key, AUTH_TEMPERROR, "no answer for the key");
    if (answer.status != DNS_FOUND)
        return refuse_key(key, AUTH_PERMERROR, "no key published");
    if (answer.count > 1) /* RFC 6376 3.6.2.2 */
        return refuse_key(key, AUTH_PERMERROR, "several key records");
    struct span text = answer.records[0].text;
    if (answer.is_cut || text.len >= size || memchr(text.at, '\0', text.len) != NULL)
        return refuse_key(key, AUTH_PERMERROR, "key record too long");
    memcpy(buf, text.at, text.len);
    buf[text.len] = '\0';
    return DKIM_CBSTAT_CONTINUE;
}

static DKIM_CBSTAT on_key(DKIM *dkim, DKIM_SIGINFO *sig, unsigned char *buf,
                          size_t size)
{
    struct auth_dkim_check *check = dkim_get_user_context(dkim);
    for (size_t i = 0; i < check->chosen_count; i++)
        if (check->chosen[i] == sig && check->dns != NULL)
            return ask_key(check, sig, &check->keys[i], (char *)buf, size);
    return DKIM_CBSTAT_ERROR;
}

/* The library stops at the first that holds; all are wanted. */
static DKIM_CBSTAT on_final(DKIM *dkim, DKIM_SIGINFO **sigs, int count)
{
    struct auth_dkim_check *check = dkim_get_user_context(dkim);
    (void)sigs;
    (void)count;
    for (size_t i = 0; i < check->chosen_count; i++)
        if (dkim_sig_geterror(check->chosen[i]) <= DKIM_SIGERROR_OK)
            dkim_sig_process(dkim, check->chosen[i]);
    return DKIM_CBSTAT_CONTINUE;
}

/* ---- the library ---- */

int auth_dkim_open(struct auth_dkim **out, struct err *err)
{
    /* keys are asked for at the end of the message, and broken signatures are told */
    u_int flags = DKIM_LIBFLAGS_DELAYSIGPROC | DKIM_LIBFLAGS_BADSIGHANDLES;
    u_int least = LEAST_BITS;
    struct auth_dkim *dkim = calloc(1, sizeof *dkim);
    *out = NULL;
    if (dkim == NULL || (dkim->lib = dkim_init(NULL, NULL)) == NULL) {
        free(dkim);
        return err_set(err, ERR_MEMORY, "no memory for libopendkim");
    }
    if (dkim_options(dkim->lib, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags,
                     sizeof flags) != DKIM_STAT_OK ||
        dkim_options(dkim->lib, DKIM_OP_SETOPT, DKIM_OPTS_MINKEYBITS, &least,
                     sizeof least) != DKIM_STAT_OK ||
        dkim_set_prescreen(dkim->lib, on_prescreen) != DKIM_STAT_OK ||
        dkim_set_final(dkim->lib, on_final) != DKIM_STAT_OK ||
        dkim_set_key_lookup(dkim->lib, on_key) != DKIM_STAT_OK) {
        auth_dkim_close(&dkim);
        return err_set(err, ERR_CONFIG, "libopendkim refuses its options");
    }
    *out = dkim;
    return 0;
}

void auth_dkim_close(struct auth_dkim **dkim)
{
    if (*dkim == NULL)
        return;
    dkim_close((*dkim)->lib);
    free(*dkim);
    *dkim = NULL;
}

/* ---- header ---- */

static bool is_signature(const struct header_field *field)
{
    return span_ieq(field->name, SPAN("DKIM-Signature"));
}

/* As it was signed: every line end of the fold is CRLF. */
static void write_field(struct buf *out, const struct header_field *field)
{
    out->len = 0;
    buf_add_span(out, field->name);
    buf_add_char(out, ':');
    for (size_t i = 0; i < field->raw.len; i++) {
        char c = field->raw.at[i];
        if (c == '\n' && (i == 0 || field->raw.at[i - 1] != '\r'))
            buf_add_char(out, '\r');
        buf_add_char(out, c);
    }
}

/* A field that the library refuses (a name with 8-bit bytes) is none that a signature
 * could name: it is left out. */
static bool add_fields(struct auth_dkim_check *check, const struct message *msg)
{
    struct buf field;
    size_t signatures = 0;
    buf_init(&field, msg->arena, BOUND_FIELD_BYTES * 2);
    for (size_t i = 0; i < msg->field_count; i++) {
        if (span_istarts(msg->fields[i].name, SPAN("X-Outgate-")) ||
            (is_signature(&msg->fields[i]) && ++signatures > FIELDS_MOST))
            continue;
        write_field(&field, &msg->fields[i]);
        if (field.is_full)
            return false;
        DKIM_STAT status =
            dkim_header(check->dkim, (unsigned char *)field.at, field.len);
        if (status != DKIM_STAT_OK && status != DKIM_STAT_SYNTAX)
            return false;
    }
    return true;
}

static struct auth_dkim_check *
new_check(struct auth_dkim *dkim, const struct message *msg, struct span from_domain)
{
    DKIM_STAT status;
    struct auth_dkim_check *check = arena_alloc(msg->arena, sizeof *check);
    if (check == NULL)
        return NULL;
    check->arena = msg->arena;
    check->from_domain = fact_registrable(msg->arena, from_domain);
    check->dkim =
        dkim_verify(dkim->lib, (const unsigned char *)"outgate", NULL, &status);
    if (check->dkim == NULL)
        return NULL;
    dkim_set_user_context(check->dkim, check);
    return check;
}

/* Nothing more can be said of its signatures than why. */
static void give_up(struct authentication *out, enum auth_result result,
                    struct span problem)
{
    out->dkim = result;
    out->signature_count = 1;
    out->signatures[0] = (struct auth_signature){.result = result, .problem = problem};
}

struct auth_dkim_check *auth_dkim_begin(struct auth_dkim *dkim,
                                        const struct message *msg,
                                        struct span from_domain,
                                        struct authentication *out)
{
    out->signature_total = message_field_count(msg, "DKIM-Signature");
    out->signature_count = 0;
    out->dkim = AUTH_NONE;
    if (out->signature_total == 0)
        return NULL;
    if ((msg->bounds &
         (BOUND_BIT_FIELDS | BOUND_BIT_FIELD_BYTES | BOUND_BIT_HEADER_BYTES)) != 0) {
        give_up(out, AUTH_NEUTRAL, SPAN("the header is too large to verify"));
        return NULL;
    }
    struct auth_dkim_check *check = new_check(dkim, msg, from_domain);
    if (check == NULL || !add_fields(check, msg)) {
        give_up(out, AUTH_TEMPERROR, SPAN("no memory"));
        auth_dkim_free(&check);
        return NULL;
    }
    DKIM_STAT status = dkim_eoh(check->dkim);
    if (status != DKIM_STAT_OK || check->chosen_count == 0) {
        bool is_ours = status == DKIM_STAT_NORESOURCE || status == DKIM_STAT_INTERNAL;
        give_up(out, is_ours ? AUTH_TEMPERROR : AUTH_PERMERROR,
                is_ours ? SPAN("no memory") : SPAN("no From: that can be signed"));
        auth_dkim_free(&check);
    }
    return check;
}

void auth_dkim_prefetch(struct auth_dkim_check *check, struct dns *dns)
{
    char name[KEY_NAME_BYTES];
    for (size_t i = 0; i < check->chosen_count; i++)
        if (dkim_sig_geterror(check->chosen[i]) <= DKIM_SIGERROR_OK)
            dns_prefetch(dns, NULL, key_name(check->chosen[i], name), DNS_TXT);
}

/* ---- body ---- */

static void feed(struct auth_dkim_check *check, const char *bytes, size_t len)
{
    size_t ends = 0;
    if (len == 0)
        return;
    while (ends < len &&
           (bytes[len - ends - 1] == '\r' || bytes[len - ends - 1] == '\n'))
        ends++;
    check->line_ends = ends < len ? ends : check->line_ends + ends;
    dkim_body(check->dkim, (unsigned char *)bytes, len);
}

static void feed_lf(struct auth_dkim_check *check, const char *bytes, size_t len)
{
    char piece[PIECE_BYTES];
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        if (used + 2 > sizeof piece) {
            feed(check, piece, used);
            used = 0;
        }
        if (bytes[i] == '\n' && !check->was_cr)
            piece[used++] = '\r';
        piece[used++] = bytes[i];
        check->was_cr = bytes[i] == '\r';
    }
    feed(check, piece, used);
}

void auth_dkim_body(struct auth_dkim_check *check, const void *bytes, size_t len,
                    bool is_lf)
{
    if (is_lf)
        feed_lf(check, bytes, len);
    else
        feed(check, bytes, len);
}

/* ---- results ---- */

static bool is_rsa_sha1(DKIM_SIGINFO *sig)
{
    dkim_alg_t algorithm = DKIM_SIGN_UNKNOWN;
    return dkim_sig_getsignalg(sig, &algorithm) == DKIM_STAT_OK &&
           algorithm == DKIM_SIGN_RSASHA1;
}

/* What a library's error is in RFC 8601 2.7.1: a signature that does not verify
 * failed; one that cannot be read, or whose key is no key, is an error that stays. */
static enum auth_result error_result(DKIM_SIGERROR error)
{
    switch (error) {
    case DKIM_SIGERROR_BADSIG:
    case DKIM_SIGERROR_EXPIRED:
    case DKIM_SIGERROR_FUTURE:
        return AUTH_FAIL;
    case DKIM_SIGERROR_KEYTOOSMALL:
        return AUTH_POLICY;
    case DKIM_SIGERROR_KEYFAIL:
        return AUTH_TEMPERROR;
    default:
        return AUTH_PERMERROR;
    }
}

static const char *error_words(DKIM_SIGERROR error)
{
    const char *words = dkim_sig_geterrorstr(error);
    switch (error) {
    case DKIM_SIGERROR_EXPIRED:
        return "expired";
    case DKIM_SIGERROR_FUTURE:
        return "signed in the future";
    case DKIM_SIGERROR_BADSIG:
        return "header changed or another key";
    case DKIM_SIGERROR_KEYREVOKED:
        return "key revoked";
    case DKIM_SIGERROR_KEYTOOSMALL:
        return "key under 1024 bits";
    case DKIM_SIGERROR_INVALID_H:
        return "From: not signed";
    default:
        return words != NULL ? words : "cannot be verified";
    }
}

static void set_result(struct auth_signature *out, enum auth_result result,
                       const char *problem)
{
    out->result = result;
    out->problem = span_of(problem);
}

/* out: described already. */
static void judge(DKIM_SIGINFO *sig, const struct key *key, struct auth_signature *out)
{
    DKIM_SIGERROR error = dkim_sig_geterror(sig);
    unsigned flags = dkim_sig_getflags(sig);
    int body = dkim_sig_getbh(sig);
    if (key->result != AUTH_UNKNOWN)
        set_result(out, key->result, key->problem);
    else if (error == DKIM_SIGERROR_KEYTOOSMALL || error == DKIM_SIGERROR_EXPIRED)
        set_result(out, error_result(error), error_words(error));
    else if (body == DKIM_SIGBH_MISMATCH)
        set_result(out, AUTH_FAIL, "body changed");
    else if (error > DKIM_SIGERROR_OK)
        set_result(out, error_result(error), error_words(error));
    else if ((flags & DKIM_SIGFLAG_PASSED) == 0 || body != DKIM_SIGBH_MATCH)
        set_result(out, AUTH_TEMPERROR, "could not be verified");
    else if (out->key_bits > 0 && out->key_bits < LEAST_BITS) /* RFC 8301 3.2; the
                                                   library lets 512 bits pass */
        set_result(out, AUTH_POLICY, "key under 1024 bits");
    else if (is_rsa_sha1(sig)) /* RFC 8301 3.1 */
        set_result(out, AUTH_POLICY, "rsa-sha1");
    else
        set_result(out, AUTH_PASS, "");
}

static bool is_hdr_signed(DKIM_SIGINFO *sig, const char *name)
{
    char copy[40];
    snprintf(copy, sizeof copy, "%s", name); /* the library's argument is not const */
    return dkim_sig_hdrsigned(sig, (unsigned char *)copy);
}

static struct span tag(DKIM_SIGINFO *sig, const char *name, struct arena *arena)
{
    char copy[8];
    snprintf(copy, sizeof copy, "%s", name);
    const unsigned char *value =
        dkim_sig_gettagvalue(sig, false, (unsigned char *)copy);
    return span_dup(arena, span_trim(text_of(value)));
}

/* Empty lines at the end, which no signature covers, are nobody's text. */
static int64_t beyond(const struct auth_dkim_check *check, ssize_t bytes)
{
    ssize_t empty = check->line_ends > 2 ? (ssize_t)check->line_ends - 2 : 0;
    return bytes > empty ? bytes - empty : 0;
}

/* RFC 6376 3.5, i=: d= or below it. */
static struct span identity_domain(DKIM_SIGINFO *sig, struct arena *arena)
{
    struct span identity = tag(sig, "i", arena);
    ptrdiff_t at = span_rindex(identity, '@');
    return at < 0 ? SPAN("") : span_lower(arena, span_from(identity, (size_t)at + 1));
}

static void describe(struct auth_dkim_check *check, DKIM_SIGINFO *sig,
                     struct arena *arena, struct auth_signature *out)
{
    unsigned bits = 0;
    ssize_t in_message = 0, hashed = 0, limit = -1;
    out->domain = span_lower(arena, text_of(dkim_sig_getdomain(sig)));
    out->identity = identity_domain(sig, arena);
    out->selector = span_dup(arena, text_of(dkim_sig_getselector(sig)));
    out->algorithm = span_lower(arena, tag(sig, "a", arena));
    out->is_ed25519 = span_eq(out->algorithm, SPAN("ed25519-sha256"));
    if (!out->is_ed25519 && dkim_sig_getkeysize(sig, &bits) == DKIM_STAT_OK)
        out->key_bits = bits;
    out->is_weak = out->key_bits > 0 && out->key_bits < WEAK_BITS;
    out->is_expired = dkim_sig_geterror(sig) == DKIM_SIGERROR_EXPIRED;
    out->is_test = (dkim_sig_getflags(sig) & DKIM_SIGFLAG_TESTKEY) != 0;
    out->is_from_unsigned = !is_hdr_signed(sig, "from");
    out->covers_unsubscribe = is_hdr_signed(sig, "list-unsubscribe") &&
                              is_hdr_signed(sig, "list-unsubscribe-post");
    out->has_length = tag(sig, "l", arena).len > 0;
    if (out->has_length && dkim_sig_getcanonlen(check->dkim, sig, &in_message, &hashed,
                                                &limit) == DKIM_STAT_OK)
        out->unsigned_bytes = beyond(check, in_message - hashed);
}

/* Of several results the one that a receiver would go by: any that holds; else one that
 * may yet hold. */
static unsigned rank(enum auth_result result)
{
    static const enum auth_result order[] = {AUTH_PASS,   AUTH_TEMPERROR,
                                             AUTH_POLICY, AUTH_NEUTRAL,
                                             AUTH_FAIL,   AUTH_PERMERROR};
    unsigned i = 0;
    while (i < sizeof order / sizeof *order && order[i] != result)
        i++;
    return i;
}

void auth_dkim_finish(struct auth_dkim_check *check, struct dns *dns,
                      struct dns_budget *budget, bool is_whole, struct arena *arena,
                      struct authentication *out)
{
    _Bool is_test = false;
    check->dns = dns;
    check->budget = budget;
    out->signature_count = check->chosen_count;
    if (is_whole)
        dkim_eom(check->dkim, &is_test);
    for (size_t i = 0; i < check->chosen_count; i++) {
        struct auth_signature *signature = &out->signatures[i];
        *signature = (struct auth_signature){.result = AUTH_UNKNOWN};
        describe(check, check->chosen[i], arena, signature);
        if (is_whole)
            judge(check->chosen[i], &check->keys[i], signature);
        else
            set_result(signature, AUTH_NEUTRAL, "body too large to verify");
        if (i == 0 || rank(signature->result) < rank(out->dkim))
            out->dkim = signature->result;
    }
    check->dns = NULL;
    check->budget = NULL;
}

void auth_dkim_free(struct auth_dkim_check **check)
{
    if (*check != NULL && (*check)->dkim != NULL)
        dkim_free((*check)->dkim);
    *check = NULL;
}
