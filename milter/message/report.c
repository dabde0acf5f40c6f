/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/report.h"

#include <string.h>

#include "base/bounds.h"
#include "message/mime.h"
#include "message/report_text.h"

/* A report at work. */
struct reading {
    const struct message *msg;
    struct arena *arena;
    struct report *out;
    const struct part *status;   /* message/delivery-status */
    const struct part *feedback; /* message/feedback-report */
    const struct part *original; /* message/rfc822 or its headers */
    struct span words;           /* what is written for people, up to the original */
    size_t words_bytes;          /* with the original that follows in them */
};

const char *report_kind_name(enum report_kind kind)
{
    static const char *const names[] = {"none",      "bounce", "delay",     "delivered",
                                        "complaint", "other",  "auto-reply"};
    return names[kind];
}

/* ---- parts ---- */

static bool is_type(const struct part *part, const char *type, const char *subtype)
{
    return span_eq(part->type, span_of(type)) &&
           span_eq(part->subtype, span_of(subtype));
}

static bool is_original_part(const struct part *part)
{
    return is_type(part, "message", "rfc822") || is_type(part, "message", "global") ||
           is_type(part, "message", "global-headers") ||
           is_type(part, "text", "rfc822-headers") ||
           is_type(part, "text", "rfc822-header") ||
           is_type(part, "message", "rfc822-headers");
}

/* Inside the original: nothing of it is the report's. */
static bool is_inside(const struct reading *r, int index)
{
    if (r->original == NULL)
        return false;
    int original = (int)(r->original - r->msg->parts);
    while (index > original)
        index = r->msg->parts[index].parent;
    return index == original;
}

static struct span part_bytes(struct reading *r, const struct part *part)
{
    uint32_t defects = 0;
    struct span raw = span_head(part->raw_body, BOUND_REPORT_BYTES);
    if (span_eq(part->encoding, SPAN("base64")))
        return mime_decode_base64(r->arena, raw, &defects);
    if (span_eq(part->encoding, SPAN("quoted-printable")))
        return mime_decode_qp(r->arena, raw, &defects);
    return raw;
}

static void find_parts(struct reading *r)
{
    for (size_t i = 0; i < r->msg->part_count; i++) {
        const struct part *part = &r->msg->parts[i];
        if (is_inside(r, (int)i))
            continue;
        if (i > 0 && r->original == NULL && is_original_part(part))
            r->original = part;
        else if (is_type(part, "message", "delivery-status") ||
                 is_type(part, "message", "global-delivery-status"))
            r->status = r->status != NULL ? r->status : part;
        else if (is_type(part, "message", "feedback-report"))
            r->feedback = r->feedback != NULL ? r->feedback : part;
        else if (r->words.len == 0 && is_type(part, "text", "plain") &&
                 !part->is_multipart)
            r->words = span_head(part->text, BOUND_REPORT_BYTES);
    }
    if (r->words.len == 0)
        r->words = span_head(r->msg->text, BOUND_REPORT_BYTES);
}

/* Header fields at the begin of bytes, as a message of their own. NULL without memory.
 */
static struct message *read_fields(struct reading *r, struct span bytes)
{
    struct message *fields = message_new(r->arena, 1);
    struct span head = span_head(bytes, BOUND_HEADER_BYTES);
    while (head.len > 0 && (head.at[0] == '\n' || head.at[0] == '\r'))
        head = span_from(head, 1);
    ptrdiff_t lf = span_find(head, SPAN("\n\n"));
    ptrdiff_t crlf = span_find(head, SPAN("\r\n\r\n"));
    if (crlf >= 0 && (lf < 0 || crlf < lf))
        lf = crlf;
    if (lf >= 0)
        head = span_head(head, (size_t)lf + 1);
    if (fields != NULL)
        message_read(fields, head);
    return fields;
}

/* ---- the original ---- */

static struct span bare(struct span text)
{
    text = span_trim(text);
    if (text.len >= 2 && text.at[0] == '<' && text.at[text.len - 1] == '>')
        return span_trim((struct span){text.at + 1, text.len - 2});
    return text;
}

static void keep(struct span *into, struct span text)
{
    if (into->len == 0)
        *into = text;
}

/* "id ABC123" of a Received: field (RFC 5321 4.4), without what an MTA hangs on it. */
static struct span received_id(struct span value)
{
    ptrdiff_t at = span_ifind(value, SPAN(" id "));
    if (at < 0)
        return SPAN("");
    struct span id = span_from(value, (size_t)at + 4);
    size_t len = 0;
    while (len < id.len && ascii_is_alnum(id.at[len]))
        len++;
    return len >= 6 && len <= 20 ? span_head(id, len) : SPAN("");
}

static void add_queue_id(struct report *out, struct span id)
{
    if (id.len > 0 && out->queue_id_count < BOUND_REPORT_QUEUE_IDS)
        out->queue_ids[out->queue_id_count++] = id;
}

static void read_original(struct reading *r, struct span bytes)
{
    struct report *out = r->out;
    struct message *fields = bytes.len > 0 ? read_fields(r, bytes) : NULL;
    size_t count;
    if (fields == NULL)
        return;
    keep(&out->message_id, bare(message_value(fields, "Message-ID")));
    keep(&out->subject, message_value(fields, "Subject"));
    keep(&out->mail_from, bare(message_value(fields, "Return-Path")));
    struct mailbox *from = message_mailboxes(fields, "From", &count);
    if (count > 0)
        keep(&out->from, from[0].address);
    for (size_t i = 0; i < message_field_count(fields, "Received"); i++)
        add_queue_id(out, received_id(message_field(fields, "Received", i)->value));
    struct mailbox *to = message_mailboxes(fields, "To", &count);
    if (out->recipient_count == 0 && count > 0 && out->kind == REPORT_BOUNCE) {
        out->recipients[0] =
            (struct report_recipient){.address = to[0].address, .status = SPAN("")};
        out->recipients[0].diagnostic = report_text_line(r->arena, r->words);
        report_text_judge(&out->recipients[0]);
        out->recipient_count = 1;
    }
}

/* ---- delivery status ---- */

/* "rfc822; a@b" (RFC 3464 2.1.2, 2.3.2): what stands after the type. */
static struct span typed(struct span value)
{
    struct span head;
    struct span tail;
    return span_cut(value, ';', &head, &tail) ? span_trim(tail) : span_trim(value);
}

static struct span typed_address(struct span value)
{
    return bare(typed(value));
}

/* field = value of a group; the group's recipient is filled. */
static void read_status_field(struct reading *r, struct report_recipient *now,
                              struct span name, struct span value)
{
    if (span_ieq(name, SPAN("Original-Recipient")))
        now->address = typed_address(value); /* as the sender wrote it */
    else if (span_ieq(name, SPAN("Final-Recipient")))
        keep(&now->address, typed_address(value));
    else if (span_ieq(name, SPAN("Status")))
        now->status = report_status_find(value);
    else if (span_ieq(name, SPAN("Diagnostic-Code")))
        now->diagnostic = report_text_line(r->arena, typed(value));
}

static enum report_kind kind_of_action(struct span action)
{
    if (span_istarts(action, SPAN("delayed")))
        return REPORT_DELAY;
    if (span_istarts(action, SPAN("delivered")) ||
        span_istarts(action, SPAN("relayed")) || span_istarts(action, SPAN("expanded")))
        return REPORT_DELIVERED;
    return REPORT_BOUNCE; /* failed, and what is none of RFC 3464's words */
}

/* One group: per-message fields, or those of a recipient. */
static void read_status_group(struct reading *r, struct span group)
{
    struct report *out = r->out;
    struct message *fields = read_fields(r, group);
    struct report_recipient now = {
        .address = SPAN(""), .status = SPAN(""), .diagnostic = SPAN("")};
    if (fields == NULL)
        return;
    keep(&out->reporter, typed(message_value(fields, "Reporting-MTA")));
    add_queue_id(out, span_trim(message_value(fields, "X-Postfix-Queue-ID")));
    keep(&out->mail_from, typed_address(message_value(fields, "X-Postfix-Sender")));
    if (message_field(fields, "Final-Recipient", 0) == NULL &&
        message_field(fields, "Original-Recipient", 0) == NULL)
        return;
    for (size_t i = 0; i < fields->field_count; i++)
        read_status_field(r, &now, fields->fields[i].name, fields->fields[i].value);
    enum report_kind kind = kind_of_action(span_trim(message_value(fields, "Action")));
    bool is_worse = out->kind == REPORT_NONE || kind == REPORT_BOUNCE;
    if (kind != REPORT_BOUNCE && out->kind == REPORT_BOUNCE)
        return; /* the others got it */
    if (is_worse && out->kind != kind)
        out->recipient_count = 0;
    out->kind = is_worse ? kind : out->kind;
    if (out->recipient_count < BOUND_REPORT_RECIPIENTS)
        out->recipients[out->recipient_count++] = now;
}

/* Groups are parted by empty lines; some MTAs write several in a row. */
static void read_status(struct reading *r, struct span bytes)
{
    struct span rest = bytes;
    struct span line;
    const char *begin = NULL;
    while (report_text_next(&rest, &line)) {
        bool is_empty = span_trim(line).len == 0;
        if (!is_empty && begin == NULL)
            begin = line.at;
        if (is_empty && begin != NULL) {
            read_status_group(r, (struct span){begin, (size_t)(line.at - begin)});
            begin = NULL;
        }
    }
    if (begin != NULL)
        read_status_group(r,
                          (struct span){begin, (size_t)(bytes.at + bytes.len - begin)});
}

/* A recipient's own words come first, then what the text for people says. */
static void judge_recipients(struct reading *r, struct span said)
{
    struct span all = report_text_line(r->arena, said);
    for (size_t i = 0; i < r->out->recipient_count; i++) {
        struct report_recipient *recipient = &r->out->recipients[i];
        bool is_vague =
            recipient->status.len == 0 || span_iends(recipient->status, SPAN(".0.0"));
        struct span exact = report_status_find(recipient->diagnostic);
        if (is_vague && exact.len > 0)
            recipient->status = exact;
        if (recipient->diagnostic.len == 0)
            recipient->diagnostic = all;
        report_text_judge(recipient);
    }
}

/* ---- complaints ---- */

static enum report_kind kind_of_feedback(struct span type)
{
    static const char *const others[] = {"not-spam", "auth-failure", "dmarc"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (span_ieq(type, span_of(others[i])))
            return REPORT_OTHER;
    return REPORT_COMPLAINT;
}

static void read_feedback(struct reading *r)
{
    struct report *out = r->out;
    struct message *fields = read_fields(r, part_bytes(r, r->feedback));
    if (fields == NULL)
        return;
    out->type = span_trim(message_value(fields, "Feedback-Type"));
    out->kind = kind_of_feedback(out->type);
    keep(&out->reporter, message_value(fields, "User-Agent"));
    out->source_ip = span_trim(message_value(fields, "Source-IP"));
    out->mail_from = bare(message_value(fields, "Original-Mail-From"));
    for (size_t i = 0; i < message_field_count(fields, "Original-Rcpt-To") &&
                       out->recipient_count < BOUND_REPORT_RECIPIENTS;
         i++)
        out->recipients[out->recipient_count++] = (struct report_recipient){
            .address = bare(message_field(fields, "Original-Rcpt-To", i)->value),
            .status = SPAN(""),
            .diagnostic = SPAN("")};
}

/* Microsoft's junk mail reports are the bare mail, with the recipient in a field of
 * their own; others say it in the subject. */
static bool is_bare_complaint(const struct reading *r)
{
    struct span subject = message_value(r->msg, "Subject");
    if (r->original == NULL)
        return false;
    return message_field(r->msg, "X-HmXmrOriginalRecipient", 0) != NULL ||
           span_ifind(part_bytes((struct reading *)r, r->original),
                      SPAN("X-HmXmrOriginalRecipient:")) >= 0 ||
           span_istarts(subject, SPAN("complaint about message from")) ||
           span_ifind(subject, SPAN("email feedback report")) >= 0 ||
           span_ifind(subject, SPAN("abuse report")) >= 0;
}

static void read_bare_complaint(struct reading *r)
{
    struct message *fields = read_fields(r, part_bytes(r, r->original));
    r->out->kind = REPORT_COMPLAINT;
    r->out->type = SPAN("abuse");
    if (fields == NULL)
        return;
    struct span to = bare(message_value(fields, "X-HmXmrOriginalRecipient"));
    if (to.len > 0)
        r->out->recipients[r->out->recipient_count++] = (struct report_recipient){
            .address = to, .status = SPAN(""), .diagnostic = SPAN("")};
}

/* ---- bounces for people ---- */

static bool is_from_mailer(const struct message *msg)
{
    size_t count;
    struct span return_path = span_trim(message_value(msg, "Return-Path"));
    struct mailbox *from = message_mailboxes(msg, "From", &count);
    struct span local = count > 0 ? from[0].local : SPAN("");
    static const char *const names[] = {"mailer-daemon", "postmaster", "mailer_daemon",
                                        "mail-daemon",   "mdaemon",    "majordomo"};
    if (span_eq(return_path, SPAN("<>")))
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_ieq(local, span_of(names[i])))
            return true;
    return false;
}

static bool has_bounce_subject(struct span subject)
{
    static const char *const words[] = {
        "undeliver",
        "delivery status",
        "delivery fail",
        "failure notice",
        "returned mail",
        "mail delivery",
        "delivery error",
        "not delivered",
        "failed mail",
        "mail failure",
        "could not be delivered",
        "mail system error",
        "message status",
        "unable to deliver",
        "non remis",
        "no se puede entregar",
        "unzustellbar",
        "mail could not be",
        "delivery report",
        "rejected",
        "error report",
        "failed delivery",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_ifind(subject, span_of(words[i])) >= 0)
            return true;
    return false;
}

static bool is_automatic(const struct message *msg)
{
    struct span value = span_trim(message_value(msg, "Auto-Submitted"));
    return (value.len > 0 && !span_istarts(value, SPAN("no"))) ||
           message_field(msg, "X-Autoreply", 0) != NULL ||
           message_field(msg, "X-Autorespond", 0) != NULL;
}

static void add_failed_field(struct reading *r)
{
    size_t count;
    struct mailbox *failed = message_mailboxes(r->msg, "X-Failed-Recipients", &count);
    for (size_t i = 0; i < count && i < BOUND_REPORT_RECIPIENTS; i++)
        r->out->recipients[r->out->recipient_count++] = (struct report_recipient){
            .address = failed[i].address, .status = SPAN(""), .diagnostic = SPAN("")};
}

/* People write of bounces, too, most of all on lists. */
static bool is_of_list(const struct message *msg)
{
    static const char *const fields[] = {"List-Id",          "List-Post",
                                         "List-Unsubscribe", "X-BeenThere",
                                         "Mailing-List",     "X-Mailing-List"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (message_field(msg, fields[i], 0) != NULL)
            return true;
    return false;
}

/* A line that is an SMTP reply, not a person's sentence about one; or the notice of a
 * mail service in JSON. */
static bool has_reply_line(struct span text)
{
    struct span rest = text;
    struct span line;
    if (span_starts(span_trim(text), SPAN("{\"notificationType\":\"Bounce\"")))
        return true;
    while (report_text_next(&rest, &line)) {
        struct span head = span_head(span_trim(line), 4);
        if (head.len == 4 && report_status_smtp(head) > 0)
            return true;
    }
    return false;
}

/* Whoever sent it: a subject that says so with the original or a reason; or an address
 * or mailbox at fault with the original or what the other side's SMTP server said. */
static bool speaks_of_failure(const struct reading *r, struct span before)
{
    const struct report *out = r->out;
    bool is_known = false;
    bool is_bad_address = false;
    for (size_t i = 0; i < out->recipient_count; i++) {
        enum report_reason reason = out->recipients[i].reason;
        is_known |= reason != REASON_UNKNOWN && reason != REASON_OTHER;
        is_bad_address |= reason == REASON_ADDRESS || reason == REASON_FULL;
    }
    bool has_original = r->original != NULL || before.len < r->words_bytes;
    if (is_of_list(r->msg))
        return false;
    if (has_bounce_subject(message_value(r->msg, "Subject")))
        return is_known || has_original;
    return is_bad_address && (r->original != NULL || has_reply_line(before));
}

static bool is_warning(const struct reading *r, struct span before)
{
    return span_ifind(message_value(r->msg, "Subject"), SPAN("delay")) >= 0 ||
           span_ifind(before, SPAN("warning message only")) >= 0 ||
           span_ifind(before, SPAN("will be retried")) >= 0 ||
           span_ifind(before, SPAN("do not need to resend")) >= 0;
}

static void read_words(struct reading *r, struct span before)
{
    struct report *out = r->out;
    bool is_mailer = is_from_mailer(r->msg) ||
                     message_field(r->msg, "X-Failed-Recipients", 0) != NULL;
    add_failed_field(r);
    report_text_recipients(r->arena, before, out, BOUND_REPORT_RECIPIENTS);
    if (!is_mailer && !speaks_of_failure(r, before)) {
        out->kind = is_automatic(r->msg) ? REPORT_AUTO_REPLY : REPORT_NONE;
        out->recipient_count = 0;
        return;
    }
    out->kind = is_warning(r, before) ? REPORT_DELAY : REPORT_BOUNCE;
}

/* ---- all of it ---- */

static bool begin(struct reading *r, const struct message *msg, struct report *out)
{
    static const struct report nothing = {
        .type = SPAN(""),
        .reporter = SPAN(""),
        .message_id = SPAN(""),
        .mail_from = SPAN(""),
        .from = SPAN(""),
        .subject = SPAN(""),
        .source_ip = SPAN(""),
        .sent_to = SPAN(""),
    };
    *out = nothing;
    *r = (struct reading){.msg = msg, .arena = msg->arena, .out = out};
    out->recipients =
        arena_array(r->arena, BOUND_REPORT_RECIPIENTS + 1, sizeof *out->recipients);
    out->queue_ids =
        arena_array(r->arena, BOUND_REPORT_QUEUE_IDS, sizeof *out->queue_ids);
    return out->recipients != NULL && out->queue_ids != NULL;
}

/* In transcripts the sender is named as well. */
static void drop_sender(struct report *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < out->recipient_count; i++) {
        struct span address = out->recipients[i].address;
        bool is_sender = address.len > 0 && (span_ieq(address, out->mail_from) ||
                                             span_ieq(address, out->from));
        if (!is_sender || out->recipient_count == 1)
            out->recipients[kept++] = out->recipients[i];
    }
    out->recipient_count = kept > 0 ? kept : out->recipient_count;
}

/* A failure of which nothing is known is none; one whose reason alone is not said is
 * one all the same. */
static void drop_empty(struct report *out)
{
    bool is_known = out->message_id.len > 0 || out->queue_id_count > 0;
    for (size_t i = 0; i < out->recipient_count; i++)
        is_known |= out->recipients[i].reason != REASON_UNKNOWN;
    if (out->kind == REPORT_BOUNCE && !is_known)
        out->kind = REPORT_NONE;
    for (size_t i = 0; i < out->recipient_count && out->kind == REPORT_BOUNCE; i++)
        if (out->recipients[i].status.len == 0) {
            out->recipients[i].status = report_status_default(REASON_OTHER, 500);
            out->recipients[i].reason = REASON_OTHER;
        }
}

void report_read(const struct message *msg, struct report *out)
{
    struct reading r;
    size_t count;
    struct span before;
    if (!begin(&r, msg, out))
        return;
    find_parts(&r);
    struct mailbox *to = message_mailboxes(msg, "To", &count);
    out->sent_to = count > 0 ? to[0].address : SPAN("");
    r.words_bytes = r.words.len;
    struct span inline_original = report_text_original(r.words, &before);
    r.words = before;
    if (r.feedback != NULL)
        read_feedback(&r);
    else if (r.status == NULL && is_bare_complaint(&r))
        read_bare_complaint(&r);
    else if (r.status != NULL)
        read_status(&r, part_bytes(&r, r.status));
    if (r.status != NULL && r.feedback == NULL)
        judge_recipients(&r, before);
    if (out->kind == REPORT_NONE)
        read_words(&r, before);
    if (out->kind == REPORT_NONE || out->kind == REPORT_AUTO_REPLY)
        return;
    read_original(&r,
                  r.original != NULL ? part_bytes(&r, r.original) : inline_original);
    if (out->message_id.len == 0 && r.original == NULL) /* its part cannot be found */
        read_original(&r, report_text_original(span_head(msg->body, BOUND_REPORT_BYTES),
                                               &before));
    drop_sender(out);
    drop_empty(out);
}
