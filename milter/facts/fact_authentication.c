/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_authentication - what SPF, DKIM, DMARC, the lists and the virus scanner said.
 * Pure: milter/auth asked.
 */
#include "base/buf.h"
#include "facts/fact_input.h"

enum { LISTS_BYTES = 1024 }; /* of the names of lists. chosen */

static struct span result_text(enum auth_result result)
{
    return span_of(auth_result_name(result));
}

static void set_signatures(const struct authentication *auth, struct facts *out)
{
    double unsigned_bytes = 0;
    for (size_t i = 0; i < auth->signature_count; i++) {
        const struct auth_signature *signature = &auth->signatures[i];
        bool passes = signature->result == AUTH_PASS;
        if (!passes && out->text[FACT_dkim_problem].len == 0)
            FACT_TEXT_SET(dkim_problem, signature->problem);
        if (signature->is_weak)
            FACT_SET(dkim_weak_key, 1);
        if (signature->is_expired)
            FACT_SET(dkim_expired, 1);
        if (signature->is_from_unsigned && signature->domain.len > 0)
            FACT_SET(dkim_from_unsigned, 1);
        if (signature->is_test)
            FACT_SET(dkim_test, 1);
        if (passes && signature->covers_unsubscribe)
            FACT_SET(unsubscribe_signed, 1);
        if (passes && (double)signature->unsigned_bytes > unsigned_bytes)
            unsigned_bytes = (double)signature->unsigned_bytes;
    }
    FACT_SET(dkim_length_bytes, unsigned_bytes);
}

/* "dnsbl.example" of a client, "bad.example@uribl.example" of a link; each list of
 * clients once. */
static struct span name_lists(const struct auth_listing *lists, size_t count,
                              bool with_what, struct arena *arena)
{
    struct buf out;
    buf_init(&out, arena, LISTS_BYTES);
    for (size_t i = 0; i < count; i++) {
        bool is_twice = false;
        for (size_t k = 0; k < i && !with_what; k++)
            is_twice |= span_eq(lists[k].list, lists[i].list);
        if (is_twice)
            continue;
        if (buf_span(&out).len > 0)
            buf_add_char(&out, ',');
        if (with_what) {
            buf_add_span(&out, lists[i].what);
            buf_add_char(&out, '@');
        }
        buf_add_span(&out, lists[i].list);
    }
    return buf_span(&out);
}

static double count_lists(const struct auth_listing *lists, size_t count)
{
    double different = 0;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < i && !span_eq(lists[k].list, lists[i].list))
            k++;
        different += k == i;
    }
    return different;
}

static void set_lists(const struct authentication *auth, struct arena *arena,
                      struct facts *out)
{
    FACT_SET(client_listed, count_lists(auth->client_lists, auth->client_list_count));
    FACT_TEXT_SET(client_lists, name_lists(auth->client_lists, auth->client_list_count,
                                           false, arena));
    FACT_SET(links_listed, auth->link_list_count);
    FACT_TEXT_SET(link_lists,
                  name_lists(auth->link_lists, auth->link_list_count, true, arena));
}

void fact_authentication(const struct fact_input *in, struct facts *out)
{
    const struct authentication *auth = in->auth;
    if (!auth->is_known)
        return;
    FACT_TEXT_SET(spf, result_text(auth->spf.result));
    FACT_TEXT_SET(spf_domain, auth->spf.domain);
    FACT_SET(spf_aligned, auth->dmarc.is_spf_aligned);
    FACT_TEXT_SET(sender_id, result_text(auth->sender_id.result));
    FACT_TEXT_SET(dkim, result_text(auth->dkim));
    FACT_SET(dkim_signatures, auth->signature_total);
    FACT_SET(dkim_aligned, auth->dmarc.is_dkim_aligned);
    FACT_SET(signed_later, auth->is_signed_later);
    set_signatures(auth, out);
    FACT_TEXT_SET(dmarc, result_text(auth->dmarc.result));
    FACT_TEXT_SET(dmarc_policy, span_of(dmarc_policy_name(auth->dmarc.policy)));
    FACT_TEXT_SET(from_matches_sender, result_text(auth->from_owner));
    set_lists(auth, in->arena, out);
    FACT_TEXT_SET(virus, result_text(auth->virus));
    FACT_TEXT_SET(virus_name, auth->virus_name);
    FACT_SET(dns_lookups, auth->lookups);
    FACT_SET(dns_late, auth->is_late);
}
