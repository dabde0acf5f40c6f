/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_bulk - unsubscribe fields and links, and whether the message owes them.
 *
 * looks_bulk weighs signs and is set from BULK_LEAST on. A personal mail, an automatic
 * answer, a bounce and a receipt owe no unsubscribe link and should stay below: a
 * reply and a transactional subject weigh against it.
 * Pure.
 */
#include <string.h>

#include "facts/fact_input.h"

enum {
    BULK_LEAST = 3,
    NEAR_BYTES = 200,          /* a link stands beside the words within this distance */
    TARGET_BYTES = 1024,       /* of a target looked at */
    MANY_RECIPIENTS = 20,      /* chosen: more than a person writes to */
    VERY_MANY_RECIPIENTS = 100 /* RFC 5321 4.5.3.1.8 */
};

/* The URIs of a List-* field (RFC 2369 section 2): in angle brackets; what stands
 * outside of them is comment. */
struct uri_sum {
    size_t usable; /* http, https or mailto with something after it */
    size_t https;
};

static bool is_long_with(struct span uri, struct span scheme)
{
    return uri.len > scheme.len && span_istarts(uri, scheme);
}

static struct uri_sum read_uris(struct span value)
{
    struct uri_sum sum = {0, 0};
    struct span before;
    struct span uri;
    while (span_cut(value, '<', &before, &value)) {
        if (!span_cut(value, '>', &uri, &value))
            break;
        uri = span_trim(uri);
        bool is_https = is_long_with(uri, SPAN("https://"));
        sum.https += is_https;
        sum.usable += is_https || is_long_with(uri, SPAN("http://")) ||
                      is_long_with(uri, SPAN("mailto:"));
    }
    return sum;
}

static bool says_unsubscribe(struct span text)
{
    text = span_head(text, NEAR_BYTES);
    for (size_t i = 0; i < text.len; i++) {
        bool is_start = i == 0 || (!ascii_is_alnum(text.at[i - 1]) &&
                                   (unsigned char)text.at[i - 1] < 0x80);
        if (is_start && wording_at(text, i) == WORDING_UNSUBSCRIBE)
            return true;
    }
    return false;
}

static bool goes_to_unsubscribe(struct span target)
{
    static const struct span stems[] = {
        SPAN("unsub"),      SPAN("optout"),    SPAN("opt-out"),  SPAN("opt_out"),
        SPAN("desinscri"),  SPAN("desabon"),   SPAN("desuscri"), SPAN("abmeld"),
        SPAN("abbestell"),  SPAN("austrag"),   SPAN("disiscri"), SPAN("descadastr"),
        SPAN("uitschrij"),  SPAN("afmeld"),    SPAN("removeme"), SPAN("cancelar-"),
        SPAN("cancelarsu"), SPAN("cancellaz"),
    };
    target = span_head(target, TARGET_BYTES);
    for (size_t i = 0; i + 5 <= target.len; i++) {
        char first = ascii_lower(target.at[i]);
        if (first == '\0' || strchr("uodarc", first) == NULL)
            continue;
        for (size_t k = 0; k < sizeof(stems) / sizeof(stems[0]); k++)
            if (stems[k].at[0] == first && span_istarts(span_from(target, i), stems[k]))
                return true;
    }
    return false;
}

/* "To unsubscribe, click here": the words in the text, a link's text beside them. */
static bool stands_near(const struct fact_input *in)
{
    size_t at = in->text.unsubscribe_at;
    size_t start = at > NEAR_BYTES ? at - NEAR_BYTES : 0;
    struct span window =
        span_head(span_from(in->msg->text, start), at - start + (size_t)NEAR_BYTES);
    for (size_t i = 0; i < in->link_count; i++) {
        const struct link *link = in->links[i].link;
        struct span text = span_trim(link->text);
        if (link->origin != LINK_ANCHOR)
            text = link->target;
        if (text.len > 0 && span_find(window, text) >= 0)
            return true;
    }
    return false;
}

static bool has_unsubscribe_link(const struct fact_input *in)
{
    if (in->link_count == 0)
        return false;
    if (in->text.wording[WORDING_UNSUBSCRIBE] > 0 && stands_near(in))
        return true;
    for (size_t i = 0; i < in->link_count; i++) {
        const struct link *link = in->links[i].link;
        if ((link->origin == LINK_ANCHOR || link->origin == LINK_TEXT) &&
            (goes_to_unsubscribe(link->target) ||
             (link->origin == LINK_ANCHOR && says_unsubscribe(link->text))))
            return true;
    }
    return false;
}

static int header_signs(const struct fact_input *in)
{
    struct span precedence = fact_value(in, FIELD_PRECEDENCE);
    int signs = 0;
    if (in->field[FIELD_LIST_ID] != NULL || in->field[FIELD_LIST_UNSUBSCRIBE] != NULL ||
        in->field[FIELD_LIST_OTHER] != NULL)
        signs += 3;
    if (span_ieq(precedence, SPAN("bulk")) || span_ieq(precedence, SPAN("list")))
        signs += 3; /* it says so itself */
    else if (span_ieq(precedence, SPAN("junk")))
        signs += 2;
    signs += in->field[FIELD_FEEDBACK_ID] != NULL;
    signs += in->field[FIELD_ESP] != NULL;
    if (in->env->recipient_count >= VERY_MANY_RECIPIENTS)
        signs += 3;
    else if (in->env->recipient_count >= MANY_RECIPIENTS)
        signs += 2;
    return signs;
}

static int body_signs(const struct fact_input *in, bool has_link)
{
    const size_t *wording = in->text.wording;
    int signs = 0;
    if (has_link || wording[WORDING_UNSUBSCRIBE] > 0)
        signs += 2;
    if (wording[WORDING_BROWSER] > 0)
        signs += 2;
    signs += wording[WORDING_NEWSLETTER] > 0;
    signs += in->counted_links >= 5 && in->shown_images >= 3;
    signs += in->counted_links >= 15 && in->shown_images >= 8;
    signs += in->hidden_images > 0;
    return signs;
}

static bool is_automatic(const struct fact_input *in)
{
    struct span value = fact_value(in, FIELD_AUTO_SUBMITTED);
    return (value.len > 0 && !span_istarts(value, SPAN("no"))) ||
           in->field[FIELD_AUTO_REPLY] != NULL;
}

static bool is_report(const struct message *msg)
{
    for (size_t i = 0; i < msg->part_count && i < 8; i++)
        if (span_eq(msg->parts[i].type, SPAN("message")) &&
            span_eq(msg->parts[i].subtype, SPAN("delivery-status")))
            return true;
    return false;
}

static int count_signs(const struct fact_input *in, bool has_link)
{
    int signs = header_signs(in) + body_signs(in, has_link);
    if (in->subject.wording[WORDING_RECEIPT] > 0)
        signs -= 2;
    if (in->field[FIELD_IN_REPLY_TO] != NULL || in->field[FIELD_REFERENCES] != NULL)
        signs -= 2;
    return signs > 0 ? signs : 0;
}

static struct span list_id(struct arena *arena, struct span value)
{
    struct span before;
    struct span inner;
    struct span rest;
    if (span_cut(value, '<', &before, &rest) && span_cut(rest, '>', &inner, &rest))
        value = inner;
    return span_lower(arena, span_trim(value));
}

void fact_bulk(const struct fact_input *in, struct facts *out)
{
    struct span post = span_trim(fact_value(in, FIELD_LIST_POST_FIELD));
    struct uri_sum uris = {0, 0};
    if (in->times[FIELD_LIST_UNSUBSCRIBE] == 1)
        uris = read_uris(fact_value(in, FIELD_LIST_UNSUBSCRIBE));
    bool has_link = has_unsubscribe_link(in);
    bool is_bounce = in->env->is_null_sender || is_report(in->msg);
    int signs = count_signs(in, has_link);
    FACT_SET(list_unsubscribe, uris.usable > 0);
    FACT_SET(list_unsubscribe_present, in->times[FIELD_LIST_UNSUBSCRIBE] > 0);
    FACT_SET(list_unsubscribe_one_click,
             uris.https > 0 && in->times[FIELD_LIST_POST_FIELD] == 1 &&
                 span_ieq(post, SPAN("List-Unsubscribe=One-Click")));
    FACT_SET(unsubscribe_link, has_link);
    FACT_SET(bulk_signs, signs);
    FACT_SET(looks_bulk, signs >= BULK_LEAST && !is_automatic(in) && !is_bounce);
    FACT_TEXT_SET(list_id, list_id(in->arena, fact_value(in, FIELD_LIST_ID)));
    FACT_TEXT_SET(precedence,
                  span_lower(in->arena, span_trim(fact_value(in, FIELD_PRECEDENCE))));
    FACT_SET(auto_submitted, is_automatic(in));
    FACT_SET(is_bounce, is_bounce);
}
