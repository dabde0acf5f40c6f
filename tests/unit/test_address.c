/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "message/address.h"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(64 << 20);
    return arena == NULL;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void assert_span(struct span got, const char *want)
{
    assert_string_equal(span_cstr(arena, got), want);
    assert_int_equal(got.len, strlen(want));
}

/* Each mailbox as "display|address|sound;". */
static const struct {
    const char *value, *want;
} lists[] = {
    {"", ""},
    {" , ;,", ""},
    {"a@b.example", "|a@b.example|1;"},
    {"<a@b.example>", "|a@b.example|1;"},
    {"Ann <a@b.example>", "Ann|a@b.example|1;"},
    {"\"Doe, Ann\" <a@b.example>", "Doe, Ann|a@b.example|1;"},
    {"\"An \\\"n\\\"\" <a@b.example>", "An \"n\"|a@b.example|1;"},
    {"a@b.example (Ann (the) boss)", "Ann (the) boss|a@b.example|1;"},
    {"(c) a@b.example", "c|a@b.example|1;"},
    {"Ann a@b.example", "Ann|a@b.example|1;"},
    {"a @ b.example", "|a@b.example|1;"},
    {"<a (x) @ b . example>", "|a@b.example|1;"},
    {"a@b.example, c@d.example", "|a@b.example|1;|c@d.example|1;"},
    {"a@b.example; c@d.example", "|a@b.example|1;|c@d.example|1;"},
    {"a@b.example,,c@d.example,", "|a@b.example|1;|c@d.example|1;"},
    {"undisclosed-recipients:;", ""},
    {"Team: Ann <a@b.example>, c@d.example;", "Ann|a@b.example|1;|c@d.example|1;"},
    {"Doe, Ann <a@b.example>", "Doe, Ann|a@b.example|1;"},
    {"root", "|root|0;"},
    {"root, bob", "|root|0;|bob|0;"},
    {"Just a name", "Just a name||0;"},
    {"\"a@b.example\"", "|a@b.example|1;"},
    {"a@bank.example <b@evil.example>", "a@bank.example|b@evil.example|1;"},
    {"<a@bank.example> <b@evil.example>", "|b@evil.example|1;"},
    {"Ann <a@b.example", "Ann|a@b.example|1;"},
    {"Ann <a@b.example, Bob <c@d.example>", "Ann|a@b.example|1;Bob|c@d.example|1;"},
    {"\"Ann <a@b.example>", "\"Ann|a@b.example|1;"},
    {"<@relay.example,@x.example:a@b.example>", "|a@b.example|1;"},
    {"\"a b\"@c.example", "|\"a b\"@c.example|1;"},
    {"<\"a@b\"@c.example>", "|\"a@b\"@c.example|1;"},
    {"a@[192.0.2.1]", "|a@[192.0.2.1]|1;"},
    {"a@localhost", "|a@localhost|0;"},
    {"a..b@c.example", "|a..b@c.example|0;"},
    {".a@c.example", "|.a@c.example|0;"},
    {"a@-c.example", "|a@-c.example|0;"},
    {"a@c..example", "|a@c..example|0;"},
    {"\xc3\xa9@\xc3\xa9.example", "|\xc3\xa9@\xc3\xa9.example|1;"},
    {"\xff@x.example", "|\xff@x.example|0;"},
    {"<>", "||0;"},
    {"Ann <>", "Ann||0;"},
};

static void lists_are_read_as_mail_readers_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct buf got;
        size_t count;
        struct mailbox *box = address_list(arena, span_of(lists[i].value), &count);
        assert_true((box == NULL) == (count == 0));
        buf_init(&got, arena, 4096);
        for (size_t k = 0; k < count; k++) {
            buf_add_span(&got, box[k].display);
            buf_add_char(&got, '|');
            buf_add_span(&got, box[k].address);
            buf_add(&got, box[k].is_sound ? "|1;" : "|0;", 3);
        }
        assert_string_equal(buf_cstr(&got), lists[i].want);
    }
}

static void local_and_domain_are_taken_apart(void **state)
{
    (void)state;
    size_t count;
    struct mailbox *box = address_list(arena, SPAN("<\"A b\"@X.Example>"), &count);
    assert_int_equal(count, 1);
    assert_span(box->local, "A b");
    assert_span(box->domain, "x.example");
}

static void lists_are_bounded_and_linear(void **state)
{
    (void)state;
    static const char *const hostile[] = {"a@b.example,", "<",    "(",     "\"",
                                          "a:@",          "<\"a", "(\"<a", ",a <b@c>"};
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct buf value;
        size_t count;
        buf_init(&value, arena, 1 << 17);
        while (!value.is_full)
            buf_add_span(&value, span_of(hostile[i]));
        address_list(arena, buf_span(&value), &count);
        assert_true(count <= BOUND_ADDRESSES);
        if (i == 0)
            assert_int_equal(count, BOUND_ADDRESSES);
    }
}

/* Quotes inside of <> that never close are looked at once. */
static void quotes_in_angles_are_linear(void **state)
{
    (void)state;
    struct buf value;
    size_t count;
    buf_init(&value, arena, 1 << 20);
    buf_add_span(&value, SPAN("<a \""));
    while (value.len + 16 < value.max)
        buf_add_span(&value, SPAN("\\\""));
    buf_add_span(&value, SPAN("@b.example>"));
    clock_t start = clock();
    struct mailbox *boxes = address_list(arena, buf_span(&value), &count);
    assert_int_equal(count, 1);
    assert_int_equal(boxes[0].domain.len, 9);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 5); /* a square: minutes */
}

static void every_cut_of_a_list_is_survived(void **state)
{
    (void)state;
    struct span whole =
        SPAN("Team: \"D, \\\"A\" (c (d)) <@r:\"a b\"@[1.2.3.4]>, x y@z;");
    for (size_t len = 0; len <= whole.len; len++) {
        size_t count;
        address_list(arena, span_head(whole, len), &count);
        assert_true(count <= 3);
    }
}

static const struct {
    const char *in, *path, *domain;
} paths[] = {
    {"<a@b.example>", "a@b.example", "b.example"},
    {"a@b.example", "a@b.example", "b.example"},
    {" <> ", "", ""},
    {"", "", ""},
    {"<@r.example,@s.example:a@b.example>", "a@b.example", "b.example"},
    {"<\"a>b@c\"@d.example>", "\"a>b@c\"@d.example", "d.example"},
    {"<postmaster>", "postmaster", ""},
};

static void paths_lose_brackets_and_routes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct span path = address_path(span_of(paths[i].in));
        assert_span(path, paths[i].path);
        assert_span(address_domain(path), paths[i].domain);
    }
}

static const struct {
    const char *in, *kept, *stripped;
} normal[] = {
    {"Bob@Example.COM", "bob@example.com", "bob@example.com"},
    {"bob+Tag@example.com", "bob+tag@example.com", "bob@example.com"},
    {"+tag@example.com", "+tag@example.com", "+tag@example.com"},
    {"\"bob\"@example.com", "bob@example.com", "bob@example.com"},
    {"\"b ob+x\"@example.com", "\"b ob+x\"@example.com", "\"b ob\"@example.com"},
    {"bob@b\xc3\xbc"
     "cher.example",
     "bob@xn--bcher-kva.example", "bob@xn--bcher-kva.example"},
    {"bob@example.com.", "bob@example.com", "bob@example.com"},
    {"Bob", "bob", "bob"},
    {"", "", ""},
    {"bob@\xff", "bob@\xff", "bob@\xff"},
};

static void one_mailbox_has_one_spelling(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof normal / sizeof *normal; i++) {
        struct span in = span_of(normal[i].in);
        assert_span(address_normalise(arena, in, false), normal[i].kept);
        assert_span(address_normalise(arena, in, true), normal[i].stripped);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lists_are_read_as_mail_readers_do, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(local_and_domain_are_taken_apart, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(lists_are_bounded_and_linear, setup, teardown),
        cmocka_unit_test_setup_teardown(quotes_in_angles_are_linear, setup, teardown),
        cmocka_unit_test_setup_teardown(every_cut_of_a_list_is_survived, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(paths_lose_brackets_and_routes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(one_mailbox_has_one_spelling, setup, teardown),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
