/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/rule_meta.h"

#include <string.h>

#include "rules/ruleset_private.h"

struct settling {
    const struct ruleset *set;
    struct expression_range *ranges;
    unsigned char *is_due; /* of set->metas, in their order: to be looked at again */
};

/* A hit is never less than one hit, whatever the arithmetic. */
static struct expression_range as_hits(struct expression_range range)
{
    if (range.blame == EXPRESSION_DECIDED) {
        if (range.lo < 0)
            range.lo = range.hi = 1;
        return range;
    }
    if (range.lo < 0) {
        range.lo = 0;
        range.hi = range.hi > 1 ? range.hi : 1;
    }
    return range;
}

struct expression_range rule_meta_bounds(const struct rule *meta,
                                         const struct expression_range *ranges)
{
    return as_hits(expression_bounds(meta->expression, ranges));
}

static bool is_same(const struct expression_range *a, const struct expression_range *b)
{
    return a->lo == b->lo && a->hi == b->hi && a->blame == b->blame;
}

static void mark_users(struct settling *s, size_t rule)
{
    const struct rule_users *users = &s->set->users;

    for (unsigned u = users->first[rule]; u < users->first[rule + 1]; u++)
        s->is_due[users->at[u]] = 1;
}

/* Metas up to that position, in their order: each is looked at once. */
static void look_again(struct settling *s, size_t position)
{
    const struct rule_group *metas = &s->set->metas;
    const unsigned char *due = s->is_due, *end = s->is_due + position + 1;

    while ((due = memchr(due, 1, (size_t)(end - due))) != NULL) {
        unsigned meta = metas->at[due - s->is_due];
        struct expression_range now = rule_meta_bounds(&s->set->rules[meta], s->ranges);
        s->is_due[due - s->is_due] = 0;
        if (!is_same(&now, &s->ranges[meta])) {
            s->ranges[meta] = now;
            mark_users(s, meta);
        }
    }
}

void rule_meta_settle(const struct ruleset *set, struct expression_range *ranges,
                      unsigned char *is_due, rule_find_out *find_out, void *context)
{
    struct settling s = {set, ranges, is_due};

    for (size_t i = 0; i < set->count; i++)
        if (set->rules[i].info.kind != RULE_META &&
            (ranges[i].lo != 0 || ranges[i].blame != EXPRESSION_DECIDED))
            mark_users(&s, i);
    for (size_t i = 0; i < set->metas.count; i++) {
        const struct expression_range *range = &ranges[set->metas.at[i]];
        if (set->rules[set->metas.at[i]].info.score == 0)
            continue;
        look_again(&s, i);
        while (range->blame != EXPRESSION_DECIDED) {
            int rule = range->blame;
            double value = find_out(context, (unsigned)rule);
            ranges[rule] =
                (struct expression_range){value, value, EXPRESSION_DECIDED, 0};
            mark_users(&s, (size_t)rule);
            look_again(&s, i);
        }
    }
    if (set->metas.count > 0 && (set->runs_all || set->is_unfiltered))
        look_again(&s, set->metas.count - 1);
}
