/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dmarc.h"

#include <string.h>

#include "auth/dmarc_record.h"
#include "base/idn.h"
#include "facts/fact_input.h"

enum { FROM_FIELDS = 4 }; /* From: fields that are read. chosen */

/* ---- who the message says it is from ---- */

static bool has_domain(const struct span *domains, size_t count, struct span domain)
{
    for (size_t i = 0; i < count; i++)
        if (span_ieq(domains[i], domain))
            return true;
    return false;
}

static struct span without_dot(struct span domain)
{
    return domain.len > 0 && domain.at[domain.len - 1] == '.'
               ? span_head(domain, domain.len - 1)
               : domain;
}

size_t dmarc_authors(const struct message *msg, struct span out[DMARC_AUTHORS],
                     size_t *total)
{
    const struct header_field *field;
    size_t kept = 0;
    *total = 0;
    for (size_t n = 0;
         n < FROM_FIELDS && (field = message_field(msg, "From", n)) != NULL; n++) {
        size_t count;
        const struct mailbox *boxes = address_list(msg->arena, field->raw, &count);
        for (size_t i = 0; i < count; i++) {
            struct span domain = idn_to_ascii(msg->arena, without_dot(boxes[i].domain));
            if (domain.len == 0 || domain.at[0] == '[' || has_domain(out, kept, domain))
                continue;
            *total += 1;
            if (kept < DMARC_AUTHORS)
                out[kept++] = domain;
        }
    }
    return kept;
}

/* ---- the tree walk ---- */

static size_t count_labels(struct span domain)
{
    size_t labels = domain.len > 0;
    for (size_t i = 0; i < domain.len; i++)
        labels += domain.at[i] == '.';
    return labels;
}

static struct span parent_of(struct span domain)
{
    ptrdiff_t dot = span_index(domain, '.');
    return dot < 0 ? SPAN("") : span_from(domain, (size_t)dot + 1);
}

/* The domains of the walk: all labels, then one less each time; of more than eight
 * labels the second is the last seven (RFC 9989 4.10). */
static size_t walk_domains(struct span domain, struct span out[DMARC_WALK])
{
    size_t count = 0;
    while (domain.len > 0 && count < DMARC_WALK) {
        out[count++] = domain;
        domain = parent_of(domain);
        while (count_labels(domain) >= DMARC_WALK)
            domain = parent_of(domain);
    }
    return count;
}

static struct span record_name(struct arena *arena, struct span domain)
{
    struct buf name;
    buf_init(&name, arena, domain.len + sizeof "_dmarc.");
    buf_add_span(&name, SPAN("_dmarc."));
    buf_add_span(&name, domain);
    return buf_span(&name);
}

size_t dmarc_walk_names(struct arena *arena, struct span domain,
                        struct span out[DMARC_WALK])
{
    size_t count = walk_domains(domain, out);
    for (size_t i = 0; i < count; i++)
        out[i] = record_name(arena, out[i]);
    return count;
}

/* One message's questions. */
struct asker {
    struct dns *dns;
    struct dns_budget *budget;
    struct arena *arena;
};

struct step {
    struct span domain;
    bool has_record;
    struct dmarc_record record;
};

struct walk {
    struct step steps[DMARC_WALK];
    size_t count;
    bool is_unsure; /* a question had no answer */
};

/* Of what stands at one name the only record that is one; two are none (RFC 9989
 * 4.10). */
static bool only_record(const struct dns_answer *answer, struct dmarc_record *out)
{
    struct dmarc_record record;
    size_t found = 0;
    for (size_t i = 0; i < answer->count; i++)
        if (dmarc_record_parse(answer->records[i].text, &record) && found++ == 0)
            *out = record;
    return found == 1;
}

static void walk(const struct asker *asker, struct span domain, struct walk *out)
{
    struct span domains[DMARC_WALK];
    size_t count = walk_domains(domain, domains);
    memset(out, 0, sizeof *out);
    while (out->count < count) {
        struct step *step = &out->steps[out->count];
        struct dns_answer answer;
        step->domain = domains[out->count++];
        dns_ask(asker->dns, asker->budget, record_name(asker->arena, step->domain),
                DNS_TXT, asker->arena, &answer);
        out->is_unsure |= answer.status == DNS_TEMPERROR || answer.status == DNS_SPENT;
        step->has_record =
            answer.status == DNS_FOUND && only_record(&answer, &step->record);
        if (step->has_record && step->record.psd != 'u')
            return;
    }
}

/* RFC 9989 4.10.2. The step whose domain it is, or NULL: it has no record. */
static const struct step *organizational(const struct asker *asker,
                                         const struct walk *walk, struct span *domain)
{
    const struct step *last = NULL;
    for (size_t i = 0; i < walk->count; i++) {
        const struct step *step = &walk->steps[i];
        if (!step->has_record)
            continue;
        last = step;
        if (step->record.psd == 'y' && i > 0) {
            last = &walk->steps[i - 1];
            break;
        }
    }
    if (last == NULL) {
        *domain = fact_registrable(asker->arena, walk->steps[0].domain);
        return NULL;
    }
    *domain = last->domain;
    return last->has_record ? last : NULL;
}

/* ---- the policy ---- */

/* RFC 9989 3.2.12: neither an address nor a mail host. What cannot be known exists. */
static bool is_nonexistent(const struct asker *asker, struct span domain)
{
    static const enum dns_type types[] = {DNS_A, DNS_AAAA, DNS_MX};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct dns_answer answer;
        dns_ask(asker->dns, asker->budget, domain, types[i], asker->arena, &answer);
        if (answer.status != DNS_NO_NAME && answer.status != DNS_NO_DATA)
            return false;
    }
    return true;
}

/* One From: domain, its record and what follows. */
struct author {
    struct span domain, organizational;
    const struct step *step; /* in walk: whose record counts; NULL none */
    struct walk walk;
    enum dmarc_policy policy;
};

static const struct step *policy_step(const struct asker *asker, struct author *author)
{
    const struct walk *walk = &author->walk;
    const struct step *org = organizational(asker, walk, &author->organizational);
    if (walk->steps[0].has_record)
        return &walk->steps[0];
    if (org != NULL)
        return org;
    const struct step *last = &walk->steps[walk->count - 1]; /* a public suffix */
    return last->has_record && last->record.psd == 'y' ? last : NULL;
}

static enum dmarc_policy policy_of(const struct asker *asker,
                                   const struct author *author)
{
    const struct dmarc_record *record = &author->step->record;
    enum dmarc_policy policy = record->policy;
    if (author->step != &author->walk.steps[0]) {
        policy = record->sub_policy;
        if (record->np_policy != record->sub_policy &&
            is_nonexistent(asker, author->domain))
            policy = record->np_policy;
    }
    return record->is_test ? dmarc_lesser(policy) : policy;
}

static void find_policy(const struct asker *asker, struct span domain,
                        struct author *out)
{
    memset(out, 0, sizeof *out);
    out->domain = domain;
    walk(asker, domain, &out->walk);
    out->step = policy_step(asker, out);
    if (out->step != NULL)
        out->policy = policy_of(asker, out);
}

/* ---- alignment ---- */

/* RFC 9989 4.4. An organizational domain is never below another name's parent: only
 * what lies under the author's need be walked. */
static bool is_aligned(const struct asker *asker, const struct author *author,
                       struct span domain, bool is_strict)
{
    struct walk other;
    struct span found;
    if (span_ieq(domain, author->domain))
        return true;
    if (is_strict || author->organizational.len == 0)
        return false;
    if (span_ieq(domain, author->organizational))
        return true;
    if (!span_is_below(domain, author->organizational))
        return false;
    walk(asker, domain, &other);
    organizational(asker, &other, &found);
    return span_ieq(found, author->organizational);
}

/* How an identifier bears on the verdict. */
enum bearing { BEARING_NONE = 0, BEARING_UNSURE, BEARING_PASS };

static enum bearing bearing_of(enum auth_result result)
{
    if (result == AUTH_PASS)
        return BEARING_PASS;
    return result == AUTH_TEMPERROR || result == AUTH_UNKNOWN ? BEARING_UNSURE
                                                              : BEARING_NONE;
}

static enum bearing spf_bearing(const struct asker *asker, const struct author *author,
                                const struct auth_spf *spf)
{
    enum bearing bearing = bearing_of(spf->result);
    bool is_strict = author->step != NULL && author->step->record.is_spf_strict;
    struct span domain = idn_to_ascii(asker->arena, without_dot(spf->domain));
    if (bearing == BEARING_NONE || domain.len == 0 ||
        !is_aligned(asker, author, domain, is_strict))
        return BEARING_NONE;
    return bearing;
}

/* Neutral is what could not be verified, though it may be sound. */
static enum bearing signature_bearing(const struct auth_signature *signature)
{
    return signature->result == AUTH_NEUTRAL ? BEARING_UNSURE
                                             : bearing_of(signature->result);
}

/* is_aligned is set whatever the signature's result: it says whose name it bears. One
 * that could not be read may bear any. */
static enum bearing dkim_bearing(const struct asker *asker, const struct author *author,
                                 struct authentication *auth)
{
    enum bearing best = BEARING_NONE;
    bool is_strict = author->step != NULL && author->step->record.is_dkim_strict;
    for (size_t i = 0; i < auth->signature_count; i++) {
        struct auth_signature *signature = &auth->signatures[i];
        struct span domain = idn_to_ascii(asker->arena, without_dot(signature->domain));
        if (domain.len > 0 && !is_aligned(asker, author, domain, is_strict))
            continue;
        signature->is_aligned = domain.len > 0;
        enum bearing bearing = signature_bearing(signature);
        best = bearing > best ? bearing : best;
    }
    return auth->is_signed_later ? BEARING_PASS : best;
}

/* ---- the verdict ---- */

static enum auth_result verdict_of(const struct author *author, enum bearing spf,
                                   enum bearing dkim, struct auth_dmarc *out)
{
    if (author->step == NULL && author->walk.is_unsure) {
        out->problem = SPAN("no answer for the policy");
        return AUTH_TEMPERROR;
    }
    if (author->step == NULL)
        return AUTH_NONE;
    if (author->step->record.problem != NULL) {
        out->problem = span_of(author->step->record.problem);
        return AUTH_PERMERROR;
    }
    if (spf == BEARING_PASS || dkim == BEARING_PASS)
        return AUTH_PASS;
    if (spf == BEARING_UNSURE || dkim == BEARING_UNSURE) {
        out->problem = spf == BEARING_UNSURE ? SPAN("SPF is not known")
                                             : SPAN("DKIM is not known");
        return AUTH_TEMPERROR;
    }
    return AUTH_FAIL;
}

static void evaluate_one(const struct asker *asker, struct span domain,
                         struct authentication *auth, struct auth_dmarc *out)
{
    struct author author;
    *out = (struct auth_dmarc){.from_domain = domain, .percent = 100};
    find_policy(asker, domain, &author);
    enum bearing spf = spf_bearing(asker, &author, &auth->spf);
    enum bearing dkim = dkim_bearing(asker, &author, auth);
    out->organizational = author.organizational;
    out->is_spf_aligned = spf == BEARING_PASS;
    out->is_dkim_aligned = dkim == BEARING_PASS;
    if (author.step != NULL) {
        out->policy = author.policy;
        out->record_domain = author.step->domain;
        out->is_test = author.step->record.is_test;
        out->percent = author.step->record.percent;
    }
    out->result = verdict_of(&author, spf, dkim, out);
}

/* Of several From: domains the receiver goes by the one that fares worst (RFC 9989
 * 5.3.1 leaves it to him; RFC 7489 6.6.1 says so). */
static bool is_worse(const struct auth_dmarc *a, const struct auth_dmarc *b)
{
    static const unsigned ranks[] = {
        [AUTH_UNKNOWN] = 0,   [AUTH_PASS] = 1,      [AUTH_NONE] = 2,
        [AUTH_TEMPERROR] = 3, [AUTH_PERMERROR] = 4, [AUTH_FAIL] = 5,
    };
    if (ranks[a->result] != ranks[b->result])
        return ranks[a->result] > ranks[b->result];
    return a->policy > b->policy;
}

void dmarc_evaluate(struct dns *dns, struct dns_budget *budget,
                    const struct message *msg, struct authentication *out)
{
    const struct asker asker = {dns, budget, msg->arena};
    struct span authors[DMARC_AUTHORS];
    size_t total;
    size_t count = dmarc_authors(msg, authors, &total);
    bool are_spf_aligned = true;
    bool are_dkim_aligned = true;
    if (count == 0) {
        out->dmarc = (struct auth_dmarc){.result = AUTH_PERMERROR,
                                         .problem = SPAN("From: names no domain"),
                                         .percent = 100};
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct auth_dmarc one;
        evaluate_one(&asker, authors[i], out, &one);
        are_spf_aligned &= one.is_spf_aligned;
        are_dkim_aligned &= one.is_dkim_aligned;
        if (i == 0 || is_worse(&one, &out->dmarc))
            out->dmarc = one;
    }
    out->dmarc.is_spf_aligned = are_spf_aligned;
    out->dmarc.is_dkim_aligned = are_dkim_aligned;
    out->dmarc.has_many_from = total > 1;
}
