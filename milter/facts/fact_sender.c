/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_sender - From:, Sender:, Reply-To: and the addressees, against each other.
 * Pure.
 */
#include "facts/fact_input.h"
#include "facts/fact_lists.h"

enum {
    RECIPIENTS_COMPARED_MOST = 10, /* of the envelope, with To: and Cc: */
    MAILBOXES_COMPARED_MOST = 200,
};

/* The first mailbox's domain as a registrable one; "" if there is none. */
static struct span first_domain(const struct fact_input *in, const char *field)
{
    size_t count;
    struct mailbox *boxes = message_mailboxes(in->msg, field, &count);
    return count > 0 ? fact_registrable(in->arena, boxes[0].domain) : SPAN("");
}

/* The display name holds an address of another domain. */
static bool is_display_address(const struct fact_input *in)
{
    if (in->from_count == 0)
        return false;
    struct span display = in->from[0].display;
    ptrdiff_t at = span_index(display, '@');
    if (at < 1)
        return false;
    struct span rest = span_from(display, (size_t)at + 1);
    size_t len = 0;
    while (len < rest.len &&
           (ascii_is_alnum(rest.at[len]) || rest.at[len] == '.' || rest.at[len] == '-'))
        len++;
    rest.len = len;
    if (span_index(rest, '.') < 1)
        return false;
    struct span shown = url_domain(in->arena, span_lower(in->arena, rest));
    return shown.len > 0 && !span_ieq(shown, in->from_domain);
}

/* text names a brand whose domains do not carry the sender's domain. */
static bool is_brand_foreign(const struct fact_input *in, struct span text)
{
    const char *label = brand_find(text);
    return label != NULL && in->from_domain.len > 0 &&
           span_ifind(in->from_domain, span_of(label)) < 0;
}

static bool has_random_local(const struct fact_input *in)
{
    return in->from_count > 0 && text_is_random(in->from[0].local);
}

static bool is_self_addressed(const struct fact_input *in)
{
    return in->from_count > 0 && in->to_count == 1 && in->to[0].address.len > 0 &&
           span_ieq(in->to[0].address, in->from[0].address);
}

static bool is_named(const struct mailbox *boxes, size_t count, struct span recipient)
{
    for (size_t i = 0; i < count && i < MAILBOXES_COMPARED_MOST; i++)
        if (span_ieq(boxes[i].address, recipient))
            return true;
    return false;
}

/* None of the envelope's first recipients stands in To: or Cc:. */
static bool are_unnamed(const struct fact_input *in)
{
    size_t kept = in->env->recipient_kept;
    for (size_t i = 0; i < kept && i < RECIPIENTS_COMPARED_MOST; i++)
        if (is_named(in->to, in->to_count, in->env->recipients[i]) ||
            is_named(in->cc, in->cc_count, in->env->recipients[i]))
            return false;
    return kept > 0;
}

static void set_from(const struct fact_input *in, struct facts *out)
{
    struct span display = in->from_count > 0 ? in->from[0].display : SPAN("");
    FACT_SET(from_present, in->field[FIELD_FROM] != NULL);
    FACT_SET(from_fields, in->times[FIELD_FROM]);
    FACT_SET(from_mailboxes, in->from_count);
    FACT_SET(from_sound,
             in->times[FIELD_FROM] == 1 && in->from_count > 0 && in->from[0].is_sound);
    FACT_SET(from_display_is_address, is_display_address(in));
    FACT_SET(from_free_mail, list_has(LIST_FREE_MAIL, in->from_domain));
    FACT_SET(from_random, has_random_local(in));
    FACT_SET(from_brand_foreign, is_brand_foreign(in, display));
    FACT_SET(subject_brand_foreign,
             is_brand_foreign(in, span_head(fact_value(in, FIELD_SUBJECT), 1024)));
    FACT_TEXT_SET(from_domain, in->from_domain);
}

static void set_addressees(const struct fact_input *in, struct facts *out)
{
    bool is_present = in->field[FIELD_TO] != NULL || in->field[FIELD_CC] != NULL ||
                      in->field[FIELD_BCC] != NULL;
    FACT_SET(to_present, is_present);
    FACT_SET(to_undisclosed, in->to_count + in->cc_count == 0);
    FACT_SET(to_mailboxes, in->to_count + in->cc_count);
    FACT_SET(to_is_from, is_self_addressed(in));
    FACT_SET(recipients_unnamed, are_unnamed(in));
}

void fact_sender(const struct fact_input *in, struct facts *out)
{
    struct span sender = first_domain(in, "Sender");
    struct span reply = first_domain(in, "Reply-To");
    bool is_reply_foreign =
        reply.len > 0 && in->from_domain.len > 0 && !fact_is_sender_domain(in, reply);
    set_from(in, out);
    FACT_SET(sender_differs, sender.len > 0 && !span_ieq(sender, in->from_domain));
    FACT_SET(reply_to_foreign, is_reply_foreign);
    FACT_SET(reply_to_free_mail, is_reply_foreign && list_has(LIST_FREE_MAIL, reply));
    set_addressees(in, out);
}
