/* SPDX-License-Identifier: BSD-2-Clause */
#include "tune/tune_set.h"

#include <stdlib.h>
#include <string.h>

static int no_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, "out of memory");
}

/* *array with room for room elements of size bytes. */
static bool resize(void *array, size_t room, size_t size)
{
    void **at = array;
    void *more = realloc(*at, room * size);
    if (more == NULL)
        return false;
    *at = more;
    return true;
}

static int make_mail_room(struct tune_set *set, struct err *err)
{
    size_t room = set->room > 0 ? set->room * 2 : 1024;
    if (set->mail_count == TUNE_MAILS_MAX)
        return err_set(err, ERR_BUSY, "more than %d mails", TUNE_MAILS_MAX);
    if (set->mail_count < set->room)
        return 0;
    if (!resize(&set->is_spam, room, 1) || !resize(&set->row, room, sizeof *set->row) ||
        !resize(&set->sketches, room, sizeof *set->sketches))
        return no_memory(err);
    set->room = room;
    return 0;
}

static int make_row_room(struct tune_set *set, size_t hits, struct err *err)
{
    struct learn_matrix *m = &set->matrix;
    size_t used = m->row_count > 0 ? m->row_start[m->row_count] : 0;
    if (used + hits > TUNE_HITS_MAX)
        return err_set(err, ERR_BUSY, "more than %d hits", TUNE_HITS_MAX);
    if (m->row_count + 2 > set->row_room) {
        size_t room = set->row_room > 0 ? set->row_room * 2 : 1024;
        if (!resize(&m->row_start, room, sizeof *m->row_start))
            return no_memory(err);
        set->row_room = room;
    }
    if (used + hits + 1 > set->hit_room) {
        size_t room = 2 * (used + hits) + 1024;
        if (!resize(&m->rules, room, sizeof *m->rules))
            return no_memory(err);
        set->hit_room = room;
    }
    m->row_start[0] = 0;
    return 0;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static struct span rules_of(const struct learn_matrix *m, size_t row)
{
    return (struct span){(const char *)(m->rules + m->row_start[row]),
                         (m->row_start[row + 1] - m->row_start[row]) *
                             sizeof *m->rules};
}

/* The bucket where those rules stand, or would. */
static size_t find_bucket(const struct tune_set *set, struct span rules)
{
    size_t mask = set->bucket_count - 1;
    size_t at = (size_t)span_hash64(rules) & mask;
    while (set->buckets[at] != 0 &&
           !span_eq(rules_of(&set->matrix, set->buckets[at] - 1), rules))
        at = (at + 1) & mask;
    return at;
}

/* At most half of the buckets are taken. */
static int make_buckets(struct tune_set *set, struct err *err)
{
    if (2 * (set->matrix.row_count + 1) <= set->bucket_count)
        return 0;
    size_t count = set->bucket_count > 0 ? set->bucket_count * 2 : 4096;
    uint32_t *buckets = calloc(count, sizeof *buckets);
    if (buckets == NULL)
        return no_memory(err);
    free(set->buckets);
    set->buckets = buckets;
    set->bucket_count = count;
    for (size_t i = 0; i < set->matrix.row_count; i++)
        set->buckets[find_bucket(set, rules_of(&set->matrix, i))] = (uint32_t)i + 1;
    return 0;
}

static uint32_t find_row(struct tune_set *set, const uint32_t *rules, size_t count)
{
    struct learn_matrix *m = &set->matrix;
    struct span bytes = {(const char *)rules, count * sizeof *rules};
    size_t at = find_bucket(set, bytes);
    if (set->buckets[at] == 0) {
        size_t start = m->row_start[m->row_count];
        if (count > 0)
            memcpy(m->rules + start, rules, bytes.len);
        m->row_start[++m->row_count] = start + count;
        set->buckets[at] = (uint32_t)m->row_count;
    }
    return set->buckets[at] - 1;
}

int tune_set_add(struct tune_set *set, bool is_spam, uint32_t *rules, size_t count,
                 const struct sketch *sketch, struct err *err)
{
    if (make_mail_room(set, err) != 0 || make_row_room(set, count, err) != 0 ||
        make_buckets(set, err) != 0)
        return -1;
    if (count > 0)
        qsort(rules, count, sizeof *rules, by_number);
    size_t i = set->mail_count++;
    set->row[i] = find_row(set, rules, count);
    set->is_spam[i] = is_spam;
    set->sketches[i] = sketch != NULL ? *sketch : (struct sketch){0};
    set->counts[is_spam]++;
    return 0;
}

/* Groups of mails, as a forest: parent[i] is i at a root. */
struct forest {
    uint32_t *parent;
};

static uint32_t root_of(struct forest *forest, uint32_t i)
{
    while (forest->parent[i] != i) {
        forest->parent[i] = forest->parent[forest->parent[i]];
        i = forest->parent[i];
    }
    return i;
}

/* The first mail of a group is its root, whatever the order. */
static void join(struct forest *forest, uint32_t a, uint32_t b)
{
    a = root_of(forest, a);
    b = root_of(forest, b);
    if (a < b)
        forest->parent[b] = a;
    else
        forest->parent[a] = b;
}

struct band {
    uint32_t value, mail;
};

static int by_band(const void *a, const void *b)
{
    const struct band *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->mail > y->mail) - (x->mail < y->mail);
}

static bool is_alike(const struct tune_set *set, uint32_t a, uint32_t b)
{
    return set->sketches[a].kind == set->sketches[b].kind &&
           sketch_equal(&set->sketches[a], &set->sketches[b]) >= SKETCH_SAME;
}

/* Of those with an equal band each is compared with the first and the one before: not
 * with all, which a hostile set could make dear. */
static void join_band(const struct tune_set *set, struct forest *forest,
                      const struct band *bands, size_t count)
{
    for (size_t i = 1, first = 0; i < count; i++) {
        if (bands[i].value != bands[first].value) {
            first = i;
            continue;
        }
        if (is_alike(set, bands[first].mail, bands[i].mail))
            join(forest, bands[first].mail, bands[i].mail);
        if (is_alike(set, bands[i - 1].mail, bands[i].mail))
            join(forest, bands[i - 1].mail, bands[i].mail);
    }
}

static int join_all(const struct tune_set *set, struct forest *forest, struct err *err)
{
    struct band *bands = calloc(set->mail_count + 1, sizeof *bands);
    if (bands == NULL)
        return no_memory(err);
    for (unsigned band = 0; band < SKETCH_BANDS; band++) {
        size_t count = 0;
        for (size_t i = 0; i < set->mail_count; i++)
            if (set->sketches[i].kind != SKETCH_NONE)
                bands[count++] =
                    (struct band){sketch_band(&set->sketches[i], band), (uint32_t)i};
        qsort(bands, count, sizeof *bands, by_band);
        join_band(set, forest, bands, count);
    }
    free(bands);
    return 0;
}

/* Source: S. Vigna, splitmix64 (public domain algorithm). */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

struct group {
    uint64_t order; /* of the seed's shuffle */
    uint32_t root;
    uint32_t counts[2];
};

static int by_size(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    uint64_t x_size = (uint64_t)x->counts[0] + x->counts[1];
    uint64_t y_size = (uint64_t)y->counts[0] + y->counts[1];
    if (x_size != y_size)
        return x_size > y_size ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return (x->root > y->root) - (x->root < y->root);
}

/* The fold that has least of the class that the group is mostly of. */
static unsigned emptiest(const struct group *group, size_t (*filled)[2], unsigned folds)
{
    bool is_spam = group->counts[1] > group->counts[0];
    unsigned best = 0;
    for (unsigned f = 1; f < folds; f++)
        if (filled[f][is_spam] < filled[best][is_spam] ||
            (filled[f][is_spam] == filled[best][is_spam] &&
             filled[f][!is_spam] < filled[best][!is_spam]))
            best = f;
    return best;
}

/* Largest groups first, each into the emptiest fold. */
static void deal(struct tune_set *set, struct group *groups, unsigned folds,
                 uint64_t seed)
{
    size_t filled[TUNE_FOLDS_MAX][2] = {{0}};
    for (size_t i = 0; i < set->mail_count; i++) {
        groups[i].root = (uint32_t)i;
        groups[i].order = mix(seed ^ mix(i));
    }
    qsort(groups, set->mail_count, sizeof *groups, by_size);
    for (size_t i = 0; i < set->mail_count; i++) {
        const struct group *group = &groups[i];
        if (group->counts[0] + group->counts[1] == 0)
            break; /* not a root */
        unsigned fold = emptiest(group, filled, folds);
        filled[fold][0] += group->counts[0];
        filled[fold][1] += group->counts[1];
        set->fold[group->root] = (unsigned char)fold;
        set->groups++;
    }
}

static int make_folds(struct tune_set *set, unsigned folds, uint64_t seed,
                      struct err *err)
{
    struct forest forest = {malloc((set->mail_count + 1) * sizeof *forest.parent)};
    struct group *groups = calloc(set->mail_count + 1, sizeof *groups);
    int rc = -1;
    set->fold = calloc(set->mail_count + 1, 1);
    if (forest.parent == NULL || groups == NULL || set->fold == NULL) {
        no_memory(err);
    } else {
        for (size_t i = 0; i < set->mail_count; i++)
            forest.parent[i] = (uint32_t)i;
        rc = join_all(set, &forest, err);
    }
    if (rc == 0) {
        for (size_t i = 0; i < set->mail_count; i++)
            groups[root_of(&forest, (uint32_t)i)].counts[set->is_spam[i]]++;
        deal(set, groups, folds, seed);
        for (size_t i = 0; i < set->mail_count; i++)
            set->fold[i] = set->fold[root_of(&forest, (uint32_t)i)];
    }
    free(forest.parent);
    free(groups);
    return rc;
}

int tune_set_finish(struct tune_set *set, unsigned folds, uint64_t seed,
                    struct err *err)
{
    set->matrix.rule_count = set->rule_count;
    if (make_row_room(set, 0, err) != 0 || learn_matrix_turn(&set->matrix, err) != 0)
        return -1;
    return make_folds(set, folds, seed, err);
}

void tune_set_clear(struct tune_set *set)
{
    free(set->is_spam);
    free(set->row);
    free(set->sketches);
    free(set->fold);
    free(set->buckets);
    learn_matrix_clear(&set->matrix);
    *set = (struct tune_set){0};
}
