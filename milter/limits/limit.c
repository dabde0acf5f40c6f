/* SPDX-License-Identifier: BSD-2-Clause */
#include "limits/limit.h"

#include <stdio.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)

struct word {
    const char *name;
    int value;
};

static const struct word actions[] = {
    {"accept", ACTION_ACCEPT}, {"slow", ACTION_SLOW},     {"hold", ACTION_HOLD},
    {"defer", ACTION_DEFER},   {"reject", ACTION_REJECT}, {NULL, 0}};

static const struct word units[] = {{"messages", LIMIT_MESSAGES},
                                    {"recipients", LIMIT_RECIPIENTS},
                                    {"bytes", LIMIT_BYTES},
                                    {"points", LIMIT_POINTS},
                                    {"new_recipients", LIMIT_NEW_RECIPIENTS},
                                    {"bounces", LIMIT_BOUNCES},
                                    {"complaints", LIMIT_COMPLAINTS},
                                    {NULL, 0}};

static const struct word keys[] = {{"sender", LIMIT_SENDER},
                                   {"client_ip", LIMIT_CLIENT_IP},
                                   {"from_domain", LIMIT_FROM_DOMAIN},
                                   {"recipient_domain", LIMIT_RECIPIENT_DOMAIN},
                                   {"egress", LIMIT_EGRESS},
                                   {"host", LIMIT_HOST},
                                   {"campaign", LIMIT_CAMPAIGN},
                                   {"uid", LIMIT_UID},
                                   {NULL, 0}};

static int find_word(const struct word *words, struct span name)
{
    for (; words->name != NULL; words++)
        if (span_ieq(span_of(words->name), name))
            return words->value;
    return 0;
}

static const char *word_name(const struct word *words, int value)
{
    for (; words->name != NULL; words++)
        if (words->value == value)
            return words->name;
    return "unknown";
}

const char *action_name(enum action action)
{
    return word_name(actions, (int)action);
}

enum action action_find(struct span name)
{
    return (enum action)find_word(actions, name);
}

const char *limit_unit_name(enum limit_unit unit)
{
    return word_name(units, (int)unit);
}

enum limit_unit limit_unit_find(struct span word)
{
    enum limit_unit unit = (enum limit_unit)find_word(units, word);
    if (unit != LIMIT_UNIT_UNKNOWN || word.len == 0 || word.len > 30)
        return unit;
    char plural[32]; /* "1 message" */
    snprintf(plural, sizeof plural, "%.*ss", (int)word.len, word.at);
    return (enum limit_unit)find_word(units, span_of(plural));
}

const char *limit_key_name(enum limit_key key)
{
    return key != LIMIT_KEY_NONE ? word_name(keys, (int)key) : "";
}

enum limit_key limit_key_find(struct span name)
{
    return (enum limit_key)find_word(keys, name);
}

bool limit_has_key(const struct limit *limit, enum limit_key key)
{
    return limit->keys[0] == key || limit->keys[1] == key;
}

bool limit_is_by_feedback(const struct limit *limit)
{
    return limit->unit == LIMIT_BOUNCES || limit->unit == LIMIT_COMPLAINTS;
}

int64_t limit_duration_scale(char letter)
{
    switch (letter) {
    case 's':
        return SECOND_US;
    case 'm':
        return 60 * SECOND_US;
    case 'h':
        return 3600 * SECOND_US;
    case 'd':
        return 86400 * SECOND_US;
    case 'w':
        return 7 * 86400 * SECOND_US;
    default:
        return 0;
    }
}

static bool is_ours(enum limit_key key)
{
    return key == LIMIT_EGRESS || key == LIMIT_HOST;
}

const struct limit *limit_find(const struct limit *table, size_t count,
                               struct span name)
{
    for (size_t i = 0; i < count; i++)
        if (span_eq(span_of(table[i].name), name))
            return &table[i];
    return NULL;
}

bool limit_applies(const struct limit *limit, enum mail_class mail_class)
{
    if (limit->mail_class != CLASS_UNKNOWN)
        return limit->mail_class == mail_class;
    if (mail_class == CLASS_OUTBOUND)
        return true;
    return mail_class == CLASS_FORWARDED && is_ours(limit->keys[0]) &&
           (limit->keys[1] == LIMIT_KEY_NONE || is_ours(limit->keys[1]));
}
