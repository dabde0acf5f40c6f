/* SPDX-License-Identifier: BSD-2-Clause */
#include "incident/letter.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    ITEM_BYTES = 200, /* one value from mail, escaped */
    KEY_BYTES = 600,  /* one key, quoted */
    WORD_BYTES = 40,  /* of text in one encoded word: 75 characters at most, encoded */
    DIGEST_ROWS = 50, /* incidents named in a digest. chosen */
    SUBJECT_BYTES = 180 /* of a subject before it is encoded */
};

/* ---- small parts ---- */

char *letter_time(int64_t at_us, char out[LETTER_TIME_BYTES])
{
    time_t at_s = (time_t)(at_us / 1000000);
    struct tm tm;
    snprintf(out, LETTER_TIME_BYTES, "-");
    if (at_us > 0 && localtime_r(&at_s, &tm) != NULL)
        strftime(out, LETTER_TIME_BYTES, "%Y-%m-%d %H:%M:%S %Z", &tm);
    return out;
}

static bool is_plain(char c)
{
    return ascii_is_alnum(c) || (c != '\0' && strchr("@%+=:,./_-", c) != NULL);
}

bool letter_quote(struct span text, char *out, size_t size)
{
    char escaped[KEY_BYTES];
    size_t used = 0;
    bool is_bare = text.len > 0 && text.at[0] != '-';
    out[0] = '\0';
    /* what text_escape would change has no place on a command line */
    text_escape(text, escaped, sizeof escaped);
    for (size_t i = 0; i < text.len; i++) {
        is_bare = is_bare && is_plain(text.at[i]);
        if (text.at[i] == '\\')
            return false;
    }
    if (text.len == 0 || !span_eq(span_of(escaped), text) ||
        text.len * 4 + 3 > size) /* a quote becomes four characters */
        return false;
    if (!is_bare)
        out[used++] = '\'';
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\'') {
            memcpy(out + used, "'\\''", 4);
            used += 4;
        } else {
            out[used++] = text.at[i];
        }
    }
    if (!is_bare)
        out[used++] = '\'';
    out[used] = '\0';
    return true;
}

static const char *escape(struct span text, char out[ITEM_BYTES])
{
    return text_escape(text, out, ITEM_BYTES);
}

/* "WHO       ..." - a name and what stands beside it. */
static void line(struct buf *out, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void line(struct buf *out, const char *name, const char *fmt, ...)
{
    char text[1000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    buf_printf(out, "%-10s", name);
    buf_add_span(out, span_of(text));
    buf_add_char(out, '\n');
}

/* ---- header ---- */

static bool is_ascii(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < 0x20 || text.at[i] > 0x7e)
            return false;
    return span_find(text, SPAN("=?")) < 0;
}

/* RFC 2047 4.2: the Q encoding; 5 (3) its cautious set. */
static void add_encoded(struct buf *out, struct span text)
{
    for (size_t at = 0; at < text.len;) {
        size_t start = at;
        size_t cost = 0;
        buf_add_span(out, start > 0 ? SPAN("\n =?utf-8?Q?") : SPAN("=?utf-8?Q?"));
        while (at < text.len && cost < WORD_BYTES) { /* whole characters only */
            size_t from = at;
            utf8_next(text, &at);
            for (size_t i = from; i < at; i++, cost++) {
                if (ascii_is_alnum(text.at[i])) {
                    buf_add_char(out, text.at[i]);
                } else {
                    buf_printf(out, "=%02X", (unsigned char)text.at[i]);
                    cost += 2;
                }
            }
        }
        buf_add_span(out, SPAN("?="));
    }
}

/* One line whatever it holds: a subject must not break into fields. */
static void add_subject(struct buf *out, struct span subject)
{
    char text[SUBJECT_BYTES + 4];
    struct span cut = span_head(subject, SUBJECT_BYTES);
    while (cut.len < subject.len && cut.len > 0 &&
           ((unsigned char)subject.at[cut.len] & 0xc0) == 0x80)
        cut.len--;
    for (size_t i = 0; i < cut.len; i++) {
        bool is_control = (unsigned char)cut.at[i] < 0x20 || cut.at[i] == 0x7f;
        text[i] = is_control ? '?' : cut.at[i];
    }
    snprintf(text + cut.len, 4, "%s", cut.len < subject.len ? "..." : "");
    buf_add_span(out, SPAN("Subject: "));
    if (is_ascii(span_of(text)))
        buf_add_span(out, span_of(text));
    else
        add_encoded(out, span_of(text));
    buf_add_char(out, '\n');
}

void letter_header(struct buf *out, const struct letter_head *head, struct span subject)
{
    if (head->mark == NULL)
        return;
    buf_printf(out, "From: outgate <%s>\nTo: ", head->from);
    for (size_t i = 0; i < head->to_count; i++) {
        buf_add_span(out, i > 0 ? SPAN(",\n ") : SPAN(""));
        buf_add_span(out, span_of(head->to[i]));
    }
    buf_add_char(out, '\n');
    add_subject(out, subject);
    buf_printf(out,
               "MIME-Version: 1.0\n"
               "Content-Type: text/plain; charset=utf-8\n"
               "Content-Transfer-Encoding: 8bit\n"
               "Auto-Submitted: auto-generated\n"
               "X-Outgate-Notice: %s\n\n",
               head->mark);
}

/* ---- what happened ---- */

char *letter_title(const struct incident *incident, char *out, size_t size)
{
    char key[ITEM_BYTES];
    struct span name = SPAN("");
    struct span rest = incident->key;
    if (incident->kind == INCIDENT_LIMIT || incident->kind == INCIDENT_BUDGET)
        span_cut(incident->key, ' ', &name, &rest);
    escape(rest, key);
    int len = (int)(name.len < 64 ? name.len : 64);
    switch (incident->kind) {
    case INCIDENT_LIMIT:
        snprintf(out, size, "limit %.*s reached: %s", len, name.at, key);
        break;
    case INCIDENT_BUDGET:
        snprintf(out, size, "%s %d %% of limit %.*s is used (%s)",
                 incident->level >= 100 ? "ALARM:" : "warning:", incident->level, len,
                 name.at, key);
        break;
    case INCIDENT_BLOCK:
        snprintf(out, size, "sender blocked: %s", key);
        break;
    case INCIDENT_BRAKE:
        snprintf(out, size, "the brake is on, all outgoing mail is held");
        break;
    case INCIDENT_UNSIGNED:
        snprintf(out, size, "mail of %s leaves unsigned", key);
        break;
    case INCIDENT_SPAM:
        snprintf(out, size, "suspicious mail stopped: %s", key);
        break;
    case INCIDENT_STORE:
        snprintf(out, size, "the database failed, and is back");
        break;
    case INCIDENT_ALERT:
        snprintf(out, size, "the provider cut port 25 of %s", key);
        break;
    case INCIDENT_VIRUS:
        snprintf(out, size, "ALARM: %s sends a virus", key);
        break;
    case INCIDENT_SCANNER:
        snprintf(out, size, "mail is not scanned for viruses");
        break;
    default:
        snprintf(out, size, "%s", key);
    }
    return out;
}

static const char *meaning(const struct incident *incident,
                           const struct evidence *evidence)
{
    switch (incident->kind) {
    case INCIDENT_LIMIT:
        return evidence->waiting_for_person < evidence->waiting
                   ? "What is over the limit is stopped; what is held leaves by "
                     "itself\n"
                     "when its time has come. If this sender is what it claims to be,\n"
                     "raise the limit; if the account or script is stolen, block it."
                   : "What is over the limit is stopped. If this sender is what it\n"
                     "claims to be, raise the limit; if the account or script is\n"
                     "stolen, block it.";
    case INCIDENT_BUDGET:
        return incident->level >= 100
                   ? "The budget that keeps this server's IP off the provider's\n"
                     "blocklist is spent. What costs more of it waits now; the rest "
                     "of\n"
                     "the mail goes on. Find who spent it, and stop them."
                   : "The budget that keeps this server's IP off the provider's\n"
                     "blocklist is filling. Nothing is stopped yet. Look who takes\n"
                     "most of it before it is spent.";
    case INCIDENT_BLOCK:
        return "Nothing of this sender gets in or out until the block is over.";
    case INCIDENT_BRAKE:
        return "Nothing leaves but what is exempt. Mail is held, none is lost; it\n"
               "waits until the brake is off and it is released.";
    case INCIDENT_UNSIGNED:
        return "This domain's mail used to carry a DKIM signature; now some leaves\n"
               "without one, and receivers will trust it less. Is the signer running,\n"
               "and does it stand before outgate in the MTA's list of milters?";
    case INCIDENT_SPAM:
        return "Several mails of this sender looked like spam within an hour, and\n"
               "were held or refused. Look at one: if it is spam, the account or\n"
               "script is stolen; if it is not, release it.";
    case INCIDENT_STORE:
        return "For a while decisions could not be recorded: mail had to wait, or\n"
               "passed unrecorded if [milter] on_error says so. Is the disk full?";
    case INCIDENT_ALERT:
        return "Somebody read the provider's alert with outgate alert. Until nothing "
               "of\n"
               "those who sent it is queued, unblocking brings a longer block.";
    case INCIDENT_VIRUS:
        return "Nobody sends a virus on purpose from their own account: a computer, "
               "an\n"
               "account or a script is somebody else's now. Block the sender until "
               "the\n"
               "owner has been spoken to.";
    case INCIDENT_SCANNER:
        return "The virus scanner gives no answer. Unless the score of the rule\n"
               "VIRUS_UNSCANNED was lowered, mail waits until it is back: start "
               "clamd,\n"
               "see why it is slow, and release what was held meanwhile.";
    default:
        return "";
    }
}

static void add_tally(struct buf *out, const char *name, const struct tally *tally,
                      bool is_share)
{
    char text[ITEM_BYTES];
    size_t shown = tally->count < TALLY_SHOWN ? tally->count : TALLY_SHOWN;
    for (size_t i = 0; i < shown; i++) {
        int64_t weight = tally->at[i].weight;
        escape(tally->at[i].text, text);
        if (is_share)
            line(out, i == 0 ? name : "", "%3lld %%  %s",
                 (long long)(weight * 100 / tally->total), text);
        else
            line(out, i == 0 ? name : "", "%5lld  %s", (long long)weight, text);
    }
    if (tally->others > 0)
        line(out, "", "and more than %d others", TALLY_KEPT - TALLY_SHOWN);
    else if (tally->count > shown)
        line(out, "", "and %zu others", tally->count - shown);
}

static void add_counts(struct buf *out, const struct evidence *evidence)
{
    char text[200];
    size_t used = 0;
    for (int action = ACTION_ACCEPT; action <= ACTION_REJECT; action++) {
        long long count = (long long)evidence->by_action[action];
        if (count > 0 && used < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, ", %lld %s",
                                     count, action_name((enum action)action));
    }
    line(out, "MAIL", "%s%lld messages to %lld recipients%s%s",
         evidence->is_cut ? "the last " : "", (long long)evidence->messages,
         (long long)evidence->recipients, used > 0 ? text : "",
         evidence->is_shadow ? " (shadow mode: recorded, NOT stopped)" : "");
    line(out, "SCORE", "%.1f to %.1f", evidence->score_min, evidence->score_max);
}

static void add_waiting(struct buf *out, const struct evidence *evidence)
{
    char when[LETTER_TIME_BYTES];
    if (evidence->waiting == 0) {
        line(out, "HELD", "nothing waits in the hold queue");
        return;
    }
    line(out, "HELD", "%lld wait in the hold queue, %lld of them for a person%s%s",
         (long long)evidence->waiting, (long long)evidence->waiting_for_person,
         evidence->next_due_us > 0 ? "; next due " : "",
         evidence->next_due_us > 0 ? letter_time(evidence->next_due_us, when) : "");
}

static void add_sample(struct buf *out, const struct evidence *evidence)
{
    char text[ITEM_BYTES];
    if (evidence->sample_id == 0)
        return;
    line(out, "SAMPLE", "Message-ID %s", escape(evidence->sample_message_id, text));
    line(out, "", "queue id %s, number %lld in the log, %.20s",
         escape(evidence->sample_queue_id, text), (long long)evidence->sample_id,
         span_eq(evidence->sample_action, SPAN("")) ? "-" : evidence->sample_action.at);
}

static void add_head(struct buf *out, const struct letter_head *head,
                     const struct incident *incident, const struct evidence *evidence)
{
    char text[ITEM_BYTES];
    char from[LETTER_TIME_BYTES];
    char to[LETTER_TIME_BYTES];
    line(out, "WHAT", "%s", escape(incident->what, text));
    if (evidence->sentence.len > 0)
        line(out, "LIMIT", "%s", escape(evidence->sentence, text));
    if (incident->sender.len > 0 && incident->kind != INCIDENT_BUDGET)
        line(out, "WHO", "%s", escape(incident->sender, text));
    line(out, "WHERE", "%s", head->host);
    line(out, "SINCE", "%s, last %s, seen %lld times",
         letter_time(incident->opened_us, from), letter_time(incident->last_us, to),
         (long long)incident->times);
    if (incident->kind == INCIDENT_BLOCK || incident->kind == INCIDENT_BRAKE)
        line(out, "UNTIL", "%s",
             evidence->until_us > 0 ? letter_time(evidence->until_us, to)
                                    : "somebody ends it");
    line(out, "INCIDENT", "number %lld", (long long)incident->id);
}

static void add_evidence(struct buf *out, const struct incident *incident,
                         const struct evidence *evidence)
{
    if (evidence->messages > 0) {
        buf_add_char(out, '\n');
        add_counts(out, evidence);
        if (!evidence_is_of_sender(incident))
            add_tally(out, "SENDERS", &evidence->senders,
                      incident->kind == INCIDENT_BUDGET);
        add_tally(out, "CLIENTS", &evidence->clients, false);
        add_tally(out, "COUNTRIES", &evidence->countries, false);
        add_tally(out, "FROM", &evidence->froms, false);
        add_tally(out, "SUBJECTS", &evidence->subjects, false);
        add_tally(out, "SCRIPTS", &evidence->scripts, false);
        add_tally(out, "TO", &evidence->recipients_named, false);
    }
    add_sample(out, evidence);
    add_waiting(out, evidence);
}

/* ---- what to do next ---- */

static void command(struct buf *out, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void command(struct buf *out, const char *what, const char *fmt, ...)
{
    char text[900];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    buf_printf(out, "  # %s\n  outgate ", what);
    buf_add_span(out, span_of(text));
    buf_add_char(out, '\n');
}

static void add_sender_commands(struct buf *out, struct span sender, bool is_blocked)
{
    char key[KEY_BYTES];
    if (!letter_quote(sender, key, sizeof key))
        return; /* a key that cannot be typed: the numbers above do */
    command(out, "all of this sender", "log --since 24h --sender %s", key);
    command(out, "what of it waits", "held --sender %s", key);
    if (is_blocked)
        command(out, "end the block", "unblock %s", key);
    else
        command(out, "stop it", "block %s --for 24h", key);
    command(out, "it is honest: let it go now", "release --sender %s", key);
    command(out, "it is spam: delete what waits", "drop --sender %s", key);
}

static void add_limit_commands(struct buf *out, const struct evidence *evidence)
{
    char key[KEY_BYTES];
    char name[KEY_BYTES];
    if (!letter_quote(evidence->limit_name, name, sizeof name))
        return;
    command(out, "how full the limits are", "limits");
    if (letter_quote(evidence->limit_key, key, sizeof key))
        command(out, "another limit for this key alone",
                "limit set %s %s \"AMOUNT UNIT per WINDOW\"", name, key);
}

static void add_commands(struct buf *out, const struct incident *incident,
                         const struct evidence *evidence)
{
    buf_add_span(out, SPAN("\nDO NEXT\n"));
    if (evidence->sample_id > 0)
        command(out, "the sample: why, and what it says", "show %lld",
                (long long)evidence->sample_id);
    if (evidence_is_of_sender(incident))
        add_sender_commands(out, incident->sender, incident->kind == INCIDENT_BLOCK);
    else if (incident->kind != INCIDENT_STORE && evidence->senders.count > 0 &&
             incident->kind != INCIDENT_BRAKE && incident->kind != INCIDENT_SCANNER)
        add_sender_commands(out, evidence->senders.at[0].text, false);
    if (incident->kind == INCIDENT_LIMIT || incident->kind == INCIDENT_BUDGET)
        add_limit_commands(out, evidence);
    if (incident->kind == INCIDENT_BRAKE)
        command(out, "end it", "brake off");
    else if (incident->kind == INCIDENT_BUDGET || incident->kind == INCIDENT_SPAM)
        command(out, "hold everything, now", "brake on");
    if (incident->kind == INCIDENT_STORE || incident->kind == INCIDENT_UNSIGNED ||
        incident->kind == INCIDENT_SCANNER)
        command(out, "the last decisions", "log --limit 20");
    command(out, "enough: no more notices of this", "incidents close %lld",
            (long long)incident->id);
}

void letter_incident(struct buf *out, const struct letter_head *head,
                     const struct incident *incident, const struct evidence *evidence)
{
    char title[400];
    char subject[600];
    letter_title(incident, title, sizeof title);
    snprintf(subject, sizeof subject, "[outgate %.80s] %s%s", head->host, title,
             incident->told_times > 0 ? " (still)" : "");
    letter_header(out, head, span_of(subject));
    buf_add_span(out, span_of(title));
    buf_add_span(out, SPAN("\n\n"));
    buf_add_span(out, span_of(meaning(incident, evidence)));
    buf_add_span(out, SPAN("\n\n"));
    add_head(out, head, incident, evidence);
    add_evidence(out, incident, evidence);
    add_commands(out, incident, evidence);
}

void letter_digest(struct buf *out, const struct letter_head *head,
                   const struct incident_list *list)
{
    char subject[300];
    char title[400];
    char when[LETTER_TIME_BYTES];
    snprintf(subject, sizeof subject, "[outgate %.80s] %zu incidents", head->host,
             list->count);
    letter_header(out, head, span_of(subject));
    buf_printf(out,
               "%zu incidents on %s, in one notice because there were many within an\n"
               "hour. Each is told whole by: outgate incidents NUMBER\n\n",
               list->count, head->host);
    for (size_t i = 0; i < list->count && i < DIGEST_ROWS; i++) {
        buf_printf(out, "%6lld  %s  %lld times  ", (long long)list->at[i].id,
                   letter_time(list->at[i].last_us, when),
                   (long long)list->at[i].times);
        buf_add_span(out, span_of(letter_title(&list->at[i], title, sizeof title)));
        buf_add_char(out, '\n');
    }
    if (list->count > DIGEST_ROWS)
        buf_printf(out, "and %zu more\n", list->count - DIGEST_ROWS);
    buf_add_span(out, SPAN("\nDO NEXT\n"));
    command(out, "what goes on", "incidents --open");
    command(out, "who sends most", "top");
    command(out, "hold everything, now", "brake on");
}
