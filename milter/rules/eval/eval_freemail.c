/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_freemail - FreeMail: mailboxes that anybody can have, in the header and the
 * body. Source: Mail::SpamAssassin::Plugin::FreeMail(3pm) and its behaviour.
 */
#include <string.h>

#include "base/bounds.h"
#include "message/address.h"
#include "message/url.h"
#include "rules/eval/eval_address.h"
#include "rules/eval/eval_function.h"

enum { LOCAL_MOST = 64, DOMAIN_MOST = 250, LINKED_MOST = 20, FOUND_MOST = 40 };

/* Free mailboxes in the body; is_over: too many addresses to say anything. */
struct eval_found {
    struct span all[FOUND_MOST];
    size_t count;
    struct span free[FOUND_MOST];
    size_t free_count;
    bool is_over;
};

static bool is_free(struct eval_scene *scene, struct span email)
{
    const struct eval_lists *lists = &scene->settings->lists;
    const struct eval_list *exceptions =
        eval_lists_find(lists, SPAN("freemail_welcomelist"));
    struct span domain = address_domain(email);

    return domain.len > 0 && !eval_list_has(exceptions, email, false) &&
           !eval_list_has(exceptions, domain, false) &&
           eval_list_has(eval_lists_find(lists, SPAN("freemail_domains")), domain,
                         true) &&
           !scene_match(scene, EVAL_FREE_ROLE, email);
}

/* ---- addresses in running text ---- */

static bool is_local_char(char c)
{
    return ascii_is_alnum(c) ||
           (c != '\0' && strchr("!#$%&'*+/=?^_`{|}~-.", c) != NULL);
}

/* The local part before the @ at that place: where it begins, or at itself. */
static size_t local_start(struct span s, size_t at)
{
    size_t from = at;

    while (from > 0 && at - from < LOCAL_MOST && is_local_char(s.at[from - 1]) &&
           !(s.at[from - 1] == '.' && from < at && s.at[from] == '.'))
        from--;
    while (from < at && s.at[from] == '.')
        from++;
    return at > 0 && s.at[at - 1] == '.' ? at : from;
}

/* The domain behind it: its longest part that ends in a top-level domain. */
static size_t domain_len(struct span s)
{
    size_t len = 0;

    while (len < s.len && len < DOMAIN_MOST &&
           (ascii_is_alnum(s.at[len]) || s.at[len] == '-' || s.at[len] == '.') &&
           !(s.at[len] == '.' && (len == 0 || s.at[len - 1] == '.')))
        len++;
    while (len > 0 && (s.at[len - 1] == '.' || s.at[len - 1] == '-'))
        len--;
    while (len > 0) {
        struct span host = span_head(s, len);
        ptrdiff_t dot = span_rindex(host, '.');
        if (dot < 1)
            return 0;
        if (url_has_known_tld(host))
            return len;
        len = (size_t)dot;
    }
    return 0;
}

static void note(struct eval_scene *scene, struct eval_found *found, struct span email)
{
    email = span_lower(scene->msg->arena, email);
    for (size_t i = 0; i < found->count; i++)
        if (span_eq(found->all[i], email))
            return;
    if (found->count < FOUND_MOST)
        found->all[found->count++] = email;
}

/* An address within a URL is no mailbox. */
static bool is_in_url(struct span s, size_t from)
{
    size_t start = from;

    while (start > 0 && from - start < 255 && !ascii_is_space(s.at[start - 1]))
        start--;
    struct span before = {s.at + start, from - start};
    return span_ifind(before, SPAN("http://")) >= 0 ||
           span_ifind(before, SPAN("https://")) >= 0;
}

/* `a@b>`, and `a@b wrote:`: of somebody who is quoted. */
static bool is_quoted(struct span s, size_t from, size_t end)
{
    static const char *const own[] = {"fax",  "facsi",  "tel",  "phone",
                                      "mail", "e-mail", "email"};
    struct span rest = span_from(s, end);
    size_t blanks = 0, letters = 0;

    if (from >= 7 && span_eq((struct span){s.at + from - 7, 7}, SPAN("mailto:")))
        return false;
    if (span_starts(rest, SPAN(">")))
        return true;
    while (blanks < rest.len && blanks < 10 && ascii_is_space(rest.at[blanks]))
        blanks++;
    rest = span_from(rest, blanks);
    while (letters < rest.len && letters <= 11 && ascii_is_alpha(rest.at[letters]))
        letters++;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (span_istarts(rest, span_of(own[i])))
            return false;
    return blanks > 0 && letters >= 2 && letters <= 11 && letters < rest.len &&
           rest.at[letters] == ':';
}

static void find_in_text(struct eval_scene *scene, struct eval_found *found,
                         struct span s)
{
    for (size_t i = 0; i < s.len && found->count < FOUND_MOST;) {
        ptrdiff_t step = span_index(span_from(s, i), '@');
        if (step < 0)
            return;
        size_t at = i + (size_t)step, from = local_start(s, at);
        size_t len = from < at ? domain_len(span_from(s, at + 1)) : 0;
        i = at + 1 + len;
        if (len > 0 && !is_in_url(s, from) && !is_quoted(s, from, i))
            note(scene, found, (struct span){s.at + from, i - from});
    }
}

/* A link that is spelt out counts as text, where who is quoted does not count. */
static bool is_spelt_out(struct eval_scene *scene, struct span address)
{
    const struct rule_texts *body = scene_body(scene);

    for (size_t i = 0; i < body->count; i++)
        if (span_find(body->at[i].bytes, address) >= 0)
            return true;
    return false;
}

static void find_in_links(struct eval_scene *scene, struct eval_found *found)
{
    const struct message *msg = scene->msg;

    for (size_t i = 0; i < msg->link_count && found->count < LINKED_MOST; i++) {
        struct span target = msg->links[i].target;
        if (msg->links[i].origin != LINK_ANCHOR ||
            !span_istarts(target, SPAN("mailto:")))
            continue;
        target = span_from(target, 7);
        ptrdiff_t at = span_index(target, '@');
        if (at < 1 || local_start(target, (size_t)at) != 0)
            continue;
        size_t len = domain_len(span_from(target, (size_t)at + 1));
        target = span_head(target, (size_t)at + 1 + len);
        if (len > 0 && !is_spelt_out(scene, target))
            note(scene, found, target);
    }
}

/* The limits count addresses in the order found. */
static void judge(struct eval_scene *scene, struct eval_found *found)
{
    const struct eval_settings *settings = scene->settings;

    for (size_t i = 0; i < found->count && !found->is_over; i++) {
        bool is_last = i + 1 == settings->max_body_emails;
        if (!is_last || !settings->skips_when_over_max) {
            if (!is_free(scene, found->all[i]))
                continue;
            found->free[found->free_count++] = found->all[i];
            is_last = found->free_count == settings->max_body_free_mails;
        }
        found->is_over = is_last && settings->skips_when_over_max;
    }
}

static const struct eval_found *found_of(struct eval_scene *scene)
{
    static const struct eval_found none = {.is_over = true};
    const struct rule_texts *body;

    if (scene->found != NULL)
        return scene->found;
    scene->found = arena_alloc(scene->msg->arena, sizeof *scene->found);
    if (scene->found == NULL)
        return &none;
    find_in_links(scene, scene->found);
    body = scene_body(scene);
    for (size_t i = 0; i < body->count; i++)
        find_in_text(scene, scene->found, body->at[i].bytes);
    judge(scene, scene->found);
    return scene->found;
}

/* ---- functions ---- */

static bool any_free(struct eval_scene *scene, const struct eval_address_list *list,
                     const struct pattern *pattern)
{
    for (size_t i = 0; i < list->count; i++)
        if (is_free(scene, list->at[i]) &&
            (pattern == NULL || scene_match_pattern(scene, pattern, list->at[i])))
            return true;
    return false;
}

static bool check_header(struct eval_scene *scene, const struct eval_call *call)
{
    struct eval_address_list list =
        eval_field_addresses(scene, call->arguments[0].text);

    return any_free(scene, &list, call->arguments[1].pattern);
}

static bool check_from(struct eval_scene *scene, const struct eval_call *call)
{
    struct eval_address_list list = eval_senders(scene);

    return any_free(scene, &list, call->arguments[0].pattern);
}

static bool check_body(struct eval_scene *scene, const struct eval_call *call)
{
    const struct eval_found *found = found_of(scene);
    const struct pattern *pattern = call->arguments[0].pattern;

    for (size_t i = 0; !found->is_over && i < found->free_count; i++)
        if (pattern == NULL || scene_match_pattern(scene, pattern, found->free[i]))
            return true;
    return false;
}

static bool have_common(const struct eval_address_list *a,
                        const struct eval_address_list *b)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < b->count; k++)
            if (span_eq(a->at[i], b->at[k]))
                return true;
    return false;
}

static bool check_replyto(struct eval_scene *scene, const struct eval_call *call)
{
    struct eval_address_list from = eval_field_addresses(scene, SPAN("From"));
    struct eval_address_list reply = eval_field_addresses(scene, SPAN("Reply-To"));
    bool is_from_free = any_free(scene, &from, NULL);
    bool is_reply_free = any_free(scene, &reply, NULL);
    bool is_reply_only = call->arguments[0].is_open || call->arguments[0].id == 0;
    const struct eval_address_list *mine =
        is_reply_only || is_reply_free ? &reply : &from;
    const struct eval_found *found;

    if (scene->settings->skips_bulk_sender &&
        scene_match(scene, EVAL_BULK_SENDER, scene_first(scene, "EnvelopeFrom")))
        return false;
    if (is_from_free && is_reply_free && !have_common(&from, &reply))
        return true;
    if (is_reply_only ? !is_reply_free
                      : (reply.count > 0 && !is_reply_free) || !is_from_free)
        return false;
    found = found_of(scene);
    for (size_t i = 0; !found->is_over && i < found->free_count; i++)
        for (size_t k = 0; k < mine->count; k++)
            if (!span_eq(found->free[i], mine->at[k]))
                return true;
    return false;
}

static const char *const replies[] = {"replyto", "reply", NULL};

static const struct eval_function functions[] = {
    {"check_freemail_header", "t|r", NULL, check_header,
     "The field holds a free mailbox, which matches."},
    {"check_freemail_from", "|r", NULL, check_from,
     "One of the senders is a free mailbox, which matches."},
    {"check_freemail_body", "|r", NULL, check_body,
     "The body names a free mailbox, which matches."},
    {"check_freemail_replyto", "|i", replies, check_replyto,
     "Answers go to a free mailbox, and From: or the body names another one."},
};

const struct eval_module outgate_eval_freemail = {
    "FreeMail", functions, sizeof functions / sizeof functions[0]};
