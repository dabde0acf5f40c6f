/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns - the static zone, names, the cache and the budget. Real and hostile servers:
 * tests/unit/dns_servers.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/dns_cache.h"
#include "base/dns_name.h"
#include "base/dns_wire.h"
#include "base/dns_zone.h"
#include "dns_world.h"
#include "engine.h"

static const char zone_text[] = "$ORIGIN example.com.\n"
                                "$TTL 1h\n"
                                "@ IN SOA ns hostmaster (\n"
                                "        1 ; serial; with ) in a comment\n"
                                "        3600 600 86400 300 )\n"
                                "  NS ns\n"
                                "  300 IN MX 10 mx1\n"
                                "  IN 300 MX 5 mx2.example.net.\n"
                                "  TXT \"v=spf1 \" \"mx ; not a comment\" \\032-all\n"
                                "ns A 192.0.2.53\n"
                                "mx1 60 A 192.0.2.1\n"
                                "    AAAA 2001:db8::1\n"
                                "    A 192.0.2.7\n"
                                "    A 192.0.2.1\n"
                                "www CNAME web\n"
                                "web CNAME mx1\n"
                                "loop1 CNAME loop2\n"
                                "loop2 CNAME loop1\n"
                                "out CNAME host.example.org.\n"
                                "*.wild TXT \"any\"\n"
                                "there.wild A 192.0.2.9\n"
                                "deep.er A 192.0.2.10\n"
                                "sub NS ns.sub\n"
                                "ns.sub A 192.0.2.54\n"
                                "a\\.b TXT dot\n"
                                "null MX 0 .\n"
                                "srv._tcp SRV 0 0 25 mx1\n"
                                "$ORIGIN 2.0.192.in-addr.arpa.\n"
                                "1 PTR mx1.example.com.\n"
                                "$ORIGIN .\n"
                                "host.example.org A 192.0.2.77\n"
                                "xn--bcher-kva.example A 192.0.2.78\n"
                                "b.8.d.0.1.0.0.2.ip6.arpa PTR v6.example.com.\n";

struct world {
    struct dns *dns;
    struct arena *arena;
    struct dns_budget budget;
};

static int set_up(void **state)
{
    static struct world world;
    world.dns = dns_world_open(zone_text, NULL, 0);
    world.arena = arena_new(8 << 20);
    dns_budget_init(&world.budget, 1000000, 5);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    dns_close(&w->dns);
    assert_null(w->dns);
    dns_close(&w->dns);
    arena_free(&w->arena);
    return 0;
}

/* "found 300: 10 mx1.example.com, ..." */
static const char *told(struct arena *arena, const struct dns_answer *answer)
{
    struct buf out;
    buf_init(&out, arena, 4096);
    buf_printf(&out, "%s", dns_status_name(answer->status));
    if (answer->status == DNS_FOUND)
        buf_printf(&out, " %u:", answer->ttl_s);
    for (size_t i = 0; i < answer->count; i++) {
        buf_add_span(&out, i > 0 ? SPAN(", ") : SPAN(" "));
        if (answer->records[i].preference > 0)
            buf_printf(&out, "%u ", answer->records[i].preference);
        buf_add_span(&out, answer->records[i].text);
    }
    return buf_cstr(&out);
}

static void test_zone(void **state)
{
    static const struct {
        const char *name;
        enum dns_type type;
        const char *want;
    } rows[] = {
        {"example.com", DNS_MX, "found 300: 5 mx2.example.net, 10 mx1.example.com"},
        {"EXAMPLE.com.", DNS_TXT, "found 3600: v=spf1 mx ; not a comment -all"},
        {"example.com", DNS_NS, "found 3600: ns.example.com"},
        {"example.com", DNS_SOA, "found 3600: ns.example.com"},
        {"example.com", DNS_A, "no data"},
        {"mx1.example.com", DNS_A, "found 60: 192.0.2.1, 192.0.2.7"},
        {"mx1.example.com", DNS_AAAA, "found 3600: 2001:db8::1"},
        {"www.example.com", DNS_A, "found 60: 192.0.2.1, 192.0.2.7"},
        {"www.example.com", DNS_CNAME, "found 3600: web.example.com"},
        {"www.example.com", DNS_TXT, "no data"},
        {"out.example.com", DNS_A, "found 3600: 192.0.2.77"},
        {"loop1.example.com", DNS_A, "temperror"},
        {"nobody.example.com", DNS_A, "no name"},
        {"example.net", DNS_A, "no name"},
        {"one.wild.example.com", DNS_TXT, "found 3600: any"},
        {"two.one.wild.example.com", DNS_TXT, "found 3600: any"},
        {"one.wild.example.com", DNS_A, "no data"},
        {"wild.example.com", DNS_TXT, "no data"},
        {"there.wild.example.com", DNS_TXT, "no data"},
        {"below.there.wild.example.com", DNS_TXT, "no name"},
        {"er.example.com", DNS_A, "no data"},
        {"ns.sub.example.com", DNS_A, "found 3600: 192.0.2.54"},
        {"x.sub.example.com", DNS_A, "temperror"},
        {"a\\.b.example.com", DNS_TXT, "found 3600: dot"},
        {"a\\046b.example.com", DNS_TXT, "found 3600: dot"},
        {"a.b.example.com", DNS_TXT, "no name"},
        {"null.example.com", DNS_MX, "found 3600: "},
        {"_tcp.example.com", DNS_A, "no data"},
        {"b\xc3\xbc"
         "cher.example",
         DNS_A, "found 3600: 192.0.2.78"},
        {"", DNS_A, "no name"},
        {"a..example.com", DNS_A, "no name"},
        {".example.com", DNS_A, "no name"},
        {"a\\", DNS_A, "no name"},
        {"a\\999.example.com", DNS_A, "no name"},
        {"sixtyfour-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example."
         "com",
         DNS_A, "no name"},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dns_answer answer;
        dns_ask(w->dns, &w->budget, span_of(rows[i].name), rows[i].type, w->arena,
                &answer);
        const char *got = told(w->arena, &answer);
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s %d: \"%s\", not \"%s\"", rows[i].name, rows[i].type, got,
                     rows[i].want);
    }
    assert_int_equal(w->budget.asked, sizeof rows / sizeof *rows);
    assert_int_equal(w->budget.lookups_left, 5); /* the zone is free */
    assert_true(dns_is_configured(w->dns));
}

static void test_ptr(void **state)
{
    struct world *w = *state;
    struct dns_answer answer;
    dns_ask_ptr(w->dns, &w->budget, SPAN("192.0.2.1"), w->arena, &answer);
    assert_string_equal(told(w->arena, &answer), "found 3600: mx1.example.com");
    dns_ask_ptr(w->dns, &w->budget, SPAN("::ffff:192.0.2.1"), w->arena, &answer);
    assert_int_equal(answer.status, DNS_FOUND);
    dns_ask_ptr(w->dns, &w->budget, SPAN("nonsense"), w->arena, &answer);
    assert_int_equal(answer.status, DNS_NO_NAME);
    struct span name = dns_reverse_name(w->arena, SPAN("2001:db8::1"), SPAN(""));
    assert_true(span_eq(name, SPAN("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
                                   "8.b.d.0.1.0.0.2.ip6.arpa")));
    name = dns_reverse_name(w->arena, SPAN("192.0.2.99"), SPAN("dnsbl.example"));
    assert_true(span_eq(name, SPAN("99.2.0.192.dnsbl.example")));
    assert_int_equal(dns_reverse_name(w->arena, SPAN("x"), SPAN("a")).len, 0);
}

static void test_zone_faults(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"a.example. A 192.0.2.256\n", ":1: no IPv4 address: \"192.0.2.256\""},
        {"\n\na.example. A 192.0.2.1 x\n", ":3: this type has one word of data"},
        {"a.example. AAAA 192.0.2.1\n", ":1: no IPv6 address: \"192.0.2.1\""},
        {" A 192.0.2.1\n", ":1: a record without an owner"},
        {"a.example. IN\n", ":1: a record without a type"},
        {"a.example. WKS x\n", ":1: no record type that is known: \"WKS\""},
        {"a.example. MX mx.example.\n", ":1: MX needs a preference and a name"},
        {"a.example. MX 70000 mx.example.\n",
         ":1: no preference (0..65535): \"70000\""},
        {"a.example. TXT \"open\n", ":1: a quote is not closed"},
        {"a.example. TXT\n", ":1: TXT without a string"},
        {"a.example. TXT ( x\ny\n", ":1: a parenthesis is not closed"},
        {"a.example. TXT x )\n", ":1: a parenthesis closes that was not opened"},
        {"$INCLUDE /etc/passwd\n", ":1: neither $ORIGIN NAME nor $TTL SECONDS: "
                                   "\"$INCLUDE\""},
        {"$TTL soon\n", ":1: no TTL: \"soon\""},
        {"a..b. A 192.0.2.1\n", ":1: no domain name: \"a..b.\""},
        {"a.example. SOA a. b. 1 2 3 4\n", ":1: SOA needs seven words"},
        {"a.example. SOA a. b. 1 2 3 4 x\n", ":1: SOA with a word that is no number"},
        {". A 192.0.2.1\n", ":1: a record of the root"},
        {"a. A 1\nb. A 2\nc. A 3\n", ":1: no IPv4 address: \"1\" (and 2 more faults)"},
        {"a.example. CNAME b.example.\na.example. A 192.0.2.1\n",
         ": a.example is an alias (CNAME) and has other records"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dns_zone *zone;
        struct err err;
        char want[200];
        assert_int_equal(dns_zone_parse(&zone, "z", span_of(rows[i].text), &err), -1);
        assert_null(zone);
        snprintf(want, sizeof want, "z%s", rows[i].want);
        assert_string_equal(err.text, want);
    }
    struct dns *dns;
    struct err err;
    assert_int_equal(
        dns_open(&dns, &(struct dns_options){.zone = "/none/x", .trust_anchor = ""},
                 &err),
        -1);
    assert_int_equal(err.code, ERR_CONFIG);
    assert_null(dns);
}

/* A string of 256 bytes, and a record that is too long. */
static void test_zone_bounds(void **state)
{
    struct world *w = *state;
    struct buf text;
    struct dns_zone *zone;
    struct err err;
    buf_init(&text, w->arena, 1 << 20);
    buf_add_span(&text, SPAN("a. TXT "));
    for (int i = 0; i < 256; i++)
        buf_add_char(&text, 'x');
    buf_add_char(&text, '\n');
    assert_int_equal(dns_zone_parse(&zone, "z", buf_span(&text), &err), -1);
    assert_string_equal(err.text, "z:1: a string of more than 255 bytes: divide it");
    text.len = 0;
    buf_add_span(&text, SPAN("a. TXT"));
    for (int i = 0; i < BOUND_DNS_TEXT_BYTES / 4 + 1; i++)
        buf_add_span(&text, SPAN(" xxxx"));
    assert_int_equal(dns_zone_parse(&zone, "z", buf_span(&text), &err), -1);
    text.len = 0;
    for (int i = 0; i <= BOUND_DNS_RECORDS; i++)
        buf_printf(&text, "a. A 192.0.2.%d\n", i);
    assert_int_equal(dns_zone_parse(&zone, "z", buf_span(&text), &err), -1);
    assert_non_null(strstr(err.text, "z:101: more than 100 records"));
    static const char with_nul[] = "a. TXT \0\0\0 b\n";
    assert_int_equal(
        dns_zone_parse(&zone, "z", (struct span){with_nul, sizeof with_nul - 1}, &err),
        0);
    dns_zone_free(&zone);
}

static void test_wire(void **state)
{
    static const struct {
        enum dns_type type;
        struct span data;
        const char *want; /* NULL: malformed */
    } rows[] = {
        {DNS_A, {"\xc0\x00\x02\x01", 4}, "192.0.2.1"},
        {DNS_A, {"\xc0\x00\x02", 3}, NULL},
        {DNS_A, {"\xc0\x00\x02\x01\x01", 5}, NULL},
        {DNS_AAAA, {"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16}, "2001:db8::1"},
        {DNS_AAAA, {"\x20\x01", 2}, NULL},
        {DNS_TXT, {"\3abc\2de", 7}, "abcde"},
        {DNS_TXT, {"\0", 1}, ""},
        {DNS_TXT, {"", 0}, NULL},
        {DNS_TXT, {"\4abc", 4}, NULL},
        {DNS_MX, {"\0\5\2mX\7example\0", 14}, "mx.example"},
        {DNS_MX, {"\0\5\0", 3}, ""},
        {DNS_MX, {"\0\5", 2}, NULL},
        {DNS_MX, {"\0\5\2mx", 5}, NULL},
        {DNS_PTR, {"\5a.\0\\b\0", 7}, "a\\046\\000\\092b"},
        {DNS_PTR, {"\1a\0x", 4}, NULL},
        {DNS_PTR, {"\100a\0", 3}, NULL},
        {DNS_PTR, {"\300\14", 2}, NULL},
        {DNS_CNAME, {"\1\xff\0", 3}, "\\255"},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dns_record record;
        bool is_cut = false;
        bool is_good =
            dns_wire_record(rows[i].type, rows[i].data, w->arena, &record, &is_cut);
        assert_int_equal(is_good, rows[i].want != NULL);
        assert_false(is_cut);
        if (is_good)
            assert_true(span_eq(record.text, span_of(rows[i].want)));
    }
    size_t len = (size_t)256 * 200;
    char *long_text = arena_alloc(w->arena, len);
    for (size_t i = 0; i < len; i++)
        long_text[i] = (char)(i % 256 == 0 ? 255 : 'x');
    struct dns_record record;
    bool is_cut = false;
    assert_true(dns_wire_record(DNS_TXT, (struct span){long_text, len}, w->arena,
                                &record, &is_cut));
    assert_true(is_cut);
    assert_int_equal(record.text.len, BOUND_DNS_TEXT_BYTES);
}

/* The longest name there is, and the same with one octet more. */
static void test_names(void **state)
{
    struct dns_name name, copy;
    char text[600];
    bool is_absolute;
    (void)state;
    memset(text, 'a', sizeof text);
    text[63] = text[127] = text[191] = '.';
    assert_true(dns_name_read((struct span){text, 253}, &name, &is_absolute));
    assert_false(is_absolute);
    assert_int_equal(name.wire_bytes, 254);
    assert_false(dns_name_read((struct span){text, 254}, &name, NULL));
    assert_true(dns_name_read((struct span){text, 191}, &name, NULL));
    assert_false(dns_name_append(&name, (struct span){text, 63}));
    uint8_t wire[256];
    memset(wire, 0xff, sizeof wire);
    wire[0] = wire[64] = wire[128] = 63;
    wire[192] = 61;
    wire[254] = 0;
    assert_int_equal(dns_name_from_wire(wire, 255, &name), 255);
    assert_int_equal(dns_name_from_wire(wire, 254, &copy), 0);
    assert_int_equal(name.len, 250 * 4 + 3);
    assert_true(dns_name_read((struct span){name.text, name.len}, &copy, NULL));
    assert_string_equal(name.text, copy.text);
}

static struct dns_answer one_text(const char *text, struct dns_record *record)
{
    *record = (struct dns_record){.text = span_of(text)};
    return (struct dns_answer){.status = DNS_FOUND, .records = record, .count = 1};
}

static void test_cache(void **state)
{
    struct world *w = *state;
    struct dns_cache *cache = dns_cache_new(3, 100000);
    struct dns_record record;
    struct dns_answer out, in = one_text("x", &record);
    char name[8];
    dns_cache_put(cache, SPAN("a"), DNS_TXT, &in, 10, 1000000);
    assert_false(dns_cache_find(cache, SPAN("a"), DNS_A, 1000000, w->arena, &out));
    assert_false(dns_cache_find(cache, SPAN("b"), DNS_TXT, 1000000, w->arena, &out));
    assert_true(dns_cache_find(cache, SPAN("a"), DNS_TXT, 5000000, w->arena, &out));
    assert_int_equal(out.ttl_s, 6);
    assert_true(span_eq(out.records[0].text, SPAN("x")));
    assert_false(dns_cache_find(cache, SPAN("a"), DNS_TXT, 11000000, w->arena, &out));
    assert_int_equal(dns_cache_count(cache), 0);
    assert_int_equal(dns_cache_bytes(cache), 0);
    for (int i = 0; i < 5; i++) { /* a is asked for, so that it stays */
        snprintf(name, sizeof name, "%c", 'a' + i);
        dns_cache_put(cache, span_of(name), DNS_TXT, &in, 10, 0);
        assert_true(dns_cache_find(cache, SPAN("a"), DNS_TXT, 0, w->arena, &out));
    }
    assert_int_equal(dns_cache_count(cache), 3);
    assert_false(dns_cache_has(cache, SPAN("c"), DNS_TXT, 0));
    assert_true(dns_cache_has(cache, SPAN("d"), DNS_TXT, 0));
    in = one_text("y", &record);
    dns_cache_put(cache, SPAN("a"), DNS_TXT, &in, 10, 0);
    assert_int_equal(dns_cache_count(cache), 3);
    assert_true(dns_cache_find(cache, SPAN("a"), DNS_TXT, 0, w->arena, &out));
    assert_true(span_eq(out.records[0].text, SPAN("y")));
    dns_cache_free(&cache);
    assert_null(cache);
}

/* Bytes are bounded, too: one that is larger than all is not kept. */
static void test_cache_bytes(void **state)
{
    struct world *w = *state;
    struct dns_cache *cache = dns_cache_new(1000, 10000);
    struct dns_record record;
    char text[4000], name[16];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    struct dns_answer out, in = one_text(text, &record);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "n%d", i);
        dns_cache_put(cache, span_of(name), DNS_TXT, &in, 10, 0);
        assert_true(dns_cache_bytes(cache) <= 10000);
    }
    assert_int_equal(dns_cache_count(cache), 2);
    assert_true(dns_cache_find(cache, SPAN("n99"), DNS_TXT, 0, w->arena, &out));
    struct arena *small = arena_new(100);
    assert_true(dns_cache_find(cache, SPAN("n99"), DNS_TXT, 0, small, &out));
    assert_int_equal(out.status, DNS_TEMPERROR);
    arena_free(&small);
    dns_cache_free(&cache);
}

static void test_nobody(void **state)
{
    struct world *w = *state;
    struct dns *dns = dns_world_open(NULL, NULL, 0);
    struct dns_answer answer;
    assert_false(dns_is_configured(dns));
    assert_false(dns_is_configured(NULL));
    dns_ask(dns, &w->budget, SPAN("example.com"), DNS_A, w->arena, &answer);
    assert_int_equal(answer.status, DNS_TEMPERROR);
    assert_string_equal(answer.why, "no server is configured");
    dns_prefetch(dns, NULL, SPAN("example.com"), DNS_A);
    dns_close(&dns);
}

static void test_servers(void **state)
{
    static const char *const good[] = {"127.0.0.1", "127.0.0.1@5353", "::1@5353",
                                       "[::1]@5353", "2001:db8::1"};
    static const char *const bad[] = {"",           "localhost",   "127.0.0.1:53",
                                      "127.0.0.1@", "127.0.0.1@0", "::1@70000"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct dns *dns = dns_world_open(NULL, &good[i], 1);
        assert_true(dns_is_configured(dns));
        assert_true(dns_is_server(span_of(good[i])));
        dns_close(&dns);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct dns *dns;
        struct err err;
        assert_int_equal(dns_open(&dns,
                                  &(struct dns_options){.servers = &bad[i],
                                                        .server_count = 1,
                                                        .trust_anchor = ""},
                                  &err),
                         -1);
        assert_int_equal(err.code, ERR_CONFIG);
        assert_false(dns_is_server(span_of(bad[i])));
    }
    struct dns *dns;
    struct err err;
    assert_int_equal(dns_open(&dns,
                              &(struct dns_options){.servers = good,
                                                    .server_count = 1,
                                                    .trust_anchor = "/none/root.key"},
                              &err),
                     -1);
    assert_string_equal(err.text, "[dns] trust_anchor: /none/root.key: No such file or "
                                  "directory");
}

static struct engine *load(const char *path, const char *rules, const char *text)
{
    struct engine *engine;
    struct err err;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    if (engine_load(&engine, path, rules, NULL, NULL, &err) < 0)
        fail_msg("%s", err.text);
    return engine;
}

/* A reload keeps the resolver, and its cache, when [dns] is as it was. */
static void test_reload(void **state)
{
    static const char one[] = "[dns]\nservers = 127.0.0.1@5353\n";
    static const char two[] = "[dns]\nservers = 127.0.0.1@5354\n";
    char path[64], rules[64];
    (void)state;
    dns_world_file("", path);
    dns_world_file("", rules);
    struct engine *old = load(path, rules, one);
    struct engine *same = load(path, rules, one), *other = load(path, rules, two);
    engine_share(same, old);
    engine_share(other, old);
    assert_ptr_equal(same->dns, old->dns);
    assert_ptr_not_equal(other->dns, old->dns);
    engine_release(&old);
    assert_true(dns_is_configured(same->dns));
    engine_release(&same);
    engine_release(&other);
    unlink(path);
    unlink(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_zone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ptr, set_up, tear_down),
        cmocka_unit_test(test_zone_faults),
        cmocka_unit_test_setup_teardown(test_zone_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wire, set_up, tear_down),
        cmocka_unit_test(test_names),
        cmocka_unit_test_setup_teardown(test_cache, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cache_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nobody, set_up, tear_down),
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_reload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
