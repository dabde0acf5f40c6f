/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_header - HeaderEval: what the header claims, against how providers, mail
 * programs and relays write it. Source: behaviour of
 * Mail::SpamAssassin::Plugin::HeaderEval.
 */
#include <string.h>

#include "base/bounds.h"
#include "message/url.h"
#include "rules/eval/eval_charset.h"
#include "rules/eval/eval_function.h"

enum {
    SORTED_LEAST = 7,  /* recipients in order of the alphabet are no chance */
    SIMILAR_LEAST = 5, /* recipients that are compared with each other */
    SIMILAR_BYTES = 2,
    RECIPIENTS_MOST = 256,
    SUBJECT_LEAST = 10, /* shorter ones may be all capitals */
    GOOGLE_FIELD = 60,  /* bytes that Google's own fields have at least */
};

static bool has_ip(struct eval_scene *scene, const char *name)
{
    return scene_match(scene, EVAL_HAS_IP, scene_get(scene, name));
}

static bool check_for_fake_aol_relay(struct eval_scene *scene,
                                     const struct eval_call *call)
{
    struct span received = scene_folded(scene, "Received");

    (void)call;
    return scene_match(scene, EVAL_AOL_RELAY, received) &&
           !scene_match(scene, EVAL_AOL_TRUE, received);
}

static bool check_faraway_charset(struct eval_scene *scene,
                                  const struct eval_call *call)
{
    static const char *const names[] = {"From:raw", "Subject:raw"};

    (void)call;
    for (int i = 0; i < 2; i++) {
        struct span rest = scene_get(scene, names[i]), charset, word;
        for (ptrdiff_t at; (at = span_find(rest, SPAN("=?"))) >= 0;) {
            rest = span_from(rest, (size_t)at + 2);
            if (!span_cut(rest, '?', &charset, &word) || word.len < 2 ||
                word.at[1] != '?' || charset.len == 0)
                continue;
            if (span_find(span_from(word, 2), SPAN("?=")) >= 0 &&
                !eval_charset_is_ok(charset, scene->settings->ok_locales))
                return true;
        }
    }
    return false;
}

static bool is_control(unsigned char c)
{
    return c < ' ' && c != '\t' && c != '\n' && c != '\r';
}

/* Bytes that RFC 5322 has no place for, unless they are UTF-8 without controls. */
static bool check_illegal_chars(struct eval_scene *scene, const struct eval_call *call)
{
    char name[BOUND_ADDRESS_BYTES];
    struct span written = call->arguments[0].text, value;
    size_t illegal = 0, high = 0, controls = 0, signs = 0;
    bool is_subject =
        span_ieq(written, SPAN("Subject")) || span_ieq(written, SPAN("Subject:raw"));
    const char *raw = span_iends(written, SPAN(":raw")) ? "" : ":raw";

    if (written.len + 5 > sizeof name)
        return false;
    memcpy(name, written.at, written.len);
    memcpy(name + written.len, raw, strlen(raw) + 1);
    value = scene_get(scene, span_cstr(scene->msg->arena, span_of(name)));
    if (span_trim(value).len == 0)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        high += c > 0x7f;
        controls += is_control(c);
        illegal += c >= 0x7f || is_control(c);
        signs += c == 0xa2 || c == 0xa3 || c == 0xae;
    }
    if (high > 0 && controls == 0 && utf8_is_valid(value))
        return false;
    illegal -= illegal > 0 && is_subject && signs == 1;
    return (double)illegal / (double)value.len >= call->arguments[1].number &&
           (double)illegal >= call->arguments[2].number;
}

static bool is_gated(struct eval_scene *scene)
{
    struct span received = scene_get(scene, "Received");

    if (scene_match(scene, EVAL_EZMLM, scene_get(scene, "Mailing-List")) &&
        scene_match(scene, EVAL_TO_LIST, scene_get(scene, "Delivered-To")) &&
        scene_match(scene, EVAL_QMAIL, received))
        return true;
    return !scene_has(scene, "Received") ||
           scene_match(scene, EVAL_MSN_RELAY, received);
}

static bool gated_through_remover(struct eval_scene *scene,
                                  const struct eval_call *call)
{
    (void)call;
    return is_gated(scene);
}

static bool is_msn_group(struct eval_scene *scene)
{
    return scene_match(scene, EVAL_TO_MSN_GROUP, scene_get(scene, "To")) &&
           scene_match(scene, EVAL_MSN_PICKUP, scene_get(scene, "Received")) &&
           scene_match(scene, EVAL_MSN_GROUP_ID, scene_get(scene, "Message-Id"));
}

static bool check_msn_groups(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return is_msn_group(scene);
}

enum hotmail { HOTMAIL_UNKNOWN = 0, HOTMAIL_FINE, HOTMAIL_FORGED, HOTMAIL_ABSENT };

static enum hotmail judge_hotmail(struct eval_scene *scene)
{
    struct span received = scene_folded(scene, "Received");
    bool is_ip = has_ip(scene, "X-Originating-Ip");
    bool is_origin = scene_match(scene, EVAL_HOTMAIL_ORIGINATOR,
                                 scene_get(scene, "X-OriginatorOrg"));

    if (scene_match(scene, EVAL_HOTMAIL_PICKUP, received) || is_msn_group(scene) ||
        is_gated(scene) ||
        (is_ip && scene_match(scene, EVAL_HOTMAIL_BY_IP, received)) ||
        (is_origin && scene_match(scene, EVAL_HOTMAIL_BY_ORIGINATOR, received)))
        return HOTMAIL_FINE;
    if (scene_match(scene, EVAL_HOTMAIL_HELO, received))
        return HOTMAIL_FORGED;
    return scene_match(scene, EVAL_FROM_HOTMAIL, scene_first(scene, "From:addr"))
               ? HOTMAIL_ABSENT
               : HOTMAIL_FINE;
}

static bool check_forged_hotmail(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return judge_hotmail(scene) == HOTMAIL_FORGED;
}

static bool check_no_hotmail(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return judge_hotmail(scene) == HOTMAIL_ABSENT;
}

static bool check_forged_eudoramail(struct eval_scene *scene,
                                    const struct eval_call *call)
{
    (void)call;
    return scene_match(scene, EVAL_FROM_EUDORAMAIL, scene_first(scene, "From:addr")) &&
           !is_gated(scene) &&
           !(has_ip(scene, "X-Sender-Ip") &&
             scene_match(scene, EVAL_BY_WHOWHERE, scene_folded(scene, "Received")));
}

static bool check_forged_yahoo(struct eval_scene *scene, const struct eval_call *call)
{
    struct span from = scene_first(scene, "From:addr"), received;
    bool is_resent = scene_has(scene, "Resent-From") && scene_has(scene, "Resent-To") &&
                     scene_has(scene, "X-Received");

    (void)call;
    if (!scene_match(scene, EVAL_FROM_YAHOO, from) || is_gated(scene) ||
        scene_match(scene, EVAL_YAHOO_TRUSTED, scene_trusted(scene)) ||
        scene_match(scene, EVAL_YAHOO_FIRST, scene_untrusted(scene)))
        return false;
    received = scene_folded(scene, is_resent ? "X-Received" : "Received");
    return !scene_match(scene, EVAL_YAHOO_TRUE, received) &&
           !(scene_match(scene, EVAL_YAHOO_BULK, received) &&
             scene_match(scene, EVAL_FROM_YAHOO_REPLY, from));
}

static bool check_forged_juno(struct eval_scene *scene, const struct eval_call *call)
{
    struct span mailer = scene_get(scene, "X-Mailer");
    struct span received = scene_get(scene, "Received");

    (void)call;
    if (!scene_match(scene, EVAL_FROM_JUNO, scene_first(scene, "From:addr")) ||
        is_gated(scene))
        return false;
    if (scene_get(scene, "X-Originating-IP").len > 0)
        return !scene_match(scene, EVAL_JUNO_RELAY, received) ||
               span_find(mailer, SPAN("Juno ")) < 0;
    return true; /* Juno has written that field since 2000 */
}

static bool check_forged_gmail(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return scene_match(scene, EVAL_FROM_GMAIL, scene_first(scene, "From:addr")) &&
           !scene_match(scene, EVAL_GMAIL_X_RECEIVED, scene_get(scene, "X-Received")) &&
           !scene_match(scene, EVAL_GMAIL_RECEIVED, scene_get(scene, "Received")) &&
           !(scene_get(scene, "X-Gm-Message-State").len >= GOOGLE_FIELD &&
             scene_get(scene, "X-Google-Smtp-Source").len >= GOOGLE_FIELD);
}

static bool check_gateway_05(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return scene_match(scene, EVAL_GATEWAY_05, scene_get(scene, "Received"));
}

static bool check_matching_from(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return span_ieq(scene_first(scene, "EnvelopeFrom:addr"),
                    scene_first(scene, "From:addr"));
}

/* ---- recipients ---- */

/* To: and Cc:, or else Bcc: too; neighbours that are alike count once. */
static size_t gather_recipients(struct eval_scene *scene, struct span *out)
{
    static const char *const names[] = {"ToCc:addr", "Bcc:addr"};
    size_t count = 0, seen = 0;

    for (int i = 0; i < 2 && seen < SIMILAR_LEAST; i++) {
        struct span rest = scene_get(scene, names[i]), line;
        while (count < RECIPIENTS_MOST && scene_line(&rest, &line)) {
            seen++;
            if (count == 0 || !span_ieq(line, out[count - 1]))
                out[count++] = line;
        }
    }
    return count;
}

static bool sorted_recipients(struct eval_scene *scene, const struct eval_call *call)
{
    struct span all[RECIPIENTS_MOST];
    size_t count = gather_recipients(scene, all);

    (void)call;
    for (size_t i = 1; i < count; i++)
        if (span_compare(all[i - 1], all[i]) > 0)
            return false;
    return count >= SORTED_LEAST;
}

static struct span host_of(struct span address)
{
    ptrdiff_t at = span_index(address, '@');

    return at < 0 ? SPAN("") : span_from(address, (size_t)at + 1);
}

static double similarity(const struct span *all, size_t count)
{
    size_t hits = 0;

    if (count < SIMILAR_LEAST)
        return 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++) {
            struct span a = host_of(all[i]), b = host_of(all[k]);
            hits += span_eq(span_head(all[i], SIMILAR_BYTES),
                            span_head(all[k], SIMILAR_BYTES));
            hits += span_eq(span_head(a, SIMILAR_BYTES), span_head(b, SIMILAR_BYTES)) &&
                    !span_eq(a, b);
        }
    return (double)hits / ((double)count * (double)(count - 1) / 2);
}

static bool similar_recipients(struct eval_scene *scene, const struct eval_call *call)
{
    struct span all[RECIPIENTS_MOST];
    size_t count = gather_recipients(scene, all);

    return eval_is_between(&call->arguments[0], &call->arguments[1],
                           similarity(all, count));
}

static bool check_missing_to(struct eval_scene *scene, const struct eval_call *call)
{
    (void)call;
    return scene_get(scene, "To").len == 0 &&
           scene_get(scene, "Apparently-To").len == 0;
}

/* ---- subject ---- */

/* How many bytes of subject "Re:" and the like take. */
static struct span without_prefixes(struct span subject)
{
    static const char *const words[] = {"Re", "Fwd", "Fw", "Aw", "Antwort",
                                        "WG", "SV",  "VB", "VS", "VL"};
    size_t before;

    do {
        before = subject.len;
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            struct span word = span_of(words[i]), rest = span_from(subject, word.len);
            if (span_istarts(subject, word) && span_starts(rest, SPAN(":")))
                subject = span_trim(span_from(rest, 1));
        }
    } while (subject.len < before);
    return subject;
}

static bool subject_is_all_caps(struct eval_scene *scene, const struct eval_call *call)
{
    struct span subject = without_prefixes(span_trim(scene_get(scene, "Subject")));
    size_t letters = 0, spaces = 0, characters = 0;

    (void)call;
    for (size_t i = 0; i < subject.len; i++) {
        char c = subject.at[i];
        if (ascii_is_alpha(c) && c == ascii_lower(c))
            return false;
        letters += ascii_is_alpha(c);
        spaces += ascii_is_space(c);
        characters += ((unsigned char)c & 0xc0) != 0x80;
    }
    return spaces > 0 && characters >= SUBJECT_LEAST && letters > 0 &&
           !scene_match(scene, EVAL_CAPITAL_WORDS, scene_get(scene, "Subject:raw"));
}

static bool is_word_byte(char c)
{
    return ascii_is_alnum(c) || c == '_';
}

/* needle as a word of its own, in any case. */
static bool has_word(struct span text, struct span needle)
{
    struct span rest = text;

    for (ptrdiff_t at; needle.len > 0 && (at = span_ifind(rest, needle)) >= 0;) {
        const char *first = rest.at + at, *after = first + needle.len;
        bool starts = first == text.at || !is_word_byte(first[-1]);
        bool ends = after == text.at + text.len || !is_word_byte(*after);
        if (starts && ends)
            return true;
        rest = span_from(rest, (size_t)at + 1);
    }
    return false;
}

/* "Re: user", "user, ...", "user", ", user!" */
static bool addresses_user(struct span subject, struct span user)
{
    static const char marks[] = ",:;!?-";
    struct span rest = subject, word, tail;

    if (span_ieq(subject, user))
        return true;
    if (span_starts(subject, user)) {
        rest = span_trim(span_from(subject, user.len));
        if (rest.len > 0 && strchr(marks, rest.at[0]) != NULL &&
            (rest.len == 1 || ascii_is_space(rest.at[1])))
            return true;
        rest = subject;
    }
    if (span_starts(subject, SPAN(","))) {
        rest = span_trim(span_from(subject, 1));
        return rest.len == user.len + 1 && span_istarts(rest, user) &&
               strchr(",:;!?-", rest.at[user.len]) != NULL;
    }
    if (!span_istarts(subject, SPAN("re:")) && !span_istarts(subject, SPAN("fw:")))
        return false;
    rest = span_trim(span_from(subject, 3));
    if (span_ieq(rest, user))
        return true;
    span_cut(rest, ' ', &word, &tail);
    return span_ieq(span_trim(tail), user);
}

static bool check_to_in_subject(struct eval_scene *scene, const struct eval_call *call)
{
    struct span to = scene_first(scene, "To:addr"), subject, user, domain;

    if (to.len == 0)
        return false;
    subject = span_trim(scene_get(scene, "Subject"));
    if (call->arguments[0].id == 0)
        return has_word(subject, to);
    span_cut(to, '@', &user, &domain);
    return user.len > 0 && addresses_user(subject, user);
}

/* ---- ids, counts, templates ---- */

static bool check_messageid_not_usable(struct eval_scene *scene,
                                       const struct eval_call *call)
{
    (void)call;
    return scene_match(scene, EVAL_LEAVE_LIST, scene_get(scene, "List-Unsubscribe")) ||
           is_gated(scene) ||
           scene_match(scene, EVAL_ID_EATER, scene_get(scene, "Received"));
}

/* Fields of that name that differ from each other. */
static bool check_header_count(struct eval_scene *scene, const struct eval_call *call)
{
    const struct message *msg = scene->msg;
    size_t count = 0;

    for (size_t i = 0; i < msg->field_count; i++) {
        bool is_new = span_ieq(msg->fields[i].name, call->arguments[0].text);
        for (size_t k = 0; is_new && k < i; k++)
            is_new = !(span_ieq(msg->fields[k].name, call->arguments[0].text) &&
                       span_eq(msg->fields[k].value, msg->fields[i].value));
        count += is_new;
    }
    return (double)count >= call->arguments[1].number &&
           (double)count <= call->arguments[2].number;
}

static bool check_unresolved_template(struct eval_scene *scene,
                                      const struct eval_call *call)
{
    struct span rest = scene_get(scene, "ALL"), line;

    (void)call;
    if (!scene_match(scene, EVAL_TEMPLATE, rest))
        return false;
    while (scene_line(&rest, &line))
        if (span_index(line, '%') >= 0 && scene_match(scene, EVAL_TEMPLATE, line) &&
            !scene_match(scene, EVAL_TEMPLATE_FREE, line))
            return true;
    return false;
}

/* Message-ID: <28 capitals.address>, From: "x" <address>. */
static bool check_ratware_name_id(struct eval_scene *scene,
                                  const struct eval_call *call)
{
    struct span id = scene_get(scene, "MESSAGEID"), from = scene_get(scene, "From");
    struct span address, rest;
    ptrdiff_t at = span_index(id, '<');
    size_t capitals = 0;

    (void)call;
    if (at < 0)
        return false;
    id = span_from(id, (size_t)at + 1);
    while (capitals < id.len && id.at[capitals] >= 'A' && id.at[capitals] <= 'Z')
        capitals++;
    if (capitals != 28 || capitals >= id.len || id.at[capitals] != '.' ||
        !span_cut(span_from(id, capitals + 1), '>', &address, &rest) ||
        address.len == 0)
        return false;
    at = span_find(from, address);
    return at > 2 && from.at[at - 1] == '<' &&
           span_starts(span_from(from, (size_t)at + address.len), SPAN(">")) &&
           span_iends(span_trim(span_head(from, (size_t)at - 1)), SPAN("\""));
}

/* The envelope sender holds the recipient's address, as `domain.user@`. */
static bool check_ratware_envelope_from(struct eval_scene *scene,
                                        const struct eval_call *call)
{
    struct span to = scene_first(scene, "To:addr"), user, domain, rest;
    struct span from = scene_first(scene, "EnvelopeFrom:addr");

    (void)call;
    if (from.len == 0 || !span_cut(to, '@', &user, &domain) || user.len == 0 ||
        (span_istarts(from, SPAN("SRS")) && from.len > 4 && ascii_is_digit(from.at[3])))
        return false;
    domain = url_domain(scene->msg->arena, span_lower(scene->msg->arena, domain));
    if (domain.len == 0)
        return false;
    rest = from;
    for (ptrdiff_t at; (at = span_ifind(rest, domain)) >= 0;) {
        struct span tail = span_from(rest, (size_t)at + domain.len);
        bool starts = rest.at + at == from.at || !is_word_byte(rest.at[at - 1]);
        if (starts && tail.len > 1 && span_istarts(span_from(tail, 1), user) &&
            span_starts(span_from(tail, 1 + user.len), SPAN("@")))
            return true;
        rest = span_from(rest, (size_t)at + 1);
    }
    return false;
}

/* The last two labels of what follows the last @. */
static struct span two_labels(struct span address)
{
    ptrdiff_t at = span_rindex(address, '@'), dot, next;
    struct span domain;

    if (at < 0)
        return SPAN("");
    domain = span_from(address, (size_t)at + 1);
    dot = span_rindex(domain, '.');
    next = dot > 0 ? span_rindex(span_head(domain, (size_t)dot), '.') : -1;
    return next > 0 ? span_from(domain, (size_t)next + 1) : domain;
}

static bool check_equal_from(struct eval_scene *scene, const struct eval_call *call)
{
    struct span from = two_labels(scene_first(scene, "From:addr"));
    struct span sender = two_labels(scene_first(scene, "EnvelopeFrom:addr"));

    (void)call;
    return from.len > 0 && sender.len > 0 && !span_ieq(from, sender);
}

static bool never(struct eval_scene *scene, const struct eval_call *call)
{
    (void)scene;
    (void)call;
    return false;
}

static const char *const parts_of_to[] = {"address", "user", NULL};

static const struct eval_function functions[] = {
    {"check_for_fake_aol_relay_in_rcvd", "", NULL, check_for_fake_aol_relay,
     "Received: names one of AOL's inner relays, but not as AOL writes it."},
    {"check_for_faraway_charset_in_headers", "", NULL, check_faraway_charset,
     "From: or Subject: is encoded in a charset that no locale of ok_locales uses."},
    {"check_for_unique_subject_id", "", NULL, never, "Never; kept for old rules."},
    {"check_illegal_chars", "tnn", NULL, check_illegal_chars,
     "The header has so large a share, and so many, of bytes that are neither ASCII "
     "nor UTF-8."},
    {"check_for_forged_hotmail_received_headers", "", NULL, check_forged_hotmail,
     "A relay greeted as hotmail.com that is none."},
    {"check_for_no_hotmail_received_headers", "", NULL, check_no_hotmail,
     "From: is at hotmail.com, and no relay of Hotmail's was passed."},
    {"check_for_msn_groups_headers", "", NULL, check_msn_groups,
     "It came through MSN Groups."},
    {"check_for_forged_eudoramail_received_headers", "", NULL, check_forged_eudoramail,
     "From: is at eudoramail.com, and no relay of theirs was passed."},
    {"check_for_forged_yahoo_received_headers", "", NULL, check_forged_yahoo,
     "From: is at yahoo.com, and no relay of Yahoo's was passed."},
    {"check_for_forged_juno_received_headers", "", NULL, check_forged_juno,
     "From: is at juno.com, and no relay of theirs was passed."},
    {"check_for_forged_gmail_received_headers", "", NULL, check_forged_gmail,
     "From: is at gmail.com, and no field of Google's stands in the header."},
    {"check_for_forged_gw05_received_headers", "", NULL, check_gateway_05,
     "A Received: field by a name without a dot, as one mailer forged it."},
    {"check_for_matching_env_and_hdr_from", "", NULL, check_matching_from,
     "The envelope sender is the From: address."},
    {"sorted_recipients", "", NULL, sorted_recipients,
     "Seven or more recipients stand in the order of the alphabet."},
    {"similar_recipients", "nn", NULL, similar_recipients,
     "Of all pairs of five or more recipients such a share (0 to 1) begins alike."},
    {"check_for_missing_to_header", "", NULL, check_missing_to,
     "There is no To: and no Apparently-To:."},
    {"check_for_shifted_date", "nn", NULL, eval_shifted_date,
     "Date: is such a number of hours after (negative: before) the nearest date in "
     "Received:."},
    {"subject_is_all_caps", "", NULL, subject_is_all_caps,
     "The subject has two words or more and no small letter."},
    {"check_for_to_in_subject", "i", parts_of_to, check_to_in_subject,
     "The subject names the recipient."},
    {"check_outlook_message_id", "", NULL, eval_outlook_id,
     "The Message-ID is of Outlook's form, but the time in it is not the message's."},
    {"check_messageid_not_usable", "", NULL, check_messageid_not_usable,
     "A list program or relay was passed that changes Message-IDs."},
    {"check_header_count_range", "tnn", NULL, check_header_count,
     "So many different fields of that name."},
    {"check_unresolved_template", "", NULL, check_unresolved_template,
     "A field holds what a mailer should have replaced, %NAME."},
    {"check_ratware_name_id", "", NULL, check_ratware_name_id,
     "The Message-ID is 28 capitals, a dot and the From: address."},
    {"check_ratware_envelope_from", "", NULL, check_ratware_envelope_from,
     "The envelope sender is made of the recipient's address."},
    {"gated_through_received_hdr_remover", "", NULL, gated_through_remover,
     "Received: fields are gone, or a list was passed that takes them away."},
    {"check_equal_from_domains", "", NULL, check_equal_from,
     "The domains of From: and of the envelope sender differ."},
};

const struct eval_module outgate_eval_header = {"HeaderEval", functions,
                                                sizeof functions / sizeof functions[0]};
