/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/spf_walk.h"

#include "auth/spf_library.h"
#include "base/bounds.h"
#include "base/dns_name.h"

/* Of one mechanism. */
enum match { MATCH_NO, MATCH_YES, MATCH_TEMPERROR, MATCH_PERMERROR };

static enum auth_result fail(struct spf_walk *walk, enum auth_result result,
                             const char *problem)
{
    if (walk->problem.len == 0)
        walk->problem = span_of(problem);
    return result;
}

static enum match mismatch(struct spf_walk *walk, enum match match, const char *problem)
{
    fail(walk, AUTH_UNKNOWN, problem);
    return match;
}

/* A name that can be asked for: several labels. Source: RFC 7208 4.3. */
static bool is_domain(struct span domain)
{
    struct dns_name name;
    return dns_name_read(domain, &name, NULL) &&
           span_index((struct span){name.text, name.len}, '.') > 0;
}

/* Is there room for one more term that asks, and were too many in vain? */
static bool is_within_limits(struct spf_walk *walk, bool is_asking)
{
    walk->terms += is_asking;
    if (walk->terms > BOUND_SPF_TERMS)
        fail(walk, AUTH_UNKNOWN, "more than 10 terms that ask the DNS");
    else if (walk->question.voids > BOUND_SPF_VOIDS)
        fail(walk, AUTH_UNKNOWN, "more than 2 void lookups");
    else if (walk->question.is_crowded)
        fail(walk, AUTH_UNKNOWN, "more than 10 MX records of one name");
    else
        return true;
    return false;
}

static enum auth_result check_host(struct spf_walk *walk, struct span domain,
                                   bool is_first);

static enum match match_include(struct spf_walk *walk, struct span target)
{
    switch (check_host(walk, target, false)) {
    case AUTH_PASS:
        return MATCH_YES;
    case AUTH_FAIL:
    case AUTH_SOFTFAIL:
    case AUTH_NEUTRAL:
        return MATCH_NO;
    case AUTH_TEMPERROR:
        return MATCH_TEMPERROR;
    case AUTH_NONE:
        return mismatch(walk, MATCH_PERMERROR, "an include without a record");
    case AUTH_UNKNOWN:
    case AUTH_POLICY:
    case AUTH_PERMERROR:
        break;
    }
    return MATCH_PERMERROR;
}

static bool is_asking(enum spf_kind kind)
{
    return kind != SPF_KIND_ALL && kind != SPF_KIND_IP4 && kind != SPF_KIND_IP6;
}

static enum match match_by_library(struct spf_walk *walk, const struct spf_term *term,
                                   struct span target)
{
    const char *problem = NULL;
    int is_match = spf_library_match(&walk->question, term, target, &problem);
    if (walk->question.is_temporary)
        return mismatch(walk, MATCH_TEMPERROR, "the DNS did not answer");
    if (!is_within_limits(walk, false))
        return MATCH_PERMERROR;
    if (is_match < 0)
        return mismatch(walk, MATCH_PERMERROR, problem);
    return is_match > 0 ? MATCH_YES : MATCH_NO;
}

/* A name of the address that has the address is target or below it. */
static enum match match_ptr(struct spf_walk *walk, struct span target)
{
    struct span name = spf_validated_name(&walk->question, target);
    return span_is_below(name, target) || span_ieq(name, target) ? MATCH_YES : MATCH_NO;
}

static enum match match(struct spf_walk *walk, const struct spf_term *term,
                        struct span domain)
{
    if (term->kind == SPF_KIND_ALL)
        return MATCH_YES;
    if (!is_asking(term->kind))
        return match_by_library(walk, term, SPAN(""));
    if (!is_within_limits(walk, true))
        return MATCH_PERMERROR;
    struct span target = domain;
    if (term->domain.len > 0)
        target = spf_macro_expand(&walk->question, term->domain, domain);
    if (term->kind == SPF_KIND_INCLUDE)
        return match_include(walk, target);
    if (!is_domain(target)) /* cannot be asked for: it has no address */
        return MATCH_NO;
    if (term->kind == SPF_KIND_PTR)
        return match_ptr(walk, target);
    return match_by_library(walk, term, target);
}

static enum auth_result of_qualifier(char qualifier)
{
    switch (qualifier) {
    case '-':
        return AUTH_FAIL;
    case '~':
        return AUTH_SOFTFAIL;
    case '?':
        return AUTH_NEUTRAL;
    default:
        return AUTH_PASS;
    }
}

static enum auth_result redirect(struct spf_walk *walk, struct span spec,
                                 struct span domain, bool is_first)
{
    if (!is_within_limits(walk, true))
        return AUTH_PERMERROR;
    struct span target = spf_macro_expand(&walk->question, spec, domain);
    bool was_own_scope = walk->is_own_scope;
    walk->is_own_scope = false;
    enum auth_result result = check_host(walk, target, is_first);
    walk->is_own_scope = was_own_scope;
    return result == AUTH_NONE
               ? fail(walk, AUTH_PERMERROR, "a redirect without a record")
               : result;
}

static enum auth_result judge(struct spf_walk *walk, const struct spf_record *record,
                              struct span domain, bool is_first)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct spf_term *term = &record->terms[i];
        switch (match(walk, term, domain)) {
        case MATCH_YES:
            if (is_first)
                walk->mechanism = term->text;
            return of_qualifier(term->qualifier);
        case MATCH_TEMPERROR:
            return AUTH_TEMPERROR;
        case MATCH_PERMERROR:
            return AUTH_PERMERROR;
        case MATCH_NO:
            break;
        }
    }
    if (record->redirect.len > 0)
        return redirect(walk, record->redirect, domain, is_first);
    return AUTH_NEUTRAL;
}

/* is_first: of the domain asked about, or of the one it redirects to. */
static enum auth_result check_host(struct spf_walk *walk, struct span domain,
                                   bool is_first)
{
    struct dns_answer answer;
    struct spf_record record;
    struct span text = SPAN("");
    if (!is_domain(domain))
        return AUTH_NONE;
    spf_ask(&walk->question, domain, DNS_TXT, false, &answer);
    if (walk->question.is_temporary)
        return fail(walk, AUTH_TEMPERROR, answer.why);
    if (answer.is_cut)
        return fail(walk, AUTH_PERMERROR, "more or longer TXT records than are read");
    size_t count =
        spf_record_choose(&answer, walk->scope, walk->is_own_scope && is_first, &text);
    if (count == 0)
        return AUTH_NONE;
    if (count > 1)
        return fail(walk, AUTH_PERMERROR, "several records");
    const char *wrong = spf_record_parse(text, walk->question.arena, &record);
    if (wrong != NULL)
        return fail(walk, AUTH_PERMERROR, wrong);
    return judge(walk, &record, domain, is_first);
}

enum auth_result spf_walk(struct spf_walk *walk, struct span domain)
{
    walk->terms = 0;
    walk->mechanism = walk->problem = SPAN("");
    walk->question.voids = 0;
    walk->question.is_temporary = walk->question.is_crowded = false;
    enum auth_result result = check_host(walk, domain, true);
    if (result == AUTH_PASS || result == AUTH_FAIL || result == AUTH_SOFTFAIL ||
        result == AUTH_NEUTRAL || result == AUTH_NONE)
        walk->problem = SPAN("");
    return result;
}
