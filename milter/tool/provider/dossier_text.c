/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/provider/dossier_text.h"

#include "message/message.h"
#include "store/audit.h"
#include "tool/print.h"
#include "tool/rate.h"

#define DAY_US INT64_C(86400000000)

enum {
    HEADER_BYTES = 4 << 20,  /* memory for one header, parsed */
    SIGNATURES = 10,         /* fields of one name that are shown */
    RECENT_MESSAGES = 10000, /* of a sender, looked at one by one */
};

static const char *escape(struct tool *tool, struct span text)
{
    return print_escape(tool->arena, text);
}

/* For people of another time zone. */
static const char *utc(struct tool *tool, int64_t at_us)
{
    char *text = arena_alloc(tool->arena, 32);
    return text != NULL ? audit_time_text(at_us, text) : "";
}

/* "name:   value", nothing for an empty one. */
static void field(struct tool *tool, struct buf *out, const char *name,
                  struct span value)
{
    if (value.len == 0)
        return;
    buf_printf(out, "%-16s ", name);
    buf_add_span(out, span_of(escape(tool, value)));
    buf_add_char(out, '\n');
}

static void heading(struct buf *out, const char *text)
{
    buf_printf(out, "\n%s\n", text);
    for (const char *p = text; *p != '\0'; p++)
        buf_add_char(out, '-');
    buf_add_char(out, '\n');
}

static struct query *ask(struct tool *tool, const char *sql, int64_t number,
                         struct err *err)
{
    struct query *query = db_query(tool->db, sql, err);
    if (query != NULL)
        query_bind_int(query, 1, number);
    return query;
}

/* ---- one message ---- */

static void write_envelope(struct tool *tool, const struct dossier_message *message,
                           struct buf *out)
{
    const struct record *r = &message->record;
    buf_printf(out, "%-16s %lld\n", "log id", (long long)r->id);
    field(tool, out, "Message-ID", r->message_id);
    field(tool, out, "sent", span_of(utc(tool, r->at_us)));
    field(tool, out, "subject", r->subject);
    field(tool, out, "from", r->header_from);
    field(tool, out, "envelope from", r->mail_from.len > 0 ? r->mail_from : SPAN("<>"));
    field(tool, out, "envelope to", r->rcpt_to);
    buf_printf(out, "%-16s %lld\n", "recipients", (long long)r->recipients);
    buf_printf(out, "%-16s %lld bytes\n", "size", (long long)r->size_bytes);
    field(tool, out, "queue id", r->queue_id);
    field(tool, out, "account", r->sender);
    field(tool, out, "client", r->client_ip);
    field(tool, out, "helo", r->helo);
    field(tool, out, "script", r->script);
    field(tool, out, "went to", message->relay);
    field(tool, out, "provider said", message->said_at);
}

static void write_header_fields(struct tool *tool, const struct message *msg,
                                const char *name, struct buf *out, size_t *shown)
{
    for (size_t i = 0; i < SIGNATURES; i++) {
        const struct header_field *found = message_field(msg, name, i);
        if (found == NULL)
            return;
        buf_printf(out, "  %s: ", name);
        buf_add_span(out,
                     span_of(escape(tool, span_head(span_trim(found->value), 500))));
        buf_add_char(out, '\n');
        (*shown)++;
    }
}

/* What the header claims: anybody can write such a field. */
static int write_claims(struct tool *tool, const struct dossier_message *message,
                        struct buf *out, struct err *err)
{
    static const char *const names[] = {"DKIM-Signature", "Authentication-Results",
                                        "ARC-Authentication-Results", "Received-SPF"};
    size_t shown = 0;
    if (message->eml.len == 0) {
        buf_add_span(out, SPAN("not recorded, and no header was kept\n"));
        return 0;
    }
    struct arena *arena = arena_new(HEADER_BYTES);
    struct message *msg = arena != NULL ? message_new(arena, 1) : NULL;
    if (msg == NULL) {
        arena_free(&arena);
        return err_set(err, ERR_MEMORY, "out of memory");
    }
    message_read(msg, message->headers);
    buf_add_span(out, SPAN("as the header says it, NOT verified by outgate:\n"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        write_header_fields(tool, msg, names[i], out, &shown);
    if (shown == 0)
        buf_add_span(out, SPAN("  the header kept has no signature and no result\n"));
    arena_free(&arena);
    return 0;
}

static int write_authentication(struct tool *tool,
                                const struct dossier_message *message, struct buf *out,
                                struct err *err)
{
    const struct record *r = &message->record;
    bool is_recorded = r->spf.len + r->dkim.len + r->dmarc.len > 0;
    heading(out, "Authentication");
    if (is_recorded)
        buf_add_span(out, SPAN("as outgate worked it out when the message was sent, "
                               "for this server's address:\n"));
    field(tool, out, "  SPF", r->spf);
    field(tool, out, "  DKIM", r->dkim);
    field(tool, out, "  DMARC", r->dmarc);
    field(tool, out, "  in full", r->authentication);
    return is_recorded ? 0 : write_claims(tool, message, out, err);
}

static int write_answer(struct tool *tool, const struct dossier_message *message,
                        struct buf *out, struct err *err)
{
    const struct record *r = &message->record;
    char number[PRINT_AGE_BYTES];
    heading(out, "What outgate measured");
    buf_printf(out, "%-16s %s (5 is spam, as in SpamAssassin)\n", "score",
               print_number(r->score, number));
    field(tool, out, "answer", r->action_text);
    field(tool, out, "because", r->reason);
    struct query *query = ask(tool,
                              "SELECT rule, score FROM hit WHERE message = ?1 ORDER BY "
                              "score DESC, rule",
                              r->id, err);
    int step = -1;
    while (query != NULL && (step = query_step(query, err)) == 1)
        buf_printf(out, "  %7.2f  %s\n", query_double(query, 1),
                   escape(tool, query_text(query, 0)));
    buf_printf(out, "%s\n",
               message->facts.len > 0 ? "every figure: facts.json"
                                      : "the figures were not kept");
    return step;
}

static int write_feedback(struct tool *tool, const struct dossier_message *message,
                          struct buf *out, struct err *err)
{
    size_t rows = 0;
    heading(out, "What recipients answered");
    struct query *query =
        ask(tool,
            "SELECT at_us, kind, recipient, status, reason, detail FROM feedback "
            "WHERE message = ?1 ORDER BY id LIMIT 100",
            message->record.id, err);
    int step = -1;
    while (query != NULL && (step = query_step(query, err)) == 1) {
        buf_printf(out, "  %s  %s", utc(tool, query_int(query, 0)),
                   escape(tool, query_text(query, 1)));
        for (int i = 2; i < 6; i++) {
            buf_add_span(out, SPAN("  "));
            buf_add_span(out,
                         span_of(escape(tool, span_head(query_text(query, i), 300))));
        }
        buf_add_char(out, '\n');
        rows++;
    }
    if (rows == 0)
        buf_add_span(out, SPAN("no bounce and no complaint about it is known\n"));
    return step;
}

int dossier_text_message(struct tool *tool, const struct dossier_message *message,
                         struct buf *out, struct err *err)
{
    write_envelope(tool, message, out);
    if (write_authentication(tool, message, out, err) != 0 ||
        write_answer(tool, message, out, err) != 0)
        return -1;
    return write_feedback(tool, message, out, err);
}

/* ---- senders ---- */

static int write_volume(struct tool *tool, struct span sender, const char *name,
                        int64_t since_us, int64_t until_us, struct buf *out,
                        struct err *err)
{
    struct rate_volume volume;
    if (rate_volume(tool, sender, since_us, until_us, &volume, err) != 0)
        return -1;
    buf_printf(out,
               "  %-14s %lld messages to %lld recipients, %lld held, deferred or "
               "refused\n",
               name, (long long)volume.messages, (long long)volume.recipients,
               (long long)volume.stopped);
    return 0;
}

/* The first message of the log, or what the history knows of before it. */
static int first_seen(struct tool *tool, struct span sender, int64_t *first_us,
                      struct err *err)
{
    struct query *query =
        db_query(tool->db,
                 "SELECT min(coalesce((SELECT min(at_us) FROM message WHERE sender = "
                 "?1), ?2), coalesce((SELECT first_us FROM sender_seen WHERE sender = "
                 "?1), ?2))",
                 err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, sender);
    query_bind_int(query, 2, tool_now_us());
    if (query_step(query, err) < 0)
        return -1;
    *first_us = query_int(query, 0);
    query_reset(query);
    return 0;
}

static int write_recent(struct tool *tool, struct span sender, struct buf *out,
                        struct err *err)
{
    struct query *query = db_query(
        tool->db,
        "SELECT count(*), coalesce(sum(action IN ('accept', 'slow')), 0), "
        "coalesce(sum(action = 'hold'), 0), coalesce(sum(action = 'defer'), 0), "
        "coalesce(sum(action = 'reject'), 0), count(DISTINCT client_ip), "
        "coalesce(avg(score), 0), coalesce(max(score), 0) FROM (SELECT action, "
        "client_ip, score FROM message WHERE sender = ?1 ORDER BY at_us DESC LIMIT ?2)",
        err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, sender);
    query_bind_int(query, 2, RECENT_MESSAGES);
    if (query_step(query, err) < 0)
        return -1;
    buf_printf(out,
               "of its last %lld messages in the log: %lld let go, %lld held, %lld "
               "deferred, %lld refused; from %lld addresses; score %.1f on average, "
               "%.1f at most\n",
               (long long)query_int(query, 0), (long long)query_int(query, 1),
               (long long)query_int(query, 2), (long long)query_int(query, 3),
               (long long)query_int(query, 4), (long long)query_int(query, 5),
               query_double(query, 6), query_double(query, 7));
    query_reset(query);
    return 0;
}

static int write_answers(struct tool *tool, struct span sender, struct buf *out,
                         struct err *err)
{
    struct query *query = db_query(
        tool->db,
        "SELECT coalesce(sum(kind = 'bounce'), 0), coalesce(sum(kind = 'bounce' AND "
        "is_counted), 0), coalesce(sum(kind = 'complaint'), 0), (SELECT count(*) FROM "
        "provider_report WHERE sender = ?1) FROM feedback WHERE sender = ?1",
        err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, sender);
    if (query_step(query, err) < 0)
        return -1;
    buf_printf(out,
               "%lld bounces (%lld permanent and the sender's doing), %lld complaints, "
               "named by the provider in %lld messages\n",
               (long long)query_int(query, 0), (long long)query_int(query, 1),
               (long long)query_int(query, 2), (long long)query_int(query, 3));
    query_reset(query);
    return 0;
}

static int write_blocked(struct tool *tool, struct span sender, struct buf *out,
                         struct err *err)
{
    struct query *query = db_query(tool->db,
                                   "SELECT since_us, reason FROM blocked_sender WHERE "
                                   "sender = ?1 AND (until_us IS NULL OR until_us > "
                                   "?2)",
                                   err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, sender);
    query_bind_int(query, 2, tool_now_us());
    int rc = query_step(query, err);
    if (rc == 1)
        buf_printf(out, "BLOCKED here since %s: %s\n", utc(tool, query_int(query, 0)),
                   escape(tool, query_text(query, 1)));
    query_reset(query);
    return rc < 0 ? -1 : 0;
}

static int write_sender(struct tool *tool, struct span sender, struct buf *out,
                        struct err *err)
{
    int64_t now_us = tool_now_us();
    int64_t first_us;
    buf_add_char(out, '\n');
    buf_add_span(out, span_of(escape(tool, sender)));
    buf_add_char(out, '\n');
    if (first_seen(tool, sender, &first_us, err) != 0)
        return -1;
    buf_printf(out, "known here since %s\n", utc(tool, first_us));
    if (write_volume(tool, sender, "last 24 hours", now_us - DAY_US, now_us, out,
                     err) != 0 ||
        write_volume(tool, sender, "last 7 days", now_us - 7 * DAY_US, now_us, out,
                     err) != 0 ||
        write_volume(tool, sender, "last 30 days", now_us - 30 * DAY_US, now_us, out,
                     err) != 0 ||
        write_recent(tool, sender, out, err) != 0 ||
        write_answers(tool, sender, out, err) != 0)
        return -1;
    return write_blocked(tool, sender, out, err);
}

static bool is_first_of(const struct dossier *dossier, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (span_eq(dossier->messages[i].record.sender,
                    dossier->messages[at].record.sender))
            return false;
    return true;
}

int dossier_text_senders(struct tool *tool, const struct dossier *dossier,
                         struct buf *out, struct err *err)
{
    buf_printf(out, "Who sent these messages, as this server's log knows it (%s)\n",
               utc(tool, dossier->made_us));
    for (size_t i = 0; i < dossier->message_count; i++)
        if (is_first_of(dossier, i) &&
            write_sender(tool, dossier->messages[i].record.sender, out, err) != 0)
            return -1;
    return 0;
}

/* ---- README ---- */

enum language { ENGLISH = 0, FRENCH, LANGUAGES };

/* What is said in both. */
enum phrase {
    SAY_TITLE,
    SAY_ADDRESS,
    SAY_NO_ADDRESS,
    SAY_CUT,
    SAY_MESSAGES,
    SAY_FILES,
    SAY_MISSING,
    SAY_COMPLETE,
    SAY_NOTHING_KEPT,
    SAY_NO_BODY,
    SAY_HEADER_CUT,
    SAY_BODY_CUT,
    SAY_NO_AUTH,
    SAY_NO_RELAY,
    SAY_NOT_SENT,
    SAY_RECEIVED,
    SAY_NOT_IN_LOG,
    SAY_PRIVATE,
    PHRASES
};

static const char *const phrases[LANGUAGES][PHRASES] = {
    {"Messages that were taken for spam and are not: please look at them again.",
     "Address of this server:", "(not configured: [mail] egress)",
     "Port 25 was cut, as your alert says, at", "The messages:",
     "The files: NUMBER/original.eml is a message as it was sent, with its whole "
     "header;\nNUMBER/message.txt who sent it, where it went, its authentication, "
     "what was measured;\nNUMBER/facts.json every figure; senders.txt the history of "
     "who sent it.",
     "What is missing:", "nothing: every message is here as it was sent.",
     "no header and no body were kept ([store] keep = none)",
     "headers-only.eml: the header alone was kept, not the body ([store] keep = "
     "headers)",
     "the header is longer than what is kept: its end is missing",
     "the body is longer than what is kept (1 MiB): its end is missing",
     "SPF, DKIM and DMARC were not recorded; what the header claims is not verified",
     "the mail server's log does not say where it went", "it did not leave this server",
     "The Received: field that this server itself adds is not in these files: it is "
     "added\nafterwards.",
     "Named in the alert, but not in this server's log:",
     "These files hold personal data: addresses and what was written. Send them to "
     "nobody else."},
    {"Des messages pris pour du spam qui n'en sont pas : merci de les réexaminer.",
     "Adresse de ce serveur :", "(non configurée : [mail] egress)",
     "Le port 25 a été coupé, selon votre alerte, le", "Les messages :",
     "Les fichiers : NUMÉRO/original.eml est le message tel qu'il a été envoyé, avec "
     "tout son\nen-tête ; NUMÉRO/message.txt dit qui l'a envoyé, où il est allé, son "
     "authentification,\nce qui a été mesuré ; NUMÉRO/facts.json donne chaque mesure ; "
     "senders.txt l'historique\ndes expéditeurs.",
     "Ce qui manque :", "rien : chaque message est ici tel qu'il a été envoyé.",
     "ni l'en-tête ni le corps n'ont été conservés ([store] keep = none)",
     "headers-only.eml : seul l'en-tête a été conservé, pas le corps ([store] keep = "
     "headers)",
     "l'en-tête dépasse ce qui est conservé : sa fin manque",
     "le corps dépasse ce qui est conservé (1 Mio) : sa fin manque",
     "SPF, DKIM et DMARC n'ont pas été enregistrés ; ce que l'en-tête affirme n'est "
     "pas vérifié",
     "le journal du serveur de messagerie ne dit pas où il est allé",
     "il n'a pas quitté ce serveur",
     "Le champ Received: que ce serveur ajoute lui-même n'est pas dans ces fichiers : "
     "il est\najouté ensuite.",
     "Nommés dans l'alerte, mais absents du journal de ce serveur :",
     "Ces fichiers contiennent des données personnelles : des adresses et ce qui a "
     "été écrit.\nNe les envoyez à personne d'autre."},
};

static const char *say(enum language language, enum phrase phrase)
{
    return phrases[language][phrase];
}

static void write_address(struct tool *tool, const struct dossier *dossier,
                          enum language language, struct buf *out)
{
    const struct conf_list *egress = &tool->settings->egress;
    const struct alert_case *alert = dossier->alert;
    buf_printf(out, "%s", say(language, SAY_ADDRESS));
    if (alert != NULL && alert->alert.blocked_ip.len > 0)
        buf_printf(out, " %s", escape(tool, alert->alert.blocked_ip));
    else if (egress->count == 0)
        buf_printf(out, " %s", say(language, SAY_NO_ADDRESS));
    else
        for (size_t i = 0; i < egress->count; i++)
            buf_printf(out, "%s %s", i > 0 ? "," : "", egress->at[i]);
    buf_add_char(out, '\n');
    if (alert != NULL && alert->alert.since_s > 0)
        buf_printf(out, "%s %s\n", say(language, SAY_CUT),
                   utc(tool, alert->alert.since_s * 1000000));
}

static void write_list(struct tool *tool, const struct dossier *dossier,
                       enum language language, struct buf *out)
{
    buf_printf(out, "\n%s\n", say(language, SAY_MESSAGES));
    for (size_t i = 0; i < dossier->message_count; i++) {
        const struct dossier_message *message = &dossier->messages[i];
        const struct record *r = &message->record;
        buf_printf(out, "  %lld  %s  Message-ID: <", (long long)r->id,
                   utc(tool, r->at_us));
        buf_add_span(out, span_of(escape(tool, r->message_id)));
        buf_add_span(out, SPAN(">\n"));
        if (message->said_at.len > 0)
            buf_printf(out, "      %s\n", span_cstr(tool->arena, message->said_at));
    }
    buf_printf(out, "\n%s\n", say(language, SAY_FILES));
}

static void lacks(const struct dossier_message *message, enum language language,
                  enum phrase phrase, struct buf *out)
{
    buf_printf(out, "  %lld: %s\n", (long long)message->record.id,
               say(language, phrase));
}

static bool did_leave(const struct record *r)
{
    return r->is_shadow || r->action == ACTION_ACCEPT || r->action == ACTION_SLOW;
}

static void write_lack(const struct dossier_message *message, enum language language,
                       struct buf *out)
{
    const struct record *r = &message->record;
    if (message->eml.len == 0)
        lacks(message, language, SAY_NOTHING_KEPT, out);
    else if (!message->has_body)
        lacks(message, language, SAY_NO_BODY, out);
    if (message->is_header_cut)
        lacks(message, language, SAY_HEADER_CUT, out);
    if (message->is_body_cut)
        lacks(message, language, SAY_BODY_CUT, out);
    if (r->spf.len + r->dkim.len + r->dmarc.len == 0)
        lacks(message, language, SAY_NO_AUTH, out);
    if (message->relay.len == 0)
        lacks(message, language,
              did_leave(r) || r->action == ACTION_HOLD ? SAY_NO_RELAY : SAY_NOT_SENT,
              out);
}

static void write_strangers(struct tool *tool, const struct dossier *dossier,
                            enum language language, struct buf *out)
{
    const struct alert_case *alert = dossier->alert;
    if (alert == NULL || alert->found == alert->alert.sample_count)
        return;
    buf_printf(out, "\n%s\n", say(language, SAY_NOT_IN_LOG));
    for (size_t i = 0; i < alert->alert.sample_count; i++) {
        if (alert->samples[i].is_found)
            continue;
        buf_add_span(out, SPAN("  "));
        buf_add_span(
            out,
            span_of(escape(tool, span_head(alert->alert.samples[i].message_id, 300))));
        buf_add_char(out, '\n');
    }
}

static void write_missing(struct tool *tool, const struct dossier *dossier,
                          enum language language, struct buf *out)
{
    size_t before;
    buf_printf(out, "\n%s\n", say(language, SAY_MISSING));
    before = out->len;
    for (size_t i = 0; i < dossier->message_count; i++)
        write_lack(&dossier->messages[i], language, out);
    if (out->len == before)
        buf_printf(out, "  %s\n", say(language, SAY_COMPLETE));
    write_strangers(tool, dossier, language, out);
    buf_printf(out, "\n%s\n\n%s\n", say(language, SAY_RECEIVED),
               say(language, SAY_PRIVATE));
}

void dossier_text_readme(struct tool *tool, const struct dossier *dossier,
                         struct buf *out)
{
    buf_printf(out, "outgate, %s. En français : plus bas.\n\n",
               utc(tool, dossier->made_us));
    for (int language = ENGLISH; language < LANGUAGES; language++) {
        buf_printf(out, "%s%s\n\n", language > ENGLISH ? "\n\n" : "",
                   say((enum language)language, SAY_TITLE));
        write_address(tool, dossier, (enum language)language, out);
        write_list(tool, dossier, (enum language)language, out);
        write_missing(tool, dossier, (enum language)language, out);
    }
}
