/* SPDX-License-Identifier: BSD-2-Clause
 *
 * reputation - DNS lists over a static zone: what is asked for, what answers mean, and
 * lists that refuse, have everything, lie or are silent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/reputation.h"
#include "auth/reputation_list.h"
#include "base/clock.h"
#include "dns_world.h"

static const char zone[] =
    "$TTL 3600\n"
    /* a list of addresses that keeps to RFC 5782 */
    "2.0.0.127.bl.example. A 127.0.0.2\n"
    "7.2.0.192.bl.example. A 127.0.0.4\n"
    "8.2.0.192.bl.example. A 127.0.0.10\n"
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.example. A "
    "127.0.0.2\n"
    /* a list of names, with bits */
    "test.uri.example. A 127.0.0.2\n"
    "bad.example.uri.example. A 127.0.0.6\n"
    "bad.example.com.uri.example. A 127.0.0.2\n"
    "example.net.uri.example. A 127.0.0.2\n"
    "host.good.example.uri.example. A 127.0.0.2\n"
    "9.2.0.192.uri.example. A 127.0.0.2\n"
    "late.example.uri.example. A 127.0.0.2\n"
    "local.example.uri.example. A 127.0.0.2\n"
    /* refusals, a zone that was sold, a list of everything */
    "*.refused.example. A 127.255.255.254\n"
    "*.blocked.example. A 127.0.0.1\n"
    "*.sold.example. A 203.0.113.80\n"
    "*.all.example. A 127.0.0.2\n"
    "*.names.example. A 127.0.1.255\n"
    /* nobody is there to ask */
    "mute.example. NS ns.elsewhere.example.\n";

struct world {
    struct dns *dns;
    struct arena *arena;
    struct troubles *troubles;
    struct reputation *reputation;
    struct authentication out;
    char line[ERR_TEXT_BYTES];
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->dns = dns_world_open(zone, NULL, 0);
    w->troubles = troubles_new();
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    reputation_close(&w->reputation);
    troubles_free(&w->troubles);
    dns_close(&w->dns);
    arena_free(&w->arena);
    free(w);
    return 0;
}

/* One list of each sort, or "" for none. */
static void open_lists(struct world *w, const char *client, const char *helo,
                       const char *link)
{
    static const char *at[4];
    static struct conf_list lists[3], local = {&at[3], 1};
    struct err err;
    const char *texts[3] = {client, helo, link};
    for (int i = 0; i < 3; i++) {
        at[i] = texts[i];
        lists[i] = (struct conf_list){&at[i], texts[i][0] != '\0'};
    }
    at[3] = "local.example";
    reputation_close(&w->reputation);
    if (reputation_open(&w->reputation,
                        &(struct reputation_options){&lists[0], &lists[1], &lists[2],
                                                     &local, "mx.our.example",
                                                     w->troubles},
                        &err) < 0)
        fail_msg("%s", err.text);
}

static void check_with(struct world *w, const char *client, const char *helo,
                       const char *body, unsigned lookups)
{
    char mail[8000];
    struct dns_budget budget;
    arena_free(&w->arena);
    w->arena = arena_new(16 << 20);
    struct message *msg = message_new(w->arena, 1 << 20);
    struct envelope env = {.client_ip = span_of(client), .helo = span_of(helo)};
    snprintf(mail, sizeof mail, "From: a@example.com\n\n%s\n", body);
    message_read(msg, span_of(mail));
    memset(&w->out, 0, sizeof w->out);
    dns_budget_init(&budget, 2000000, lookups);
    reputation_prefetch(w->reputation, w->dns, &budget, msg, &env);
    reputation_check(w->reputation, w->dns, &budget, msg, &env, &w->out);
}

static void check_mail(struct world *w, const char *client, const char *helo,
                       const char *body)
{
    check_with(w, client, helo, body, 100);
}

/* "list what answer;" of each listing */
static const char *words(const struct auth_listing *at, size_t count)
{
    static char text[2000];
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%.*s %.*s %.*s;",
                                (int)at[i].list.len, at[i].list.at, (int)at[i].what.len,
                                at[i].what.at, (int)at[i].answer.len, at[i].answer.at);
    return text;
}

static const char *clients(const struct world *w)
{
    return words(w->out.client_lists, w->out.client_list_count);
}

static const char *links(const struct world *w)
{
    return words(w->out.link_lists, w->out.link_list_count);
}

static void test_client(void **state)
{
    struct world *w = *state;
    open_lists(w, "BL.example.", "", "");
    check_mail(w, "192.0.2.7", "x", "");
    assert_string_equal(clients(w), "bl.example 192.0.2.7 127.0.0.4;");
    check_mail(w, "192.0.2.9", "x", "");
    assert_string_equal(clients(w), "");
    check_mail(w, "2001:db8::1", "x", "");
    assert_string_equal(clients(w), "bl.example 2001:db8::1 127.0.0.2;");
    assert_int_equal(w->out.lists_failed, 0);
    /* the test entry itself is no client of the public Internet */
    check_mail(w, "127.0.0.2", "x", "");
    assert_string_equal(clients(w), "");
    check_mail(w, "", "x", "");
    assert_string_equal(clients(w), "");
    assert_false(troubles_take(w->troubles, w->line));
}

static void test_filters(void **state)
{
    static const struct {
        const char *list, *client, *want;
    } rows[] = {
        {"bl.example=127.0.0.4", "192.0.2.7", "bl.example 192.0.2.7 127.0.0.4;"},
        {"bl.example=127.0.0.4", "192.0.2.8", ""},
        {"bl.example=127.0.0.[2..3;9..11]", "192.0.2.8",
         "bl.example 192.0.2.8 127.0.0.10;"},
        {"bl.example=127.0.0.[2..3;9..11]", "192.0.2.7", ""},
        {"bl.example=127.[0..255].0.[4]", "192.0.2.7",
         "bl.example 192.0.2.7 127.0.0.4;"},
        {"bl.example=&4", "192.0.2.7", "bl.example 192.0.2.7 127.0.0.4;"},
        {"bl.example=&4", "192.0.2.8", ""},
        {"bl.example=&10", "192.0.2.8", "bl.example 192.0.2.8 127.0.0.10;"},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        open_lists(w, rows[i].list, "", "");
        check_mail(w, rows[i].client, "x", "");
        if (strcmp(clients(w), rows[i].want) != 0)
            fail_msg("%s %s: %s", rows[i].list, rows[i].client, clients(w));
    }
}

static void test_refused_configs(void **state)
{
    static const char *const bad[] = {
        "",
        "example",
        "bl..example",
        ".example",
        "bl_ok.exa mple",
        "bl.example=",
        "bl.example=127.0.0",
        "bl.example=127.0.0.1.2",
        "bl.example=127.0.0.256",
        "bl.example=127.0.0.[2..]",
        "bl.example=127.0.0.[5..2]",
        "bl.example=127.0.0.[2",
        "bl.example=127.0.0.]2[",
        "bl.example=&",
        "bl.example=&0",
        "bl.example=&256",
        "bl.example=127.0.0.[]",
    };
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct list_spec spec;
        struct err err;
        if (list_spec_parse(&spec, arena, span_of(bad[i]), &err) == 0)
            fail_msg("\"%s\" was taken", bad[i]);
        assert_int_equal(err.code, ERR_CONFIG);
    }
    arena_free(&arena);
}

static void test_helo(void **state)
{
    struct world *w = *state;
    open_lists(w, "", "uri.example", "");
    check_mail(w, "192.0.2.7", "BAD.example.com.", "");
    assert_string_equal(clients(w), "uri.example bad.example.com 127.0.0.2;");
    check_mail(w, "192.0.2.7", "mx.example.net", "");
    assert_string_equal(clients(w), "uri.example example.net 127.0.0.2;");
    check_mail(w, "192.0.2.7", "good.example.com", "");
    assert_string_equal(clients(w), "");
    /* no names of the public DNS */
    static const char *const unasked[] = {"bad.example", "[192.0.2.9]", "LAPTOP-7", "",
                                          ".",           "com",         "192.0.2.9"};
    for (size_t i = 0; i < sizeof unasked / sizeof *unasked; i++) {
        check_mail(w, "192.0.2.7", unasked[i], "");
        assert_string_equal(clients(w), "");
        assert_int_equal(w->out.lists_failed, 0);
    }
}

static void test_links(void **state)
{
    struct world *w = *state;
    open_lists(w, "", "", "uri.example");
    check_mail(w, "", "",
               "see http://www.bad.example/x and https://cdn.bad.example/y\n"
               "http://host.good.example/ http://other.good.example/\n"
               "http://192.0.2.9/ http://10.0.0.1/ http://127.0.0.2/\n"
               "http://www.local.example/ http://local.example/\n"
               "http://mx.our.example/ mailto:x@late.example\n");
    assert_string_equal(links(w), "uri.example bad.example 127.0.0.6;"
                                  "uri.example 192.0.2.9 127.0.0.2;"
                                  "uri.example host.good.example 127.0.0.2;");
    assert_false(w->out.has_names_left);
    open_lists(w, "", "", "uri.example=&4");
    check_mail(w, "", "", "http://bad.example/ http://host.good.example/\n");
    assert_string_equal(links(w), "uri.example bad.example 127.0.0.6;");
}

/* Twenty names are asked for; hosts do not push domains out; what was left is said. */
static void test_many_links(void **state)
{
    struct world *w = *state;
    char body[6000];
    size_t len = 0;
    open_lists(w, "", "", "uri.example");
    for (int i = 0; i < 60; i++)
        len += (size_t)sprintf(body + len, "http://h%d.good.example/\n", i);
    sprintf(body + len, "http://bad.example/\n");
    check_mail(w, "", "", body);
    assert_string_equal(links(w), "uri.example bad.example 127.0.0.6;");
    assert_true(w->out.has_names_left);
    len = 0;
    for (int i = 0; i < 25; i++)
        len += (size_t)sprintf(body + len, "http://d%d.example/\n", i);
    sprintf(body + len, "http://bad.example/\n");
    /* which are left out nobody can foresee, but it is the same for the same mail */
    unsigned found = 0;
    for (int i = 0; i < 60; i++) {
        open_lists(w, "", "", "uri.example");
        check_mail(w, "", "", body);
        bool is_found = w->out.link_list_count > 0;
        assert_true(w->out.has_names_left);
        check_mail(w, "", "", body);
        assert_int_equal(w->out.link_list_count > 0, is_found);
        found += is_found;
    }
    assert_in_range(found, 20, 59);
}

/* Told once and left alone, whatever sort of absurdity; and a fact each time. */
static void test_absurd_lists(void **state)
{
    static const struct {
        const char *list, *says;
    } rows[] = {
        {"refused.example", "it refuses this resolver"},
        {"blocked.example", "it refuses this resolver"},
        {"sold.example", "its answer is none of a DNS list"},
        {"all.example", "it lists what no list may have"},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int is_link = 0; is_link < 2; is_link++) {
            open_lists(w, is_link ? "" : rows[i].list, "", is_link ? rows[i].list : "");
            for (int times = 0; times < 3; times++) {
                check_mail(w, "192.0.2.7", "", "http://bad.example/ http://x.example/");
                assert_int_equal(w->out.client_list_count + w->out.link_list_count, 0);
                assert_int_equal(w->out.lists_failed, 1);
            }
            assert_true(troubles_take(w->troubles, w->line));
            if (strstr(w->line, rows[i].list) == NULL ||
                strstr(w->line, rows[i].says) == NULL ||
                strstr(w->line, "not asked for 1 h") == NULL)
                fail_msg("%s", w->line);
            assert_false(troubles_take(w->troubles, w->line));
        }
    }
    /* a list of names that answers so for addresses alone is asked on */
    open_lists(w, "", "", "names.example");
    check_mail(w, "", "", "http://192.0.2.9/");
    assert_int_equal(w->out.lists_failed, 0);
    assert_false(troubles_take(w->troubles, w->line));
    /* who says that 127.0.0.1 counts gets it, but the test entry shows it up */
    open_lists(w, "blocked.example=127.0.0.1", "", "");
    check_mail(w, "192.0.2.7", "", "");
    assert_int_equal(w->out.client_list_count, 0);
    assert_int_equal(w->out.lists_failed, 1);
}

/* A list that never answers while the DNS does: five messages, then it rests; a reload
 * does not forget it. */
static void test_silent_list(void **state)
{
    struct world *w = *state;
    open_lists(w, "mute.example", "", "");
    for (int i = 0; i < 5; i++) {
        char client[32];
        snprintf(client, sizeof client, "192.0.2.%d", 20 + i);
        assert_false(troubles_take(w->troubles, w->line));
        check_mail(w, client, "", "");
        assert_int_equal(w->out.lists_failed, 1);
    }
    assert_true(troubles_take(w->troubles, w->line));
    assert_non_null(strstr(w->line, "no answer 5 times in a row"));
    check_mail(w, "192.0.2.30", "", "");
    assert_int_equal(w->out.lists_failed, 1);
    assert_false(troubles_take(w->troubles, w->line));

    struct reputation *old = w->reputation;
    w->reputation = NULL;
    open_lists(w, "mute.example", "", "uri.example");
    reputation_adopt(w->reputation, old);
    reputation_adopt(w->reputation, NULL);
    reputation_adopt(NULL, old);
    reputation_close(&old);
    for (int i = 0; i < 6; i++) {
        check_mail(w, "192.0.2.30", "", "http://bad.example/");
        assert_int_equal(w->out.lists_failed, 1); /* not asked: nothing to tell */
        assert_int_equal(w->out.link_list_count, 1);
    }
    assert_false(troubles_take(w->troubles, w->line));
}

/* Servers that are dead are no list's fault, and nobody waits for them for long. */
static void test_dead_dns(void **state)
{
    struct world *w = *state;
    static const char *const nobody[] = {"127.0.0.1@9"};
    dns_close(&w->dns);
    w->dns = dns_world_open(NULL, nobody, 1);
    open_lists(w, "bl.example", "", "");
    int64_t began_us = clock_elapsed_us();
    for (int i = 0; i < 20; i++) {
        char client[32];
        snprintf(client, sizeof client, "192.0.2.%d", 20 + i);
        check_mail(w, client, "", "");
        assert_int_equal(w->out.lists_failed, 1);
    }
    assert_in_range(clock_elapsed_us() - began_us, 1900000, 5000000); /* of 40 s */
    assert_false(troubles_take(w->troubles, w->line));
    assert_true(dns_trouble(w->dns, w->line));
    assert_non_null(strstr(w->line, "DNS: no server answers"));
    assert_false(dns_trouble(w->dns, w->line));
}

static void test_states(void **state)
{
    static const struct {
        const char *list;
        bool is_of_addresses;
        enum reputation_state want;
    } rows[] = {
        {"bl.example", true, REPUTATION_WORKS},
        {"bl.example=127.0.0.9", true, REPUTATION_WORKS},
        {"uri.example", false, REPUTATION_WORKS},
        {"refused.example", true, REPUTATION_BLOCKED},
        {"blocked.example", false, REPUTATION_BLOCKED},
        {"sold.example", true, REPUTATION_NO_LIST},
        {"all.example", true, REPUTATION_WILDCARD},
        {"bl.example", false, REPUTATION_NO_TEST},
        {"=", false, REPUTATION_UNKNOWN},
    };
    struct world *w = *state;
    struct dns_budget budget;
    bool listed;
    struct span answer;
    w->arena = arena_new(1 << 20);
    dns_budget_init(&budget, 2000000, 100);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (reputation_test(w->dns, &budget, span_of(rows[i].list),
                            rows[i].is_of_addresses, w->arena) != rows[i].want)
            fail_msg("%s", rows[i].list);
    assert_int_equal(reputation_look(w->dns, &budget, SPAN("bl.example"),
                                     SPAN("192.0.2.7"), w->arena, &listed, &answer),
                     REPUTATION_WORKS);
    assert_true(listed && span_eq(answer, SPAN("127.0.0.4")));
    assert_int_equal(reputation_look(w->dns, &budget, SPAN("bl.example"),
                                     SPAN("192.0.2.9"), w->arena, &listed, &answer),
                     REPUTATION_WORKS);
    assert_false(listed);
    assert_int_equal(reputation_look(w->dns, &budget, SPAN("all.example"),
                                     SPAN("192.0.2.9"), w->arena, &listed, &answer),
                     REPUTATION_WILDCARD);
    assert_false(listed);
    assert_string_equal(reputation_state_name(REPUTATION_WILDCARD), "lists all");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_client, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_filters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_configs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_helo, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_absurd_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_silent_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dead_dns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_states, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
