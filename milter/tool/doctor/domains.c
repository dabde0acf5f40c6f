/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/domains.h"

#include <string.h>

#include "auth/dmarc.h"
#include "auth/dmarc_record.h"
#include "auth/spf_walk.h"
#include "tool/doctor/names.h"
#include "tool/doctor/zone.h"
#include "tool/print.h"

enum { RECORD_BYTES = 4096, RECORDS = 8, LOOKUPS = 10 /* RFC 7208 4.6.4 */ };

/* A domain that was only seen may be somebody else's: its owner, not this host's, must
 * repair it. */
static enum level level_of(const struct sending *sending)
{
    return sending->is_ours ? LEVEL_BAD : LEVEL_WARNING;
}

/* ---- SPF: the record as it should be ---- */

static bool is_all(struct span term)
{
    return span_ieq(term, SPAN("all")) ||
           (term.len == 4 && span_iends(term, SPAN("all")));
}

static bool next_term(struct span *rest, struct span *term)
{
    *rest = span_trim(*rest);
    size_t end = 0;
    while (end < rest->len && !ascii_is_space(rest->at[end]))
        end++;
    *term = span_head(*rest, end);
    *rest = span_from(*rest, end);
    return end > 0;
}

struct spf_state {
    struct doctor *doctor;
    const struct sending *sending;
    struct span records[RECORDS];
    size_t count;
    bool is_missing[64]; /* per egress address: not let send */
};

static bool has_all(struct span record, const char *qualifiers)
{
    struct span term;
    while (next_term(&record, &term))
        if (is_all(term) &&
            strchr(qualifiers, term.len == 3 ? '+' : term.at[0]) != NULL)
            return true;
    return false;
}

static void add_egress(struct spf_state *state, struct buf *out)
{
    const struct conf_list *egress = &state->doctor->tool->settings->egress;
    for (size_t i = 0; i < egress->count && i < sizeof state->is_missing; i++)
        if (state->is_missing[i])
            buf_printf(out, " %s:%s", strchr(egress->at[i], ':') ? "ip6" : "ip4",
                       egress->at[i]);
}

static bool is_term_of_spf(struct span term)
{
    return !span_ieq(term, SPAN("v=spf1")) && !is_all(term) &&
           !span_istarts(term, SPAN("redirect="));
}

/* Our addresses first, where no lookup is spent before them; then what stands there;
 * one end: as it is if it is "-all" or a redirect, else "~all". is_sound: the terms
 * that stand there may stay. */
static struct span mended(struct spf_state *state, bool is_sound)
{
    struct buf out;
    struct span redirect = SPAN("");
    bool is_strict = false;
    buf_init(&out, state->doctor->arena, RECORD_BYTES);
    buf_add_span(&out, SPAN("v=spf1"));
    add_egress(state, &out);
    for (size_t i = 0; i < state->count && is_sound; i++) {
        struct span rest = state->records[i];
        struct span term;
        is_strict = is_strict || has_all(rest, "-");
        while (next_term(&rest, &term)) {
            if (span_istarts(term, SPAN("redirect=")))
                redirect = term;
            if (!is_term_of_spf(term) || span_find(buf_span(&out), term) >= 0)
                continue;
            buf_add_char(&out, ' ');
            buf_add_span(&out, term);
        }
    }
    buf_add_char(&out, ' ');
    buf_add_span(&out, redirect.len > 0 ? redirect
                       : is_strict      ? SPAN("-all")
                                        : SPAN("~all"));
    return buf_span(&out);
}

static void miss_all(struct spf_state *state)
{
    memset(state->is_missing, true, sizeof state->is_missing);
}

static struct finding *tell_spf(struct spf_state *state, const char *check,
                                const char *what, const char *why, bool is_sound)
{
    struct finding *finding = doctor_find(state->doctor, level_of(state->sending),
                                          check, state->sending->domain, "%s", what);
    doctor_why(finding, why);
    if (state->doctor->tool->settings->egress.count > 0)
        zone_text(state->doctor, finding, state->sending->domain,
                  mended(state, is_sound));
    return finding;
}

/* ---- SPF: what it is ---- */

static const char why_spf[] =
    "Google, Yahoo and Microsoft ask for SPF or DKIM of everybody, and for both of who "
    "sends much; mail from an address that the domain does not name is taken for "
    "forged.";

static void read_records(struct spf_state *state, const struct dns_answer *answer)
{
    for (size_t i = 0; i < answer->count && state->count < RECORDS; i++) {
        struct span text = answer->records[i].text;
        if (span_istarts(text, SPAN("v=spf1")) && (text.len == 6 || text.at[6] == ' '))
            state->records[state->count++] = text;
    }
}

static enum auth_result walk(struct spf_state *state, struct span address,
                             struct spf_walk *out)
{
    struct dns_budget budget;
    struct span helo = names_helo(state->doctor);
    zone_budget(&budget);
    *out = (struct spf_walk){
        .question = {.dns = state->doctor->dns,
                     .budget = &budget,
                     .arena = state->doctor->arena,
                     .local = SPAN("postmaster"),
                     .sender_domain = state->sending->domain,
                     .helo = helo.len > 0 ? helo : SPAN("unknown")},
        .scope = SPF_MAILFROM,
        .is_own_scope = true,
    };
    if (!netaddr_parse(address, &out->question.address))
        return AUTH_UNKNOWN;
    enum auth_result result = spf_walk(out, state->sending->domain);
    out->question.budget = NULL;
    return result;
}

/* True: all of our addresses may send. */
static bool check_addresses(struct spf_state *state)
{
    const struct conf_list *egress = &state->doctor->tool->settings->egress;
    struct buf wrong;
    size_t missing = 0;
    buf_init(&wrong, state->doctor->arena, 1024);
    for (size_t i = 0; i < egress->count && i < sizeof state->is_missing; i++) {
        struct spf_walk out;
        enum auth_result result = walk(state, span_of(egress->at[i]), &out);
        state->is_missing[i] = result != AUTH_PASS;
        if (result == AUTH_PASS)
            continue;
        buf_printf(&wrong, "%s%s: %s%s%.*s", missing++ > 0 ? "; " : "", egress->at[i],
                   auth_result_name(result), out.problem.len > 0 ? ", " : "",
                   (int)span_head(out.problem, 200).len, out.problem.at);
    }
    if (missing == 0)
        return true;
    tell_spf(state, "spf_address",
             doctor_text(state->doctor, "SPF does not let this host send (%s)",
                         buf_cstr(&wrong)),
             why_spf, true);
    return false;
}

/* A stranger's address goes through all of the record. */
static bool check_lookups(struct spf_state *state)
{
    struct spf_walk out;
    if (walk(state, SPAN("203.0.113.255"), &out) != AUTH_PERMERROR)
        return true;
    miss_all(state);
    tell_spf(
        state, "spf_lookups",
        doctor_text(state->doctor,
                    "SPF breaks off for who is not named early: %.*s (%u lookups of "
                    "%d, %u without an answer)",
                    (int)span_head(out.problem, 200).len, out.problem.at, out.terms,
                    LOOKUPS, out.question.voids),
        "Beyond ten lookups, or two that find nothing, the record counts as broken "
        "(RFC 7208 4.6.4). With this host's address first it is at least not "
        "concerned; take out what is not needed.",
        true);
    return false;
}

static bool check_end(struct spf_state *state)
{
    struct span record = state->records[0];
    if (has_all(record, "+")) {
        tell_spf(state, "spf_all", "SPF lets everybody send (+all)",
                 "Spammers look for such domains, and receivers trust none of them.",
                 true);
        return false;
    }
    if (has_all(record, "-~") || span_ifind(record, SPAN("redirect=")) >= 0)
        return true;
    struct finding *finding =
        doctor_find(state->doctor, LEVEL_WARNING, "spf_all", state->sending->domain,
                    "SPF says nothing of who may not send (%s)",
                    has_all(record, "?") ? "?all" : "no all at its end");
    doctor_why(finding, "So it protects from no forger, and counts for little.");
    zone_text(state->doctor, finding, state->sending->domain, mended(state, true));
    return true;
}

static void check_spf(struct doctor *doctor, const struct sending *sending)
{
    struct spf_state state = {.doctor = doctor, .sending = sending};
    struct dns_answer answer;
    struct spf_record parsed;
    zone_ask(doctor, sending->domain, DNS_TXT, &answer);
    if (zone_unanswered(doctor, "spf", sending->domain, &answer))
        return;
    read_records(&state, &answer);
    if (state.count == 0) {
        miss_all(&state);
        tell_spf(&state, "spf", "has no SPF record", why_spf, true);
        return;
    }
    if (state.count > 1) {
        miss_all(&state);
        tell_spf(
            &state, "spf_single",
            doctor_text(doctor, "has %zu SPF records", state.count),
            "More than one is an error, as if there were none (RFC 7208 4.5): this "
            "one takes their place.",
            true);
        return;
    }
    const char *problem = spf_record_parse(state.records[0], doctor->arena, &parsed);
    if (problem != NULL) {
        miss_all(&state);
        tell_spf(&state, "spf_syntax",
                 doctor_text(doctor, "its SPF record cannot be read: %s", problem),
                 "A record with an error counts as broken; mail of the domain is not "
                 "authenticated by it.",
                 false);
        return;
    }
    bool is_fine = check_addresses(&state);
    is_fine = check_end(&state) && is_fine;
    if (is_fine && check_lookups(&state))
        doctor_find(doctor, LEVEL_OK, "spf", sending->domain,
                    "SPF lets this host send: %.*s", (int)state.records[0].len,
                    state.records[0].at);
}

/* ---- DMARC ---- */

static const char why_dmarc[] =
    "Google, Yahoo and Microsoft ask for it of who sends them much, and without it a "
    "forger's mail in this name counts as yours.";

static void propose_dmarc(struct doctor *doctor, struct finding *finding,
                          struct span domain)
{
    struct span name =
        span_of(doctor_text(doctor, "_dmarc.%.*s", (int)domain.len, domain.at));
    zone_text(
        doctor, finding, name,
        span_of(doctor_text(doctor, "v=DMARC1; p=none; rua=mailto:postmaster@%.*s",
                            (int)domain.len, domain.at)));
}

static void judge_dmarc(struct doctor *doctor, const struct sending *sending,
                        struct span where, struct span text)
{
    struct dmarc_record record;
    static const char *const policies[] = {"none", "none", "quarantine", "reject"};
    bool is_record = dmarc_record_parse(text, &record);
    if (!is_record || record.problem != NULL || record.policy == DMARC_NO_POLICY) {
        struct finding *finding = doctor_find(
            doctor, level_of(sending), "dmarc_syntax", sending->domain,
            "its DMARC record at %.*s asks for nothing: %s", (int)where.len, where.at,
            is_record && record.problem != NULL ? record.problem : "it is none");
        doctor_why(finding, why_dmarc);
        propose_dmarc(doctor, finding, sending->domain);
        return;
    }
    enum level level = record.policy == DMARC_NONE ? LEVEL_NOTE : LEVEL_OK;
    struct finding *finding =
        doctor_find(doctor, level, "dmarc", sending->domain, "DMARC p=%s, at %.*s",
                    policies[record.policy], (int)where.len, where.at);
    if (level == LEVEL_NOTE)
        doctor_why(finding, "That is enough for the large receivers; once the reports "
                            "show that all your mail passes, quarantine keeps forgers "
                            "out.");
}

static size_t count_dmarc(const struct dns_answer *answer, struct span *text)
{
    size_t count = 0;
    for (size_t i = 0; i < answer->count; i++)
        if (span_starts(answer->records[i].text, SPAN("v=DMARC1"))) {
            *text = answer->records[i].text;
            count++;
        }
    return count;
}

static void check_dmarc(struct doctor *doctor, const struct sending *sending)
{
    struct span names[DMARC_WALK];
    size_t count = dmarc_walk_names(doctor->arena, sending->domain, names);
    for (size_t i = 0; i < count; i++) {
        struct dns_answer answer;
        struct span text = SPAN("");
        zone_ask(doctor, names[i], DNS_TXT, &answer);
        if (zone_unanswered(doctor, "dmarc", names[i], &answer))
            return;
        size_t records = count_dmarc(&answer, &text);
        if (records == 1) {
            judge_dmarc(doctor, sending, names[i], text);
            return;
        }
        if (records > 1) {
            struct finding *finding = doctor_find(
                doctor, level_of(sending), "dmarc_single", sending->domain,
                "%.*s has %zu DMARC records", (int)names[i].len, names[i].at, records);
            doctor_why(finding,
                       "More than one counts as none (RFC 9989 4.10): this one "
                       "takes their place.");
            propose_dmarc(doctor, finding, sending->domain);
            return;
        }
    }
    struct finding *finding = doctor_find(doctor, level_of(sending), "dmarc",
                                          sending->domain, "has no DMARC record");
    doctor_why(finding, why_dmarc);
    propose_dmarc(doctor, finding, sending->domain);
}

/* ---- where its own mail goes ---- */

static void check_mx(struct doctor *doctor, const struct sending *sending)
{
    struct dns_answer answer;
    struct finding *finding = NULL;
    struct span helo = names_helo(doctor);
    zone_ask(doctor, sending->domain, DNS_MX, &answer);
    if (zone_unanswered(doctor, "mx", sending->domain, &answer))
        return;
    if (answer.status == DNS_FOUND && answer.count == 1 &&
        answer.records[0].text.len <= 1) {
        finding = doctor_find(doctor, level_of(sending), "mx_null", sending->domain,
                              "sends mail, and says that it takes none (null MX)");
        doctor_why(finding, "Receivers may refuse a sender whom nobody can answer (RFC "
                            "7505 4.3), and complaints reach nobody.");
    } else if (answer.status != DNS_FOUND) {
        struct dns_answer four, six;
        zone_ask(doctor, sending->domain, DNS_A, &four);
        zone_ask(doctor, sending->domain, DNS_AAAA, &six);
        if (four.status == DNS_FOUND || six.status == DNS_FOUND)
            return;
        finding = doctor_find(doctor, level_of(sending), "mx", sending->domain,
                              "has neither MX nor address: it cannot be answered");
        doctor_why(finding, "Receivers refuse senders of a domain that takes no mail.");
    } else {
        doctor_find(doctor, LEVEL_OK, "mx", sending->domain, "takes mail at %.*s",
                    (int)answer.records[0].text.len, answer.records[0].text.at);
        return;
    }
    if (helo.len > 0)
        doctor_remedy(doctor, finding, REMEDY_ZONE, "%s 3600 IN MX 10 %s",
                      zone_name(doctor, sending->domain), zone_name(doctor, helo));
}

/* Worth knowing, and no more: both protect mail that comes in. */
static void check_tls(struct doctor *doctor, const struct sending *sending,
                      const char *prefix, const char *begin, const char *check,
                      const char *name)
{
    struct dns_answer answer;
    struct span at = span_of(doctor_text(doctor, "%s.%.*s", prefix,
                                         (int)sending->domain.len, sending->domain.at));
    zone_ask(doctor, at, DNS_TXT, &answer);
    for (size_t i = 0; i < answer.count; i++)
        if (span_starts(answer.records[i].text, span_of(begin))) {
            doctor_find(doctor, LEVEL_OK, check, sending->domain, "has %s", name);
            return;
        }
    struct finding *finding =
        doctor_find(doctor, LEVEL_NOTE, check, sending->domain, "has no %s", name);
    doctor_why(finding,
               "It costs nothing in reputation; it protects mail that comes in, "
               "and tells of receivers that cannot be reached by TLS.");
}

void doctor_check_domain(struct doctor *doctor, const struct sending *sending)
{
    check_spf(doctor, sending);
    check_dmarc(doctor, sending);
    if (!sending->is_ours)
        return;
    check_mx(doctor, sending);
    check_tls(doctor, sending, "_mta-sts", "v=STSv1", "mta_sts", "MTA-STS policy");
    check_tls(doctor, sending, "_smtp._tls", "v=TLSRPTv1", "tls_report",
              "TLS report address");
}
