/* SPDX-License-Identifier: BSD-2-Clause
 *
 * adversary - somebody who knows the rule, with a clock of his own, against each limit:
 * floods, the window's edge, bursts, mail larger than the limit, retries at the very
 * microsecond that he was told, random schedules; while limits change, overrides come
 * and go, the store is reopened, and the sender's past grows.
 *
 * The referee keeps every departure in a list of its own and looks at every window that
 * a new one stands in, of the amount and length in force when it was let go.
 * A part of it runs in every check; all of it with OUTGATE_ADVERSARY=full (minutes),
 * another game with OUTGATE_ADVERSARY_SEED=number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "limits/limit_clock.h"
#include "limits/limit_override.h"
#include "store/audit.h"
#include "world.h"

enum { KEYS_MAX = 400, COMMIT_EVERY = 256 };

static int64_t scale(void)
{
    const char *word = getenv("OUTGATE_ADVERSARY");
    return word != NULL && strcmp(word, "full") == 0 ? 40 : 1;
}

/* ---- chance ---- */

static uint64_t chance_state;

static uint64_t chance(uint64_t below)
{
    chance_state ^= chance_state << 13; /* xorshift64, Marsaglia 2003 */
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return chance_state % below;
}

static void begin_chance(uint64_t seed)
{
    const char *word = getenv("OUTGATE_ADVERSARY_SEED"); /* another game; default 0 */
    chance_state = seed + (word != NULL ? strtoull(word, NULL, 10) * 1000003u : 0);
}

/* ---- the referee ---- */

struct event {
    int64_t at_us, amount;
};

/* What left for one limit, key and part, by time. */
struct ledger {
    char name[LIMIT_NAME_BYTES], key[128];
    bool is_burst;
    struct event *events;
    size_t count, room;
    int64_t total;
};

struct referee {
    struct ledger ledgers[KEYS_MAX];
    size_t count;
    int64_t departures, worst_milli; /* fullest window, thousandths of its limit */
};

static struct ledger *ledger_of(struct referee *r, const char *name, struct span key,
                                bool is_burst)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->ledgers[i].is_burst == is_burst &&
            span_eq(span_of(r->ledgers[i].key), key) &&
            strcmp(r->ledgers[i].name, name) == 0)
            return &r->ledgers[i];
    assert_true(r->count < KEYS_MAX);
    struct ledger *out = &r->ledgers[r->count++];
    *out = (struct ledger){.is_burst = is_burst};
    snprintf(out->name, sizeof out->name, "%s", name);
    snprintf(out->key, sizeof out->key, "%.*s", (int)key.len, key.at);
    return out;
}

static void put(struct ledger *l, int64_t at_us, int64_t amount)
{
    if (l->count == l->room) {
        l->room = l->room > 0 ? 2 * l->room : 64;
        l->events = realloc(l->events, l->room * sizeof *l->events);
        assert_non_null(l->events);
    }
    size_t i = l->count++;
    for (; i > 0 && l->events[i - 1].at_us > at_us; i--)
        l->events[i] = l->events[i - 1];
    l->events[i] = (struct event){at_us, amount};
    l->total += amount;
}

/* The most in any closed window of that length that the instant stands in. */
static int64_t worst_around(const struct ledger *l, int64_t at_us, int64_t window_us)
{
    int64_t worst = 0;
    int64_t sum = 0;
    size_t first = l->count;
    while (first > 0 && l->events[first - 1].at_us >= at_us - window_us)
        first--;
    size_t end = first;
    for (size_t i = first; i < l->count && l->events[i].at_us <= at_us; i++) {
        while (end < l->count && l->events[end].at_us <= l->events[i].at_us + window_us)
            sum += l->events[end++].amount;
        worst = sum > worst ? sum : worst;
        sum -= l->events[i].amount;
    }
    return worst;
}

static void judge(struct referee *r, const struct charge_line *line, int64_t at_us,
                  bool is_burst)
{
    const struct limit *limit = line->limit;
    int64_t most = is_burst ? limit->burst : limit->amount;
    int64_t window_us = limit->window_us;
    if (is_burst)
        window_us =
            (int64_t)((double)window_us * (double)limit->burst / (double)limit->amount);
    struct ledger *l = ledger_of(r, limit->name, line->key, is_burst);
    /* larger than the limit: goes alone, as the whole of it */
    put(l, at_us, line->amount < most ? line->amount : most);
    int64_t worst = worst_around(l, at_us, window_us);
    if (worst > most)
        fail_msg("limit %s, key %s%s: %lld in a window of %lld s, allowed %lld",
                 limit->name, l->key, is_burst ? " (burst)" : "", (long long)worst,
                 (long long)(window_us / SECOND), (long long)most);
    if (worst * 1000 / most > r->worst_milli)
        r->worst_milli = worst * 1000 / most;
}

static void note(struct referee *r, const struct charge *charge)
{
    if (!charge->is_charged)
        return;
    r->departures++;
    for (size_t i = 0; i < charge->line_count; i++) {
        if (charge->lines[i].limit->action == ACTION_SLOW)
            continue;
        judge(r, &charge->lines[i], charge->charged_at_us, false);
        if (charge->lines[i].limit->burst > 0)
            judge(r, &charge->lines[i], charge->charged_at_us, true);
    }
}

static void dismiss(struct referee *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->ledgers[i].events);
    free(r);
}

/* ---- what he sends ---- */

enum { SENDERS = 6, DOMAINS = 4 };

static struct span senders[] = {SPAN("sasl_user:a"),     SPAN("sasl_user:b"),
                                SPAN("sasl_user:c"),     SPAN("uid:d"),
                                SPAN("script:d:/e.php"), SPAN("client_ip:192.0.2.9")};
static struct span clients[] = {SPAN("192.0.2.1"), SPAN("2001:db8:1:2::1"), SPAN(""),
                                SPAN("192.0.2.9")};
static struct span names[] = {SPAN("a.example"), SPAN("b.example"), SPAN("c.example"),
                              SPAN("d.example")};
static struct span texts[] = {SPAN(""), SPAN("c0ffee"), SPAN("decade"), SPAN("facade")};

static void mixed_mail(struct world *w, int64_t largest)
{
    static struct span domains[1000];
    struct charge_request *q = &w->request;
    int64_t recipients = 1 + (int64_t)chance(chance(8) == 0 ? (uint64_t)largest : 3);
    q->sender = senders[chance(SENDERS)];
    q->client_ip = clients[chance(4)];
    q->from_domain = names[chance(4)];
    q->campaign = texts[chance(4)];
    q->recipients = recipients;
    q->new_recipients = (int64_t)chance((uint64_t)recipients + 1);
    q->bytes = 200 + (int64_t)chance(20000);
    q->points_milli = chance(3) == 0 ? (int64_t)chance(6000) : 0;
    q->sender_first_us = NOW - (int64_t)chance(4) * 7 * DAY;
    q->mail_class = chance(5) == 0 ? CLASS_FORWARDED : CLASS_OUTBOUND;
    q->must_not_refuse = chance(10) == 0;
    for (int64_t i = 0; i < recipients; i++)
        domains[i] = names[chance(DOMAINS)];
    q->recipient_domains = domains;
    q->recipient_domain_count = (size_t)recipients;
}

/* When he comes next: told_us is when he was told that it is free, or 0. */
typedef int64_t tempo(int64_t now_us, int64_t told_us, int64_t window_us);

static int64_t flood(int64_t now_us, int64_t told_us, int64_t window_us)
{
    (void)told_us;
    return now_us + 1 + (int64_t)chance((uint64_t)window_us / 400);
}

/* Nothing, then all of it just before and just after the window turns. */
static int64_t edge(int64_t now_us, int64_t told_us, int64_t window_us)
{
    (void)told_us;
    if (chance(60) != 0)
        return now_us + (int64_t)chance(1000);
    return now_us + window_us - 2000 + (int64_t)chance(4000);
}

static int64_t bursts(int64_t now_us, int64_t told_us, int64_t window_us)
{
    (void)told_us;
    return chance(30) != 0 ? now_us : now_us + (int64_t)chance((uint64_t)window_us);
}

/* As soon as he may, to the microsecond. */
static int64_t retry(int64_t now_us, int64_t told_us, int64_t window_us)
{
    if (told_us > now_us && told_us < now_us + 3 * window_us && chance(20) != 0)
        return told_us - (int64_t)chance(2);
    return now_us + (int64_t)chance((uint64_t)window_us / 1000 + 1);
}

static int64_t whim(int64_t now_us, int64_t told_us, int64_t window_us)
{
    static tempo *const others[] = {flood, edge, bursts, retry};
    return others[chance(4)](now_us, told_us, window_us);
}

static tempo *const tempos[] = {flood, edge, bursts, retry, whim};
enum { TEMPOS = sizeof tempos / sizeof *tempos };

/* Sum of all that stands charged: what a refusal must not change. */
static int64_t charged_sum(struct world *w)
{
    return ask(w, "SELECT coalesce(sum(amount), 0) FROM limit_slot");
}

struct play {
    struct world *w;
    struct referee *r;
    int64_t now_us, told_us, refusals;
    int in_commit;
};

static void step(struct play *p)
{
    struct world *w = p->w;
    bool is_watched = chance(200) == 0;
    if (p->in_commit == 0)
        assert_int_equal(db_begin(w->db, &w->err), 0);
    int64_t before = is_watched ? charged_sum(w) : 0;
    arena_reset(w->arena);
    charge_open(w, p->now_us);
    p->told_us = w->charge.due_at_us > 0 ? w->charge.due_at_us : w->charge.free_at_us;
    if (!w->charge.is_charged) {
        p->refusals++;
        if (is_watched)
            assert_true(charged_sum(w) <= before); /* dead rows may go */
    }
    note(p->r, &w->charge);
    if (++p->in_commit == COMMIT_EVERY) {
        assert_int_equal(db_commit(w->db, &w->err), 0);
        p->in_commit = 0;
    }
}

static void settle(struct play *p)
{
    if (p->in_commit > 0)
        assert_int_equal(db_commit(p->w->db, &p->w->err), 0);
    p->in_commit = 0;
}

/* ---- every unit and key ---- */

static const char *const sentences[][3] = {
    {"20 messages per 10m per sender, then defer"},
    {"100 recipients per 1h per sender, burst 20, then defer"},
    {"100 recipients per 1h per sender, burst 20, then hold"},
    {"30 new_recipients per 1h per client_ip, then reject"},
    {"150k bytes per 5m per from_domain, burst 40k, then defer"},
    {"12.5 points per 1h per egress, then hold"},
    {"15 recipients per 7m per recipient_domain, then defer"},
    {"15 recipients per 7m per sender+recipient_domain, then hold"},
    {"25 recipients per 10m per campaign, then hold"},
    {"9 messages per 61s per client_ip+campaign, then defer"},
    {"40 messages per 1h per host in forwarded, then defer"},
    {"10 recipients per 1h per sender for senders younger than 14d, then defer"},
    {"10 messages per 1h per sender, then block for 1h"},
    {"12 messages per 9m per uid, then hold",
     "5 messages per 9m per sender, then hold"},
    {"9 recipients per 11m per uid+recipient_domain, then block for 20m"},
    {"1 message per 1s per host, then hold"},
    {"3 recipients per 90s per sender, then defer",
     "20 recipients per 1h per sender, then hold",
     "40 recipients per 1d per client_ip, then reject"},
    {"7 messages per 5m per host, then hold", "2 points per 1h per sender, then hold",
     "50 new_recipients per 1h per from_domain+recipient_domain, then slow"},
};

static void test_every_limit(void **state)
{
    struct world *w = *state;
    int64_t steps = 0;
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        for (int k = 0; k < TEMPOS; k++) {
            struct play p = {.w = w, .now_us = NOW};
            p.r = calloc(1, sizeof *p.r);
            begin_chance(88172645463325252u + i * 1000 + (uint64_t)k);
            w->count = 0;
            for (int s = 0; s < 3 && sentences[i][s] != NULL; s++)
                limit(w, s == 0 ? "one" : s == 1 ? "two" : "three", sentences[i][s]);
            sql(w, "DELETE FROM limit_slot; DELETE FROM blocked_sender");
            for (int64_t n = 0; n < 400 * scale(); n++, steps++) {
                mixed_mail(w, 60);
                step(&p);
                p.now_us = tempos[k](p.now_us, p.told_us, w->table[0].window_us);
            }
            settle(&p);
            if (p.r->departures < 10 || p.refusals + p.r->departures < 400)
                fail_msg("%s: only %lld departures", sentences[i][0],
                         (long long)p.r->departures);
            dismiss(p.r);
        }
    print_message("%lld steps against %zu sets of limits: no window over its limit\n",
                  (long long)steps, sizeof sentences / sizeof *sentences);
}

/* ---- while the administrator works on it ---- */

static void record(struct world *w, int64_t now_us)
{
    int64_t id;
    struct audit_row row = {.at_us = now_us,
                            .mail_class = w->request.mail_class,
                            .path = PATH_SMTP,
                            .sender = w->request.sender,
                            .recipients = w->request.recipients,
                            .action = w->charge.action,
                            .meant = w->charge.action,
                            .charge = &w->charge};
    if (audit_record(w->db, &row, &id, &w->err) != 0)
        fail_msg("%s", w->err.text);
}

static const char *const forms[] = {
    "12 recipients per 10m per sender, then hold",
    "12 recipients per 10m per sender, then defer",
    "30 recipients per 1h per sender, burst 6, then defer",
    "60 recipients per 1d per sender, then hold",
    "4 recipients per 1m per sender, then defer",
};

static const char *const overrides[] = {
    "40 recipients per 1h", "200 recipients per 1d, burst 30",
    "3 recipients per 30s", "1 recipient per 1h",
    "9 recipients per 17m",
};

static void reconfigure(struct world *w)
{
    w->count = 0;
    limit(w, "login", forms[chance(sizeof forms / sizeof *forms)]);
    limit(w, "host", "50 recipients per 20m per host, then defer");
    limit(w, "own",
          "2 times learned recipients per 1h per sender, at least 15, at most "
          "50, then defer");
    if (limits_publish(w->db, w->table, w->count, &w->err) != 0)
        fail_msg("%s", w->err.text);
}

static void override(struct world *w, int64_t now_us)
{
    struct limit changed;
    bool removed;
    struct span key = senders[chance(SENDERS)];
    const char *text = overrides[chance(sizeof overrides / sizeof *overrides)];
    if (chance(3) == 0) {
        assert_int_equal(
            limit_override_remove(w->db, SPAN("login"), key, &removed, &w->err), 0);
        return;
    }
    int64_t until_us = chance(2) == 0 ? 0 : now_us + (int64_t)chance(3 * HOUR);
    if (limit_parse_override(w->table, span_of(text), &changed, &w->err) != 0 ||
        limit_override_set(w->db, w->table, &changed, key, now_us, until_us, SPAN(""),
                           SPAN(""), now_us, &w->err) != 0)
        fail_msg("%s", w->err.text);
}

/* A past for the learned limit: busy hours long ago. */
static void invent_past(struct world *w)
{
    for (int i = 0; i < SENDERS; i++) {
        char text[400];
        snprintf(
            text, sizeof text,
            "INSERT INTO sender_seen VALUES (%d, '%.*s', 1, 1, 1, 1, 0);"
            "INSERT INTO sender_hour SELECT %d, %lld + value, 1, (value * %d) %% 31, "
            "0, 1, 0 FROM (WITH RECURSIVE n(value) AS (SELECT -100 UNION SELECT "
            "value + 1 FROM n WHERE value < 900) SELECT value FROM n)",
            i + 1, (int)senders[i].len, senders[i].at, i + 1, (long long)(NOW / HOUR),
            i + 7);
        sql(w, text);
    }
}

static void disturb(struct play *p)
{
    struct world *w = p->w;
    int64_t newest_us;
    settle(p);
    switch (chance(5)) {
    case 0:
        assert_int_equal(db_begin(w->db, &w->err), 0);
        reconfigure(w);
        assert_int_equal(db_commit(w->db, &w->err), 0);
        break;
    case 1:
    case 2:
        override(w, p->now_us);
        break;
    case 3:
        reopen(w);
        break;
    default: /* the sweep, by the newest message */
        assert_int_equal(limit_clock_newest(w->db, &newest_us, &w->err), 0);
        for (int i = 0; i < 20; i++)
            assert_int_equal(limits_expire(w->db, newest_us, 500, &w->err), 0);
    }
}

static void test_live_changes(void **state)
{
    struct world *w = *state;
    struct play p = {.w = w, .now_us = NOW};
    p.r = calloc(1, sizeof *p.r);
    begin_chance(4101842887655102017u);
    invent_past(w);
    reconfigure(w);
    for (int64_t n = 0; n < 12000 * scale(); n++) {
        mixed_mail(w, 10);
        w->request.mail_class = CLASS_OUTBOUND;
        w->request.sender = senders[chance(SENDERS)];
        step(&p);
        record(w, p.now_us);
        if (chance(150) == 0)
            disturb(&p);
        p.now_us = whim(p.now_us, p.told_us, chance(4) == 0 ? HOUR : 5 * MINUTE);
    }
    settle(&p);
    print_message("%lld departures while limits, overrides and the past changed: none "
                  "over\n",
                  (long long)p.r->departures);
    assert_true(p.r->departures > 1000);
    dismiss(p.r);
}

/* ---- what honest senders get ---- */

/* Six keys that always want more: each gets 98 % of its limit, whoever else tries. */
static void test_sustained(void **state)
{
    struct world *w = *state;
    struct play p = {.w = w, .now_us = NOW};
    int64_t hours = scale() > 1 ? 200 : 12;
    p.r = calloc(1, sizeof *p.r);
    begin_chance(1181783497276652981u);
    limit(w, "login", "100 recipients per 1h per sender, then defer");
    for (; p.now_us < NOW + hours * HOUR; p.now_us += 4 * SECOND) {
        w->request.sender = senders[(p.now_us - NOW) / (4 * SECOND) % SENDERS];
        w->request.recipients = chance(10) == 0 ? 400 : 1; /* hopeless ones between */
        step(&p);
    }
    settle(&p);
    for (int i = 0; i < SENDERS; i++) {
        struct ledger *l = ledger_of(p.r, "login", senders[i], false);
        /* the first window may be spent at once, the last one not yet be over */
        int64_t least = (hours - 1) * 98 + 1;
        if (l->total < least)
            fail_msg("%s got %lld of %lld", l->key, (long long)l->total,
                     (long long)least);
    }
    dismiss(p.r);
}

/* ---- the table of the peers ---- */

struct row {
    int64_t flood, worst, timed, large;
    double drain_h;
};

static struct ledger *through(struct world *w, struct ledger *l, int64_t now_us)
{
    if (charge_open(w, now_us) != ACTION_UNKNOWN && w->charge.is_charged)
        put(l, w->charge.charged_at_us, w->request.recipients);
    arena_reset(w->arena);
    return l;
}

static int64_t until(const struct ledger *l, int64_t end_us)
{
    int64_t sum = 0;
    for (size_t i = 0; i < l->count && l->events[i].at_us < end_us; i++)
        sum += l->events[i].amount;
    return sum;
}

static int64_t worst_of(const struct ledger *l)
{
    int64_t worst = 0;
    for (size_t i = 0; i < l->count; i++) {
        int64_t here = worst_around(l, l->events[i].at_us, HOUR);
        worst = here > worst ? here : worst;
    }
    return worst;
}

static void fresh(struct world *w, struct ledger *l)
{
    free(l->events);
    *l = (struct ledger){0};
    sql(w, "DELETE FROM limit_slot");
    w->request.recipients = 1;
}

/* 150 messages handed over at 1/s; what is refused comes again every ten minutes. */
static double drain(struct world *w)
{
    int64_t next_us[150], last_us = NOW;
    int left = 150;
    for (int i = 0; i < 150; i++)
        next_us[i] = NOW + i * SECOND;
    for (int64_t now_us = NOW; left > 0 && now_us < NOW + 2 * DAY; now_us += SECOND)
        for (int i = 0; i < 150; i++) {
            if (next_us[i] != now_us)
                continue;
            charge_open(w, now_us);
            next_us[i] = w->charge.is_charged ? 0 : now_us + 10 * MINUTE;
            left -= w->charge.is_charged;
            if (w->charge.is_charged && w->charge.charged_at_us > last_us)
                last_us = w->charge.charged_at_us;
            arena_reset(w->arena);
        }
    assert_int_equal(left, 0);
    return (double)(last_us - NOW) / (double)HOUR;
}

static struct row measure(struct world *w, const char *sentence)
{
    struct row row;
    struct ledger l = {0};
    w->count = 0;
    limit(w, "login", sentence);
    assert_int_equal(db_begin(w->db, &w->err), 0);
    fresh(w, &l);
    for (int i = 0; i < 3 * 3600; i++)
        through(w, &l, NOW + i * SECOND);
    row.flood = until(&l, NOW + HOUR);
    row.worst = worst_of(&l);
    fresh(w, &l);
    through(w, &l, NOW);
    for (int i = 58 * 60; i < 3 * 3600; i++)
        through(w, &l, NOW + i * SECOND);
    row.timed = worst_of(&l);
    fresh(w, &l);
    w->request.recipients = 500;
    for (int i = 0; i < 60; i++)
        through(w, &l, NOW + i * MINUTE);
    row.large = until(&l, NOW + HOUR);
    fresh(w, &l);
    row.drain_h = drain(w);
    assert_int_equal(db_commit(w->db, &w->err), 0);
    print_message("| outgate %s | %lld | %lld | %lld | %lld | %.2f h |\n", sentence,
                  (long long)row.flood, (long long)row.worst, (long long)row.timed,
                  (long long)row.large, row.drain_h);
    return row;
}

static void test_peers(void **state)
{
    struct world *w = *state;
    print_message("| Algorithm | flood1h | worst 60 min | timed | 500rcpt | drain |\n");
    struct row defer = measure(w, "100 recipients per 1h per sender, then defer");
    struct row hold = measure(w, "100 recipients per 1h per sender, then hold");
    struct row burst =
        measure(w, "100 recipients per 1h per sender, burst 20, then hold");
    assert_int_equal(defer.flood, 100);
    assert_int_equal(defer.worst, 100);
    assert_int_equal(defer.timed, 100);
    assert_int_equal(defer.large, 0); /* refused with 5xx at once: it can never pass */
    assert_true(defer.drain_h < 1.1);
    assert_int_equal(hold.worst, 100);
    assert_int_equal(hold.timed, 100);
    assert_int_equal(hold.large, 500); /* one, alone in an empty window */
    assert_true(hold.drain_h < 1.1);
    assert_true(burst.worst <= 100 && burst.timed <= 100);
    assert_true(burst.drain_h < 1.6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(test_every_limit),
        T(test_live_changes),
        T(test_sustained),
        T(test_peers),
#undef T
    };
    cmocka_set_test_filter(getenv("OUTGATE_ADVERSARY_TEST")); /* "test_live_*" */
    return cmocka_run_group_tests_name("adversary", tests, NULL, NULL);
}
