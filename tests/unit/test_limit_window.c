/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The adversary against limit_window: whatever the timing, the costs, the reservations
 * and the changes of the config, a sliding log of all departures (the oracle) finds
 * at most N in any window that a departure was put into.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "limits/limit_window.h"

#define SECOND INT64_C(1000000)
#define HOUR   (3600 * SECOND)

/* xorshift64*: the same steps in every run. */
static uint64_t seed;

static uint64_t roll(uint64_t below)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (seed * UINT64_C(2685821657736338717) >> 33) % below;
}

/* ---- the limiter: rows as the table holds them ---- */

struct row {
    int64_t at_us, width_us, amount;
};

struct part {
    int64_t window_us, amount, width_us;
    struct row *rows;
    size_t count, room;
    struct slot *slots; /* scratch */
};

static void part_clear(struct part *part)
{
    free(part->rows);
    free(part->slots);
    memset(part, 0, sizeof *part);
}

static void part_config(struct part *part, int64_t window_us, int64_t amount)
{
    part->window_us = window_us;
    part->amount = amount;
    part->width_us = limit_slot_width(window_us);
}

static void part_charge(struct part *part, int64_t at_us, int64_t amount)
{
    int64_t start_us = at_us / part->width_us * part->width_us;
    if (amount > part->amount)
        amount = part->amount;
    size_t i = part->count;
    while (i > 0 && part->rows[i - 1].at_us > start_us)
        i--;
    if (i > 0 && part->rows[i - 1].at_us == start_us) {
        struct row *row = &part->rows[i - 1];
        row->amount += amount;
        if (row->width_us < part->width_us)
            row->width_us = part->width_us;
        return;
    }
    if (part->count == part->room) {
        part->room = part->room > 0 ? part->room * 2 : 256;
        part->rows = realloc(part->rows, part->room * sizeof *part->rows);
        assert_non_null(part->rows);
    }
    memmove(part->rows + i + 1, part->rows + i, (part->count - i) * sizeof *part->rows);
    part->rows[i] = (struct row){start_us, part->width_us, amount};
    part->count++;
}

/* What no window of `memory_us` sees is forgotten. */
static void part_forget(struct part *part, int64_t now_us, int64_t memory_us)
{
    size_t dead = 0;
    while (dead < part->count &&
           part->rows[dead].at_us + 2 * part->rows[dead].width_us < now_us - memory_us)
        dead++;
    part->count -= dead;
    memmove(part->rows, part->rows + dead, part->count * sizeof *part->rows);
}

static int by_number(const void *a, const void *b)
{
    int64_t x = ((const struct slot *)a)->number;
    int64_t y = ((const struct slot *)b)->number;
    return (x > y) - (x < y);
}

static size_t part_slots(struct part *part, int64_t now_us)
{
    size_t count = 0;
    size_t room = 0;
    bool is_mixed = false;
    for (size_t i = 0; i < part->count; i++) {
        int64_t first;
        int64_t last;
        limit_slot_range(part->rows[i].at_us, part->rows[i].width_us, part->width_us,
                         now_us, &first, &last);
        room += (size_t)((last - first) / LIMIT_SLOTS) + 2;
        is_mixed |= part->rows[i].width_us != part->width_us;
    }
    part->slots = realloc(part->slots, (room + 1) * sizeof *part->slots);
    assert_non_null(part->slots);
    for (size_t i = 0; i < part->count; i++) {
        int64_t first;
        int64_t last;
        limit_slot_range(part->rows[i].at_us, part->rows[i].width_us, part->width_us,
                         now_us, &first, &last);
        for (; first < last; first += LIMIT_SLOTS)
            part->slots[count++] = (struct slot){first, part->rows[i].amount};
        part->slots[count++] = (struct slot){last, part->rows[i].amount};
    }
    if (is_mixed)
        qsort(part->slots, count, sizeof *part->slots, by_number);
    return count;
}

static int64_t part_departure(struct part *part, size_t count, int64_t from_us,
                              int64_t amount)
{
    int64_t from = from_us / part->width_us;
    int64_t slot = limit_departure(part->slots, count, from, amount, part->amount);
    return slot == from ? from_us : slot * part->width_us;
}

static int64_t common_departure(struct part *parts, size_t part_count, int64_t now_us,
                                int64_t amount)
{
    size_t counts[4];
    int64_t from_us = now_us;
    int64_t at_us;
    for (size_t i = 0; i < part_count; i++)
        counts[i] = part_slots(&parts[i], now_us);
    do {
        at_us = from_us;
        for (size_t i = 0; i < part_count; i++)
            from_us = part_departure(&parts[i], counts[i], from_us, amount);
    } while (from_us != at_us);
    return at_us;
}

/* ---- the oracle: a sliding log ---- */

struct departure {
    int64_t at_us, amount;
};

struct oracle {
    struct departure *log;
    size_t count, room;
    int64_t total;
};

static size_t oracle_add(struct oracle *oracle, int64_t at_us, int64_t amount)
{
    if (oracle->count == oracle->room) {
        oracle->room = oracle->room > 0 ? oracle->room * 2 : 1024;
        oracle->log = realloc(oracle->log, oracle->room * sizeof *oracle->log);
        assert_non_null(oracle->log);
    }
    size_t i = oracle->count++;
    for (; i > 0 && oracle->log[i - 1].at_us > at_us; i--)
        oracle->log[i] = oracle->log[i - 1];
    oracle->log[i] = (struct departure){at_us, amount};
    oracle->total += amount;
    return i;
}

static int64_t capped(int64_t amount, int64_t most)
{
    return amount < most ? amount : most;
}

/* The most that any closed interval of length window_us with entry i in it holds. */
static int64_t oracle_worst(const struct oracle *oracle, size_t i, int64_t window_us,
                            int64_t most)
{
    const struct departure *log = oracle->log;
    int64_t at_us = log[i].at_us;
    size_t start = i;
    while (start > 0 && log[start - 1].at_us >= at_us - window_us)
        start--;
    int64_t worst = 0;
    int64_t sum = 0;
    size_t end = start;
    for (; start <= i; start++) {
        while (end < oracle->count && log[end].at_us <= log[start].at_us + window_us)
            sum += capped(log[end++].amount, most);
        if (sum > worst)
            worst = sum;
        sum -= capped(log[start].amount, most);
    }
    return worst;
}

static void oracle_forget(struct oracle *oracle, int64_t before_us)
{
    size_t dead = 0;
    while (dead < oracle->count && oracle->log[dead].at_us < before_us)
        dead++;
    oracle->count -= dead;
    memmove(oracle->log, oracle->log + dead, oracle->count * sizeof *oracle->log);
}

/* ---- the adversary ---- */

struct game {
    const char *name;
    int64_t window_us, amount, burst;
    int64_t max_cost; /* of one mail; 500 now and then when is_mixed */
    bool is_mixed;
    int64_t
        max_wait_us; /* reservations into the future; 0: what must wait is refused */
    bool changes_config; /* another window every so often */
    unsigned steps;
};

static int64_t burst_window(const struct game *game, int64_t window_us)
{
    return (int64_t)((double)window_us * (double)game->burst / (double)game->amount);
}

static void configure(struct part *parts, const struct game *game, int64_t window_us)
{
    part_config(&parts[0], window_us, game->amount);
    if (game->burst > 0)
        part_config(&parts[1], burst_window(game, window_us) + 1, game->burst);
}

/* Floods, long silences, and times just before, at and after what the limiter's own
 * arithmetic hangs on. */
static int64_t next_time(const struct part *part, int64_t now_us, int64_t last_us)
{
    int64_t target_us;
    switch (roll(100)) {
    case 0:
        return now_us;
    case 1: /* the end of the window that the last departure opened */
        target_us = last_us + part->window_us + (int64_t)roll(3) - 1;
        break;
    case 2: /* a slot's border */
        target_us = (now_us / part->width_us + 1 + (int64_t)roll(3)) * part->width_us +
                    (int64_t)roll(3) - 1;
        break;
    case 3: /* as many slots on as a window has, give or take */
        target_us = now_us + part->width_us * (LIMIT_SLOTS - 1 + (int64_t)roll(4)) -
                    (int64_t)roll(2);
        break;
    case 4:
        target_us = now_us + (int64_t)roll((uint64_t)part->window_us) / 4;
        break;
    default:
        target_us =
            now_us + (int64_t)roll((uint64_t)(part->window_us / part->amount) / 2 + 2);
    }
    return target_us > now_us ? target_us : now_us;
}

static int64_t next_cost(const struct game *game)
{
    if (game->is_mixed && roll(50) == 0)
        return 500;
    return 1 + (int64_t)roll((uint64_t)game->max_cost);
}

static const int64_t windows_us[] = {HOUR, HOUR / 4, 24 * HOUR, 600 * SECOND,
                                     3 * HOUR + 7 * SECOND};

static void play(const struct game *game)
{
    struct part parts[2] = {{0}};
    struct oracle oracle = {0};
    size_t part_count = game->burst > 0 ? 2 : 1;
    int64_t window_us = game->window_us;
    int64_t memory_us = game->changes_config ? 24 * HOUR : window_us;
    int64_t now_us = INT64_C(1769850000) * SECOND;
    int64_t last_us = now_us;
    int64_t worst = 0;
    seed = UINT64_C(0x9e3779b97f4a7c15);
    configure(parts, game, window_us);
    for (unsigned step = 0; step < game->steps; step++) {
        if (game->changes_config && roll(5000) == 0) {
            window_us = windows_us[roll(5)];
            configure(parts, game, window_us);
        }
        now_us = next_time(&parts[roll(part_count)], now_us, last_us);
        int64_t cost = next_cost(game);
        int64_t at_us = common_departure(parts, part_count, now_us, cost);
        assert_true(at_us >= now_us);
        if (at_us - now_us > game->max_wait_us)
            continue;
        for (size_t i = 0; i < part_count; i++)
            part_charge(&parts[i], at_us, cost);
        size_t entry = oracle_add(&oracle, at_us, cost);
        int64_t seen = oracle_worst(&oracle, entry, window_us, game->amount);
        worst = seen > worst ? seen : worst;
        if (seen > game->amount)
            fail_msg("%s: %" PRId64 " in a window of %" PRId64 ", step %u", game->name,
                     seen, game->amount, step);
        if (game->burst > 0) {
            seen = oracle_worst(&oracle, entry, burst_window(game, window_us),
                                game->burst);
            if (seen > game->burst)
                fail_msg("%s: %" PRId64 " at once, burst %" PRId64 ", step %u",
                         game->name, seen, game->burst, step);
        }
        last_us = at_us;
        for (size_t i = 0; i < part_count; i++)
            part_forget(&parts[i], now_us, memory_us);
        oracle_forget(&oracle, now_us - memory_us - HOUR);
    }
    print_message("  %-28s %u steps, %" PRId64 " departed, worst %" PRId64
                  " of %" PRId64 "\n",
                  game->name, game->steps, oracle.total, worst, game->amount);
    assert_true(worst * 100 >= game->amount * 90); /* the game did press */
    free(oracle.log);
    part_clear(&parts[0]);
    part_clear(&parts[1]);
}

static const struct game games[] = {
    {"flood", HOUR, 100, 0, 1, false, 0, false, 250000},
    {"mixed costs", HOUR, 100, 0, 40, true, 0, false, 250000},
    {"burst", HOUR, 100, 20, 3, false, 0, false, 250000},
    {"burst, odd numbers", 3601 * SECOND, 97, 31, 7, true, 0, false, 200000},
    {"reserved", HOUR, 100, 0, 1, false, 6 * HOUR, false, 100000},
    {"reserved, mixed, burst", HOUR, 100, 20, 30, true, 24 * HOUR, false, 100000},
    {"one a window", 60 * SECOND, 1, 0, 1, false, 600 * SECOND, false, 100000},
    {"short window", SECOND, 1000, 100, 50, true, 10 * SECOND, false, 50000},
    {"config changes", HOUR, 100, 0, 5, true, 0, true, 100000},
    {"config changes, reserved", HOUR, 100, 20, 5, true, 6 * HOUR, true, 60000},
};

static void test_never_over(void **state)
{
    (void)state;
    unsigned steps = 0;
    for (size_t i = 0; i < sizeof games / sizeof games[0]; i++) {
        play(&games[i]);
        steps += games[i].steps;
    }
    assert_true(steps >= 1000000);
}

/* Who always wants more gets at least 0.98 of what is written. */
static void test_sustained(void **state)
{
    (void)state;
    static const struct {
        int64_t window_us, amount, burst;
    } rows[] = {{HOUR, 100, 0},          {HOUR, 100, 20},     {HOUR, 100, 30},
                {3601 * SECOND, 97, 31}, {24 * HOUR, 500, 7}, {60 * SECOND, 1000, 1},
                {SECOND, 50, 5},         {HOUR, 1, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct game game = {.amount = rows[i].amount, .burst = rows[i].burst};
        struct part parts[2] = {{0}};
        size_t part_count = game.burst > 0 ? 2 : 1;
        int64_t total = 0;
        int64_t start_us = INT64_C(1769850000) * SECOND + 12345;
        int64_t now_us = start_us;
        configure(parts, &game, rows[i].window_us);
        while (now_us - start_us < 40 * rows[i].window_us) {
            now_us = common_departure(parts, part_count, now_us, 1);
            for (size_t k = 0; k < part_count; k++) {
                part_charge(&parts[k], now_us, 1);
                part_forget(&parts[k], now_us, parts[k].window_us);
            }
            total++;
        }
        double share = (double)total / (40.0 * (double)game.amount);
        print_message("  %" PRId64 " per %" PRId64 " s, burst %" PRId64 ": %.4f\n",
                      game.amount, rows[i].window_us / SECOND, game.burst, share);
        assert_true(share >= 0.98);
        part_clear(&parts[0]);
        part_clear(&parts[1]);
    }
}

/* limit_departure against the definition, slot by slot. */
static bool is_free(const struct slot *slots, size_t count, int64_t at, int64_t amount,
                    int64_t limit)
{
    if (amount > limit)
        amount = limit;
    for (int64_t first = at - LIMIT_SLOTS; first <= at; first++) {
        int64_t sum = amount;
        for (size_t i = 0; i < count; i++)
            if (slots[i].number >= first && slots[i].number <= first + LIMIT_SLOTS)
                sum += slots[i].amount;
        if (sum > limit)
            return false;
    }
    return true;
}

static void test_definition(void **state)
{
    (void)state;
    seed = 42;
    for (int round = 0; round < 2000; round++) {
        struct slot slots[24];
        size_t count = roll(24);
        int64_t number = 1000;
        for (size_t i = 0; i < count; i++) {
            number += (int64_t)roll(roll(3) == 0 ? 200 : 20); /* equal ones, too */
            slots[i] = (struct slot){number, 1 + (int64_t)roll(12)};
        }
        int64_t from = 1000 + (int64_t)roll(300);
        int64_t amount = 1 + (int64_t)roll(15);
        int64_t limit = 1 + (int64_t)roll(25);
        int64_t want = from;
        while (!is_free(slots, count, want, amount, limit))
            want++;
        assert_int_equal(limit_departure(slots, count, from, amount, limit), want);
    }
}

static void test_edges(void **state)
{
    (void)state;
    struct slot full[] = {{10, 5}};
    struct slot later[] = {{200, 5}};
    assert_int_equal(limit_departure(NULL, 0, 7, 3, 5), 7);
    assert_int_equal(limit_departure(full, 1, 10, 0, 5), 10);
    assert_int_equal(limit_departure(full, 1, 10, 1, 5), 10 + LIMIT_SLOTS + 1);
    assert_int_equal(limit_departure(full, 1, 10, 1, 6), 10);
    /* larger than the limit: alone, on both sides */
    assert_int_equal(limit_departure(NULL, 0, 7, 99, 5), 7);
    assert_int_equal(limit_departure(later, 1, 200 - LIMIT_SLOTS, 99, 5),
                     200 + LIMIT_SLOTS + 1);
    assert_int_equal(limit_departure(later, 1, 200 - LIMIT_SLOTS - 1, 99, 5),
                     200 - LIMIT_SLOTS - 1);
    assert_int_equal(limit_used(full, 1, 9), 0); /* not yet */
    assert_int_equal(limit_used(full, 1, 10), 5);
    assert_int_equal(limit_used(full, 1, 10 + LIMIT_SLOTS), 5);
    assert_int_equal(limit_used(full, 1, 10 + LIMIT_SLOTS + 1), 0);
    assert_int_equal(limit_slot_width(128), 1);
    assert_int_equal(limit_slot_width(129), 2);
    assert_int_equal(limit_slot_width(1), 1);
}

static void test_range(void **state)
{
    (void)state;
    int64_t first;
    int64_t last;
    limit_slot_range(300, 100, 100, 1000, &first, &last);
    assert_int_equal(first, 3);
    assert_int_equal(last, 3);
    limit_slot_range(300, 100, 10, 1000, &first, &last); /* past: its last moment */
    assert_int_equal(first, 39);
    assert_int_equal(last, 39);
    limit_slot_range(300, 100, 10, 350, &first, &last); /* around now */
    assert_int_equal(first, 35);
    assert_int_equal(last, 39);
    limit_slot_range(300, 100, 10, 100, &first, &last); /* to come */
    assert_int_equal(first, 30);
    assert_int_equal(last, 39);
    limit_slot_range(300, 100, 1000, 100, &first, &last);
    assert_int_equal(first, 0);
    assert_int_equal(last, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definition), cmocka_unit_test(test_edges),
        cmocka_unit_test(test_range),      cmocka_unit_test(test_sustained),
        cmocka_unit_test(test_never_over),
    };
    return cmocka_run_group_tests_name("limit_window", tests, NULL, NULL);
}
