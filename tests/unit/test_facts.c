/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each fact with mails that set it and mails that do not; then the table itself, and
 * ranges on mails cut and mutated anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "facts/fact_date.h"
#include "facts/fact_input.h"
#include "facts/fact_lists.h"
#include "facts/facts.h"

#define NOW_S INT64_C(1767268800) /* 2026-01-01T12:00:00Z */

#define TO               "To: Bob <bob@example.net>\n"
#define DATE             "Date: Thu, 01 Jan 2026 12:00:00 +0000\n"
#define ID               "Message-ID: <a1@mail.example.com>\n"
#define FROM             "From: Ann <ann@example.com>\n"
#define BASE             FROM TO DATE ID
#define SUBJECT          "Subject: Lunch on Friday\n"
#define PLAIN            BASE SUBJECT
#define HTML             PLAIN "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n"
#define MIXED            PLAIN "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n"
#define PART(head, body) "--b\n" head "\n" body "\n"
#define END              "--b--\n"
#define ATTACHED(type, name, body)                                                     \
    PART("Content-Type: " type "\nContent-Disposition: attachment; filename=\"" name   \
         "\"\n",                                                                       \
         body)
#define CALENDAR(lines)                                                                \
    PART("Content-Type: text/calendar; method=REQUEST\n",                              \
         "BEGIN:VEVENT\n" lines "\nEND:VEVENT")
#define TEN "one two three four five six seven eight nine ten "

/* The envelope of a mail that Ann sends, unless a case says otherwise. */
struct setting {
    const char *mail_from, *recipient, *queue_id, *helo, *auth_user, *client_ip;
    size_t recipients; /* 0: one */
    enum mail_path path;
    enum mail_class mail_class;
    bool is_null, is_scan, is_anonymous;
};

struct trial {
    enum fact_id fact;
    double number;
    const char *text;
    const char *header, *body;
    struct setting env;
};

static void collect(struct arena *arena, const char *mail, size_t len,
                    const struct setting *set, struct facts *facts)
{
    static struct span many[2000];
    struct message *msg = message_new(arena, 1 << 20);
    struct envelope env = {.path = set->path, .mail_class = set->mail_class};
    assert_non_null(msg);
    many[0] = span_of(set->recipient != NULL ? set->recipient : "bob@example.net");
    env.recipient_count = set->recipients > 0 ? set->recipients : 1;
    for (size_t i = 1; i < env.recipient_count && i < 2000; i++)
        many[i] = span_of(i % 2 ? "x@one.example" : "y@two.example");
    env.recipients = many;
    env.recipient_kept = env.recipient_count < 2000 ? env.recipient_count : 2000;
    env.mail_from =
        span_of(set->mail_from != NULL ? set->mail_from : "ann@example.com");
    env.is_null_sender = set->is_null;
    env.is_scan = set->is_scan;
    if (set->is_null)
        env.mail_from = SPAN("");
    env.queue_id = span_of(set->queue_id);
    env.helo = span_of(set->helo);
    env.auth_user = span_of(set->auth_user);
    env.client_ip = span_of(set->client_ip);
    env.host = SPAN("mx.host.example");
    if (set->is_anonymous)
        memset(&env, 0, sizeof(env));
    message_read(msg, (struct span){mail, len});
    facts_collect(facts, msg, &env, NULL, NOW_S);
}

/* clang-format off */
static const struct trial trials[] = {
    /* subject */
    {FACT_subject_present, 1, NULL, PLAIN, "hi", {0}},
    {FACT_subject_present, 0, NULL, BASE, "hi", {0}},
    {FACT_subject_empty, 1, NULL, BASE, "hi", {0}},
    {FACT_subject_empty, 1, NULL, BASE "Subject:  \t \n", "hi", {0}},
    {FACT_subject_empty, 0, NULL, BASE "Subject: ?\n", "hi", {0}},
    {FACT_subject_length, 15, NULL, PLAIN, "hi", {0}},
    {FACT_subject_length, 4, NULL, BASE "Subject: =?utf-8?q?=C3=A9t=C3=A9s?=\n", "hi", {0}},
    {FACT_subject_caps_ratio, 1, NULL, BASE "Subject: BUY THIS NOW\n", "", {0}},
    {FACT_subject_caps_ratio, 0, NULL, BASE "Subject: URGENT\n", "", {0}},
    {FACT_subject_caps_ratio, 0.5, NULL, BASE "Subject: ABCDabcd 123\n", "", {0}},
    {FACT_subject_caps_ratio, 1, NULL, BASE "Subject: =?utf-8?b?0KHQoNCe0KfQndCeINCU0JXQndCs0JPQmA==?=\n", "", {0}},
    {FACT_subject_exclamations, 3, NULL, BASE "Subject: Now!! Yes!\n", "", {0}},
    {FACT_subject_percents, 2, NULL, BASE "Subject: 50% or 20 % less, % none\n", "", {0}},
    {FACT_subject_money_amounts, 3, NULL, BASE "Subject: $500, 20 EUR and 1,000.50 dollars\n", "", {0}},
    {FACT_subject_money_amounts, 1, NULL, BASE "Subject: $1,000.50 USD\n", "", {0}},
    {FACT_subject_money_amounts, 0, NULL, BASE "Subject: 500 words about $HOME\n", "", {0}},
    {FACT_subject_emoji, 1, NULL, BASE "Subject: =?utf-8?q?=F0=9F=8E=81_for_you?=\n", "", {0}},
    {FACT_subject_impersonal, 1, NULL, BASE "Subject: Hello!\n", "", {0}},
    {FACT_subject_impersonal, 1, NULL, BASE "Subject: re: HELLO\n", "", {0}},
    {FACT_subject_impersonal, 1, NULL, BASE "Subject: =?utf-8?q?Buenos_d=C3=ADas?=\n", "", {0}},
    {FACT_subject_impersonal, 1, NULL, BASE "Subject: Guten Tag,\n", "", {0}},
    {FACT_subject_impersonal, 1, NULL, BASE "Subject: Bonjour\n", "", {0}},
    {FACT_subject_impersonal, 1, NULL, BASE "Subject: Buongiorno\n", "", {0}},
    {FACT_subject_impersonal, 1, NULL, BASE "Subject: Bom dia\n", "", {0}},
    {FACT_subject_impersonal, 1, NULL, BASE "Subject: Goedemorgen\n", "", {0}},
    {FACT_subject_impersonal, 0, NULL, BASE "Subject: Hello from Lyon\n", "", {0}},
    {FACT_subject_random_words, 1, NULL, BASE "Subject: offer xkqzvbwt\n", "", {0}},
    {FACT_subject_random_words, 1, NULL, BASE "Subject: ref a8k2m9z4q1\n", "", {0}},
    {FACT_subject_random_words, 0, NULL, BASE "Subject: Rechtschreibung, strengths, PowerPoint, HTML5, 4bAXyz1\n", "", {0}},
    {FACT_subject_random_words, 0, NULL, BASE "Subject: commit 9f8e7d6c5b4a3928\n", "", {0}},
    {FACT_subject_disguised_words, 1, NULL, BASE "Subject: =?utf-8?q?P=D0=B0ypal?=\n", "", {0}},
    {FACT_subject_disguised_words, 0, NULL, BASE "Subject: =?utf-8?b?0J/RgNC40LLQtdGC?= you\n", "", {0}},
    {FACT_subject_reply_forged, 1, NULL, BASE "Subject: Re: invoice\n", "", {0}},
    {FACT_subject_reply_forged, 1, NULL, BASE "Subject: RE[2]: invoice\n", "", {0}},
    {FACT_subject_reply_forged, 1, NULL, BASE "Subject: Tr : facture\n", "", {0}},
    {FACT_subject_reply_forged, 0, NULL, BASE "Subject: Re: invoice\nIn-Reply-To: <x@y.example>\n", "", {0}},
    {FACT_subject_reply_forged, 0, NULL, BASE "Subject: Re: invoice\nReferences: <x@y.example>\n", "", {0}},
    {FACT_subject_reply_forged, 0, NULL, BASE "Subject: Result: fine\n", "", {0}},
    {FACT_subject_names_recipient, 1, NULL, BASE "Subject: For bob@example.net\n", "", {0}},
    {FACT_subject_names_recipient, 0, NULL, BASE "Subject: For bob\n", "", {0}},
    {FACT_subject_transactional, 1, NULL, BASE "Subject: Your order is on its way\n", "", {0}},
    {FACT_subject_transactional, 0, NULL, PLAIN, "", {0}},
    {FACT_subject_pressing, 1, NULL, BASE "Subject: Please verify your account\n", "", {0}},
    {FACT_subject_pressing, 0, NULL, PLAIN, "", {0}},

    /* text */
    {FACT_has_text, 1, NULL, PLAIN, "word", {0}},
    {FACT_has_text, 0, NULL, PLAIN, "... !!! \n", {0}},
    {FACT_body_words, 0, NULL, PLAIN, "", {0}},
    {FACT_body_words, 3, NULL, PLAIN, "12 34 56", {0}},
    {FACT_body_words, 4, NULL, PLAIN, "Don't use 1,000.50 well-known http://a.example/b/c?d=e", {0}},
    {FACT_body_words, 2, NULL, PLAIN, "mail bob@example.net today", {0}},
    {FACT_body_words, 2, NULL, HTML, "<p>\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96\xe7\x95\x8c</p>", {0}},
    {FACT_body_letters, 5, NULL, HTML, "<p>\xc3\xa9t\xc3\xa9 99 ab</p>", {0}},
    {FACT_body_caps_ratio, 1, NULL, PLAIN, "THIS IS A VERY LOUD LETTER TO ALL OF YOU PEOPLE OUT THERE", {0}},
    {FACT_body_caps_ratio, 0, NULL, PLAIN, "LOUD BUT SHORT", {0}},
    {FACT_body_exclamations, 4, NULL, PLAIN, "yes! no!!!", {0}},
    {FACT_body_percents, 2, NULL, PLAIN, "5% and 10.5 % but not % or x%", {0}},
    {FACT_body_discounts, 2, NULL, PLAIN, "Get 50% off, save up 20% while the turnout was 70% of them", {0}},
    {FACT_body_discounts, 1, NULL, HTML, "<p>20 % de r\xc3\xa9" "duction</p>", {0}},
    {FACT_body_money_amounts, 3, NULL, HTML, "<p>$5 or 5\xe2\x82\xac or 10 USD</p>", {0}},
    {FACT_body_random_words, 2, NULL, PLAIN, "xkqzvbwt and a8k2m9z4q1b but not aaaaaaaaaaaaaaaaaaaaaaaaa", {0}},
    {FACT_body_random_words, 0, NULL, PLAIN, TEN, {0}},
    {FACT_body_hidden_characters, 6, NULL, HTML, "<p>seen</p><div style='display:none'>not see</div>x", {0}},
    {FACT_body_hidden_characters, 0, NULL, HTML, "<p>seen</p>", {0}},
    {FACT_body_hidden_ratio, 0.5, NULL, HTML, "<p>seen</p><div style='display:none'>hide</div>", {0}},
    {FACT_body_zero_width, 2, NULL, HTML, "<p>a\xe2\x80\x8b b&#173;c</p>", {0}},
    {FACT_body_zero_width_inside, 1, NULL, HTML, "<p>pay\xe2\x80\x8bpal so&shy;ber</p>", {0}},
    {FACT_body_zero_width_inside, 0, NULL, HTML, "<p>\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae</p>", {0}},
    {FACT_body_mixed_script_words, 1, NULL, HTML, "<p>p\xd0\xb0ypal plain</p>", {0}},
    {FACT_body_mixed_script_words, 1, NULL, HTML, "<p>Micr\xce\xbfsoft \xce\xbcm</p>", {0}},
    {FACT_body_mixed_script_words, 0, NULL, HTML, "<p>\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 world</p>", {0}},
    {FACT_body_styled_letters, 2, NULL, HTML, "<p>\xf0\x9d\x97\x95\xef\xbc\xa2</p>", {0}},
    {FACT_body_emoji, 1, NULL, HTML, "<p>\xf0\x9f\x98\x80</p>", {0}},
    {FACT_body_unreadable, 1, NULL, HTML, "<p>\xef\xbf\xbd</p>", {0}},
    {FACT_body_keywords_sale, 2, NULL, PLAIN, "Buy  now, your LAST\nchance. A buyer knows.", {0}},
    {FACT_body_keywords_sale, 1, NULL, HTML, "<p>DERNI\xc3\x88RE CHANCE</p>", {0}},
    {FACT_body_keywords_sale, 0, NULL, PLAIN, "My chance at last", {0}},
    {FACT_body_keywords_credential, 1, NULL, PLAIN, "Verify your account here", {0}},
    {FACT_body_keywords_pressure, 1, NULL, PLAIN, "within 24 hours", {0}},
    {FACT_body_keywords_fortune, 1, NULL, PLAIN, "as the next of kin", {0}},
    {FACT_body_keywords_coin, 1, NULL, PLAIN, "send Bitcoin", {0}},

    /* links */
    {FACT_link_count, 2, NULL, PLAIN, "http://a.example.com/1 and http://b.example.com/2", {0}},
    {FACT_link_count, 0, NULL, PLAIN, "none", {0}},
    {FACT_link_count, 1, NULL, PLAIN "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n",
     PART("Content-Type: text/plain\n", "go http://a.example.com/1")
     PART("Content-Type: text/html\n", "<a href='http://a.example.com/1'>go</a>") END, {0}},
    {FACT_links_per_100_words, 10, NULL, PLAIN, TEN "http://a.example.com/1", {0}},
    {FACT_links_per_100_words, 0, NULL, PLAIN, "http://a.example.com/1", {0}},
    {FACT_link_hosts, 2, NULL, PLAIN, "http://a.example.com/1 http://a.example.com/2 http://b.example.com/", {0}},
    {FACT_link_domains, 1, NULL, PLAIN, "http://a.example.com/1 http://b.example.com/", {0}},
    {FACT_link_domains, 2, NULL, PLAIN, "http://a.example.com/1 http://b.example.org/", {0}},
    {FACT_link_foreign_domains, 1, NULL, PLAIN, "http://a.example.com/1 http://b.example.org/", {0}},
    {FACT_link_foreign_domains, 0, NULL, PLAIN, "http://www.partner.org/", {.mail_from = "bounce@partner.org"}},
    {FACT_link_foreign_ratio, 0.5, NULL, PLAIN, "http://a.example.com/1 http://b.example.org/", {0}},
    {FACT_link_shorteners, 1, NULL, PLAIN, "http://bit.ly/abc http://rabbit.ly/", {0}},
    {FACT_link_free_hosts, 2, NULL, PLAIN, "http://x.weebly.com/ https://docs.google.com/forms/1 http://www.example.com/", {0}},
    {FACT_link_odd_tlds, 1, NULL, PLAIN, "http://shop.xyz/ http://xyz.com/", {0}},
    {FACT_link_ips, 1, NULL, PLAIN, "http://192.0.2.7/login http://a.example.com/", {0}},
    {FACT_link_mismatches, 1, NULL, HTML, "<a href='http://evil.org/'>https://www.mybank.com/</a>", {0}},
    {FACT_link_mismatches, 0, NULL, HTML, "<a href='http://login.mybank.com/'>https://www.mybank.com/</a><a href='http://evil.org/'>click. here</a>", {0}},
    {FACT_link_obfuscated, 1, NULL, HTML, "<a href='http://ex%61mple.org/'>x</a>", {0}},
    {FACT_link_scripts, 1, NULL, HTML, "<a href='javascript:go()'>x</a>", {0}},
    {FACT_link_data, 1, NULL, HTML, "<a href='data:text/html,hi'>x</a>", {0}},
    {FACT_link_userinfo, 1, NULL, HTML, "<a href='http://www.mybank.com@evil.org/'>x</a>", {0}},
    {FACT_link_odd_ports, 1, NULL, PLAIN, "http://a.example.com:8081/ http://a.example.com:80/", {0}},
    {FACT_link_punycode, 1, NULL, PLAIN, "http://www.xn--pypal-4ve.com/ http://xn.example.com/", {0}},
    {FACT_link_hidden, 1, NULL, HTML, "<div style='display:none'><a href='http://evil.org/'>x</a></div>", {0}},
    {FACT_link_hidden, 0, NULL, HTML, "<a href='http://evil.org/'>x</a>", {0}},
    {FACT_link_mailtos, 1, NULL, HTML, "<a href='mailto:a@example.com'>x</a>", {0}},
    {FACT_link_plain_http, 1, NULL, PLAIN, "http://a.example.com/ https://a.example.com/", {0}},
    {FACT_link_redirects, 2, NULL, PLAIN, "http://a.example.com/?u=https://evil.org/ http://a.example.com/r?HTTP%3A%2F%2Fx http://a.example.com/http", {0}},
    {FACT_link_names_recipient, 2, NULL, HTML, "<a href='http://evil.org/#Bob@example.net'>x</a><a href='http://evil.org/?e=bob%40example.net'>y</a>", {0}},
    {FACT_link_names_recipient, 0, NULL, HTML, "<a href='http://evil.org/bob'>x</a><a href='http://evil.org/@bob'>x</a>", {0}},
    {FACT_link_longest_bytes, 22, NULL, PLAIN, "http://a.example.com/1 http://b.org/", {0}},
    {FACT_link_domain_names, 0, "example.com,evil.org,192.0.2.7", PLAIN, "http://a.example.com/ http://x.evil.org/ http://y.evil.org/ http://192.0.2.7/", {0}},
    {FACT_form_foreign, 1, NULL, HTML, "<form action='http://evil.org/'><input></form>", {0}},
    {FACT_form_foreign, 0, NULL, HTML, "<form action='http://www.example.com/'><input></form>", {0}},

    /* images */
    {FACT_image_count, 2, NULL, HTML, "<img src='http://a.example.com/a.png'><img src='cid:1'>", {0}},
    {FACT_image_count, 0, NULL, HTML, "<p>none</p>", {0}},
    {FACT_image_remote, 1, NULL, HTML, "<img src='http://a.example.com/a.png'><img src='cid:1'>", {0}},
    {FACT_image_embedded, 1, NULL, HTML, "<img src='data:image/png;base64,AAAA'>", {0}},
    {FACT_image_hidden, 1, NULL, HTML, "<img src='http://a.example.com/t.gif' width=1 height=1>", {0}},
    {FACT_image_linked, 1, NULL, HTML, "<a href='http://a.example.com/'><img src='cid:1'></a><a href='http://a.example.com/'>x</a>", {0}},
    {FACT_text_image_ratio, 5, NULL, HTML, TEN "<img src='cid:1'><img src='cid:2'>", {0}},
    {FACT_text_image_ratio, 0, NULL, HTML, TEN, {0}},
    {FACT_image_only, 1, NULL, HTML, "<img src='cid:1'>click", {0}},
    {FACT_image_only, 0, NULL, HTML, TEN "<img src='cid:1'>", {0}},
    {FACT_image_only, 0, NULL, HTML, "hi", {0}},

    /* html */
    {FACT_has_html, 1, NULL, HTML, "<p>x</p>", {0}},
    {FACT_has_html, 0, NULL, PLAIN, "<p>x</p>", {0}},
    {FACT_has_plain, 1, NULL, PLAIN, "x", {0}},
    {FACT_has_plain, 0, NULL, HTML, "x", {0}},
    {FACT_html_only, 1, NULL, HTML, "x", {0}},
    {FACT_html_only, 0, NULL, PLAIN "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n",
     PART("Content-Type: text/plain\n", "x") PART("Content-Type: text/html\n", "<b>x</b>") END, {0}},
    {FACT_html_tags, 2, NULL, HTML, "<p><b>x</b></p>", {0}},
    {FACT_html_text_ratio, 0, NULL, PLAIN, "x", {0}},
    {FACT_html_comment_ratio, 0, NULL, HTML, "<p>x</p>", {0}},
    {FACT_has_javascript, 1, NULL, HTML, "<script>x()</script>", {0}},
    {FACT_has_javascript, 1, NULL, HTML, "<p onclick='x()'>a</p>", {0}},
    {FACT_has_javascript, 0, NULL, HTML, "<p>a script</p>", {0}},
    {FACT_html_scripts, 1, NULL, HTML, "<script>x()</script>", {0}},
    {FACT_html_handlers, 1, NULL, HTML, "<p onclick='x()'>a</p>", {0}},
    {FACT_html_forms, 1, NULL, HTML, "<form action='http://evil.org/'></form>", {0}},
    {FACT_html_inputs, 2, NULL, HTML, "<input><select></select>", {0}},
    {FACT_html_password_inputs, 1, NULL, HTML, "<input type=password><input>", {0}},
    {FACT_html_iframes, 1, NULL, HTML, "<iframe src='http://evil.org/'></iframe>", {0}},
    {FACT_html_styles, 1, NULL, HTML, "<p style='color:red'>x</p>", {0}},
    {FACT_html_truncated, 1, NULL, HTML, "<p>x<a href='ht", {0}},
    {FACT_html_truncated, 0, NULL, HTML, "<p>x", {0}},

    /* bulk */
    {FACT_list_unsubscribe, 1, NULL, PLAIN "List-Unsubscribe: (click) <https://example.com/u/1>\n", "x", {0}},
    {FACT_list_unsubscribe, 1, NULL, PLAIN "List-Unsubscribe: <mailto:u@example.com?subject=u>\n", "x", {0}},
    {FACT_list_unsubscribe, 0, NULL, PLAIN "List-Unsubscribe: https://example.com/u/1\n", "x", {0}},
    {FACT_list_unsubscribe, 0, NULL, PLAIN "List-Unsubscribe: <>, <ftp:x>, <https://>\n", "x", {0}},
    {FACT_list_unsubscribe, 0, NULL, PLAIN "List-Unsubscribe: <https://example.com/1>\nList-Unsubscribe: <https://example.com/2>\n", "x", {0}},
    {FACT_list_unsubscribe_present, 1, NULL, PLAIN "List-Unsubscribe: nonsense\n", "x", {0}},
    {FACT_list_unsubscribe_present, 0, NULL, PLAIN, "x", {0}},
#define ONE "List-Unsubscribe: <mailto:u@example.com>, <https://example.com/u>\n"
#define CLICK "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
    {FACT_list_unsubscribe_one_click, 1, NULL, PLAIN ONE CLICK, "x", {0}},
    {FACT_list_unsubscribe_one_click, 0, NULL, PLAIN ONE, "x", {0}},
    {FACT_list_unsubscribe_one_click, 0, NULL, PLAIN ONE CLICK CLICK, "x", {0}},
    {FACT_list_unsubscribe_one_click, 0, NULL, PLAIN ONE "List-Unsubscribe-Post: One-Click\n", "x", {0}},
    {FACT_list_unsubscribe_one_click, 0, NULL, PLAIN "List-Unsubscribe: <http://example.com/u>\n" CLICK, "x", {0}},
    {FACT_unsubscribe_link, 1, NULL, HTML, "<a href='http://example.com/u'>Unsubscribe</a>", {0}},
    {FACT_unsubscribe_link, 1, NULL, HTML, "<a href='http://example.com/u'>Se d\xc3\xa9sinscrire</a>", {0}},
    {FACT_unsubscribe_link, 1, NULL, HTML, "<a href='http://example.com/u'>Darse de baja</a>", {0}},
    {FACT_unsubscribe_link, 1, NULL, HTML, "<a href='http://example.com/u'>Hier abmelden</a>", {0}},
    {FACT_unsubscribe_link, 1, NULL, HTML, "<a href='http://example.com/u'>Disiscriviti</a>", {0}},
    {FACT_unsubscribe_link, 1, NULL, HTML, "<a href='http://example.com/u'>Cancelar inscri\xc3\xa7\xc3\xa3o</a>", {0}},
    {FACT_unsubscribe_link, 1, NULL, HTML, "<a href='http://example.com/u'>Uitschrijven</a>", {0}},
    {FACT_unsubscribe_link, 1, NULL, HTML, "<a href='http://example.com/optout?i=1'>here</a>", {0}},
    {FACT_unsubscribe_link, 1, NULL, HTML, "<p>To unsubscribe, click <a href='http://example.com/x'>here</a>.</p>", {0}},
    {FACT_unsubscribe_link, 1, NULL, PLAIN, "To unsubscribe go to\nhttp://example.com/x", {0}},
    {FACT_unsubscribe_link, 0, NULL, PLAIN, "To unsubscribe, reply.", {0}},
    {FACT_unsubscribe_link, 0, NULL, HTML, "<a href='http://example.com/x'>our subscription</a>", {0}},
    {FACT_bulk_signs, 0, NULL, PLAIN, "x", {0}},
    {FACT_bulk_signs, 6, NULL, PLAIN ONE "Precedence: bulk\n", "x", {0}},
    {FACT_looks_bulk, 1, NULL, PLAIN ONE, "x", {0}},
    {FACT_looks_bulk, 1, NULL, PLAIN, "to unsubscribe reply", {.recipients = 25}},
    {FACT_looks_bulk, 1, NULL, HTML, "<a href='http://example.com/v'>View in browser</a> <a href='http://example.com/u'>unsubscribe</a>", {0}},
    {FACT_looks_bulk, 0, NULL, PLAIN, "See http://example.com/menu", {0}},
    {FACT_looks_bulk, 0, NULL, BASE "Subject: Your invoice 17\nFeedback-ID: 1:2:3:x\n", "To unsubscribe from notices: http://example.com/u", {0}},
    {FACT_looks_bulk, 0, NULL, PLAIN "Auto-Submitted: auto-replied\nPrecedence: bulk\n", "I am away, unsubscribe me", {0}},
    {FACT_looks_bulk, 1, NULL, PLAIN "Precedence: bulk\n", "News of our shop", {0}},
    {FACT_looks_bulk, 0, NULL, PLAIN ONE, "x", {.is_null = true}},
    {FACT_list_id, 0, "news.example.com", PLAIN "List-Id: The News <News.Example.com>\n", "x", {0}},
    {FACT_list_id, 0, "", PLAIN, "x", {0}},
    {FACT_precedence, 0, "bulk", PLAIN "Precedence: Bulk\n", "x", {0}},
    {FACT_auto_submitted, 1, NULL, PLAIN "Auto-Submitted: auto-generated\n", "x", {0}},
    {FACT_auto_submitted, 0, NULL, PLAIN "Auto-Submitted: no\n", "x", {0}},
    {FACT_is_bounce, 1, NULL, PLAIN, "x", {.is_null = true}},
    {FACT_is_bounce, 0, NULL, PLAIN, "x", {0}},
    {FACT_is_bounce, 1, NULL, MIXED, PART("Content-Type: message/delivery-status\n", "Action: failed\n") END, {0}},

    /* sender */
    {FACT_from_present, 1, NULL, PLAIN, "", {0}},
    {FACT_from_present, 0, NULL, TO DATE ID, "", {0}},
    {FACT_from_fields, 2, NULL, PLAIN FROM, "", {0}},
    {FACT_from_mailboxes, 2, NULL, "From: a@example.com, b@example.com\n" TO DATE ID, "", {0}},
    {FACT_from_sound, 1, NULL, PLAIN, "", {0}},
    {FACT_from_sound, 0, NULL, "From: nobody\n" TO DATE ID, "", {0}},
    {FACT_from_sound, 0, NULL, PLAIN FROM, "", {0}},
    {FACT_from_display_is_address, 1, NULL, "From: \"service@mybank.com\" <x@evil.org>\n" TO DATE ID, "", {0}},
    {FACT_from_display_is_address, 0, NULL, "From: \"ann@mail.example.com\" <ann@example.com>\n" TO DATE ID, "", {0}},
    {FACT_from_display_is_address, 0, NULL, "From: \"Ann @ Work\" <ann@example.com>\n" TO DATE ID, "", {0}},
    {FACT_from_free_mail, 1, NULL, "From: x@gmail.com\n" TO DATE ID, "", {0}},
    {FACT_from_free_mail, 0, NULL, PLAIN, "", {0}},
    {FACT_from_random, 1, NULL, "From: xkqzvbwt@example.com\n" TO DATE ID, "", {0}},
    {FACT_from_random, 0, NULL, PLAIN, "", {0}},
    {FACT_from_brand_foreign, 1, NULL, "From: PayPal Service <x@evil.org>\n" TO DATE ID, "", {0}},
    {FACT_from_brand_foreign, 0, NULL, "From: PayPal <service@paypal.com>\n" TO DATE ID, "", {0}},
    {FACT_from_brand_foreign, 0, NULL, "From: Applebaum <x@evil.org>\n" TO DATE ID, "", {0}},
    {FACT_subject_brand_foreign, 1, NULL, BASE "Subject: Your Netflix account\n", "", {0}},
    {FACT_subject_brand_foreign, 0, NULL, PLAIN, "", {0}},
    {FACT_from_domain, 0, "example.com", PLAIN, "", {0}},
    {FACT_from_domain, 0, "example.co.uk", "From: a@mail.example.co.uk\n" TO, "", {0}},
    {FACT_from_domain, 0, "", TO, "", {0}},
    {FACT_sender_differs, 1, NULL, PLAIN "Sender: x@evil.org\n", "", {0}},
    {FACT_sender_differs, 0, NULL, PLAIN "Sender: x@lists.example.com\n", "", {0}},
    {FACT_reply_to_foreign, 1, NULL, PLAIN "Reply-To: x@evil.org\n", "", {0}},
    {FACT_reply_to_foreign, 0, NULL, PLAIN "Reply-To: x@support.example.com\n", "", {0}},
    {FACT_reply_to_free_mail, 1, NULL, PLAIN "Reply-To: x@gmail.com\n", "", {0}},
    {FACT_reply_to_free_mail, 0, NULL, "From: y@gmail.com\nReply-To: x@gmail.com\n", "", {0}},
    {FACT_to_present, 1, NULL, PLAIN, "", {0}},
    {FACT_to_present, 1, NULL, FROM "Cc: bob@example.net\n", "", {0}},
    {FACT_to_present, 0, NULL, FROM DATE, "", {0}},
    {FACT_to_undisclosed, 1, NULL, FROM "To: undisclosed-recipients:;\n", "", {0}},
    {FACT_to_undisclosed, 1, NULL, FROM DATE, "", {0}},
    {FACT_to_undisclosed, 0, NULL, PLAIN, "", {0}},
    {FACT_to_mailboxes, 3, NULL, FROM "To: a@example.net, b@example.net\nCc: c@example.net\n", "", {0}},
    {FACT_to_is_from, 1, NULL, FROM "To: ann@example.com\n", "", {0}},
    {FACT_to_is_from, 0, NULL, PLAIN, "", {0}},
    {FACT_recipients_unnamed, 1, NULL, PLAIN, "", {.recipient = "carol@example.net"}},
    {FACT_recipients_unnamed, 0, NULL, PLAIN, "", {.recipient = "BOB@example.net"}},
    {FACT_recipients_unnamed, 0, NULL, PLAIN, "", {.is_anonymous = true}},

    /* headers */
    {FACT_message_id_present, 1, NULL, PLAIN, "", {0}},
    {FACT_message_id_present, 0, NULL, FROM TO, "", {0}},
    {FACT_message_id_sound, 1, NULL, PLAIN, "", {0}},
    {FACT_message_id_sound, 0, NULL, FROM "Message-ID: a1@example.com\n", "", {0}},
    {FACT_message_id_sound, 0, NULL, FROM "Message-ID: <a1>\n", "", {0}},
    {FACT_message_id_sound, 0, NULL, FROM "Message-ID: <a 1@example.com>\n", "", {0}},
    {FACT_message_id_sound, 0, NULL, FROM "Message-ID: <a@b@example.com>\n", "", {0}},
    {FACT_message_id_by_mta, 1, NULL, FROM "Message-ID: <20260101120000.4bAXyz1T2K@mx.host.example>\n", "", {.queue_id = "4bAXyz1T2K"}},
    {FACT_message_id_by_mta, 0, NULL, PLAIN, "", {.queue_id = "4bAXyz1T2K"}},
    {FACT_message_id_by_mta, 0, NULL, PLAIN, "", {.queue_id = "a1"}},
    {FACT_message_id_unqualified, 1, NULL, FROM "Message-ID: <1@localhost>\n", "", {0}},
    {FACT_message_id_unqualified, 1, NULL, FROM "Message-ID: <1@pc.local>\n", "", {0}},
    {FACT_message_id_unqualified, 0, NULL, PLAIN, "", {0}},
    {FACT_message_id_foreign, 1, NULL, FROM "Message-ID: <1@mail.evil.org>\n", "", {0}},
    {FACT_message_id_foreign, 0, NULL, PLAIN, "", {0}},
    {FACT_message_id_foreign, 0, NULL, FROM "Message-ID: <1@mx.host.example>\n", "", {0}},
    {FACT_date_present, 1, NULL, PLAIN, "", {0}},
    {FACT_date_present, 0, NULL, FROM, "", {0}},
    {FACT_date_sound, 1, NULL, PLAIN, "", {0}},
    {FACT_date_sound, 0, NULL, FROM "Date: yesterday\n", "", {0}},
    {FACT_date_skew_hours, 0, NULL, PLAIN, "", {0}},
    {FACT_date_skew_hours, 24, NULL, FROM "Date: Fri, 2 Jan 2026 12:00 +0000\n", "", {0}},
    {FACT_date_skew_hours, -2, NULL, FROM "Date: 1 Jan 2026 12:00:00 +0200\n", "", {0}},
    {FACT_date_skew_hours, 1, NULL, "Received: from x by y; Tue, 1 Jan 2002 11:00:00 +0000 (UTC)\n" FROM "Date: Tue, 1 Jan 2002 12:00:00 +0000\n", "", {.is_scan = true}},
    {FACT_date_skew_hours, 0, NULL, FROM "Date: Tue, 1 Jan 2002 12:00:00 +0000\n", "", {.is_scan = true}},
    {FACT_mime_version_present, 1, NULL, HTML, "", {0}},
    {FACT_mime_version_present, 0, NULL, PLAIN, "", {0}},
    {FACT_mime_version_sound, 1, NULL, HTML, "", {0}},
    {FACT_mime_version_sound, 1, NULL, PLAIN "MIME-Version: (made by) 1.0 (x)\n", "", {0}},
    {FACT_mime_version_sound, 0, NULL, PLAIN "MIME-Version: 2.0\n", "", {0}},
    {FACT_mime_version_missing, 1, NULL, PLAIN "Content-Type: text/plain\n", "", {0}},
    {FACT_mime_version_missing, 0, NULL, PLAIN, "", {0}},
    {FACT_header_order, 0, "FTDISVc", HTML, "", {0}},
    {FACT_header_order, 0, "", "X-Other: 1\n", "", {0}},
    {FACT_header_order_odd, 1, NULL, FROM SUBJECT DATE TO "Content-Type: text/plain\nContent-Transfer-Encoding: 8bit\n", "", {0}},
    {FACT_header_order_odd, 1, NULL, FROM SUBJECT TO "Content-Transfer-Encoding: 8bit\nContent-Type: text/plain\nMIME-Version: 1.0\n" ID, "", {0}},
    {FACT_header_order_odd, 0, NULL, HTML "Content-Transfer-Encoding: 8bit\n", "", {0}},
    {FACT_header_fields, 5, NULL, PLAIN, "", {0}},
    {FACT_header_8bit, 1, NULL, FROM "Subject: \xc3\xa9t\xc3\xa9\n", "", {0}},
    {FACT_header_8bit, 0, NULL, PLAIN, "", {0}},
    {FACT_duplicate_fields, 2, NULL, PLAIN SUBJECT FROM, "", {0}},
    {FACT_duplicate_fields, 0, NULL, "Received: a\nReceived: b\n" PLAIN, "", {0}},
    {FACT_received_count, 2, NULL, "Received: a\nReceived: b\n" PLAIN, "", {0}},
    {FACT_x_mailer, 0, "Mutt 2.2", PLAIN "User-Agent: Mutt 2.2\n", "", {0}},
    {FACT_x_mailer, 0, "", PLAIN, "", {0}},
    {FACT_script, 0, "33:mail.php", PLAIN "X-PHP-Originating-Script: 33:mail.php\n", "", {0}},
    {FACT_script, 0, "x.example/f.php for 192.0.2.1", PLAIN "X-PHP-Script: x.example/f.php for 192.0.2.1\n", "", {0}},
    {FACT_priority_high, 1, NULL, PLAIN "X-Priority: 1 (Highest)\n", "", {0}},
    {FACT_priority_high, 1, NULL, PLAIN "X-Priority: 3\nImportance: High\n", "", {0}},
    {FACT_priority_high, 0, NULL, PLAIN "X-Priority: 3\n", "", {0}},

    /* envelope */
    {FACT_recipients, 5, NULL, PLAIN, "", {.recipients = 5}},
    {FACT_recipients, 0, NULL, PLAIN, "", {.is_anonymous = true}},
    {FACT_recipient_domains, 3, NULL, PLAIN, "", {.recipients = 1500}},
    {FACT_recipient_domains, 1, NULL, PLAIN, "", {0}},
    {FACT_null_sender, 1, NULL, PLAIN, "", {.is_null = true}},
    {FACT_null_sender, 0, NULL, PLAIN, "", {0}},
    {FACT_path, 0, "local", PLAIN, "", {.path = PATH_LOCAL}},
    {FACT_class, 0, "outbound", PLAIN, "", {.mail_class = CLASS_OUTBOUND}},
    {FACT_authenticated, 1, NULL, PLAIN, "", {.auth_user = "ann"}},
    {FACT_authenticated, 0, NULL, PLAIN, "", {0}},
    {FACT_mail_from_is_from, 1, NULL, PLAIN, "", {.mail_from = "x@bounce.example.com"}},
    {FACT_mail_from_is_from, 0, NULL, PLAIN, "", {.mail_from = "x@evil.org"}},
    {FACT_mail_from_is_from, 0, NULL, TO, "", {.is_null = true}},
    {FACT_helo, 0, "mail.example.com", PLAIN, "", {.helo = "mail.example.com"}},
    {FACT_helo_sound, 1, NULL, PLAIN, "", {.helo = "mail.example.com"}},
    {FACT_helo_sound, 1, NULL, PLAIN, "", {.helo = "[192.0.2.1]"}},
    {FACT_helo_sound, 0, NULL, PLAIN, "", {.helo = "192.0.2.1"}},
    {FACT_helo_sound, 0, NULL, PLAIN, "", {.helo = "localhost"}},
    {FACT_client_ip, 0, "192.0.2.1", PLAIN, "", {.client_ip = "192.0.2.1"}},

    /* attachments */
    {FACT_attachment_count, 2, NULL, MIXED, ATTACHED("application/pdf", "a.pdf", "%PDF-1.4") ATTACHED("text/csv", "b.csv", "1,2") END, {0}},
    {FACT_attachment_count, 0, NULL, PLAIN, "x", {0}},
    {FACT_attachment_bytes, 8, NULL, MIXED, ATTACHED("application/pdf", "a.pdf", "%PDF-1.4") END, {0}},
    {FACT_attachment_executables, 1, NULL, MIXED, ATTACHED("application/octet-stream", "a.SCR", "x") END, {0}},
    {FACT_attachment_executables, 1, NULL, MIXED, ATTACHED("application/octet-stream", "a.dat", "MZ") END, {0}},
    {FACT_attachment_executables, 0, NULL, MIXED, ATTACHED("application/pdf", "a.pdf", "%PDF-1.4") END, {0}},
    {FACT_attachment_archives, 1, NULL, MIXED, ATTACHED("application/octet-stream", "a.rar", "x") END, {0}},
    {FACT_attachment_archives, 0, NULL, MIXED, ATTACHED("application/octet-stream", "a.docx", "PK\x03\x04") END, {0}},
    {FACT_attachment_archives_encrypted, 1, NULL, MIXED,
     PART("Content-Type: application/zip\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=a.zip\n",
          "UEsDBBQAAQAAAAAAAAAAAAAAAAAAAAAAAAAFAAAAYS5leGU=") END, {0}},
    {FACT_attachment_archives_encrypted, 0, NULL, MIXED,
     PART("Content-Type: application/zip\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=a.zip\n",
          "UEsDBBQAAAAAAAAAAAAAAAAAAAAAAAAAAAAFAAAAYS5leGU=") END, {0}},
    {FACT_attachment_archives_executable, 1, NULL, MIXED,
     PART("Content-Type: application/zip\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=a.zip\n",
          "UEsDBBQAAAAAAAAAAAAAAAAAAAAAAAAAAAAFAAAAYS5leGU=") END, {0}},
    {FACT_attachment_archives_executable, 0, NULL, MIXED, ATTACHED("application/zip", "a.zip", "PK\x03\x04") END, {0}},
    {FACT_attachment_macros, 2, NULL, MIXED, ATTACHED("application/x", "a.docm", "x") ATTACHED("application/x", "b.xls", "x") END, {0}},
    {FACT_attachment_macros, 0, NULL, MIXED, ATTACHED("application/x", "a.docx", "x") END, {0}},
    {FACT_attachment_html, 1, NULL, MIXED, ATTACHED("application/octet-stream", "pay.htm", "<html>") END, {0}},
    {FACT_attachment_html, 0, NULL, MIXED, ATTACHED("application/pdf", "a.pdf", "%PDF") END, {0}},
    {FACT_attachment_svg_active, 3, NULL, MIXED,
     ATTACHED("image/svg+xml", "a.svg", "<svg><SCRIPT>x</script></svg>")
     ATTACHED("application/octet-stream", "b.SVG", "<svg onload=\"x()\"/>")
     PART("Content-Type: image/svg+xml\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=c\n",
          "PHN2Zz48YSBocmVmPSJqYXZhc2NyaXB0OngoKSI+PC9hPjwvc3ZnPg==") END, {0}},
    {FACT_attachment_svg_active, 0, NULL, MIXED,
     ATTACHED("image/svg+xml", "a.svg", "<svg><text>once on = off, on1=x</text></svg>")
     ATTACHED("text/html", "a.html", "<script>x</script>") END, {0}},
    {FACT_calendar_organizer, 0, "eve@mail.example.org", MIXED,
     CALENDAR("ORGANIZER;SENT-BY=\"mailto:sec@x.example\";CN=\"a:b\":MAILTO:Eve@mail.exa\n mple.org\nORGANIZER:mailto:two@example.net") END, {0}},
    {FACT_calendar_organizer, 0, "eve@example.org", MIXED,
     PART("Content-Type: text/calendar\nContent-Transfer-Encoding: base64\n", "T1JHQU5JWkVSOm1haWx0bzpldmVAZXhhbXBsZS5vcmcNCg==") END, {0}},
    {FACT_calendar_organizer, 0, "", MIXED, CALENDAR("ORGANIZER:http://example.org/eve\nX-ORGANIZER:mailto:a@b.example") END, {0}},
    {FACT_calendar_organizer, 0, "", MIXED, PART("Content-Type: text/plain\n", "ORGANIZER:mailto:eve@example.org") END, {0}},
    {FACT_calendar_organizer_foreign, 1, NULL, MIXED, CALENDAR("ORGANIZER:mailto:eve@example.org") END, {0}},
    {FACT_calendar_organizer_foreign, 0, NULL, MIXED, CALENDAR("ORGANIZER:mailto:bob@mail.example.com") END, {0}},
    {FACT_calendar_organizer_foreign, 0, NULL, MIXED, CALENDAR("ORGANIZER:mailto:eve") END, {0}},
    {FACT_calendar_links, 2, NULL, MIXED,
     CALENDAR("DESCRIPTION:see https://evil.example.org/x or www.example.net\nURL:https://teams.microsoft.com/l/1\nLOCATION;LANGUAGE=en:https://meet.example.com/1\nUID:http://example.org/uid") END, {0}},
    {FACT_calendar_links, 1, NULL, MIXED, CALENDAR("DESCRIPTION:https://evil.exam\n ple.org/x") END, {0}},
    {FACT_calendar_links, 0, NULL, PLAIN, "https://evil.example.org/x", {0}},
    {FACT_attachment_images, 1, NULL, MIXED, ATTACHED("image/png", "a.png", "x") END, {0}},
    {FACT_attachment_images, 0, NULL, MIXED, ATTACHED("application/pdf", "a.pdf", "%PDF") END, {0}},
    {FACT_attachment_double_extensions, 1, NULL, MIXED, ATTACHED("application/x", "bill.pdf.exe", "x") END, {0}},
    {FACT_attachment_double_extensions, 1, NULL, MIXED, ATTACHED("application/x", "bill.PDF   .html", "x") END, {0}},
    {FACT_attachment_double_extensions, 0, NULL, MIXED, ATTACHED("application/x", "v1.2.exe", "x") ATTACHED("application/x", "a.tar.gz", "x") END, {0}},
    {FACT_attachment_type_mismatches, 1, NULL, MIXED, ATTACHED("application/pdf", "a.pdf", "MZ") END, {0}},
    {FACT_attachment_type_mismatches, 1, NULL, MIXED, ATTACHED("application/pdf", "a.pdf", "<!DOCTYPE html>") END, {0}},
    {FACT_attachment_type_mismatches, 0, NULL, MIXED, ATTACHED("application/pdf", "a.pdf", "%PDF-1.4") ATTACHED("application/x", "b.unknown", "MZ") END, {0}},
    {FACT_attachment_kinds, 0, "pdf,csv", MIXED, ATTACHED("application/pdf", "a.pdf", "x") ATTACHED("text/csv", "b.csv", "1") ATTACHED("application/pdf", "c.PDF", "x") END, {0}},

    /* form */
    {FACT_malformed, 1, NULL, MIXED, PART("Content-Type: text/plain\n", "x"), {0}},
    {FACT_malformed, 1, NULL, PLAIN SUBJECT, "x", {0}},
    {FACT_malformed, 0, NULL, PLAIN, "8-bit \xe9t\xe9", {0}},
    {FACT_defects, 0, "boundary_unclosed", MIXED, PART("Content-Type: text/plain\n", "x"), {0}},
    {FACT_defects, 0, "", PLAIN, "x", {0}},
    {FACT_bounds_reached, 0, NULL, PLAIN, "x", {0}},
    {FACT_bounds, 0, "", PLAIN, "x", {0}},
    {FACT_part_count, 3, NULL, MIXED, PART("Content-Type: text/plain\n", "x") PART("Content-Type: text/plain\n", "y") END, {0}},
    {FACT_part_count, 1, NULL, PLAIN, "x", {0}},
    {FACT_part_depth, 1, NULL, MIXED, PART("Content-Type: text/plain\n", "x") END, {0}},
    {FACT_charset, 0, "utf-8", HTML, "x", {0}},
    {FACT_charset, 0, "", PLAIN, "x", {0}},
};
/* clang-format on */

enum { TRIALS = sizeof(trials) / sizeof(trials[0]) };

static size_t mail_of(const struct trial *trial, char *mail, size_t size)
{
    int len = snprintf(mail, size, "%s\n%s", trial->header, trial->body);
    assert_true(len > 0 && (size_t)len < size);
    return (size_t)len;
}

static void test_trials(void **state)
{
    (void)state;
    static struct facts facts;
    char mail[8192];
    char got[512];
    size_t wrong = 0;
    for (size_t i = 0; i < TRIALS; i++) {
        const struct trial *trial = &trials[i];
        struct arena *arena = arena_new(4 << 20);
        collect(arena, mail, mail_of(trial, mail, sizeof(mail)), &trial->env, &facts);
        double number = facts.number[trial->fact];
        bool is_right = number > trial->number - 1e-9 && number < trial->number + 1e-9;
        if (trial->text != NULL)
            is_right = span_eq(facts.text[trial->fact], span_of(trial->text));
        if (!is_right) {
            text_escape(facts.text[trial->fact], got, sizeof(got));
            print_error("trial %zu %s: want %g '%s', got %g '%s'\n  %s\n  %s\n", i,
                        outgate_fact_rows[trial->fact].name, trial->number,
                        trial->text != NULL ? trial->text : "", number, got,
                        trial->header, trial->body);
            wrong++;
        }
        arena_free(&arena);
    }
    assert_int_equal(wrong, 0);
}

/* Sizes that depend on line ends are looked at by sign alone. */
static void test_sizes(void **state)
{
    (void)state;
    static struct facts facts;
    struct setting set = {0};
    struct arena *arena = arena_new(4 << 20);
    static const char mail[] = HTML "\n<!-- a comment --><p>text</p>";
    collect(arena, mail, sizeof(mail) - 1, &set, &facts);
    assert_true(facts.number[FACT_size_bytes] > 150);
    assert_true(facts.number[FACT_html_comment_ratio] > 0.3);
    assert_true(facts.number[FACT_html_text_ratio] > 0.1);
    assert_true(facts.number[FACT_html_text_ratio] < 0.2);
    arena_free(&arena);
}

/* Each fact is set by some trial and left alone by another. */
static void test_every_fact_is_tried(void **state)
{
    (void)state;
    static struct facts facts;
    static bool was_set[FACT_ID_COUNT];
    static bool was_unset[FACT_ID_COUNT];
    char mail[8192];
    for (size_t i = 0; i < TRIALS; i++) {
        struct arena *arena = arena_new(4 << 20);
        collect(arena, mail, mail_of(&trials[i], mail, sizeof(mail)), &trials[i].env,
                &facts);
        for (int id = 0; id < FACT_ID_COUNT; id++)
            *(facts_is_set(&facts, (enum fact_id)id) ? &was_set[id] : &was_unset[id]) =
                true;
        arena_free(&arena);
    }
    static const enum fact_id always[] = {FACT_size_bytes, FACT_part_count, FACT_path,
                                          FACT_class, FACT_header_fields};
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        was_unset[always[i]] = true;         /* no message is without */
    was_set[FACT_html_comment_ratio] = true; /* test_sizes */
    was_set[FACT_bounds_reached] = was_set[FACT_bounds] = true; /* test_bounds */
    for (int id = FACT_signature_aligned; id <= FACT_virus_problem; id++)
        was_set[id] = true; /* test_past, test_authentication */
    for (int id = 0; id < FACT_ID_COUNT; id++) {
        if (!was_set[id] || !was_unset[id])
            print_error("%s: set %d, unset %d\n", outgate_fact_rows[id].name,
                        was_set[id], was_unset[id]);
        assert_true(was_set[id] && was_unset[id]);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    static struct facts facts;
    static const char mail[] = PLAIN "\n0123456789";
    struct arena *arena = arena_new(1 << 20);
    struct message *msg = message_new(arena, 4);
    struct envelope env = {.path = PATH_UNKNOWN};
    message_read(msg, (struct span){mail, sizeof(mail) - 1});
    facts_collect(&facts, msg, &env, NULL, NOW_S);
    assert_int_equal(facts.number[FACT_bounds_reached], 1);
    assert_true(span_eq(facts.text[FACT_bounds], SPAN("body_bytes")));
    arena_free(&arena);
}

static void collect_bounds(const char *head, const char *again, size_t times,
                           const char *tail, const char *want)
{
    static struct facts facts;
    static const struct setting none = {0};
    struct arena *arena = arena_new(64 << 20);
    struct buf mail;
    buf_init(&mail, arena, 1 << 20);
    buf_add_span(&mail, span_of(head));
    for (size_t i = 0; i < times; i++)
        buf_add_span(&mail, span_of(again));
    buf_add_span(&mail, span_of(tail));
    collect(arena, mail.at, mail.len, &none, &facts);
    char got[128];
    text_escape(facts.text[FACT_bounds], got, sizeof got);
    assert_string_equal(got, want);
    assert_int_equal(facts.number[FACT_bounds_reached], want[0] != '\0');
    arena_free(&arena);
}

/* What was left out is named, and what was just not left out is not. */
static void test_bounds_by_name(void **state)
{
    (void)state;
    collect_bounds(FROM "To: ", "a@b,", BOUND_ADDRESSES - 1, "\n\nx", "");
    collect_bounds(FROM "Cc: ", "a@b,", BOUND_ADDRESSES + 1, "\n\nx", "addresses");
    collect_bounds("X-A: ", "=?koi8-r?q?=C1?= =?euc-jp?q?=C1?= ", 50, "\n\nx", "");
    collect_bounds("X-A: ", "=?koi8-r?q?=C1?= =?euc-jp?q?=C1?= ", 150, "\n\nx",
                   "charsets");
    /* a name is decoded once more when it is asked for: that counts as well */
    collect_bounds("From: ", "=?koi8-r?q?=C1?= =?euc-jp?q?=C1?= ", 75, "<a@b>\n\nx",
                   "charsets");
    collect_bounds(PLAIN "\n", "text ", BOUND_RULE_PART_BYTES / 5, "", "");
    collect_bounds(PLAIN "\n", "text ", BOUND_RULE_PART_BYTES / 5, "x", "rule_text");
}

/* The recipient is sought in any case, and in time that grows with the text alone. */
static void test_recipient_is_found(void **state)
{
    (void)state;
    static struct facts facts;
    static const char mail[] =
        FROM "Subject: hello LongLocal there\n\n"
             "http://x.example/?e=LONGLOCAL%40Example.NET http://x.example/longlocal";
    struct setting set = {.recipient = "LongLocal@example.net"};
    struct arena *arena = arena_new(1 << 24);
    collect(arena, mail, sizeof(mail) - 1, &set, &facts);
    assert_int_equal(facts.number[FACT_link_names_recipient], 1);
    assert_int_equal(facts.number[FACT_subject_names_recipient], 1);
    set.recipient = "longlocale@example.net";
    collect(arena, mail, sizeof(mail) - 1, &set, &facts);
    assert_int_equal(facts.number[FACT_link_names_recipient], 0);
    assert_int_equal(facts.number[FACT_subject_names_recipient], 0);
    arena_free(&arena);
}

static void test_rows(void **state)
{
    (void)state;
    for (int id = 0; id < FACT_ID_COUNT; id++) {
        const struct fact_row *row = &outgate_fact_rows[id];
        bool has_unit = row->unit[0] != '\0';
        bool is_plain = row->type == FACT_FLAG || row->type == FACT_TEXT;
        assert_non_null(row->name);
        assert_true(
            row->name[strspn(row->name, "abcdefghijklmnopqrstuvwxyz0123456789_")] ==
            '\0');
        assert_true(has_unit != is_plain);
        assert_true(strlen(row->source) > 3);
        assert_true(strlen(row->doc) > 10);
        assert_true(row->doc[strlen(row->doc) - 1] != '.' ||
                    strcmp(row->doc + strlen(row->doc) - 3, "...") == 0);
        switch (row->type) {
        case FACT_FLAG:
        case FACT_RATIO:
            assert_string_equal(row->range, "0..1");
            break;
        case FACT_COUNT:
            assert_string_equal(row->range, "0..");
            break;
        case FACT_NUMBER:
            assert_true(strcmp(row->range, "0..") == 0 ||
                        strcmp(row->range, "any") == 0);
            break;
        case FACT_TEXT:
            assert_string_equal(row->range, "text");
            break;
        case FACT_TYPE_UNKNOWN:
        default:
            fail_msg("%s has no type", row->name);
        }
        assert_int_equal(facts_find(span_of(row->name)), id); /* no name twice */
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(facts_find(SPAN("links_per_100_words")), FACT_links_per_100_words);
    assert_int_equal(facts_find(SPAN("links_per_100_word")), -1);
    assert_int_equal(facts_find(SPAN("")), -1);
    assert_string_equal(facts_nearest(SPAN("link_per_100_words")),
                        "links_per_100_words");
    assert_string_equal(facts_nearest(SPAN("subject_cap_ratio")), "subject_caps_ratio");
    assert_null(facts_nearest(SPAN("qqqqqqqqqqqqqqqqqqqqqqqq")));
}

static void assert_facts_sound(const struct facts *facts)
{
    for (int id = 0; id < FACT_ID_COUNT; id++) {
        const struct fact_row *row = &outgate_fact_rows[id];
        double number = facts->number[id];
        bool is_right = number >= 0; /* and no NaN */
        if (row->type == FACT_FLAG)
            is_right = (int)number == 0 || (int)number == 1;
        else if (row->type == FACT_RATIO)
            is_right = number >= 0 && number <= 1;
        else if (strcmp(row->range, "any") == 0)
            is_right = number > -1e15 && number < 1e15;
        if (!is_right)
            print_error("%s is %g\n", row->name, number);
        assert_true(is_right);
        assert_true(facts->text[id].len == 0 || row->type == FACT_TEXT);
        for (size_t i = 0; i < facts->text[id].len; i++) /* readable to its end */
            assert_true(facts->text[id].at[i] == facts->text[id].at[i]);
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void mutate(char *mail, size_t len, uint32_t *seed)
{
    static const char spice[] = "<>@:;=\n\"'%!\0\xff\xc3\xe2\x80\xf0 -&#0a";
    for (int n = 0; n < 4; n++)
        mail[next_random(seed) % len] = spice[next_random(seed) % (sizeof(spice) - 1)];
}

static void test_mutated_mails_stay_in_range(void **state)
{
    (void)state;
    static struct facts facts;
    uint32_t seed = 1;
    char mail[8192];
    for (size_t i = 0; i < TRIALS * 8; i++) {
        const struct trial *trial = &trials[i % TRIALS];
        struct arena *arena = arena_new(4 << 20);
        size_t len = mail_of(trial, mail, sizeof(mail));
        mutate(mail, len, &seed);
        collect(arena, mail, len - next_random(&seed) % (len / 2), &trial->env, &facts);
        assert_facts_sound(&facts);
        arena_free(&arena);
    }
}

/* Whatever the arena still gives, the facts are in range. */
static void test_small_arenas(void **state)
{
    (void)state;
    static struct facts facts;
    static const char mail[] = HTML ONE CLICK
        "Reply-To: x@gmail.com\nSender: a@evil.org\n\n"
        "<a href='http://a.example.com/?http://x'>www.x.org</a><img src=cid:1>";
    struct setting set = {.recipients = 10};
    for (size_t cap = 2048; cap < 40000; cap += 64) {
        struct arena *arena = arena_new(cap);
        if (arena != NULL) {
            struct message *msg = message_new(arena, 1 << 16);
            struct envelope env = {.recipient_count = set.recipients};
            if (msg != NULL) {
                message_read(msg, (struct span){mail, sizeof(mail) - 1});
                facts_collect(&facts, msg, &env, NULL, NOW_S);
                assert_facts_sound(&facts);
            }
        }
        arena_free(&arena);
    }
}

static void test_huge_text(void **state)
{
    (void)state;
    static char text[1 << 19];
    struct text_scan scan;
    static const char units[][8] = {"a",   "!",  "%", "1% ", "\xff", "\xe2\x80\x8b",
                                    "un ", "u ", "-", "$1 "};
    for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
        size_t len = strlen(units[u]);
        for (size_t i = 0; i < sizeof(text); i++)
            text[i] = units[u][i % len];
        text_scan((struct span){text, sizeof(text)}, &scan);
        assert_true(scan.letters <= sizeof(text));
        assert_true(scan.words <= sizeof(text));
        assert_int_equal(scan.random_words, 0);
    }
}

static void test_lists_are_sorted(void **state)
{
    (void)state;
    for (int list = LIST_UNKNOWN + 1; list < LIST_COUNT; list++) {
        size_t count;
        const char *const *names = list_names((enum name_list)list, &count);
        assert_true(count > 10);
        for (size_t i = 0; i < count; i++) {
            assert_true(i == 0 || strcmp(names[i - 1], names[i]) < 0);
            assert_true(list_has((enum name_list)list, span_of(names[i])));
        }
        assert_false(list_has((enum name_list)list, SPAN("")));
        assert_false(list_has((enum name_list)list, SPAN("nothing-like-it")));
    }
    assert_true(list_has_suffix(LIST_FREE_HOSTS, SPAN("a.b.weebly.com")));
    assert_false(list_has_suffix(LIST_FREE_HOSTS, SPAN("notweebly.com")));
}

static void test_phrases(void **state)
{
    (void)state;
    enum wording wording;
    const char *phrase;
    size_t i;
    char text[128];
    for (i = 0; (phrase = wording_phrase(i, &wording)) != NULL; i++) {
        snprintf(text, sizeof(text), "%s", phrase);
        assert_int_equal(wording_at(span_of(text), 0), wording);
        for (char *c = text; *c != '\0'; c++) /* ASCII capitals */
            *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
        assert_int_equal(wording_at(span_of(text), 0), wording);
        strcat(text, "x"); /* a longer word is another word */
        assert_int_not_equal(wording_at(span_of(text), 0), wording);
    }
    assert_true(i > 300);
    assert_int_equal(wording_at(SPAN("unsubscri"), 0), WORDING_UNKNOWN);
    assert_int_equal(wording_at(SPAN("buy \n\t now"), 0), WORDING_SALE);
    assert_int_equal(wording_at(SPAN("buynow"), 0), WORDING_UNKNOWN);
    assert_int_equal(wording_at(SPAN(""), 0), WORDING_UNKNOWN);
}

static void test_field_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum field_id id;
    } names[] = {
        {"To", FIELD_TO},
        {"from", FIELD_FROM},
        {"SUBJECT", FIELD_SUBJECT},
        {"X-Mailer", FIELD_MAILER},
        {"Content-Transfer-Encoding", FIELD_CONTENT_ENCODING},
        {"X-PHP-Originating-Script", FIELD_SCRIPT},
        {"List-Unsubscribe-Post", FIELD_LIST_POST_FIELD},
        {"List-Unsubscribe", FIELD_LIST_UNSUBSCRIBE},
        {"", FIELD_OTHER},
        {"X-Unknown", FIELD_OTHER},
        {"Content-Transfer-Encodings", FIELD_OTHER},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(fact_field_id(span_of(names[i].name)), names[i].id);
}

static void test_dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t time_s; /* -1: not well-formed */
    } dates[] = {
        {"Thu, 1 Jan 1970 00:00:00 +0000", 0},
        {"1 Jan 1970 01:00 +0100", 0},
        {"Thu, 01 Jan 2026 12:00:00 GMT (comment)", NOW_S},
        {"Thu,01 Jan 2026 07:00:00 EST", NOW_S},
        {"Thu, 29 Feb 2024 00:00:00 -0000", 1709164800},
        {"1 Jan 26 12:00:00 Z", NOW_S},
        {"Sat, 31 Dec 1966 23:59:60 +0000", -94694400},
        {"", -1},
        {"Thu", -1},
        {"Thu, 1 Jan 2026", -1},
        {"Thu, 29 Feb 2023 00:00:00 +0000", -1},
        {"Thu, 1 Jan 2026 25:00:00 +0000", -1},
        {"Thu, 1 Jan 2026 12:00:00", -1},
        {"Thu, 1 Jan 2026 12:00:00 +0090", -1},
        {"Thu, 1 Jan 2026 12:00:00 +00", -1},
        {"2026-01-01T12:00:00Z", -1},
        {"Thu, 1 Jan 99999999999999999999 12:00:00 +0000", -1},
        {"Thu, 0 Jan 2026 12:00:00 +0000", -1},
        {"Thu, 1 Jan 2026 12:00:00 +0000 junk", -1},
    };
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        int64_t time_s = -1;
        bool is_sound = date_parse(span_of(dates[i].text), &time_s);
        if (is_sound != (dates[i].time_s != -1))
            print_error("%s\n", dates[i].text);
        assert_int_equal(is_sound, dates[i].time_s != -1);
        assert_int_equal(time_s, dates[i].time_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trials),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_every_fact_is_tried),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_bounds_by_name),
        cmocka_unit_test(test_recipient_is_found),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_mutated_mails_stay_in_range),
        cmocka_unit_test(test_small_arenas),
        cmocka_unit_test(test_huge_text),
        cmocka_unit_test(test_lists_are_sorted),
        cmocka_unit_test(test_phrases),
        cmocka_unit_test(test_field_names),
        cmocka_unit_test(test_dates),
    };
    return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
