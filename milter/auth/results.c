/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/results.h"

#include <string.h>

#include "base/buf.h"

enum {
    RESULTS_BYTES = 4096, /* of the whole text. chosen */
    VALUE_BYTES = 255,    /* of one name; RFC 1035 2.3.4 */
};

/* Production token of RFC 2045 5.1, with the '.', '@' and '_' of names. */
static bool is_token_char(char c)
{
    return ascii_is_alnum(c) || strchr("-._@/+:", c) != NULL;
}

static bool is_token(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == '\0' || !is_token_char(text.at[i]))
            return false;
    return text.len > 0;
}

/* Production value: a token or a quoted-string; control and 8-bit bytes become '?'. */
static void put_value(struct buf *out, struct span text)
{
    text = span_head(text, VALUE_BYTES);
    if (is_token(text)) {
        buf_add_span(out, text);
        return;
    }
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '"' || c == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, c < ' ' || c > '~' ? '?' : c);
    }
    buf_add_char(out, '"');
}

static void put_property(struct buf *out, const char *name, struct span value)
{
    if (value.len == 0)
        return;
    buf_printf(out, " %s=", name);
    put_value(out, value);
}

/* Begins a resinfo. */
static void put_method(struct buf *out, const char *method, enum auth_result result,
                       struct span reason)
{
    if (buf_span(out).len > 0)
        buf_add_span(out, SPAN("; "));
    buf_printf(out, "%s=%s", method, auth_result_name(result));
    put_property(out, "reason", reason);
}

static void put_spf(struct buf *out, const char *method, const char *identity,
                    const struct auth_spf *spf)
{
    if (spf->result == AUTH_UNKNOWN)
        return;
    put_method(out, method, spf->result,
               spf->problem.len > 0 ? spf->problem : spf->mechanism);
    put_property(out, identity, spf->domain);
    put_property(out, "policy.egress", spf->egress);
}

static void put_dkim(struct buf *out, const struct authentication *auth)
{
    if (auth->dkim == AUTH_NONE)
        put_method(out, "dkim", AUTH_NONE,
                   auth->is_signed_later ? SPAN("signed later") : SPAN(""));
    for (size_t i = 0; i < auth->signature_count; i++) {
        const struct auth_signature *signature = &auth->signatures[i];
        put_method(out, "dkim", signature->result, signature->problem);
        put_property(out, "header.d", signature->domain);
        put_property(out, "header.s", signature->selector);
        put_property(out, "header.a", signature->algorithm);
    }
}

static void put_dmarc(struct buf *out, const struct auth_dmarc *dmarc)
{
    if (dmarc->result == AUTH_UNKNOWN)
        return;
    put_method(out, "dmarc", dmarc->result, dmarc->problem);
    put_property(out, "header.from", dmarc->from_domain);
    put_property(out, "policy.dmarc", span_of(dmarc_policy_name(dmarc->policy)));
}

struct span auth_results_text(const struct authentication *auth, struct arena *arena)
{
    struct buf out;
    buf_init(&out, arena, RESULTS_BYTES);
    if (auth->is_known) {
        put_spf(&out, "spf", auth->spf.is_helo ? "smtp.helo" : "smtp.mailfrom",
                &auth->spf);
        put_spf(&out, "sender-id", "header.from", &auth->sender_id);
        put_dkim(&out, auth);
        put_dmarc(&out, &auth->dmarc);
    }
    return buf_span(&out).len > 0 ? buf_span(&out) : SPAN("none");
}
