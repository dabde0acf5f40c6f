/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits/exemption.h"

#include "base/bounds.h"
#include "base/buf.h"
#include "base/netaddr.h"
#include "limits/limit_key.h"
#include "limits/sender.h"

static int any_rows(struct db *db, bool *any, struct err *err)
{
    struct query *query = db_query(db, "SELECT EXISTS (SELECT 1 FROM exemption)", err);
    if (query == NULL || query_step(query, err) < 0)
        return -1;
    *any = query_int(query, 0) != 0;
    query_reset(query);
    return 0;
}

static int no_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, "no memory left for the message's exemptions");
}

static int start(struct exemptions *out, struct arena *arena, struct err *err)
{
    *out = (struct exemptions){0};
    out->names = arena_array(arena, EXEMPTION_NAMES_MAX, sizeof *out->names);
    return out->names != NULL ? 0 : no_memory(err);
}

/* Beyond the bound a message counts: the strict side. */
static int add_name(struct exemptions *out, struct span name, struct arena *arena,
                    struct err *err)
{
    if (name.len == 0)
        out->is_all = true;
    if (exemption_has(out, name) || out->count == EXEMPTION_NAMES_MAX)
        return 0;
    out->names[out->count] = span_dup(arena, name);
    return out->names[out->count++].len > 0 ? 0 : no_memory(err);
}

/* "kind:value" as it stands in the table. */
static struct span make_key(const char *kind, struct span value, struct arena *arena)
{
    struct buf out;
    struct span lower = span_lower(arena, value);
    buf_init(&out, arena, BOUND_KEY_BYTES + 32);
    buf_printf(&out, "%s:", kind);
    buf_add_span(&out, lower);
    return buf_span(&out);
}

/* The names that one exact key is exempt of. */
static int add_key(struct db *db, struct span key, int64_t wall_us, struct arena *arena,
                   struct exemptions *out, struct err *err)
{
    struct query *query =
        db_query(db,
                 "SELECT limit_name FROM exemption WHERE key = ?1 AND "
                 "(until_us IS NULL OR until_us > ?2)",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, key);
    query_bind_int(query, 2, wall_us);
    int rc;
    while ((rc = query_step(query, err)) == 1)
        if (add_name(out, query_text(query, 0), arena, err) != 0) {
            query_reset(query);
            return -1;
        }
    return rc;
}

static bool is_in(struct span key, const struct netaddr *address)
{
    struct span kind;
    struct span text;
    struct network network;
    span_cut(key, ':', &kind, &text);
    return network_parse(text, &network) && network_has(&network, address);
}

/* Networks are few: all that are in force are looked at. */
static int add_networks(struct db *db, struct span client_ip, int64_t wall_us,
                        struct arena *arena, struct exemptions *out, struct err *err)
{
    struct netaddr address;
    if (!netaddr_parse(client_ip, &address))
        return 0;
    struct query *query =
        db_query(db,
                 "SELECT key, limit_name FROM exemption WHERE key >= 'client_ip:' AND "
                 "key < 'client_ip;' AND (until_us IS NULL OR until_us > ?1)",
                 err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, wall_us);
    int rc;
    while ((rc = query_step(query, err)) == 1)
        if (is_in(query_text(query, 0), &address) &&
            add_name(out, query_text(query, 1), arena, err) != 0) {
            query_reset(query);
            return -1;
        }
    return rc;
}

/* Leave only what stands in both. */
static void intersect(struct exemptions *all, const struct exemptions *one)
{
    struct exemptions both = {.is_all = all->is_all && one->is_all,
                              .names = all->names};
    if (all->is_all && !one->is_all) {
        for (size_t i = 0; i < one->count; i++)
            all->names[i] = one->names[i];
        all->count = one->count;
    }
    for (size_t i = 0; i < all->count; i++)
        if (exemption_has(one, all->names[i]))
            both.names[both.count++] = all->names[i];
    *all = both;
}

/* What every recipient's domain is exempt of. */
static int load_domains(struct db *db, const struct charge_request *request,
                        int64_t wall_us, struct arena *arena, struct exemptions *out,
                        struct err *err)
{
    struct exemptions one;
    size_t count = request->recipient_domain_count;
    if (start(out, arena, err) != 0 || start(&one, arena, err) != 0)
        return -1;
    /* recipients that are not known one by one are not exempt */
    out->is_all = count > 0 && (int64_t)count >= request->recipients;
    for (size_t i = 0; i < count && (out->is_all || out->count > 0); i++) {
        struct span domain = request->recipient_domains[i];
        if (i > 0 && span_ieq(domain, request->recipient_domains[i - 1]))
            continue;
        one.count = 0;
        one.is_all = false;
        if (add_key(db, make_key("recipient_domain", domain, arena), wall_us, arena,
                    &one, err) != 0)
            return -1;
        intersect(out, &one);
    }
    return 0;
}

static int add_domains(struct db *db, const struct charge_request *request,
                       int64_t wall_us, struct arena *arena, struct exemptions *out,
                       struct err *err)
{
    struct exemptions domains;
    if (load_domains(db, request, wall_us, arena, &domains, err) != 0)
        return -1;
    out->is_all = out->is_all || domains.is_all;
    for (size_t i = 0; i < domains.count; i++)
        if (add_name(out, domains.names[i], arena, err) != 0)
            return -1;
    return 0;
}

int exemption_load(struct db *db, const struct charge_request *request, int64_t wall_us,
                   struct arena *arena, struct exemptions *out, struct err *err)
{
    bool any;
    *out = (struct exemptions){0};
    if (any_rows(db, &any, err) != 0)
        return -1;
    if (!any)
        return 0;
    if (start(out, arena, err) != 0 ||
        add_key(db, request->sender, wall_us, arena, out, err) != 0 ||
        add_key(db, make_key("from_domain", request->from_domain, arena), wall_us,
                arena, out, err) != 0)
        return -1;
    struct span user = sender_user(request->sender); /* of a script of his, too */
    if (user.len > 0 &&
        add_key(db, make_key("uid", user, arena), wall_us, arena, out, err) != 0)
        return -1;
    if (request->campaign.len > 0 &&
        add_key(db, make_key("campaign", request->campaign, arena), wall_us, arena, out,
                err) != 0)
        return -1;
    if (add_networks(db, request->client_ip, wall_us, arena, out, err) != 0 ||
        add_domains(db, request, wall_us, arena, out, err) != 0)
        return -1;
    return arena_is_broken(arena) ? no_memory(err) : 0;
}

bool exemption_has(const struct exemptions *exemptions, struct span limit_name)
{
    if (exemptions->is_all)
        return true;
    for (size_t i = 0; i < exemptions->count; i++)
        if (span_eq(exemptions->names[i], limit_name))
            return true;
    return false;
}

int exemption_find(struct db *db, const struct charge_request *request,
                   const char *limit_name, int64_t wall_us, struct arena *arena,
                   bool *is_exempt, struct err *err)
{
    struct exemptions exemptions;
    if (exemption_load(db, request, wall_us, arena, &exemptions, err) != 0)
        return -1;
    *is_exempt = limit_name != NULL ? exemption_has(&exemptions, span_of(limit_name))
                                    : exemptions.is_all;
    return 0;
}

static bool is_by_name(struct span kind)
{
    return span_eq(kind, SPAN("from_domain")) ||
           span_eq(kind, SPAN("recipient_domain")) || span_eq(kind, SPAN("campaign"));
}

int exemption_key(struct arena *arena, struct span text, struct span *out,
                  struct err *err)
{
    struct span kind;
    struct span value;
    struct network network;
    text = span_trim(text);
    if (!span_cut(text, ':', &kind, &value) || span_trim(value).len == 0 ||
        text.len > BOUND_KEY_BYTES - 32)
        return err_set(
            err, ERR_USAGE,
            "\"%.*s\": write sasl_user:bob@example.com, client_ip:192.0.2.0/24,"
            " from_domain:example.com, recipient_domain:example.com or "
            "campaign:KEY",
            (int)span_head(text, 100).len, text.at);
    value = span_trim(value);
    kind = span_lower(arena, kind);
    if (span_eq(kind, SPAN("client_ip"))) {
        if (!network_parse(value, &network))
            return err_set(err, ERR_USAGE,
                           "\"%.*s\" is neither an address nor a network whose host "
                           "bits are 0",
                           (int)value.len, value.at);
        *out = span_index(value, '/') >= 0 ? make_key("client_ip", value, arena)
                                           : sender_key(arena, text);
        return 0;
    }
    if (is_by_name(kind))
        *out = make_key(span_cstr(arena, kind), value, arena);
    else if (identity_find(kind) != IDENTITY_UNKNOWN)
        *out = sender_key(arena, text);
    else
        return err_set(err, ERR_USAGE,
                       "\"%.*s\" is none of sasl_user, tls_subject, script, uid, "
                       "client_ip, mail_from, from_domain, recipient_domain, campaign",
                       (int)span_head(kind, 40).len, kind.at);
    return 0;
}

int exemption_set(struct db *db, struct span key, struct span limit_name,
                  int64_t wall_us, int64_t until_us, struct span reason, struct span by,
                  struct err *err)
{
    struct query *query =
        db_query(db,
                 "INSERT OR REPLACE INTO exemption (key, limit_name, since_us, "
                 "until_us, reason, by) VALUES (?1, ?2, ?3, nullif(?4, 0), ?5, ?6)",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, key);
    query_bind_text(query, 2, limit_name);
    query_bind_int(query, 3, wall_us);
    query_bind_int(query, 4, until_us);
    query_bind_text(query, 5, reason);
    query_bind_text(query, 6, by);
    return query_run(query, err);
}

int exemption_remove(struct db *db, struct span key, struct span limit_name,
                     bool *removed, struct err *err)
{
    struct query *query =
        db_query(db, "DELETE FROM exemption WHERE key = ?1 AND limit_name = ?2", err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, key);
    query_bind_text(query, 2, limit_name);
    if (query_run(query, err) != 0)
        return -1;
    *removed = db_changes(db) > 0;
    return 0;
}
