/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_authentication - SPF, DKIM, DMARC: what the receiver will see, as the
 * authentication stage has found it (milter/auth); nothing hits where it did not run.
 * Source: the manuals of Mail::SpamAssassin::Plugin::SPF, DKIM and DMARC (3pm), 4.0.1.
 * Other than there: SPF is that of the egress addresses, and HELO is judged for a null
 * sender alone, as RFC 7208 2.4 has it; only a signature that passes is valid, so none
 * with a key under 1024 bits or of rsa-sha1 (RFC 8301).
 */
#include "facts/authentication.h"
#include "message/address.h"
#include "rules/eval/eval_address.h"
#include "rules/eval/eval_function.h"

static const struct authentication *known(const struct eval_scene *scene)
{
    static const struct authentication nothing;

    return scene->env != NULL && scene->env->authentication != NULL
               ? scene->env->authentication
               : &nothing;
}

/* ---- SPF ---- */

static bool has_spf(const struct eval_scene *scene, enum auth_result result,
                    bool is_helo)
{
    const struct auth_spf *spf = &known(scene)->spf;

    return spf->result == result && spf->is_helo == is_helo;
}

#define SPF_FUNCTION(word, result)                                                     \
    static bool spf_##word(struct eval_scene *scene, const struct eval_call *call)     \
    {                                                                                  \
        (void)call;                                                                    \
        return has_spf(scene, result, false);                                          \
    }                                                                                  \
    static bool helo_##word(struct eval_scene *scene, const struct eval_call *call)    \
    {                                                                                  \
        (void)call;                                                                    \
        return has_spf(scene, result, true);                                           \
    }

SPF_FUNCTION(pass, AUTH_PASS)
SPF_FUNCTION(neutral, AUTH_NEUTRAL)
SPF_FUNCTION(none, AUTH_NONE)
SPF_FUNCTION(fail, AUTH_FAIL)
SPF_FUNCTION(softfail, AUTH_SOFTFAIL)
SPF_FUNCTION(permerror, AUTH_PERMERROR)
SPF_FUNCTION(temperror, AUTH_TEMPERROR)

#define SPF_ROWS(word)                                                                 \
    {"check_for_spf_" #word, "", NULL, spf_##word,                                     \
     "SPF of the envelope's domain is " #word "."},                                    \
    {                                                                                  \
        "check_for_spf_helo_" #word, "", NULL, helo_##word,                            \
            "A null sender, and SPF of HELO is " #word "."                             \
    }

static const struct eval_function spf_functions[] = {
    SPF_ROWS(pass),     SPF_ROWS(neutral),   SPF_ROWS(none),      SPF_ROWS(fail),
    SPF_ROWS(softfail), SPF_ROWS(permerror), SPF_ROWS(temperror),
};

/* ---- DKIM ---- */

/* What a signature speaks for: the domain of its i=, which is d= or below it. */
static struct span speaks_for(const struct auth_signature *signature)
{
    return signature->identity.len > 0 ? signature->identity : signature->domain;
}

/* "example.com": itself; "*.example.com" and ".example.com": what is below, too. */
static bool is_meant(struct span written, struct span domain)
{
    bool is_below = span_starts(written, SPAN("*.")) || span_starts(written, SPAN("."));
    ptrdiff_t dot = span_index(written, '.');
    struct span name = is_below ? span_from(written, (size_t)dot + 1) : written;

    if (span_ieq(domain, name))
        return true;
    return is_below && span_is_below(domain, name);
}

static bool is_one_of(const struct eval_call *call, struct span domain)
{
    for (unsigned i = 0; i < call->count; i++)
        if (is_meant(call->arguments[i].text, domain))
            return true;
    return call->count == 0;
}

static bool is_author(struct eval_scene *scene, struct span domain)
{
    struct eval_address_list from = eval_field_addresses(scene, SPAN("From"));

    for (size_t i = 0; i < from.count; i++)
        if (span_ieq(address_domain(from.at[i]), domain))
            return true;
    return false;
}

static bool is_signed(struct eval_scene *scene, const struct eval_call *call)
{
    const struct authentication *auth = known(scene);

    if (call->count == 0)
        return auth->signature_total > 0;
    for (size_t i = 0; i < auth->signature_count; i++) {
        struct span domain = speaks_for(&auth->signatures[i]);
        if (domain.len > 0 && is_one_of(call, domain))
            return true;
    }
    return false;
}

static bool is_valid(struct eval_scene *scene, const struct eval_call *call)
{
    const struct authentication *auth = known(scene);

    for (size_t i = 0; i < auth->signature_count; i++)
        if (auth->signatures[i].result == AUTH_PASS &&
            is_one_of(call, speaks_for(&auth->signatures[i])))
            return true;
    return false;
}

static bool is_valid_author(struct eval_scene *scene, const struct eval_call *call)
{
    const struct authentication *auth = known(scene);

    for (size_t i = 0; i < auth->signature_count; i++) {
        struct span domain = speaks_for(&auth->signatures[i]);
        if (auth->signatures[i].result == AUTH_PASS && is_author(scene, domain) &&
            is_one_of(call, domain))
            return true;
    }
    return false;
}

static bool is_valid_envelope(struct eval_scene *scene, const struct eval_call *call)
{
    const struct authentication *auth = known(scene);
    struct span domain = SPAN("");

    (void)call;
    if (scene->env != NULL)
        domain = address_domain(scene->env->mail_from);
    for (size_t i = 0; i < auth->signature_count && domain.len > 0; i++)
        if (auth->signatures[i].result == AUTH_PASS &&
            span_ieq(speaks_for(&auth->signatures[i]), domain))
            return true;
    return false;
}

static bool is_testing(struct eval_scene *scene, const struct eval_call *call)
{
    const struct authentication *auth = known(scene);

    (void)call;
    for (size_t i = 0; i < auth->signature_count; i++)
        if (auth->signatures[i].is_test)
            return true;
    return false;
}

/* What was too large to verify is neutral (auth/dkim). */
static bool is_dependable(struct eval_scene *scene, const struct eval_call *call)
{
    const struct authentication *auth = known(scene);

    (void)call;
    for (size_t i = 0; i < auth->signature_count; i++)
        if (auth->signatures[i].result == AUTH_NEUTRAL)
            return false;
    return auth->dkim != AUTH_UNKNOWN;
}

#define VALID_DOC "A signature is valid, of one of these domains if any is named."

static const struct eval_function dkim_functions[] = {
    {"check_dkim_signed", "|t*", NULL, is_signed,
     "There is a signature, valid or not, of one of these domains if any is named. "
     "Such a domain is that of the signature's i=, else its d=; '*.example.com' is "
     "example.com and what is below."},
    {"check_dkim_valid", "|t*", NULL, is_valid, VALID_DOC},
    {"check_dkim_verified", "|t*", NULL, is_valid, VALID_DOC},
    {"check_dkim_valid_author_sig", "|t*", NULL, is_valid_author,
     "A signature of From:'s domain is valid, and that is one of these domains if any "
     "is named."},
    {"check_dkim_valid_envelopefrom", "", NULL, is_valid_envelope,
     "A signature of the envelope sender's domain is valid."},
    {"check_dkim_testing", "", NULL, is_testing,
     "The key of a signature is marked as being tested."},
    {"check_dkim_dependable", "", NULL, is_dependable,
     "Signatures were looked at, and none was too large to verify."},
};

/* ---- DMARC ---- */

static bool fails_under(const struct eval_scene *scene, enum dmarc_policy policy)
{
    const struct auth_dmarc *dmarc = &known(scene)->dmarc;

    return dmarc->result == AUTH_FAIL && dmarc->policy == policy;
}

static bool dmarc_passes(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return known(scene)->dmarc.result == AUTH_PASS;
}

static bool dmarc_rejects(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return fails_under(scene, DMARC_REJECT);
}

static bool dmarc_quarantines(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return fails_under(scene, DMARC_QUARANTINE);
}

static bool dmarc_asks_nothing(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return fails_under(scene, DMARC_NONE);
}

static bool dmarc_is_missing(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return known(scene)->dmarc.result == AUTH_NONE;
}

static const struct eval_function dmarc_functions[] = {
    {"check_dmarc_pass", "", NULL, dmarc_passes, "DMARC passes."},
    {"check_dmarc_reject", "", NULL, dmarc_rejects,
     "DMARC fails, and the policy is reject."},
    {"check_dmarc_quarantine", "", NULL, dmarc_quarantines,
     "DMARC fails, and the policy is quarantine."},
    {"check_dmarc_none", "", NULL, dmarc_asks_nothing,
     "DMARC fails, and the policy is none."},
    {"check_dmarc_missing", "", NULL, dmarc_is_missing,
     "From:'s domain has no DMARC record."},
};

const struct eval_module outgate_eval_spf = {
    "SPF", spf_functions, sizeof spf_functions / sizeof spf_functions[0]};
const struct eval_module outgate_eval_dkim = {
    "DKIM", dkim_functions, sizeof dkim_functions / sizeof dkim_functions[0]};
const struct eval_module outgate_eval_dmarc = {
    "DMARC", dmarc_functions, sizeof dmarc_functions / sizeof dmarc_functions[0]};
