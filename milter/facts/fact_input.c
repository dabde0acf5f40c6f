/* SPDX-License-Identifier: BSD-2-Clause */
#include "facts/fact_input.h"

#include <string.h>

#include "base/bounds.h"

/* Names in lower case, by length: a field is compared with few of them. */
static const struct {
    struct span name;
    enum field_id id;
} field_names[] = {
    {SPAN("to"), FIELD_TO},
    {SPAN("cc"), FIELD_CC},
    {SPAN("bcc"), FIELD_BCC},
    {SPAN("from"), FIELD_FROM},
    {SPAN("date"), FIELD_DATE},
    {SPAN("sender"), FIELD_SENDER},
    {SPAN("subject"), FIELD_SUBJECT},
    {SPAN("list-id"), FIELD_LIST_ID},
    {SPAN("x-msfbl"), FIELD_ESP},
    {SPAN("x-sg-id"), FIELD_ESP},
    {SPAN("received"), FIELD_RECEIVED},
    {SPAN("reply-to"), FIELD_REPLY_TO},
    {SPAN("x-mailer"), FIELD_MAILER},
    {SPAN("priority"), FIELD_PRIORITY},
    {SPAN("x-sg-eid"), FIELD_ESP},
    {SPAN("list-post"), FIELD_LIST_OTHER},
    {SPAN("list-help"), FIELD_LIST_OTHER},
    {SPAN("x-mc-user"), FIELD_ESP},
    {SPAN("message-id"), FIELD_MESSAGE_ID},
    {SPAN("references"), FIELD_REFERENCES},
    {SPAN("user-agent"), FIELD_MAILER},
    {SPAN("precedence"), FIELD_PRECEDENCE},
    {SPAN("importance"), FIELD_PRIORITY},
    {SPAN("list-owner"), FIELD_LIST_OTHER},
    {SPAN("x-priority"), FIELD_PRIORITY},
    {SPAN("x-campaign"), FIELD_ESP},
    {SPAN("in-reply-to"), FIELD_IN_REPLY_TO},
    {SPAN("return-path"), FIELD_RETURN_PATH},
    {SPAN("feedback-id"), FIELD_FEEDBACK_ID},
    {SPAN("x-autoreply"), FIELD_AUTO_REPLY},
    {SPAN("mime-version"), FIELD_MIME_VERSION},
    {SPAN("content-type"), FIELD_CONTENT_TYPE},
    {SPAN("thread-index"), FIELD_THREAD},
    {SPAN("thread-topic"), FIELD_THREAD},
    {SPAN("x-php-script"), FIELD_SCRIPT},
    {SPAN("list-archive"), FIELD_LIST_OTHER},
    {SPAN("x-campaignid"), FIELD_ESP},
    {SPAN("x-mailgun-sid"), FIELD_ESP},
    {SPAN("x-campaign-id"), FIELD_ESP},
    {SPAN("x-autorespond"), FIELD_AUTO_REPLY},
    {SPAN("x-source-args"), FIELD_SCRIPT},
    {SPAN("list-subscribe"), FIELD_LIST_OTHER},
    {SPAN("x-php-filename"), FIELD_SCRIPT},
    {SPAN("x-ses-outgoing"), FIELD_ESP},
    {SPAN("x-report-abuse"), FIELD_ESP},
    {SPAN("auto-submitted"), FIELD_AUTO_SUBMITTED},
    {SPAN("x-mandrill-user"), FIELD_ESP},
    {SPAN("x-kmail-account"), FIELD_ESP},
    {SPAN("x-csa-complaints"), FIELD_ESP},
    {SPAN("list-unsubscribe"), FIELD_LIST_UNSUBSCRIBE},
    {SPAN("x-msmail-priority"), FIELD_PRIORITY},
    {SPAN("x-report-abuse-to"), FIELD_ESP},
    {SPAN("x-mailgun-variables"), FIELD_ESP},
    {SPAN("x-php-originator-uid"), FIELD_SCRIPT},
    {SPAN("list-unsubscribe-post"), FIELD_LIST_POST_FIELD},
    {SPAN("x-php-originating-script"), FIELD_SCRIPT},
    {SPAN("content-transfer-encoding"), FIELD_CONTENT_ENCODING},
};

enum field_id fact_field_id(struct span name)
{
    enum { NAMES = sizeof(field_names) / sizeof(field_names[0]) };
    for (size_t k = 0; k < NAMES && field_names[k].name.len <= name.len; k++)
        if (field_names[k].name.len == name.len && span_ieq(field_names[k].name, name))
            return field_names[k].id;
    return FIELD_OTHER;
}

static void index_fields(struct fact_input *in)
{
    in->kinds = arena_alloc(in->arena, in->msg->field_count);
    if (in->kinds == NULL)
        return;
    in->field_count = in->msg->field_count;
    for (size_t i = 0; i < in->field_count; i++) {
        const struct header_field *field = &in->msg->fields[i];
        enum field_id id = fact_field_id(field->name);
        in->kinds[i] = (unsigned char)id;
        if (in->field[id] == NULL)
            in->field[id] = field;
        in->times[id]++;
    }
}

struct span fact_value(const struct fact_input *in, enum field_id id)
{
    return in->field[id] != NULL ? in->field[id]->value : SPAN("");
}

struct span fact_registrable(struct arena *arena, struct span host)
{
    if (host.len == 0)
        return SPAN("");
    struct span domain = url_domain(arena, host);
    return domain.len > 0 ? domain : span_lower(arena, host);
}

/* The mailboxes of the first field of that name. */
static struct mailbox *read_mailboxes(struct fact_input *in, const char *name,
                                      size_t *count)
{
    struct mailbox *boxes = message_mailboxes(in->msg, name, count);
    if (*count >= BOUND_ADDRESSES)
        in->bounds |= BOUND_BIT_ADDRESSES;
    return boxes;
}

static void read_people(struct fact_input *in)
{
    in->from = read_mailboxes(in, "From", &in->from_count);
    in->to = read_mailboxes(in, "To", &in->to_count);
    in->cc = read_mailboxes(in, "Cc", &in->cc_count);
    if (in->from_count > 0)
        in->from_domain = fact_registrable(in->arena, in->from[0].domain);
    struct span host = address_domain(in->env->mail_from);
    if (in->from_count > 0 && span_ieq(host, in->from[0].domain))
        in->envelope_domain = in->from_domain;
    else
        in->envelope_domain = fact_registrable(in->arena, host);
    if (in->env->recipient_kept > 0) /* lower case: then a search in it is linear */
        in->recipient = span_lower(in->arena, in->env->recipients[0]);
}

bool fact_is_sender_domain(const struct fact_input *in, struct span domain)
{
    return domain.len > 0 &&
           (span_ieq(domain, in->from_domain) || span_ieq(domain, in->envelope_domain));
}

/* A set of spans: open addressing, never more than half full. */
struct span_set {
    size_t *slots; /* index + 1; 0: free */
    size_t mask;
};

static uint32_t set_hash(struct span s)
{
    uint32_t hash = span_hash(SPAN_HASH_SEED, s);
    return hash ^ hash >> 15;
}

static bool set_init(struct span_set *set, struct arena *arena, size_t count)
{
    size_t room = 16;
    while (room < 2 * count)
        room *= 2;
    set->mask = room - 1;
    set->slots = arena_array(arena, room, sizeof(*set->slots));
    return set->slots != NULL;
}

/* The slot of a host by its name; free (0) when it is new. */
static size_t *host_slot(const struct fact_input *in, struct span_set *set,
                         struct span name)
{
    size_t at = set_hash(name) & set->mask;
    while (set->slots[at] != 0 && !span_eq(in->hosts[set->slots[at] - 1].name, name))
        at = (at + 1) & set->mask;
    return &set->slots[at];
}

/* url_domain of a host. The suffix list is not asked for what is known: the sender's
 * own domain, bare or as www. */
static struct span domain_of(const struct fact_input *in, struct span host)
{
    struct span bare = span_starts(host, SPAN("www.")) ? span_from(host, 4) : host;
    if (bare.len > 0 && span_eq(bare, in->from_domain) && span_index(bare, '.') > 0)
        return in->from_domain;
    return url_domain(in->arena, host);
}

static struct fact_host *host_of(struct fact_input *in, struct span_set *set,
                                 const struct url *url)
{
    size_t *slot = host_slot(in, set, url->host);
    if (*slot == 0) {
        struct fact_host *host = &in->hosts[in->host_count];
        host->name = url->host;
        host->is_ip = url->is_ip;
        if (!url->is_ip)
            host->domain = domain_of(in, url->host);
        host->is_foreign = host->domain.len > 0 && in->from_domain.len > 0 &&
                           !fact_is_sender_domain(in, host->domain);
        *slot = ++in->host_count;
    }
    return &in->hosts[*slot - 1];
}

/* True when target was not seen before. */
static bool note_target(const struct fact_input *in, struct span_set *set, size_t index)
{
    struct span target = in->links[index].link->target;
    size_t at = set_hash(target) & set->mask;
    while (set->slots[at] != 0) {
        if (span_eq(in->links[set->slots[at] - 1].link->target, target))
            return false;
        at = (at + 1) & set->mask;
    }
    set->slots[at] = index + 1;
    return true;
}

static bool is_clickable(enum link_origin origin)
{
    return origin == LINK_ANCHOR || origin == LINK_TEXT;
}

/* A reader of HTML does not see the plain text's copy of a link: it is counted only
 * when no anchor goes there. */
static void read_links(struct fact_input *in)
{
    const struct message *msg = in->msg;
    struct span_set targets;
    struct span_set hosts;
    if (msg->link_count == 0)
        return;
    in->links = arena_array(in->arena, msg->link_count, sizeof(*in->links));
    in->hosts = arena_array(in->arena, msg->link_count, sizeof(*in->hosts));
    if (in->links == NULL || in->hosts == NULL ||
        !set_init(&targets, in->arena, msg->link_count) ||
        !set_init(&hosts, in->arena, msg->link_count))
        return;
    in->link_count = msg->link_count;
    for (size_t i = 0; i < msg->link_count; i++) {
        struct fact_link *link = &in->links[i];
        link->link = &msg->links[i];
        bool is_new = note_target(in, &targets, i);
        link->is_parsed = url_parse(in->arena, link->link->target, &link->url);
        if (!link->is_parsed || !link->url.is_web || link->url.host.len == 0)
            continue;
        link->host = host_of(in, &hosts, &link->url);
        link->is_counted = is_clickable(link->link->origin) &&
                           (is_new || link->link->origin == LINK_ANCHOR);
        link->host->links += link->is_counted;
        in->counted_links += link->is_counted;
    }
}

static void count_images(struct fact_input *in)
{
    for (size_t i = 0; i < in->msg->image_count; i++)
        if (in->msg->images[i].is_hidden)
            in->hidden_images++;
        else
            in->shown_images++;
}

void fact_input_build(struct fact_input *in, const struct message *msg,
                      const struct envelope *env, const struct past *past,
                      int64_t now_s)
{
    static const struct past nothing;
    static const struct authentication nobody;
    memset(in, 0, sizeof(*in));
    in->past = past != NULL ? past : &nothing;
    in->auth = env->authentication != NULL ? env->authentication : &nobody;
    in->msg = msg;
    in->env = env;
    in->now_s = now_s;
    in->arena = msg->arena;
    in->from_domain = in->envelope_domain = in->recipient = SPAN("");
    index_fields(in);
    read_people(in);
    read_links(in);
    count_images(in);
    text_scan(fact_value(in, FIELD_SUBJECT), &in->subject);
    text_scan(msg->text, &in->text);
}
