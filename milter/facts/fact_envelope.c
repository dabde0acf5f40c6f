/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_envelope - the SMTP session's side of the message. Pure.
 */
#include "facts/fact_input.h"

enum { RECIPIENTS_READ_MOST = 1000 }; /* of the kept ones; domains are counted there */

static uint32_t domain_hash(struct span domain)
{
    uint32_t hash = span_ihash(SPAN_HASH_SEED, domain);
    return hash ^ hash >> 15;
}

/* Distinct recipient domains among the first RECIPIENTS_READ_MOST recipients. */
static size_t count_domains(const struct fact_input *in)
{
    enum { SLOTS = 2048 };
    size_t kept = in->env->recipient_kept;
    size_t count = 0;
    if (kept > RECIPIENTS_READ_MOST)
        kept = RECIPIENTS_READ_MOST;
    if (kept < 2)
        return kept;
    struct span *slots = arena_array(in->arena, SLOTS, sizeof(*slots));
    if (slots == NULL)
        return 0;
    for (size_t i = 0; i < kept; i++) {
        struct span domain = address_domain(in->env->recipients[i]);
        size_t at = domain_hash(domain) & (SLOTS - 1);
        while (slots[at].at != NULL && !span_ieq(slots[at], domain))
            at = (at + 1) & (SLOTS - 1);
        if (slots[at].at == NULL) {
            slots[at] = (struct span){domain.at != NULL ? domain.at : "", domain.len};
            count++;
        }
    }
    return count;
}

/* RFC 5321 4.1.1.1: a domain name of two labels or more, or an address literal. */
static bool is_sound_helo(struct span helo)
{
    if (helo.len > 2 && helo.at[0] == '[')
        return helo.at[helo.len - 1] == ']';
    ptrdiff_t dot = span_rindex(helo, '.');
    if (dot < 1 || (size_t)dot + 2 >= helo.len)
        return false;
    for (size_t i = 0; i < helo.len; i++)
        if (!ascii_is_alnum(helo.at[i]) && helo.at[i] != '.' && helo.at[i] != '-')
            return false;
    return !ascii_is_digit(helo.at[dot + 1]);
}

void fact_envelope(const struct fact_input *in, struct facts *out)
{
    const struct envelope *env = in->env;
    FACT_SET(recipients, env->recipient_count);
    FACT_SET(recipient_domains, count_domains(in));
    FACT_SET(null_sender, env->is_null_sender);
    FACT_TEXT_SET(path, span_of(mail_path_name(env->path)));
    FACT_TEXT_SET(class, span_of(mail_class_name(env->mail_class)));
    FACT_SET(authenticated, env->auth_user.len > 0 || env->tls_subject.len > 0);
    FACT_SET(mail_from_is_from, in->envelope_domain.len > 0 &&
                                    span_ieq(in->envelope_domain, in->from_domain));
    FACT_TEXT_SET(helo, env->helo);
    FACT_SET(helo_sound, is_sound_helo(env->helo));
    FACT_TEXT_SET(client_ip, env->client_ip);
}
