/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval: each function with a mail that it hits and one that it does not; arguments that
 * do not fit; hostile mail. A function without both rows fails the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "facts/authentication.h"
#include "rules/eval/eval.h"
#include "rules/ruleset.h"

enum { ARENA_BYTES = 256 << 20, HOSTILE_BYTES = 400000 };

static struct ruleset *load_with(const char *rules, unsigned flags,
                                 struct rule_report *report, struct err *err)
{
    char path[] = "/tmp/outgate-test-XXXXXX";
    const char *paths[] = {path};
    struct ruleset *set;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, rules, strlen(rules)), strlen(rules));
    close(fd);
    (void)ruleset_load(&set, paths, 1, flags, report, err);
    unlink(path);
    return set;
}

static struct ruleset *load(const char *rules, struct err *err)
{
    return load_with(rules, 0, NULL, err);
}

#define R(helo, rdns, ip, by)                                                          \
    "Received: from " helo " (" rdns " [" ip "]) by " by                               \
    " (Postfix) with ESMTP id ABCDEF;\n Thu, 13 Mar 2003 12:00:00 +0000\n"
#define RX     R("h.example", "r.a.example", "192.0.2.1", "mx.b.example")
#define FROM_A "From: A <a@a.example>\nTo: B <b@b.example>\nSubject: Hello there\n"
#define DATED  "Date: Thu, 13 Mar 2003 12:00:10 +0000\n"
#define PLAIN  RX FROM_A DATED "\nHello,\nhow are you?\n"
#define HTML(body)                                                                     \
    RX FROM_A "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n" body
#define MIXED(parts)                                                                   \
    RX FROM_A "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=q\n\n" parts \
              "--q--\n"
#define ALTERNATIVE(text, html)                                                        \
    RX FROM_A "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=q\n\n" \
              "--q\nContent-Type: text/plain\n\n" text                                 \
              "\n--q\nContent-Type: text/html\n\n" html "\n--q--\n"
#define TEXT(x)  RX FROM_A DATED "\n" x
#define IN(name) "From: A <a@" name ">\nTo: B <b@b.example>\nSubject: Hello\n"
#define GIF                                                                            \
    MIXED("--q\nContent-Type: image/gif; name=a.gif\n"                                 \
          "Content-Transfer-Encoding: base64\n\nR0lGODlhZADIAIAAAAAAAP///yH5\n")
#define SEVEN                                                                          \
    "a1@a.example, b1@a.example, c1@a.example, d1@a.example, e1@a.example,"            \
    " f1@a.example, g1@a.example"
#define LONG(x) x x x x x x x x x x x x x x x x x x x x

/* rule: what stands behind eval:; settings: lines before it, or NULL. */
static const struct {
    const char *rule;
    const char *settings;
    const char *mail;
    bool is_hit;
} rows[] = {
    /* HeaderEval */
    {"check_for_fake_aol_relay_in_rcvd()", NULL,
     "Received: from x ( rly-xw01.mx.aol.com ) by y\n" FROM_A "\n", true},
    {"check_for_fake_aol_relay_in_rcvd()", NULL,
     "Received: from x ( rly-xw01.mx.aol.com ) by y (8.8.8/8.8.8/AOL-5.0.0)\n\n",
     false},
    {"check_for_faraway_charset_in_headers()", "ok_locales en",
     "Subject: =?koi8-r?Q?x?=\n\n", true},
    {"check_for_faraway_charset_in_headers()", "ok_locales en ru",
     "Subject: =?koi8-r?Q?x?=\n\n", false},
    {"check_for_faraway_charset_in_headers()", NULL, "Subject: =?koi8-r?Q?x?=\n\n",
     false},
    {"check_for_unique_subject_id()", NULL, PLAIN, false},
    {"check_illegal_chars('Subject','0.00','2')", NULL, "Subject: a\xe9\xe9\xe9 b\n\n",
     true},
    {"check_illegal_chars('Subject','0.00','2')", NULL, "Subject: caf\xc3\xa9\n\n",
     false},
    {"check_for_forged_hotmail_received_headers()", NULL,
     R("hotmail.com", "r.a.example", "192.0.2.1", "mx") IN("a.example") "\n", true},
    {"check_for_forged_hotmail_received_headers()", NULL, PLAIN, false},
    {"check_for_no_hotmail_received_headers()", NULL, RX IN("hotmail.com") "\n", true},
    {"check_for_no_hotmail_received_headers()", NULL,
     "X-Originating-IP: [192.0.2.9]\nReceived: from hotmail.com (f1.law.hotmail.com "
     "[192.0.2.1]) by mx\n" IN("hotmail.com") "\n",
     false},
    {"check_for_msn_groups_headers()", NULL,
     "Received: from mail pickup service by p04.groups.msn.com with x\n"
     "To: <list@groups.msn.com>\nMessage-Id: <x@p04.groups.msn.com>\n\n",
     true},
    {"check_for_msn_groups_headers()", NULL, PLAIN, false},
    {"check_for_forged_eudoramail_received_headers()", NULL,
     RX IN("eudoramail.com") "\n", true},
    {"check_for_forged_eudoramail_received_headers()", NULL, PLAIN, false},
    {"check_for_forged_yahoo_received_headers()", NULL, RX IN("yahoo.com") "\n", true},
    {"check_for_forged_yahoo_received_headers()", NULL,
     R("h", "mta.mail.yahoo.com", "192.0.2.1", "mx") IN("yahoo.com") "\n", false},
    {"check_for_forged_juno_received_headers()", NULL, RX IN("juno.com") "\n", true},
    {"check_for_forged_juno_received_headers()", NULL, PLAIN, false},
    {"check_for_forged_gmail_received_headers()", NULL, RX IN("gmail.com") "\n", true},
    {"check_for_forged_gmail_received_headers()", NULL,
     RX "X-Received: by 10.1.2.3 with SMTP id abc\n" IN("gmail.com") "\n", false},
    {"check_for_forged_gw05_received_headers()", NULL,
     RX "Received: from a.example by gw05 with ESMTP; Thu, 21 Jun 2001 02:28:32 "
        "-0400\n\n",
     true},
    {"check_for_forged_gw05_received_headers()", NULL, PLAIN, false},
    {"check_for_matching_env_and_hdr_from()", NULL,
     "Return-Path: <a@a.example>\n" PLAIN, true},
    {"check_for_matching_env_and_hdr_from()", NULL,
     "Return-Path: <x@x.example>\n" PLAIN, false},
    {"sorted_recipients()", NULL, "To: " SEVEN "\n\n", true},
    {"sorted_recipients()", NULL, "To: z1@a.example, " SEVEN "\n\n", false},
    {"similar_recipients('0.65','undef')", NULL,
     "To: aa1@x.example, aa2@x.example, aa3@x.example, aa4@x.example, "
     "aa5@x.example\n\n",
     true},
    {"similar_recipients('0.65','undef')", NULL, "To: " SEVEN "\n\n", false},
    {"check_for_missing_to_header()", NULL, "Cc: a@a.example\n\n", true},
    {"check_for_missing_to_header()", NULL, PLAIN, false},
    {"check_for_shifted_date('3','6')", NULL,
     RX "Date: Thu, 13 Mar 2003 16:30:00 +0000\n\n", true},
    {"check_for_shifted_date('undef','-96')", NULL,
     RX "Date: Mon, 03 Mar 2003 12:00:00 +0000\n\n", true},
    {"check_for_shifted_date('3','6')", NULL, PLAIN, false},
    {"subject_is_all_caps()", NULL, "Subject: Re: BUY THIS NOW\n\n", true},
    {"subject_is_all_caps()", NULL, "Subject: BUY THIS now\n\n", false},
    {"check_for_to_in_subject('user')", NULL,
     "To: joe@b.example\nSubject: joe, buy this\n\n", true},
    {"check_for_to_in_subject('address')", NULL,
     "To: joe@b.example\nSubject: for joe@b.example only\n\n", true},
    {"check_for_to_in_subject('user')", NULL,
     "To: joe@b.example\nSubject: joey, buy this\n\n", false},
    {"check_outlook_message_id()", NULL,
     RX DATED "Message-ID: <000001d2e95e$12345678$9abcdef0@x>\n\n", true},
    {"check_outlook_message_id()", NULL,
     RX DATED "Message-ID: <000001c2e95e$12345678$9abcdef0@x>\n\n", false},
    {"check_messageid_not_usable()", NULL,
     RX "List-Unsubscribe: <mailto:leave-x@y.example>\n\n", true},
    {"check_messageid_not_usable()", NULL, PLAIN, false},
    {"check_header_count_range('Subject','2','999')", NULL,
     "Subject: a\nSubject: b\n\n", true},
    {"check_header_count_range('Subject','2','999')", NULL,
     "Subject: a\nSubject: a\n\n", false},
    {"check_unresolved_template()", NULL, "X-Mailer: %RND_WORD\n\n", true},
    {"check_unresolved_template()", NULL, "Subject: %RND_WORD\n\n", false},
    {"check_ratware_name_id()", NULL,
     "Message-ID: <ABCDEFGHIJKLMNOPQRSTUVWXYZAB.a@a.example>\n"
     "From: \"x\" <a@a.example>\n\n",
     true},
    {"check_ratware_name_id()", NULL,
     "Message-ID: <ABCDEFGHIJKLMNOPQRSTUVWXYZA.a@a.example>\n"
     "From: \"x\" <a@a.example>\n\n",
     false},
    {"check_ratware_envelope_from()", NULL,
     "Return-Path: <x-b.com.joe@y.example>\nTo: joe@b.com\n\n", true},
    {"check_ratware_envelope_from()", NULL,
     "Return-Path: <joe@y.example>\nTo: joe@b.com\n\n", false},
    {"gated_through_received_hdr_remover()", NULL, FROM_A "\n", true},
    {"gated_through_received_hdr_remover()", NULL, PLAIN, false},
    {"check_equal_from_domains()", NULL, "Return-Path: <x@x.example>\n" PLAIN, true},
    {"check_equal_from_domains()", NULL, "Return-Path: <x@b.a.example>\n" PLAIN, false},

    /* RelayEval */
    {"check_for_numeric_helo()", NULL, R("192.0.2.9", "r", "192.0.2.1", "mx") "\n",
     true},
    {"check_for_numeric_helo()", NULL, PLAIN, false},
    {"check_for_illegal_ip()", NULL, PLAIN, false},
    {"check_all_trusted()", "trusted_networks 192.0.2.0/24", PLAIN, true},
    {"check_all_trusted()", NULL, PLAIN, false},
    {"check_no_relays()", NULL, FROM_A "\n", true},
    {"check_no_relays()", NULL, PLAIN, false},
    {"check_relays_unparseable()", NULL, "Received: from nowhere at all\n\n", true},
    {"check_relays_unparseable()", NULL, PLAIN, false},
    {"check_for_sender_no_reverse()", NULL, PLAIN, true},
    {"check_for_sender_no_reverse()", NULL, FROM_A "\n", false},
    {"check_for_from_domain_in_received_headers('a.example','false')", NULL, PLAIN,
     true},
    {"check_for_from_domain_in_received_headers('c.example','false')", NULL, PLAIN,
     false},
    {"check_for_forged_received_trail()", NULL,
     R("h", "r.aa.com", "192.0.2.1", "mx.xx.com")
         R("h", "r.bb.com", "192.0.2.1", "mx.yy.com")
             R("h", "r.cc.com", "192.0.2.1", "mx.zz.com") "\n",
     true},
    {"check_for_forged_received_trail()", NULL, PLAIN, false},
    {"check_for_forged_received_ip_helo()", NULL,
     R("198.51.100.9", "r", "192.0.2.1", "mx") "\n", true},
    {"check_for_forged_received_ip_helo()", NULL, PLAIN, false},
    {"helo_ip_mismatch()", NULL, R("198.51.100.9", "r", "192.0.2.1", "mx") "\n", true},
    {"helo_ip_mismatch()", NULL, R("192.0.2.200", "r", "192.0.2.1", "mx") "\n", false},
    {"check_for_no_rdns_dotcom_helo()", NULL,
     R("mx.aol.com", "unknown", "192.0.2.1", "mx") "\n", true},
    {"check_for_no_rdns_dotcom_helo()", NULL,
     R("mx.aol.com", "r.aol.com", "192.0.2.1", "mx") "\n", false},

    /* HTMLEval */
    {"html_tag_balance('body','!= 0')", NULL, HTML("<body><body>x</body>"), true},
    {"html_tag_balance('body','!= 0')", NULL, HTML("<body>x</body>"), false},
    {"html_image_only('0','400')", NULL, HTML("<img src=x>"), true},
    {"html_image_only('0','400')", NULL, HTML("<p>no image"), false},
    {"html_image_ratio('0.000','0.002')", NULL,
     HTML("<img src=x width=100 height=100>x"), true},
    {"html_image_ratio('0.000','0.002')", NULL, HTML("<img src=x width=1 height=1>xyz"),
     false},
    {"html_charset_faraway()", "ok_locales en",
     HTML("<meta http-equiv=content-type content='text/html; charset=big5'>x"), true},
    {"html_charset_faraway()", "ok_locales en", HTML("<p>x"), false},
    {"html_tag_exists('center')", NULL, HTML("<CENTER>x</CENTER>"), true},
    {"html_tag_exists('center')", NULL, HTML("center"), false},
    {"html_test('font_low_contrast')", NULL, HTML("<font color=#fefefe>x</font>"),
     true},
    {"html_test('font_low_contrast')", NULL, HTML("<font color=#000000>x</font>"),
     false},
    {"html_test('font_invalid_color')", NULL, HTML("<font color=ff0000>x</font>"),
     true},
    {"html_test('font_face_bad')", NULL, HTML("<font face=';;'>x"), true},
    {"html_test('form_action_mailto')", NULL, HTML("<form action=MAILTO:x@y>"), true},
    {"html_test('embeds')", NULL, HTML("<embed src=x>"), true},
    {"html_test('html')", NULL, PLAIN, false},
    {"html_eval('length','< 20')", NULL, HTML("<p>short"), true},
    {"html_eval('length','< 20')", NULL, HTML("<p>not so short as that"), false},
    {"html_text_match('comment','<!.*?>')", NULL, HTML("a<!-- x -->b"), true},
    {"html_text_match('anchor','<img>')", NULL, HTML("<a href=x><img src=y></a>"),
     true},
    {"html_text_match('title','.{5}')", NULL, HTML("<title>abc</title>"), false},
    {"html_text_not_match('title','x')", NULL, HTML("<title>abc</title>"), true},
    {"html_text_not_match('title','b')", NULL, HTML("<title>abc</title>"), false},
    {"html_title_subject_ratio('3.5')", NULL,
     HTML("<title>" LONG("long title ") "</title>"), true},
    {"html_title_subject_ratio('3.5')", NULL, HTML("<title>Hello there</title>"),
     false},
    {"html_range('max_size','5','6')", NULL, HTML("<font size=6>x"), true},
    {"html_range('bad_tag_ratio','0.4','0.6')", NULL, HTML("<blurb><p>x"), true},
    {"html_range('obfuscation_ratio','0.9','inf')", NULL, HTML("Vi<b>ag</b>ra"), true},
    {"html_range('obfuscation_ratio','0.9','inf')", NULL, HTML("Vi <b>ag</b> ra"),
     false},
    {"html_range('closed_extra_ratio','0.09','inf')", NULL, HTML("x</p></p>"), true},
    {"html_range('non_element_ratio','0.4','0.6')", NULL, HTML("<p>x<blurb>"), true},
    {"check_iframe_src()", NULL, HTML("<iframe src=http://x.example/></iframe>"), true},
    {"check_iframe_src()", NULL, HTML("<iframe></iframe>"), false},

    /* MIMEEval */
    {"check_for_mime('mime_base64_count')", NULL, GIF, true},
    {"check_for_mime('mime_base64_encoded_text')", NULL,
     MIXED(
         "--q\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\neHh4\n"),
     true},
    {"check_for_mime('mime_bad_iso_charset')", NULL,
     MIXED("--q\nContent-Type: text/plain; charset=iso-8858-x\n\nx\n"), true},
    {"check_for_mime('mime_qp_count')", NULL,
     MIXED("--q\nContent-Type: text/plain\nContent-Transfer-Encoding: "
           "quoted-printable\n\n=41=42\n"),
     true},
    {"check_for_mime('mime_qp_count')", NULL, PLAIN, false},
    {"check_for_mime_html()", NULL, HTML("x"), true},
    {"check_for_mime_html()", NULL, PLAIN, false},
    {"check_for_mime_html_only()", NULL, HTML("x"), true},
    {"check_for_mime_html_only()", NULL, ALTERNATIVE("x", "x"), false},
    {"check_mime_multipart_ratio('0.00','0.5')", NULL,
     ALTERNATIVE("x", "<p>much longer than that"), true},
    {"check_mime_multipart_ratio('0.00','0.5')", NULL, ALTERNATIVE("xxxx", "xxxx"),
     false},
    {"check_msg_parse_flags('mime_epilogue_exists')", NULL,
     MIXED("--q\nContent-Type: text/plain\n\nx\n") "footer\n", true},
    {"check_msg_parse_flags('missing_mime_headers')", NULL, MIXED("--q\n\nx\n"), true},
    {"check_msg_parse_flags('missing_mime_head_body_separator')", NULL,
     MIXED("--q\nContent-Type: text/plain\nno separator\n"), true},
    {"check_msg_parse_flags('truncated_header')", NULL, PLAIN, false},
    {"check_for_ascii_text_illegal()", NULL, TEXT("caf\xe9\n"), true},
    {"check_for_ascii_text_illegal()", NULL, PLAIN, false},
    {"check_abundant_unicode_ratio(0.02)", NULL, TEXT("&#x4E00;&#x4E01;\n"), true},
    {"check_abundant_unicode_ratio(0.02)", NULL, PLAIN, false},
    {"check_for_faraway_charset()", "ok_locales en",
     RX "Content-Type: text/plain; charset=koi8-r\n\n"
        "\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8\n",
     true},
    {"check_for_faraway_charset()", "ok_locales en", PLAIN, false},
    {"check_for_uppercase('50','100')", NULL, TEXT(LONG("BUY THIS NOW OR LOSE. ")),
     true},
    {"check_for_uppercase('50','100')", NULL, TEXT(LONG("buy this now or lose. ")),
     false},
    {"check_ma_non_text()", NULL,
     RX "Content-Type: multipart/alternative; boundary=q\n\n--q\n"
        "Content-Type: image/gif\n\nx\n--q--\n",
     true},
    {"check_ma_non_text()", NULL, ALTERNATIVE("x", "x"), false},
    {"check_base64_length('79')", NULL,
     MIXED("--q\nContent-Type: image/gif\nContent-Transfer-Encoding: base64\n\n" LONG(
         "AAAA") "\n"),
     true},
    {"check_base64_length('79')", NULL, GIF, false},
    {"check_qp_ratio('0.5')", NULL,
     MIXED("--q\nContent-Type: text/plain\nContent-Transfer-Encoding: "
           "quoted-printable\n\n" LONG("=41=42") "\n"),
     false},
    {"check_qp_ratio('0.2')", NULL,
     MIXED("--q\nContent-Type: text/plain\nContent-Transfer-Encoding: "
           "quoted-printable\n\n=41=42=43=44=45\n"),
     true},

    /* BodyEval */
    {"multipart_alternative_difference('99','100')", NULL,
     ALTERNATIVE("quite other words", "<p>nothing of those"), true},
    {"multipart_alternative_difference('99','100')", NULL,
     ALTERNATIVE("the same words", "<p>the <b>same</b> words"), false},
    {"multipart_alternative_difference_count('3','1')", NULL,
     ALTERNATIVE("a b c d e f g h i j", "<p>x y"), true},
    {"multipart_alternative_difference_count('3','1')", NULL,
     ALTERNATIVE("x", "<p>x y"), false},
    {"check_blank_line_ratio('50','100','4')", NULL, TEXT("a\n\n\n\n\nb\n"), true},
    {"check_blank_line_ratio('50','100','4')", NULL, TEXT("a\nb\nc\nd\n"), false},
    {"tvd_vertical_words('60','100')", NULL, TEXT("b u y t h i s n o w\n"), true},
    {"tvd_vertical_words('60','100')", NULL, PLAIN, false},
    {"check_stock_info('2')", NULL, TEXT("Symbol: ABCD\nTarget: 5\n"), true},
    {"check_stock_info('2')", NULL, TEXT("Symbol: ABCD\nHello: 5\n"), false},
    {"check_body_length('128')", NULL, TEXT("x\n"), true},
    {"check_body_length('10')", NULL, PLAIN, false},
    {"plaintext_body_length('1','10')", NULL, TEXT("hello\n-- \nsignature\n"), true},
    {"plaintext_body_length('1','2')", NULL, TEXT("hello\n-- \nsignature\n"), false},
    {"plaintext_sig_length('5')", NULL, TEXT("hello\n-- \nsignature\n"), true},
    {"plaintext_sig_length('5')", NULL, PLAIN, false},
    {"plaintext_body_sig_ratio('0','1')", NULL, TEXT("hello\n-- \nsignature\n"), true},
    {"plaintext_body_sig_ratio('0','1')", NULL, PLAIN, false},

    /* FreeMail */
    {"check_freemail_header('Reply-To','\\d@')", "freemail_domains free.com",
     "Reply-To: joe1@free.com\n\n", true},
    {"check_freemail_header('Reply-To','\\d@')", "freemail_domains free.com",
     "Reply-To: joe@free.com\n\n", false},
    {"check_freemail_header('Reply-To')",
     "freemail_domains free.com\nfreemail_welcomelist joe@free.com",
     "Reply-To: joe@free.com\n\n", false},
    {"check_freemail_from()", "freemail_domains free.*", IN("free.com") "\n", true},
    {"check_freemail_from()", "freemail_domains free.*", IN("free.co.uk") "\n", false},
    {"check_freemail_body()", "freemail_domains free.com",
     TEXT("write to joe@free.com now\n"), true},
    {"check_freemail_body()", "freemail_domains free.com",
     TEXT("<joe@free.com> wrote\n"), false},
    {"check_freemail_replyto('replyto')", "freemail_domains free.com other.com",
     "From: joe@free.com\nReply-To: ann@other.com\n\n", true},
    {"check_freemail_replyto('replyto')", "freemail_domains free.com other.com",
     "From: joe@free.com\nReply-To: joe@free.com\n\n", false},

    /* WLBLEval, WelcomeListSubject */
    {"check_from_in_blocklist()", "blocklist_from *@a.example", PLAIN, true},
    {"check_from_in_blocklist()", "blocklist_from *@b.example", PLAIN, false},
    {"check_from_in_blacklist()", "blacklist_from a@a.example", PLAIN, true},
    {"check_from_in_blacklist()", NULL, PLAIN, false},
    {"check_to_in_blocklist()", "blocklist_to b@b.example", PLAIN, true},
    {"check_to_in_blocklist()", "blocklist_to c@b.example", PLAIN, false},
    {"check_to_in_blacklist()", "blacklist_to b@b.example", PLAIN, true},
    {"check_to_in_blacklist()", NULL, PLAIN, false},
    {"check_to_in_welcomelist()", "welcomelist_to b@b.example", PLAIN, true},
    {"check_to_in_welcomelist()", NULL, PLAIN, false},
    {"check_to_in_whitelist()", "whitelist_to b@b.example", PLAIN, true},
    {"check_to_in_whitelist()", NULL, PLAIN, false},
    {"check_to_in_more_spam()", "more_spam_to b@b.example", PLAIN, true},
    {"check_to_in_more_spam()", NULL, PLAIN, false},
    {"check_to_in_all_spam()", "all_spam_to b@b.example", PLAIN, true},
    {"check_to_in_all_spam()", NULL, PLAIN, false},
    {"check_from_in_list('X')", "enlist_addrlist (X) *@a.example", PLAIN, true},
    {"check_from_in_list('Y')", "enlist_addrlist (X) *@a.example", PLAIN, false},
    {"check_replyto_in_list('X')", "enlist_addrlist (X) *@a.example",
     "Reply-To: a@a.example\n\n", true},
    {"check_replyto_in_list('X')", "enlist_addrlist (X) *@a.example", PLAIN, false},
    {"check_to_in_list('X')", "enlist_addrlist (X) b@b.example", PLAIN, true},
    {"check_to_in_list('X')", "enlist_addrlist (X) c@b.example", PLAIN, false},
    {"check_from_in_welcomelist()", "welcomelist_from_rcvd *@a.example a.example",
     PLAIN, true},
    {"check_from_in_welcomelist()", "welcomelist_from_rcvd *@a.example x.example",
     PLAIN, false},
    {"check_from_in_whitelist()", "whitelist_from a@a.example", PLAIN, true},
    {"check_from_in_whitelist()", NULL, PLAIN, false},
    {"check_forged_in_welcomelist()", "welcomelist_from_rcvd *@a.example x.example",
     PLAIN, true},
    {"check_forged_in_welcomelist()", NULL, PLAIN, false},
    {"check_forged_in_whitelist()", "welcomelist_from_rcvd *@a.example x.example",
     PLAIN, true},
    {"check_forged_in_whitelist()", NULL, PLAIN, false},
    {"check_from_in_default_welcomelist()",
     "def_welcomelist_from_rcvd *@a.example [192.0.2.1]", PLAIN, true},
    {"check_from_in_default_welcomelist()",
     "def_welcomelist_from_rcvd *@a.example [192.0.2.2]", PLAIN, false},
    {"check_from_in_default_whitelist()",
     "def_welcomelist_from_rcvd *@a.example [192.0.2.0/24]", PLAIN, true},
    {"check_from_in_default_whitelist()", NULL, PLAIN, false},
    {"check_forged_in_default_welcomelist()",
     "def_welcomelist_from_rcvd *@a.example x.example", PLAIN, true},
    {"check_forged_in_default_welcomelist()", NULL, PLAIN, false},
    {"check_forged_in_default_whitelist()",
     "def_welcomelist_from_rcvd *@a.example x.example", PLAIN, true},
    {"check_forged_in_default_whitelist()",
     "def_welcomelist_from_rcvd *@a.example x.example\n"
     "welcomelist_allows_relays *@a.example",
     PLAIN, false},
    {"check_mailfrom_matches_rcvd()", NULL,
     "Return-Path: <x@a.com>\n" R("h", "r.a.com", "192.0.2.1", "mx") "\n", true},
    {"check_mailfrom_matches_rcvd()", NULL,
     "Return-Path: <x@b.com>\n" R("h", "r.a.com", "192.0.2.1", "mx") "\n", false},
    {"check_uri_host_listed('X')", "enlist_uri_host (X) bad.com",
     TEXT("http://www.bad.com/\n"), true},
    {"check_uri_host_listed('X')", "enlist_uri_host (X) bad.com",
     TEXT("http://www.notbad.com/\n"), false},
    {"check_uri_host_in_blocklist()", "blocklist_uri_host bad.com",
     TEXT("http://bad.com/\n"), true},
    {"check_uri_host_in_blocklist()", NULL, TEXT("http://bad.com/\n"), false},
    {"check_uri_host_in_blacklist()", "blacklist_uri_host bad.com",
     TEXT("http://bad.com/\n"), true},
    {"check_uri_host_in_blacklist()", NULL, PLAIN, false},
    {"check_uri_host_in_welcomelist()", "welcomelist_uri_host good.com",
     TEXT("http://good.com/\n"), true},
    {"check_uri_host_in_welcomelist()", NULL, PLAIN, false},
    {"check_uri_host_in_whitelist()", "whitelist_uri_host good.com",
     TEXT("http://good.com/\n"), true},
    {"check_uri_host_in_whitelist()", NULL, PLAIN, false},
    {"check_subject_in_welcomelist()", "welcomelist_subject [bug *]",
     "Subject: Re: [Bug 12] x\n\n", true},
    {"check_subject_in_welcomelist()", "welcomelist_subject [bug *]", PLAIN, false},
    {"check_subject_in_whitelist()", "whitelist_subject hello", PLAIN, true},
    {"check_subject_in_whitelist()", NULL, PLAIN, false},
    {"check_subject_in_blocklist()", "blocklist_subject make money fast",
     "Subject: Make Money Fast!\n\n", true},
    {"check_subject_in_blocklist()", "blocklist_subject make money fast", PLAIN, false},
    {"check_subject_in_blacklist()", "blacklist_subject hello", PLAIN, true},
    {"check_subject_in_blacklist()", NULL, PLAIN, false},

    /* URIEval, HTTPSMismatch */
    {"check_for_http_redirector()", NULL, TEXT("http://a.com/go?http://b.com/\n"),
     true},
    {"check_for_http_redirector()", NULL, TEXT("http://a.com/go\n"), false},
    {"check_https_ip_mismatch()", NULL,
     HTML("<a href='http://192.0.2.1/'>https://bank.com/</a>"), true},
    {"check_https_ip_mismatch()", NULL,
     HTML("<a href='http://192.0.2.1/'>https://192.0.2.1/</a>"), false},
    {"check_uri_truncated()", NULL,
     HTML("<a href='http://a.com/" LONG(LONG(LONG("12345"))) "'>x</a>"), true},
    {"check_uri_truncated()", NULL, HTML("<a href='http://a.com/'>x</a>"), false},
    {"check_https_http_mismatch('1','10')", NULL,
     HTML("<a href='http://evil.com/'>https://bank.com/</a>"), true},
    {"check_https_http_mismatch('1','10')", NULL,
     HTML("<a href='http://www.bank.com/'>https://bank.com/</a>"), false},

    /* ImageInfo: 100 wide, 200 high */
    {"image_count('gif',1,1)", NULL, GIF, true},
    {"image_count('png',1)", NULL, GIF, false},
    {"pixel_coverage('all','20000','20000')", NULL, GIF, true},
    {"pixel_coverage('gif',30000)", NULL, GIF, false},
    {"image_to_text_ratio('all','0.000','0.015')", NULL, GIF, true},
    {"image_to_text_ratio('all','0.000','0.015')", NULL, PLAIN, false},
    {"image_size_exact('gif','200','100')", NULL, GIF, true},
    {"image_size_exact('gif','100','200')", NULL, GIF, false},
    {"image_size_range('gif','150','50','250','150')", NULL, GIF, true},
    {"image_size_range('gif','250','50')", NULL, GIF, false},
    {"image_named('a.gif')", NULL, GIF, true},
    {"image_named('b.gif')", NULL, GIF, false},
    {"image_name_regex('/^A\\.GIF$/i')", NULL, GIF, true},
    {"image_name_regex('/^b/')", NULL, GIF, false},

    /* VBounce */
    {"have_any_bounce_relays()", "welcomelist_bounce_relays mx.b.example", PLAIN, true},
    {"have_any_bounce_relays()", NULL, PLAIN, false},
    {"check_welcomelist_bounce_relays()", "welcomelist_bounce_relays *.own.com",
     TEXT("Received: by mx.own.com (Postfix)\n"), true},
    {"check_welcomelist_bounce_relays()", "welcomelist_bounce_relays *.own.com",
     TEXT("Received: by mx.other.com (Postfix)\n"), false},
    {"check_whitelist_bounce_relays()", "whitelist_bounce_relays mx.own.com",
     TEXT("Received: by mx.own.com (Postfix)\n"), true},
    {"check_whitelist_bounce_relays()", NULL, PLAIN, false},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static void test_functions(void **state)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct envelope env = {.is_scan = true};
    char rules[4096];

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct err err = {0};
        struct hits hits;
        struct ruleset *set;
        struct message *msg = message_new(arena, 1 << 22);
        snprintf(rules, sizeof rules, "%s\nheader A eval:%s\n",
                 rows[i].settings != NULL ? rows[i].settings : "", rows[i].rule);
        set = load(rules, &err);
        if (set == NULL || ruleset_count(set) != 1)
            fail_msg("%s: does not load: %s", rows[i].rule, err.text);
        message_read(msg, span_of(rows[i].mail));
        rule_match(set, msg, &env, NULL, &hits);
        if ((hits.count == 1) != rows[i].is_hit)
            fail_msg("row %zu: %s: wanted %s", i, rows[i].rule,
                     rows[i].is_hit ? "a hit" : "no hit");
        ruleset_free(&set);
        arena_reset(arena);
    }
    arena_free(&arena);
}

/* ---- SPF, DKIM, DMARC ---- */

#define FROM(address) "From: A <" address ">\nTo: b@b.example\nSubject: Hello\n\nHi\n"

enum what { HIT, MISS };

/* spf, helo, dmarc: results. sign: "RESULT d= i= FLAGS" each, ';' between; i= may be
 * "-"; FLAGS: t a test key. */
static const struct {
    const char *rule;
    enum what what;
    enum auth_result spf, helo;
    const char *sign;
    enum auth_result dmarc;
    enum dmarc_policy policy;
    const char *mail_from, *mail;
} auth_rows[] = {
    {"check_for_spf_pass()", HIT, .spf = AUTH_PASS},
    {"check_for_spf_pass()", MISS, .spf = AUTH_FAIL},
    {"check_for_spf_pass()", MISS, .helo = AUTH_PASS},
    {"check_for_spf_pass()", MISS, .spf = AUTH_UNKNOWN},
    {"check_for_spf_neutral()", HIT, .spf = AUTH_NEUTRAL},
    {"check_for_spf_neutral()", MISS, .spf = AUTH_PASS},
    {"check_for_spf_none()", HIT, .spf = AUTH_NONE},
    {"check_for_spf_none()", MISS, .spf = AUTH_UNKNOWN},
    {"check_for_spf_fail()", HIT, .spf = AUTH_FAIL},
    {"check_for_spf_fail()", MISS, .spf = AUTH_SOFTFAIL},
    {"check_for_spf_softfail()", HIT, .spf = AUTH_SOFTFAIL},
    {"check_for_spf_softfail()", MISS, .spf = AUTH_FAIL},
    {"check_for_spf_permerror()", HIT, .spf = AUTH_PERMERROR},
    {"check_for_spf_permerror()", MISS, .spf = AUTH_TEMPERROR},
    {"check_for_spf_temperror()", HIT, .spf = AUTH_TEMPERROR},
    {"check_for_spf_temperror()", MISS, .spf = AUTH_PERMERROR},
    {"check_for_spf_helo_pass()", HIT, .helo = AUTH_PASS},
    {"check_for_spf_helo_pass()", MISS, .spf = AUTH_PASS},
    {"check_for_spf_helo_neutral()", HIT, .helo = AUTH_NEUTRAL},
    {"check_for_spf_helo_neutral()", MISS, .spf = AUTH_NEUTRAL},
    {"check_for_spf_helo_none()", HIT, .helo = AUTH_NONE},
    {"check_for_spf_helo_none()", MISS, .helo = AUTH_FAIL},
    {"check_for_spf_helo_fail()", HIT, .helo = AUTH_FAIL},
    {"check_for_spf_helo_fail()", MISS, .spf = AUTH_FAIL},
    {"check_for_spf_helo_softfail()", HIT, .helo = AUTH_SOFTFAIL},
    {"check_for_spf_helo_softfail()", MISS, .helo = AUTH_FAIL},
    {"check_for_spf_helo_permerror()", HIT, .helo = AUTH_PERMERROR},
    {"check_for_spf_helo_permerror()", MISS, .helo = AUTH_TEMPERROR},
    {"check_for_spf_helo_temperror()", HIT, .helo = AUTH_TEMPERROR},
    {"check_for_spf_helo_temperror()", MISS, .helo = AUTH_PERMERROR},

    {"check_dkim_signed()", HIT, .sign = "fail a.example"},
    {"check_dkim_signed()", MISS, .sign = ""},
    {"check_dkim_signed('a.example')", HIT, .sign = "fail A.example"},
    {"check_dkim_signed(a.example)", HIT, .sign = "fail a.example"},
    {"check_dkim_signed('a.example')", MISS, .sign = "fail b.a.example"},
    {"check_dkim_signed('*.a.example')", HIT, .sign = "fail b.a.example"},
    {"check_dkim_signed('*.a.example')", HIT, .sign = "fail a.example"},
    {"check_dkim_signed('.a.example')", HIT, .sign = "fail c.b.a.example"},
    {"check_dkim_signed('.a.example')", MISS, .sign = "fail ba.example"},
    {"check_dkim_signed('x.example','A.example')", HIT, .sign = "fail a.example"},
    {"check_dkim_signed('x.example','y.example')", MISS, .sign = "fail a.example"},
    {"check_dkim_signed('a.example')", MISS, .sign = "permerror -"},
    {"check_dkim_signed('b.a.example')", HIT, .sign = "fail a.example b.a.example"},
    {"check_dkim_valid()", HIT, .sign = "pass a.example"},
    {"check_dkim_valid()", MISS, .sign = "fail a.example"},
    {"check_dkim_valid()", MISS, .sign = "policy a.example"},
    {"check_dkim_valid()", HIT, .sign = "fail a.example;pass b.example"},
    {"check_dkim_valid('a.example')", MISS, .sign = "fail a.example;pass b.example"},
    {"check_dkim_valid('*.a.example','b.example')", HIT,
     .sign = "fail a.example;pass b.example"},
    {"check_dkim_verified()", HIT, .sign = "pass a.example"},
    {"check_dkim_verified()", MISS, .sign = "temperror a.example"},
    {"check_dkim_valid_author_sig()", HIT, .sign = "pass a.example",
     .mail = FROM("x@A.example")},
    {"check_dkim_valid_author_sig()", HIT, .sign = "fail a.example;pass b.example",
     .mail = FROM("x@b.example")},
    {"check_dkim_valid_author_sig()", MISS, .sign = "fail a.example;pass b.example",
     .mail = FROM("x@a.example")},
    {"check_dkim_valid_author_sig()", MISS, .sign = "pass a.example",
     .mail = FROM("x@b.a.example")},
    {"check_dkim_valid_author_sig()", HIT, .sign = "pass a.example b.a.example",
     .mail = FROM("x@b.a.example")},
    {"check_dkim_valid_author_sig('*.a.example')", HIT, .sign = "pass b.a.example",
     .mail = FROM("x@b.a.example")},
    {"check_dkim_valid_author_sig('c.example')", MISS, .sign = "pass a.example",
     .mail = FROM("x@a.example")},
    {"check_dkim_valid_author_sig('*.example.com')", MISS, .sign = "pass a.example",
     .mail = FROM("x@a.example")},
    {"check_dkim_valid_envelopefrom()", HIT, .sign = "pass a.example",
     .mail_from = "bounce@A.example"},
    {"check_dkim_valid_envelopefrom()", MISS, .sign = "pass a.example",
     .mail_from = "bounce@b.example"},
    {"check_dkim_valid_envelopefrom()", MISS, .sign = "fail a.example",
     .mail_from = "bounce@a.example"},
    {"check_dkim_valid_envelopefrom()", MISS, .sign = "pass a.example"},
    {"check_dkim_testing()", HIT, .sign = "pass a.example - t"},
    {"check_dkim_testing()", MISS, .sign = "pass a.example"},
    {"check_dkim_dependable()", HIT, .sign = ""},
    {"check_dkim_dependable()", HIT, .sign = "fail a.example"},
    {"check_dkim_dependable()", MISS, .sign = "neutral a.example"},

    {"check_dmarc_pass()", HIT, .dmarc = AUTH_PASS, .policy = DMARC_REJECT},
    {"check_dmarc_pass()", MISS, .dmarc = AUTH_NONE},
    {"check_dmarc_reject()", HIT, .dmarc = AUTH_FAIL, .policy = DMARC_REJECT},
    {"check_dmarc_reject()", MISS, .dmarc = AUTH_PASS, .policy = DMARC_REJECT},
    {"check_dmarc_reject()", MISS, .dmarc = AUTH_TEMPERROR, .policy = DMARC_REJECT},
    {"check_dmarc_quarantine()", HIT, .dmarc = AUTH_FAIL, .policy = DMARC_QUARANTINE},
    {"check_dmarc_quarantine()", MISS, .dmarc = AUTH_FAIL, .policy = DMARC_REJECT},
    {"check_dmarc_none()", HIT, .dmarc = AUTH_FAIL, .policy = DMARC_NONE},
    {"check_dmarc_none()", MISS, .dmarc = AUTH_NONE, .policy = DMARC_NONE},
    {"check_dmarc_missing()", HIT, .dmarc = AUTH_NONE},
    {"check_dmarc_missing()", MISS, .dmarc = AUTH_TEMPERROR},
};

enum { AUTH_ROWS = sizeof auth_rows / sizeof auth_rows[0] };

static enum auth_result result_named(struct span name)
{
    int i = AUTH_NONE;
    while (!span_eq(name, span_of(auth_result_name((enum auth_result)i))))
        assert_true(++i <= AUTH_PERMERROR);
    return (enum auth_result)i;
}

static struct span but_dash(struct span text)
{
    return span_eq(text, SPAN("-")) ? SPAN("") : text;
}

static void sign(struct authentication *auth, const char *sign)
{
    struct span rest = span_of(sign), one, word;
    auth->dkim = AUTH_NONE;
    while (rest.len > 0) {
        struct auth_signature *signature = &auth->signatures[auth->signature_count++];
        span_cut(rest, ';', &one, &rest);
        span_cut(one, ' ', &word, &one);
        signature->result = auth->dkim = result_named(word);
        span_cut(one, ' ', &word, &one);
        signature->domain = but_dash(word);
        span_cut(one, ' ', &word, &one);
        signature->identity = but_dash(word);
        signature->is_test = span_eq(one, SPAN("t"));
    }
    auth->signature_total = auth->signature_count;
}

static bool hits_row(size_t i, struct arena *arena, struct envelope *env)
{
    struct err err = {0};
    struct hits hits;
    char rules[512];
    snprintf(rules, sizeof rules, "full A eval:%s\n", auth_rows[i].rule);
    struct ruleset *set = load_with(rules, RULESET_AUTHENTICATION, NULL, &err);
    struct message *msg = message_new(arena, 1 << 20);
    if (set == NULL || ruleset_count(set) != 1)
        fail_msg("%s: does not load: %s", auth_rows[i].rule, err.text);
    message_read(msg, span_of(auth_rows[i].mail != NULL ? auth_rows[i].mail : PLAIN));
    rule_match(set, msg, env, NULL, &hits);
    ruleset_free(&set);
    return hits.count == 1;
}

/* With these results it hits or not; where nobody was asked nothing hits. */
static void test_authentication(void **state)
{
    struct arena *arena = arena_new(ARENA_BYTES);

    (void)state;
    for (size_t i = 0; i < AUTH_ROWS; i++) {
        struct authentication auth = {.is_known = true}, nothing = {0};
        struct envelope env = {.authentication = &auth};
        auth.spf.is_helo = auth_rows[i].helo != AUTH_UNKNOWN;
        auth.spf.result = auth.spf.is_helo ? auth_rows[i].helo : auth_rows[i].spf;
        auth.dmarc.result = auth_rows[i].dmarc;
        auth.dmarc.policy = auth_rows[i].policy;
        if (auth_rows[i].sign != NULL)
            sign(&auth, auth_rows[i].sign);
        env.mail_from = span_of(auth_rows[i].mail_from);
        if (hits_row(i, arena, &env) != (auth_rows[i].what == HIT))
            fail_msg("row %zu: %s: wanted %s", i, auth_rows[i].rule,
                     auth_rows[i].what == HIT ? "a hit" : "no hit");
        env.authentication = &nothing;
        assert_false(hits_row(i, arena, &env));
        env.authentication = NULL;
        assert_false(hits_row(i, arena, &env));
        arena_reset(arena);
    }
    arena_free(&arena);
}

/* Where it is off they are skipped, with the reason, and their plugins are not there.
 */
static void test_without_authentication(void **state)
{
    static const char rules[] =
        "header A eval:check_for_spf_pass()\n"
        "full   B eval:check_dkim_valid('a.example')\n"
        "header C eval:check_dmarc_reject()\n"
        "ifplugin Mail::SpamAssassin::Plugin::DMARC\n"
        "header D eval:check_dmarc_missing()\n"
        "endif\n"
        "if can(Mail::SpamAssassin::Plugin::SPF::has_check_for_spf_errors)\n"
        "header E eval:check_for_spf_temperror()\n"
        "endif\n"
        "if plugin(Mail::SpamAssassin::Plugin::DKIM)\n"
        "full   F eval:check_dkim_signed()\n"
        "else\n"
        "header G Subject =~ /x/\n"
        "endif\n"
        "meta   M !A\n";
    struct rule_report report;
    struct err err = {0};

    (void)state;
    assert_int_equal(rule_report_init(&report, &err), 0);
    struct ruleset *set = load_with(rules, 0, &report, &err);
    assert_non_null(set);
    assert_int_equal(ruleset_count(set), 2);
    assert_true(ruleset_find(set, "G") >= 0 && ruleset_find(set, "M") >= 0);
    assert_int_equal(report.skipped, 3);
    assert_string_equal(
        report.remarks[0].text,
        "A: asks the network (eval:check_for_spf_pass), and [dns] is empty");
    ruleset_free(&set);
    set = load_with(rules, RULESET_AUTHENTICATION, NULL, &err);
    assert_non_null(set);
    assert_int_equal(ruleset_count(set), 7);
    assert_true(ruleset_find(set, "G") < 0);
    ruleset_free(&set);
    rule_report_clear(&report);
}

/* Of four scores the one with network tests, where they are made. */
static void test_network_score(void **state)
{
    static const char rules[] = "header A eval:check_for_spf_fail()\n"
                                "score  A 0 0.919 0 0.001\n"
                                "header B Subject =~ /x/\n"
                                "score  B 2 0 0 0\n"
                                "full   C eval:check_dkim_valid()\n"
                                "score  C -0.1\n"
                                "score  C (-1)\n";
    struct rule_info info;
    struct err err = {0};

    (void)state;
    struct ruleset *set = load_with(rules, RULESET_AUTHENTICATION, NULL, &err);
    assert_non_null(set);
    assert_int_equal(ruleset_count(set), 3);
    ruleset_info(set, 0, &info);
    assert_true(info.score == 0.919);
    ruleset_info(set, 1, &info);
    assert_true(info.score == 2);
    ruleset_info(set, 2, &info);
    assert_true(info.score == -1.1);
    ruleset_free(&set);
    set = load(rules, &err);
    assert_non_null(set);
    assert_int_equal(ruleset_count(set), 1);
    ruleset_free(&set);
}

/* Kept for old rules alone: they never hit. */
static bool is_empty_shell(const char *name)
{
    return strcmp(name, "check_for_unique_subject_id") == 0 ||
           strcmp(name, "check_for_illegal_ip") == 0;
}

static void test_all_functions_have_rows(void **state)
{
    struct eval_info info;

    (void)state;
    for (size_t n = 0; eval_info(n, &info); n++) {
        size_t len = strlen(info.name), hit = 0, miss = 0;
        for (size_t i = 0; i < ROWS; i++)
            if (strncmp(rows[i].rule, info.name, len) == 0 &&
                rows[i].rule[len] == '(') {
                hit += rows[i].is_hit;
                miss += !rows[i].is_hit;
            }
        for (size_t i = 0; i < AUTH_ROWS; i++)
            if (strncmp(auth_rows[i].rule, info.name, len) == 0 &&
                auth_rows[i].rule[len] == '(') {
                hit += auth_rows[i].what == HIT;
                miss += auth_rows[i].what == MISS;
            }
        if (miss == 0 || (hit == 0 && !is_empty_shell(info.name)))
            fail_msg("%s has no row of a %s", info.name, hit == 0 ? "hit" : "miss");
    }
}

/* rule, and what is said of it; a rule that is not there is skipped, not wrong. */
static const struct {
    const char *rule, *error;
} bad_rows[] = {
    {"no_such_function()", NULL},
    {"html_test('no_such_test')", NULL},
    {"html_image_only('0')", "needs more arguments"},
    {"html_image_only('0','1','2')", "at most 2"},
    {"html_image_only('x','1')", "is no number"},
    {"html_tag_balance('body','!= x')", "no comparison"},
    {"html_text_match('comment','(')", "argument 2 of html_text_match"},
    {"html_image_only('0','1'", "')' is missing"},
    {"html_image_only('0,1)", "not quoted"},
    {"html_image_only('0',)", "not quoted"},
    {"check_all_trusted('x')", "at most 0"},
    {"image_size_range('gif','1','1','1','1','1')", "at most 5"},
};

static void test_bad_arguments(void **state)
{
    char rules[512];

    (void)state;
    for (size_t i = 0; i < sizeof bad_rows / sizeof bad_rows[0]; i++) {
        struct err err = {0};
        struct ruleset *set;
        snprintf(rules, sizeof rules, "header A eval:%s\n", bad_rows[i].rule);
        set = load(rules, &err);
        if (bad_rows[i].error == NULL) {
            assert_non_null(set);
            assert_int_equal(ruleset_count(set), 0);
        } else if (set != NULL || strstr(err.text, bad_rows[i].error) == NULL)
            fail_msg("%s: wanted \"%s\", got \"%s\"", bad_rows[i].rule,
                     bad_rows[i].error, err.text);
        ruleset_free(&set);
    }
}

/* Settings that cannot be: file:line and why. */
static void test_bad_settings(void **state)
{
    static const char *const bad[] = {
        "trusted_networks x.y",      "enlist_addrlist X a@b",      "enlist_uri_host ()",
        "welcomelist_from_rcvd a@b", "freemail_max_body_emails x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err err = {0};
        struct ruleset *set = load(bad[i], &err);
        if (set != NULL || strstr(err.text, ":1: ") == NULL)
            fail_msg("%s: \"%s\"", bad[i], err.text);
    }
}

/* Every function on mail that is made of one piece again and again. */
static void test_hostile(void **state)
{
    static const char *const pieces[] = {"<a href=x>",
                                         "<p>",
                                         "<!--",
                                         "<font size=7 color=#fff>",
                                         "a@b.com ",
                                         "&#x4E00;",
                                         "=41",
                                         "--q\n",
                                         "http://a.com/?http://",
                                         "<td style='a:b'>",
                                         "Symbol: x\n",
                                         "\n",
                                         "Received: x.y ",
                                         "<x",
                                         "\xff",
                                         "a b c d "};
    struct arena *arena = arena_new(ARENA_BYTES);
    struct envelope env = {.is_scan = true};
    struct err err = {0};
    struct buf rules;
    struct ruleset *set;
    clock_t start = clock();

    (void)state;
    buf_init(&rules, arena, 1 << 20);
    buf_printf(&rules, "welcomelist_bounce_relays *.*.*\nfreemail_domains b.com\n");
    for (size_t i = 0; i < ROWS; i++)
        buf_printf(&rules, "header A%zu eval:%s\n", i, rows[i].rule);
    set = load(buf_cstr(&rules), &err);
    assert_non_null(set);
    for (size_t i = 0; i < 2 * sizeof pieces / sizeof pieces[0]; i++) {
        const char *piece = pieces[i / 2];
        struct hits hits;
        struct message *msg;
        struct buf mail;
        arena_reset(arena);
        buf_init(&mail, arena, HOSTILE_BYTES);
        buf_printf(&mail, RX FROM_A "Content-Type: %s\n\n",
                   i % 2 == 0 ? "text/html" : "multipart/alternative; boundary=q");
        while (!mail.is_full)
            buf_add_span(&mail, span_of(piece));
        msg = message_new(arena, 1 << 22);
        message_read(msg, buf_span(&mail));
        rule_match(set, msg, &env, NULL, &hits);
    }
    /* Some 32 mails of 400 kB: seconds, even with sanitizers and a busy machine. */
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 60);
    ruleset_free(&set);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_authentication),
        cmocka_unit_test(test_without_authentication),
        cmocka_unit_test(test_network_score),
        cmocka_unit_test(test_all_functions_have_rows),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_bad_settings),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
