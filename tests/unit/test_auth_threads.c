/* SPDX-License-Identifier: BSD-2-Clause
 *
 * auth - many messages at once through map, lists and scanner, while the map changes
 * under them and the config is read anew again and again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "dns_world.h"
#include "engine.h"

enum { THREADS = 6, ROUNDS = 150, RELOADS = 40 };

static const char zone[] = "$TTL 300\n"
                           "7.2.0.192.bl.test. A 127.0.0.2\n"
                           "bad.example.uri.test. A 127.0.0.2\n"
                           "*.refused.test. A 127.255.255.254\n"
                           "here.example. TXT \"v=spf1 ip4:203.0.113.5 -all\"\n"
                           "_dmarc.here.example. TXT \"v=DMARC1; p=reject\"\n";

static struct {
    char zone[64], map[64], config[64], rules[64];
    pthread_mutex_t lock;
    struct engine *engine; /* the newest */
    unsigned wrong;        /* answers */
    unsigned troubles;
} world = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct engine *newest(void)
{
    pthread_mutex_lock(&world.lock);
    struct engine *engine = engine_acquire(world.engine);
    pthread_mutex_unlock(&world.lock);
    return engine;
}

/* One message, whose answers are known whatever happens meanwhile. */
static bool is_right(struct arena *arena, bool is_bob)
{
    static const char mail[] = "From: bob@here.example\nTo: a@there.example\n\n"
                               "http://bad.example/ http://good.example/\n";
    struct engine *engine = newest();
    struct envelope env = {.client_ip = SPAN("192.0.2.7"),
                           .mail_from = SPAN("bob@here.example"),
                           .helo = SPAN("laptop")};
    struct authentication out;
    char line[ERR_TEXT_BYTES];
    arena_reset(arena);
    struct message *msg = message_new(arena, 1 << 20);
    message_read(msg, span_of(mail));
    auth_run(engine->auth, NULL, msg, &env,
             is_bob ? SPAN("sasl_user:bob@here.example") : SPAN("sasl_user:eve"), &out);
    bool is_good = out.from_owner == (is_bob ? AUTH_PASS : AUTH_FAIL) &&
                   out.client_list_count == 1 && out.link_list_count == 1 &&
                   out.lists_failed == 1 && out.virus == AUTH_TEMPERROR &&
                   out.spf.result == AUTH_PASS && out.dmarc.result == AUTH_PASS;
    while (auth_trouble(engine->auth, line))
        __atomic_add_fetch(&world.troubles, 1, __ATOMIC_RELAXED);
    engine_release(&engine);
    return is_good;
}

static void *pass_mail(void *arg)
{
    struct arena *arena = arena_new(16 << 20);
    for (int i = 0; i < ROUNDS; i++)
        if (!is_right(arena, (i + (int)(intptr_t)arg) % 2 == 0))
            __atomic_add_fetch(&world.wrong, 1, __ATOMIC_RELAXED);
    arena_free(&arena);
    return NULL;
}

static void write_map(const char *path, int round)
{
    char fresh[80];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *file = fopen(fresh, "w");
    assert_non_null(file);
    fprintf(file, "bob@here.example bob@here.example, n%d@here.example\n", round);
    fprintf(file, "alice *\n");
    fclose(file);
    assert_int_equal(rename(fresh, path), 0);
}

static struct engine *load(void)
{
    struct engine *engine;
    struct err err;
    if (engine_load(&engine, world.config, world.rules, NULL, NULL, &err) < 0)
        fail_msg("%s", err.text);
    return engine;
}

static void reload(void)
{
    struct engine *fresh = load();
    pthread_mutex_lock(&world.lock);
    struct engine *old = world.engine;
    engine_share(fresh, old);
    world.engine = fresh;
    pthread_mutex_unlock(&world.lock);
    engine_release(&old);
}

static void test_all_at_once(void **state)
{
    char config[900];
    pthread_t threads[THREADS];
    (void)state;
    dns_world_file(zone, world.zone);
    dns_world_file("", world.rules);
    dns_world_file("", world.map);
    write_map(world.map, 0);
    snprintf(config, sizeof config,
             "[dns]\nzone = %s\n"
             "[mail]\nsenders_map = %s\negress = 203.0.113.5\nhelo = mx.here.example\n"
             "[reputation]\nclient_lists = bl.test, refused.test\n"
             "link_lists = uri.test\n"
             "[virus]\nclamd = unix:/none/clamd.ctl\n",
             world.zone, world.map);
    dns_world_file(config, world.config);
    world.engine = load();
    for (intptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, pass_mail, (void *)i), 0);
    for (int i = 0; i < RELOADS; i++) {
        write_map(world.map, i);
        reload();
        usleep(5000);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(world.wrong, 0);
    assert_in_range(world.troubles, 1, THREADS * RELOADS);
    engine_release(&world.engine);
    unlink(world.zone);
    unlink(world.rules);
    unlink(world.map);
    unlink(world.config);
}

/* What a reload with the same clamd does not forget. */
static void test_clamd_stays_away(void **state)
{
    char line[ERR_TEXT_BYTES];
    struct arena *arena = arena_new(16 << 20);
    (void)state;
    dns_world_file("[virus]\nclamd = unix:/none/clamd.ctl\n", world.config);
    dns_world_file("", world.rules);
    world.engine = load();
    for (int i = 0; i < 3; i++) {
        is_right(arena, true);
        reload();
        assert_false(auth_trouble(world.engine->auth, line));
    }
    assert_int_equal(world.troubles, 1);
    engine_release(&world.engine);
    arena_free(&arena);
    unlink(world.config);
    unlink(world.rules);
}

static int forget(void **state)
{
    (void)state;
    world.wrong = world.troubles = 0;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_all_at_once, forget),
        cmocka_unit_test_setup(test_clamd_stays_away, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
