/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "message/alert.h"

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

static void assert_span(struct span found, const char *wanted, const char *what)
{
    if (!span_eq(found, span_of(wanted)))
        fail_msg("%s: '%.*s', not '%s'", what, (int)found.len, found.at, wanted);
}

#define ID_1 "d24aa492-5f37-457f-9595-23ddc9e0f714@xxxxxxxxxxxxx.xx.local"
#define ID_2 "zcb.3z54da3kdfkl45802n0c0q98.1d44jkgnddfef.166489320375@xxxxxx.xxxx.net"

struct sample {
    const char *name, *text, *ip;
    const char *ids[3];
    const char *destination;
    int64_t score; /* of the first */
};

#define LINE(label, ip, id, score)                                                     \
    "Destination IP" label " " ip " - Message-ID" label " " id " - Spam score: " score

static const struct sample samples[] = {
    {"English, as it comes",
     "Dear Customer,\n\nOur anti-spam protection layer has detected that your IP "
     "192.0.2.77 is sending\nspam.\nIn order to protect our network, we have blocked "
     "the port 25 of your server, at the\nnetwork level.\n\n" LINE(
         ":", "198.51.100.33", ID_1, "300") "\n" LINE(":", "198.51.100.34", ID_2,
                                                      "410") "\n",
     "192.0.2.77",
     {ID_1, ID_2},
     "198.51.100.33",
     300},
    {"in one paragraph, an id broken by a line end",
     "that your IP 192.0.2.77 is\nsending spam. " LINE(
         ":", "198.51.100.33", ID_1,
         "300") " Destination IP: "
                "198.51.100.34 - Message-ID:\nzcb.3z54da3kdfkl45802n0c0q98.\n"
                "1d44jkgnddfef.166489320375@xxxxxx.xxxx.net - Spam score: 300\n",
     "192.0.2.77",
     {ID_1, ID_2},
     "198.51.100.33",
     300},
    {"French, quoted, with <br>",
     "> Bonjour,\n>\n> Notre protection Antispam a d\xc3\xa9tect\xc3\xa9 un envoi "
     "important de spam \xc3\xa0 partir d'une de vos IP: \n192.0.2.77\n>\n> le trafic "
     "sortant de votre serveur vers le port 25 a \xc3\xa9t\xc3\xa9 suspendu.\n> " LINE(
         " :", "198.51.100.33", ID_1, "300") " <br>\n> " LINE(" :", "198.51.100.34",
                                                              ID_2, "300") "<br>\n",
     "192.0.2.77",
     {ID_1, ID_2},
     "198.51.100.33",
     300},
    {"Portuguese",
     "partir de um dos seus IP: 192.0.2.77\nporta 25\nDestination IP: 198.51.100.33 - "
     "Mensagem-ID: " ID_1 " - Spam score: 107\n",
     "192.0.2.77",
     {ID_1},
     "198.51.100.33",
     107},
    {"Polish: no colon before the score",
     "Ochrona Anty-spamowa wykry\xc5\x82"
     "a: IP 192.0.2.77\nDestination IP: "
     "198.51.100.33 - Wiadomo\xc5\x9b\xc4\x87-ID: " ID_1 " - Spam score 300\n",
     "192.0.2.77",
     {ID_1},
     "198.51.100.33",
     300},
    {"a mail in quoted-printable HTML",
     "From: support@provider.example\nTo: admin@ours.example\nSubject: [IP] spam\n"
     "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n"
     "Content-Transfer-Encoding: quoted-printable\n\n"
     "<html><body><p>Notre protection Antispam a d=C3=A9tect=C3=A9 un envoi =\n"
     "important de spam =C3=A0 partir d'une de vos IP:<br>192.0.2.77</p>\n"
     "<p>port 25</p>Destination IP&nbsp;: 198.51.100.33 - Message-ID : "
     "&lt;d24aa492-5f=\n"
     "37-457f-9595-23ddc9e0f714@xxxxxxxxxxxxx.xx.local&gt; - Spam score: 300<br>\n"
     "</body></html>\n",
     "192.0.2.77",
     {ID_1},
     "198.51.100.33",
     300},
    {"forwarded as an attachment",
     "From: boss@ours.example\nTo: admin@ours.example\nSubject: Fwd: alert\n"
     "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
     "Content-Type: text/plain\n\nWhat is this?\n\n--b\nContent-Type: "
     "message/rfc822\n\n"
     "From: support@provider.example\nSubject: spam\n\nyour IP 192.0.2.77 is sending "
     "spam\n\n" LINE(":", "198.51.100.33", "<" ID_1 ">", "300") "\n--b--\n",
     "192.0.2.77",
     {ID_1},
     "198.51.100.33",
     300},
    {"no sample at all",
     "Our anti-spam protection layer has detected that your IP 192.0.2.77 is sending "
     "spam. We have blocked the port 25 of your server.\n",
     "192.0.2.77",
     {NULL},
     NULL,
     0},
    {"the API's statistics",
     "[{\"numberOfSpams\":7,\"total\":12,\"timestamp\":1661787770,"
     "\"averageSpamscore\":300,\"detectedSpams\":[{\"spamscore\":300,\"date\":"
     "1661787000,"
     "\"destinationIp\":\"198.51.100.33\",\"messageId\":\"" ID_1
     "\"},{\"messageId\":\"" ID_2
     "\",\"destinationIp\":\"198.51.100.34\",\"date\":1385640992,\"spamscore\":410}"
     "]}]",
     "",
     {ID_1, ID_2},
     "198.51.100.33",
     300},
    {"one sample alone",
     "{\n\"messageId\": \"" ID_1
     "\",\n\"destinationIp\": \"198.51.100.33\",\n\"date\": "
     "1385640992,\n\"spamscore\": 410\n}\n",
     "",
     {ID_1},
     "198.51.100.33",
     410},
    {"the address alone, as the guide prints it",
     "time: 3600,\ndate: \"2022-08-29T17:42:50+01:00\",\nipSpamming: \"192.0.2.77\",\n"
     "state: \"blockedForSpam\"\n",
     "192.0.2.77",
     {NULL},
     NULL,
     0},
};

static void all_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const struct sample *s = &samples[i];
        struct alert alert;
        size_t count = 0;
        arena_reset(arena);
        alert_read(arena, span_of(s->text), &alert);
        if (!alert.is_alert)
            fail_msg("%s: no alert", s->name);
        assert_span(alert.blocked_ip, s->ip, s->name);
        while (count < 3 && s->ids[count] != NULL)
            count++;
        if (alert.sample_count != count)
            fail_msg("%s: %zu samples", s->name, alert.sample_count);
        for (size_t k = 0; k < count; k++)
            assert_span(alert.samples[k].message_id, s->ids[k], s->name);
        if (count == 0)
            continue;
        assert_span(alert.samples[0].destination_ip, s->destination, s->name);
        assert_true(alert.samples[0].has_score);
        assert_int_equal(alert.samples[0].score, s->score);
    }
}

static void times_of_the_api(void **state)
{
    (void)state;
    struct alert alert;
    alert_read(arena, span_of(samples[10].text), &alert);
    assert_int_equal(alert.since_s, 1661791370); /* 16:42:50 UTC */
    assert_int_equal(alert.sentence_s, 3600);
    assert_span(alert.state, "blockedForSpam", "state");
    alert_read(arena, span_of(samples[8].text), &alert);
    assert_int_equal(alert.spam_count, 7);
    assert_int_equal(alert.total_count, 12);
    assert_int_equal(alert.since_s, 1661787770);
    assert_int_equal(alert.samples[1].at_s, 1385640992);
}

static void what_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "hello\n",
        "From: a@b.example\nSubject: lunch\n\nMy IP 192.0.2.1 is fine.\n",
        "{}",
        "{\"a\": 1}",
        "Destination IP: 192.0.2.1 - Message-ID: - Spam score: 3",
        "Destination IP: 192.0.2.1 - Message-ID: a@b",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct alert alert;
        alert_read(arena, span_of(texts[i]), &alert);
        if (alert.is_alert)
            fail_msg("an alert: %s", texts[i]);
    }
}

/* Message-IDs are the spammer's: words of the alert inside them do not confuse it. */
static void hostile_ids(void **state)
{
    (void)state;
    struct alert alert;
    const char *text = "your IP 192.0.2.77 port 25\n"
                       "Destination IP: 198.51.100.33 - Message-ID: a - b@x - Spam "
                       "score: 300\n"
                       "Destination IP: 198.51.100.34 - Message-ID: <script>@x - Spam "
                       "score: 301\n";
    alert_read(arena, span_of(text), &alert);
    assert_int_equal(alert.sample_count, 2);
    assert_span(alert.samples[0].message_id, "a-b@x", "blanks are taken out");
    assert_int_equal(alert.samples[1].score, 301);
}

static void bounds(void **state)
{
    (void)state;
    static char text[900000];
    struct alert alert;
    size_t used = 0;
    for (unsigned i = 0; i < 5000; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used,
                             "Destination IP: 192.0.2.1 - Message-ID: id%u@x - Spam "
                             "score: 300\n",
                             i);
    alert_read(arena, span_of(text), &alert);
    assert_int_equal(alert.sample_count, BOUND_ALERT_SAMPLES);
    assert_true(alert.is_cut);
    memset(text, '{', sizeof text - 1);
    alert_read(arena, span_of(text), &alert);
    assert_false(alert.is_alert);
    memset(text, '<', sizeof text - 1);
    alert_read(arena, span_of(text), &alert);
    assert_false(alert.is_alert);
}

static void cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        for (size_t len = 0; len < strlen(samples[i].text); len += 3) {
            struct alert alert;
            arena_reset(arena);
            alert_read(arena, (struct span){samples[i].text, len}, &alert);
            assert_true(alert.sample_count <= 2);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms),    cmocka_unit_test(times_of_the_api),
        cmocka_unit_test(what_is_none), cmocka_unit_test(hostile_ids),
        cmocka_unit_test(bounds),       cmocka_unit_test(cut_anywhere),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
