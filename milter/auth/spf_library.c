/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/spf_library.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/types.h>

#include <spf2/spf.h>

#include "base/bounds.h"
#include "base/buf.h"

enum { MECHANISM_BYTES = 128 };

/* Stands for the name that a mechanism is about: the library takes no name with a space
 * or a byte that is no ASCII, and need not see what strangers write. */
static const char placeholder[] = "target.invalid";

/* What a lookup of the library needs to know. */
struct hook {
    struct spf_question *question;
    struct span target; /* what the placeholder stands for */
};

static size_t data_bytes(const struct dns_record *record, ns_type type)
{
    if (type == ns_t_a)
        return sizeof(struct in_addr);
    if (type == ns_t_aaaa)
        return sizeof(struct in6_addr);
    return record->text.len + 1;
}

static void put_record(SPF_dns_rr_data_t *to, const struct dns_record *record,
                       ns_type type)
{
    if (type == ns_t_a) {
        memcpy(&to->a, record->address, sizeof to->a);
    } else if (type == ns_t_aaaa) {
        memcpy(&to->aaaa, record->address, sizeof to->aaaa);
    } else {
        char *text = type == ns_t_mx ? to->mx : to->ptr;
        memcpy(text, record->text.at, record->text.len);
        text[record->text.len] = '\0';
    }
}

static SPF_dns_rr_t *make_answer(SPF_dns_server_t *server, const char *domain,
                                 ns_type type, const struct dns_answer *answer)
{
    static const SPF_dns_stat_t statuses[] = {
        [DNS_STATUS_UNKNOWN] = TRY_AGAIN, [DNS_FOUND] = NETDB_SUCCESS,
        [DNS_NO_DATA] = NO_DATA,          [DNS_NO_NAME] = HOST_NOT_FOUND,
        [DNS_TEMPERROR] = TRY_AGAIN,      [DNS_SPENT] = TRY_AGAIN};
    SPF_dns_rr_t *rr = SPF_dns_rr_new_init(server, domain, type, (int)answer->ttl_s,
                                           statuses[answer->status]);
    if (rr == NULL)
        return NULL;
    for (size_t i = 0; i < answer->count && i < BOUND_SPF_RECORDS; i++) {
        const struct dns_record *record = &answer->records[i];
        if (SPF_dns_rr_buf_realloc(rr, (int)i, data_bytes(record, type)) !=
            SPF_E_SUCCESS)
            break;
        put_record(rr->rr[i], record, type);
        rr->num_rr = (int)i + 1;
    }
    return rr;
}

static SPF_dns_rr_t *look_up(SPF_dns_server_t *server, const char *domain, ns_type type,
                             int should_cache)
{
    struct hook *hook = server->hook;
    struct dns_answer answer = {.status = DNS_NO_DATA};
    (void)should_cache;
    if (type == ns_t_a || type == ns_t_aaaa || type == ns_t_mx)
        spf_ask(hook->question,
                strcmp(domain, placeholder) == 0 ? hook->target : span_of(domain),
                (enum dns_type)type, true, &answer);
    if (type == ns_t_mx && answer.count > BOUND_SPF_NAMES) {
        hook->question->is_crowded = true;
        answer = (struct dns_answer){.status = DNS_NO_DATA}; /* none is asked for */
    }
    return make_answer(server, domain, type, &answer);
}

/* Never asked for an explanation: an empty one keeps the library from asking. */
static SPF_errcode_t no_explanation(SPF_server_t *server, const char *domain,
                                    char **buf, size_t *len)
{
    (void)server;
    (void)domain;
    if (*buf == NULL || *len < 1)
        return SPF_E_NO_MEMORY;
    (*buf)[0] = '\0';
    return SPF_E_SUCCESS;
}

static bool set_address(SPF_request_t *request, const struct netaddr *address)
{
    struct in_addr four;
    struct in6_addr six;
    if (address->bits == 32) {
        memcpy(&four, address->bytes, sizeof four);
        return SPF_request_set_ipv4(request, four) == SPF_E_SUCCESS;
    }
    memcpy(&six, address->bytes, sizeof six);
    return SPF_request_set_ipv6(request, six) == SPF_E_SUCCESS;
}

/* The library takes no length of 0. What matches any address matches one of the two
 * halves that there are: /1 is asked, of the address and of its like in the other half.
 */
static struct span without_zero(struct span length, bool *was_zero)
{
    *was_zero = *was_zero || span_eq(length, SPAN("0"));
    return span_eq(length, SPAN("0")) ? SPAN("1") : length;
}

/* "/24//64" or parts of it; a network has one length, of its own family. */
static void add_lengths(struct buf *out, struct span lengths, bool is_four,
                        bool *is_any)
{
    struct span four = SPAN(""), six = SPAN("");
    bool is_any_four = false, is_any_six = false;
    ptrdiff_t slashes = span_find(lengths, SPAN("//"));
    if (slashes >= 0)
        six = span_from(lengths, (size_t)slashes + 2);
    four =
        span_from(span_head(lengths, slashes >= 0 ? (size_t)slashes : lengths.len), 1);
    if (four.len > 0) {
        buf_add_char(out, '/');
        buf_add_span(out, without_zero(four, &is_any_four));
    }
    if (six.len > 0) {
        buf_add_span(out, SPAN("//"));
        buf_add_span(out, without_zero(six, &is_any_six));
    }
    *is_any = is_four ? is_any_four : is_any_six;
}

/* What the library is handed: "v=spf1 a:target.invalid/24". */
static const char *mechanism_text(const struct spf_term *term, bool is_four,
                                  bool *is_any, struct arena *arena)
{
    static const char *const names[] = {"",    "all", "include", "a",     "mx",
                                        "ptr", "ip4", "ip6",     "exists"};
    struct buf out;
    bool is_network = term->kind == SPF_KIND_IP4 || term->kind == SPF_KIND_IP6;
    buf_init(&out, arena, MECHANISM_BYTES);
    buf_printf(&out, "v=spf1 %s:", names[term->kind]);
    buf_add_span(&out, is_network ? term->domain : SPAN("target.invalid"));
    add_lengths(&out, term->lengths, is_network || is_four, is_any);
    return out.is_full ? NULL : buf_cstr(&out);
}

static int evaluate(SPF_server_t *server, const struct netaddr *address,
                    const char *text, const char **problem)
{
    SPF_response_t *response = NULL;
    SPF_request_t *request = SPF_request_new(server);
    int result = -1;
    *problem = "no memory for a mechanism";
    if (request != NULL && set_address(request, address) &&
        SPF_request_set_helo_dom(request, "localhost.invalid") == SPF_E_SUCCESS &&
        SPF_request_set_env_from(request, "postmaster@localhost.invalid") == 0) {
        SPF_errcode_t status = SPF_request_query_fallback(request, &response, text);
        SPF_reason_t reason =
            response != NULL ? SPF_response_reason(response) : SPF_REASON_NONE;
        if (reason == SPF_REASON_MECH &&
            SPF_response_result(response) == SPF_RESULT_PASS)
            result = 1;
        else if (status == SPF_E_SUCCESS || status == SPF_E_DNS_ERROR)
            result = 0;
        else
            *problem = SPF_strerror(status);
    }
    if (response != NULL)
        SPF_response_free(response);
    if (request != NULL)
        SPF_request_free(request);
    return result;
}

static int match(struct spf_question *question, SPF_server_t *server, const char *text,
                 bool is_any, const char **problem)
{
    struct netaddr other = question->address;
    unsigned voids = question->voids;
    int result = evaluate(server, &question->address, text, problem);
    if (!is_any || result != 0)
        return result;
    question->voids = voids; /* the same questions again */
    other.bytes[0] ^= 0x80;
    return evaluate(server, &other, text, problem);
}

int spf_library_match(struct spf_question *question, const struct spf_term *term,
                      struct span target, const char **problem)
{
    struct hook hook = {.question = question, .target = target};
    SPF_dns_server_t layer = {
        .lookup = look_up, .get_exp = no_explanation, .name = "outgate", .hook = &hook};
    bool is_any;
    const char *text =
        mechanism_text(term, question->address.bits == 32, &is_any, question->arena);
    *problem = "mechanism too long";
    if (text == NULL)
        return -1;
    SPF_server_t *server = SPF_server_new_dns(&layer, 0);
    *problem = "no memory for a mechanism";
    if (server == NULL)
        return -1;
    int result = match(question, server, text, is_any, problem);
    SPF_server_free(server);
    return result;
}
