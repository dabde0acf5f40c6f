/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits/limit_key.h"

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/netaddr.h"
#include "limits/sender.h"

/* Amounts of one message are bounded, so that no sum of them overflows. */
#define MAX_COST INT64_C(1000000000000)

/* A key's text: valid UTF-8 without control characters, of bounded length; keys but
 * the sender's in lower case and without the '+' that joins pairs. */
static struct span clean_key(struct arena *arena, struct span raw, bool is_sender)
{
    raw = span_head(raw, BOUND_KEY_BYTES / 2 - 1);
    char *out = arena_alloc(arena, raw.len + 1);
    if (out == NULL)
        return (struct span){NULL, 0};
    for (size_t i = 0; i < raw.len;) {
        size_t start = i;
        uint32_t cp = utf8_next(raw, &i);
        bool is_bad = cp < 0x20 || cp == 0x7f || (cp == 0xfffd && i - start == 1);
        for (size_t k = start; k < i; k++)
            out[k] = is_sender ? raw.at[k] : ascii_lower(raw.at[k]);
        if (is_bad || (!is_sender && out[start] == '+'))
            out[start] = '?';
    }
    return (struct span){out, raw.len};
}

/* As base/netaddr counts clients; what is no address as it stands. */
struct span limit_key_client(struct arena *arena, struct span client_ip)
{
    struct netaddr address;
    char text[NETADDR_TEXT_BYTES];
    if (client_ip.len == 0)
        return SPAN("local");
    if (!netaddr_parse(client_ip, &address))
        return clean_key(arena, client_ip, false);
    return span_dup(arena, span_of(netaddr_key(&address, text)));
}

/* A value that the message may lack. */
static struct span named(struct arena *arena, struct span value)
{
    return value.len > 0 ? clean_key(arena, value, false) : SPAN("none");
}

/* "uid:33", as a sender has it. */
static struct span user_key(struct arena *arena, struct span user)
{
    struct buf out;
    struct span value = named(arena, user);
    buf_init(&out, arena, value.len + 32);
    buf_printf(&out, "%s:", identity_name(IDENTITY_UID));
    buf_add_span(&out, value);
    return buf_span(&out);
}

static struct span key_value(const struct charge_request *request, enum limit_key key,
                             const struct limit_share *share, struct arena *arena)
{
    switch (key) {
    case LIMIT_SENDER:
        return request->sender.len > 0 ? clean_key(arena, request->sender, true)
                                       : SPAN("host:local");
    case LIMIT_CLIENT_IP:
        return limit_key_client(arena, request->client_ip);
    case LIMIT_FROM_DOMAIN:
        return named(arena, request->from_domain);
    case LIMIT_RECIPIENT_DOMAIN:
        return share != NULL ? share->domain : SPAN("none");
    case LIMIT_CAMPAIGN:
        return named(arena, request->campaign);
    case LIMIT_UID:
        return user_key(arena, sender_user(request->sender));
    case LIMIT_EGRESS:
        return SPAN("egress");
    case LIMIT_HOST:
        return SPAN("host");
    case LIMIT_KEY_NONE:
        break;
    }
    return SPAN("");
}

struct span limit_key_make(const struct limit *limit,
                           const struct charge_request *request,
                           const struct limit_share *share, struct arena *arena)
{
    struct span first = key_value(request, limit->keys[0], share, arena);
    if (limit->keys[1] == LIMIT_KEY_NONE || first.at == NULL)
        return first;
    struct span second = key_value(request, limit->keys[1], share, arena);
    char *out = arena_alloc(arena, first.len + second.len + 2);
    if (out == NULL || second.at == NULL)
        return (struct span){NULL, 0};
    memcpy(out, first.at, first.len);
    out[first.len] = '+';
    memcpy(out + first.len + 1, second.at, second.len);
    return (struct span){out, first.len + second.len + 1};
}

struct span limit_key_locked(const struct limit *limit,
                             const struct charge_request *request, struct arena *arena)
{
    struct buf out;
    if (limit_has_key(limit, LIMIT_SENDER))
        return key_value(request, LIMIT_SENDER, NULL, arena);
    if (limit_has_key(limit, LIMIT_UID))
        return key_value(request, LIMIT_UID, NULL, arena);
    buf_init(&out, arena, BOUND_KEY_BYTES);
    buf_printf(&out, "%s:", identity_name(IDENTITY_CLIENT_IP));
    buf_add_span(&out, limit_key_client(arena, request->client_ip));
    return buf_span(&out);
}

static struct span typed_value(enum limit_key key, struct span text,
                               struct arena *arena)
{
    struct span kind;
    struct span value;
    if (key == LIMIT_SENDER)
        return sender_key(arena, text);
    /* as block and exempt take it: "client_ip:192.0.2.7" */
    if (span_cut(text, ':', &kind, &value) &&
        span_ieq(kind, span_of(limit_key_name(key))))
        text = span_trim(value);
    if (key == LIMIT_CLIENT_IP)
        return limit_key_client(arena, text);
    if (key == LIMIT_UID)
        return user_key(arena, text);
    return clean_key(arena, text, false);
}

struct span limit_key_typed(const struct limit *limit, struct span text,
                            struct arena *arena)
{
    struct span first;
    struct span second;
    text = span_trim(text);
    if (limit->keys[1] == LIMIT_KEY_NONE)
        return typed_value(limit->keys[0], text, arena);
    /* only a sender may have a '+' of its own */
    ptrdiff_t at =
        limit->keys[1] == LIMIT_SENDER ? span_index(text, '+') : span_rindex(text, '+');
    if (at < 0)
        return text;
    first = typed_value(limit->keys[0], span_head(text, (size_t)at), arena);
    second = typed_value(limit->keys[1], span_from(text, (size_t)at + 1), arena);
    struct buf out;
    buf_init(&out, arena, 2 * BOUND_KEY_BYTES);
    buf_add_span(&out, first);
    buf_add_char(&out, '+');
    buf_add_span(&out, second);
    return buf_span(&out);
}

/* ---- shares of the recipient domains ---- */

static int compare_domains(const void *a, const void *b)
{
    return span_compare(((const struct limit_share *)a)->domain,
                        ((const struct limit_share *)b)->domain);
}

static int compare_shares(const void *a, const void *b)
{
    const struct limit_share *x = a;
    const struct limit_share *y = b;
    if (x->recipients != y->recipients)
        return x->recipients < y->recipients ? 1 : -1;
    return span_compare(x->domain, y->domain);
}

/* Equal neighbours become one. */
static size_t merge_shares(struct limit_share *shares, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && span_eq(shares[kept - 1].domain, shares[i].domain))
            shares[kept - 1].recipients += shares[i].recipients;
        else
            shares[kept++] = shares[i];
    }
    return kept;
}

/* The many small domains beyond the bound share one line. */
static size_t bound_shares(struct limit_share *shares, size_t count)
{
    if (count <= BOUND_CHARGED_DOMAINS)
        return count;
    qsort(shares, count, sizeof *shares, compare_shares);
    struct limit_share *others = &shares[BOUND_CHARGED_DOMAINS];
    others->domain = SPAN("(others)");
    for (size_t i = BOUND_CHARGED_DOMAINS + 1; i < count; i++)
        others->recipients += shares[i].recipients;
    return BOUND_CHARGED_DOMAINS + 1;
}

int limit_shares(const struct charge_request *request, struct arena *arena,
                 struct limit_share **out, size_t *out_count, struct err *err)
{
    size_t count = request->recipient_domain_count;
    struct limit_share *shares =
        arena_array(arena, count > 0 ? count : 1, sizeof *shares);
    if (shares == NULL)
        return err_set(err, ERR_MEMORY, "no memory left for the recipients' domains");
    for (size_t i = 0; i < count; i++) {
        struct span domain = named(arena, request->recipient_domains[i]);
        if (domain.at == NULL)
            return err_set(err, ERR_MEMORY, "no memory left for a recipient's domain");
        shares[i] = (struct limit_share){domain, 1};
    }
    if (count == 0)
        shares[count++] = (struct limit_share){SPAN("none"), request->recipients};
    qsort(shares, count, sizeof *shares, compare_domains);
    *out = shares;
    *out_count = bound_shares(shares, merge_shares(shares, count));
    return 0;
}

bool limit_key_counts(const struct limit *limit, const struct charge_request *request,
                      int64_t wall_us)
{
    if (!limit_applies(limit, request->mail_class))
        return false;
    if (limit_has_key(limit, LIMIT_CAMPAIGN) && request->campaign.len == 0)
        return false;
    if (limit_has_key(limit, LIMIT_UID) && sender_user(request->sender).len == 0)
        return false;
    if (request->points_milli < limit->least_milli)
        return false;
    return limit->younger_us == 0 || request->sender_first_us == 0 ||
           wall_us - request->sender_first_us < limit->younger_us;
}

int64_t limit_key_cost(const struct limit *limit, const struct charge_request *request,
                       const struct limit_share *share)
{
    int64_t amount = 0;
    switch (limit->unit) {
    case LIMIT_MESSAGES:
        amount = 1;
        break;
    case LIMIT_RECIPIENTS:
        amount = share != NULL ? share->recipients : request->recipients;
        break;
    case LIMIT_NEW_RECIPIENTS:
        amount = request->new_recipients;
        break;
    case LIMIT_BYTES:
        amount = request->bytes;
        break;
    case LIMIT_POINTS:
        amount = request->points_milli;
        break;
    case LIMIT_BOUNCES:
    case LIMIT_COMPLAINTS:
    case LIMIT_UNIT_UNKNOWN:
    case LIMIT_UNIT_COUNT:
        break;
    }
    if (amount < 0)
        return 0;
    return amount < MAX_COST ? amount : MAX_COST;
}
