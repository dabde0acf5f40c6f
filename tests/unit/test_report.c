/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "message/report.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(64 << 20);
    return arena != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void read_text(const char *text, size_t len, struct report *out)
{
    struct message *msg = message_new(arena, 4 << 20);
    assert_non_null(msg);
    message_read(msg, (struct span){text, len});
    report_read(msg, out);
}

static void assert_span(struct span found, const char *wanted, const char *what)
{
    if (!span_eq(found, span_of(wanted)))
        fail_msg("%s: '%.*s', not '%s'", what, (int)found.len, found.at, wanted);
}

/* ---- status codes and words ---- */

static void status_codes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *status;
        int smtp;
        enum report_reason reason;
    } rows[] = {
        {"550 5.1.1 <a@b.example>: no", "5.1.1", 550, REASON_ADDRESS},
        {"550-5.7.26 unauthenticated", "5.7.26", 550, REASON_POLICY},
        {"smtp; 452 4.2.2 over quota", "4.2.2", 452, REASON_FULL},
        {"host 192.0.2.5 said: 550 User unknown", "", 550, REASON_ADDRESS},
        {"client 5.4.1.2 is fine", "", 0, REASON_UNKNOWN},
        {"version 5.1.1a", "", 0, REASON_UNKNOWN},
        {"(#5.1.1)", "5.1.1", 0, REASON_ADDRESS},
        {"554 5.4.1 Recipient address rejected: Access denied", "5.4.1", 554,
         REASON_POLICY},
        {"421 4.4.2 timed out", "4.4.2", 421, REASON_EXPIRED},
        {"250 2.1.5 Ok", "", 0, REASON_UNKNOWN},
        {"552 5.3.4 message too big", "5.3.4", 552, REASON_SIZE},
        {"554 blocked by a blocklist", "", 554, REASON_POLICY},
        {"", "", 0, REASON_UNKNOWN},
        {"5", "", 0, REASON_UNKNOWN},
        {"5.1", "", 0, REASON_UNKNOWN},
        {"5.1.", "", 0, REASON_UNKNOWN},
        {"5.1.1234", "", 0, REASON_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct span text = span_of(rows[i].text);
        struct span status = report_status_find(text);
        assert_span(status, rows[i].status, rows[i].text);
        assert_int_equal(report_status_smtp(text), rows[i].smtp);
        if (report_status_reason(status, text) != rows[i].reason)
            fail_msg("%s: %s", rows[i].text,
                     report_reason_name(report_status_reason(status, text)));
    }
    assert_span(report_status_default(REASON_ADDRESS, 450), "4.1.1", "default");
    assert_span(report_status_default(REASON_UNKNOWN, 0), "", "default");
}

/* ---- whole reports ---- */

struct wanted {
    const char *address, *status;
    enum report_reason reason;
    bool is_permanent;
};

struct sample {
    const char *name, *text;
    enum report_kind kind;
    const char *message_id;
    struct wanted recipients[3];
};

#define DSN_HEAD                                                                       \
    "From: MAILER-DAEMON@mx.example (Mail Delivery System)\n"                          \
    "To: bob@ours.example\nSubject: Undelivered Mail Returned to Sender\n"             \
    "MIME-Version: 1.0\n"                                                              \
    "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n"  \
    "--b\nContent-Type: text/plain\n\nI'm sorry.\n\n<x@there.example>: no\n\n--b\n"

#define ORIGINAL                                                                       \
    "--b\nContent-Type: message/rfc822\n\nReturn-Path: <bob@ours.example>\n"           \
    "Received: from a (b [192.0.2.1])\n\tby mx (Postfix) with ESMTPSA id 4XyZ12abCD;"  \
    "\n\tThu, 1 Oct 2026 10:00:00 +0000\n"                                             \
    "From: Bob <bob@ours.example>\nTo: x@there.example\nSubject: Hello\n"              \
    "Message-ID: <one@ours.example>\n\nHello.\n--b--\n"

static const struct sample samples[] = {
    {"a failed DSN",
     DSN_HEAD
     "Content-Type: message/delivery-status\n\n"
     "Reporting-MTA: dns; mx.example\nX-Postfix-Queue-ID: 4QuEuE1dXYz\n\n"
     "Final-Recipient: rfc822; x@there.example\nAction: failed\n"
     "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n" ORIGINAL,
     REPORT_BOUNCE,
     "one@ours.example",
     {{"x@there.example", "5.1.1", REASON_ADDRESS, true}}},
    {"two recipients, one only late",
     DSN_HEAD "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n"
              "Final-Recipient: rfc822; late@there.example\nAction: delayed\n"
              "Status: 4.4.1\n\nOriginal-Recipient: rfc822;Alias@There.example\n"
              "Final-Recipient: rfc822; x@there.example\nAction: failed\n"
              "Status: 5.0.0\nDiagnostic-Code: smtp; 552 5.2.2 full\n\n" ORIGINAL,
     REPORT_BOUNCE,
     "one@ours.example",
     {{"Alias@There.example", "5.2.2", REASON_FULL, true}}},
    {"a delay",
     DSN_HEAD "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n"
              "Final-Recipient: rfc822; x@there.example\nAction: delayed\n"
              "Status: 4.4.1\n\n" ORIGINAL,
     REPORT_DELAY,
     "one@ours.example",
     {{"x@there.example", "4.4.1", REASON_EXPIRED, false}}},
    {"a success",
     DSN_HEAD "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n"
              "Final-Recipient: rfc822; x@there.example\nAction: relayed\n"
              "Status: 2.1.5\n\n" ORIGINAL,
     REPORT_DELIVERED,
     "one@ours.example",
     {{NULL}}},
    {"words of qmail",
     "From: MAILER-DAEMON@q.example\nTo: bob@ours.example\nSubject: failure notice\n\n"
     "Hi. This is the qmail-send program at q.example.\nI'm afraid I wasn't able to "
     "deliver your message to the following addresses.\n\n<x@there.example>:\n"
     "192.0.2.9 does not like recipient.\nRemote host said: 550 5.1.1 <x@there.example>"
     "... User Unknown\nGiving up on 192.0.2.9.\n\n<y@there.example>:\nuser is over "
     "quota\n\n--- Below this line is a copy of the message.\n\n"
     "Return-Path: <bob@ours.example>\nReceived: (qmail 1 invoked by uid 0); 1 Oct\n"
     "Subject: Hello\nMessage-ID: <two@ours.example>\nFrom: bob@ours.example\n\nHi\n",
     REPORT_BOUNCE,
     "two@ours.example",
     {{"x@there.example", "5.1.1", REASON_ADDRESS, true},
      {"y@there.example", "5.2.2", REASON_FULL, true}}},
    {"words of Exim",
     "From: Mail Delivery System <Mailer-Daemon@e.example>\nTo: bob@ours.example\n"
     "X-Failed-Recipients: x@there.example\nAuto-Submitted: auto-replied\n"
     "Subject: Mail delivery failed: returning message to sender\n\n"
     "The following address(es) failed:\n\n  x@there.example\n    host "
     "mx.there.example "
     "[192.0.2.4]\n    SMTP error from remote mail server after end of data:\n"
     "    554 5.7.1 blocked: see a blocklist\n\n"
     "------ This is a copy of the message, including all the headers. ------\n\n"
     "Return-path: <bob@ours.example>\nMessage-Id: <E1-three@ours.example>\n"
     "From: bob@ours.example\n\nHi\n",
     REPORT_BOUNCE,
     "E1-three@ours.example",
     {{"x@there.example", "5.7.1", REASON_POLICY, true}}},
    {"a complaint",
     "From: fbl@there.example\nTo: abuse@ours.example\nSubject: FW: Hello\n"
     "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; "
     "boundary=\"b\"\n\n--b\nContent-Type: text/plain\n\nabuse\n\n--b\n"
     "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
     "User-Agent: SomeGenerator/1.0\nVersion: 1\nSource-IP: 192.0.2.2\n"
     "Original-Mail-From: <bob@ours.example>\nOriginal-Rcpt-To: "
     "<user@there.example>\n\n" ORIGINAL,
     REPORT_COMPLAINT,
     "one@ours.example",
     {{"user@there.example", "", REASON_UNKNOWN, false}}},
    {"an authentication failure is no complaint",
     "From: fbl@there.example\nTo: a@ours.example\nMIME-Version: 1.0\n"
     "Content-Type: multipart/report; report-type=feedback-report; boundary=\"b\"\n\n"
     "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: auth-failure\n"
     "Version: 1\n\n" ORIGINAL,
     REPORT_OTHER,
     "one@ours.example",
     {{NULL}}},
    {"a vacation notice",
     "From: ann@there.example\nTo: bob@ours.example\nAuto-Submitted: auto-replied\n"
     "Subject: Out of office\n\nI am away. Write to carl@there.example.\n",
     REPORT_AUTO_REPLY,
     "",
     {{NULL}}},
    {"a person who writes about a bounce",
     "From: ann@there.example\nTo: bob@ours.example\nSubject: Re: your mail\n\n"
     "My provider said 550 user unknown when I wrote to <eve@there.example>.\n"
     "Can you help?\n",
     REPORT_NONE,
     "",
     {{NULL}}},
    {"an empty mail", "", REPORT_NONE, "", {{NULL}}},
};

static void check(const struct sample *sample, const struct report *found)
{
    if (found->kind != sample->kind)
        fail_msg("%s: %s", sample->name, report_kind_name(found->kind));
    assert_span(found->message_id, sample->message_id, sample->name);
    size_t count = 0;
    for (; count < 3 && sample->recipients[count].address != NULL; count++) {
        const struct wanted *wanted = &sample->recipients[count];
        if (count >= found->recipient_count)
            fail_msg("%s: %zu recipients", sample->name, found->recipient_count);
        const struct report_recipient *recipient = &found->recipients[count];
        assert_span(recipient->address, wanted->address, sample->name);
        assert_span(recipient->status, wanted->status, sample->name);
        if (recipient->reason != wanted->reason)
            fail_msg("%s: %s", sample->name, report_reason_name(recipient->reason));
        assert_int_equal(recipient->is_permanent, wanted->is_permanent);
    }
    if (count > 0)
        assert_int_equal(found->recipient_count, count);
}

static void whole_reports(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct report report;
        arena_reset(arena);
        read_text(samples[i].text, strlen(samples[i].text), &report);
        check(&samples[i], &report);
    }
}

static void names_the_original(void **state)
{
    (void)state;
    struct report report;
    read_text(samples[0].text, strlen(samples[0].text), &report);
    assert_span(report.mail_from, "bob@ours.example", "mail_from");
    assert_span(report.sent_to, "bob@ours.example", "sent_to");
    assert_span(report.subject, "Hello", "subject");
    assert_span(report.reporter, "mx.example", "reporter");
    assert_int_equal(report.queue_id_count, 2);
    assert_span(report.queue_ids[0], "4QuEuE1dXYz", "the report's");
    assert_span(report.queue_ids[1], "4XyZ12abCD", "the original's");
}

/* Every prefix of every sample, and each with a byte changed: no fault, in bounds. */
static void cut_and_changed(void **state)
{
    (void)state;
    char copy[4096];
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        size_t len = strlen(samples[i].text);
        assert_true(len < sizeof copy);
        for (size_t at = 0; at < len; at += 7) {
            struct report report;
            arena_reset(arena);
            read_text(samples[i].text, at, &report);
            memcpy(copy, samples[i].text, len);
            copy[at] = (char)(at * 31);
            read_text(copy, len, &report);
            assert_true(report.recipient_count <= BOUND_REPORT_RECIPIENTS);
        }
    }
}

static void many_recipients(void **state)
{
    (void)state;
    static char text[200000];
    struct report report;
    size_t used = (size_t)snprintf(text, sizeof text,
                                   "From: mailer-daemon@a.example\nTo: b@c.example\n"
                                   "Subject: failure notice\n\n");
    for (unsigned i = 0; i < 3000; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "<user%u@there.example>: 550 user unknown\n", i);
    read_text(text, used, &report);
    assert_int_equal(report.kind, REPORT_BOUNCE);
    assert_int_equal(report.recipient_count, BOUND_REPORT_RECIPIENTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_codes),       cmocka_unit_test(whole_reports),
        cmocka_unit_test(names_the_original), cmocka_unit_test(cut_and_changed),
        cmocka_unit_test(many_recipients),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
