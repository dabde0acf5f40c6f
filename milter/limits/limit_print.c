/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limit_print - a limit in words, as limit_parse reads them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "limits/limit.h"

enum { MILLI = 1000, UNIT_BYTES = 64 };

char *limit_print_keys(const struct limit *limit, char out[LIMIT_KEYS_BYTES])
{
    out[0] = '\0';
    if (limit->keys[0] != LIMIT_KEY_NONE)
        snprintf(out, LIMIT_KEYS_BYTES, "%s", limit_key_name(limit->keys[0]));
    if (limit->keys[1] != LIMIT_KEY_NONE) {
        size_t len = strlen(out);
        snprintf(out + len, LIMIT_KEYS_BYTES - len, "+%s",
                 limit_key_name(limit->keys[1]));
    }
    return out;
}

/* An amount as the parser reads it, without its unit. */
static char *print_number(enum limit_unit unit, int64_t amount, char *out, size_t size)
{
    if (unit == LIMIT_BYTES && amount != 0 && amount % 1000000 == 0)
        snprintf(out, size, "%" PRId64 "M", amount / 1000000);
    else if (unit == LIMIT_BYTES && amount != 0 && amount % 1000 == 0)
        snprintf(out, size, "%" PRId64 "k", amount / 1000);
    else if (unit == LIMIT_POINTS && amount % MILLI != 0) {
        int len = snprintf(out, size, "%" PRId64 ".%03d", amount / MILLI,
                           (int)(amount % MILLI));
        while (len > 0 && (size_t)len < size && out[len - 1] == '0')
            out[--len] = '\0';
    } else
        snprintf(out, size, "%" PRId64, unit == LIMIT_POINTS ? amount / MILLI : amount);
    return out;
}

char *limit_print_amount(const struct limit *limit, int64_t amount, char *out,
                         size_t size)
{
    char number[32];
    const char *unit = limit_unit_name(limit->unit);
    print_number(limit->unit, amount, number, sizeof number);
    int len = (int)strlen(unit);
    if (strcmp(number, "1") == 0)
        len--; /* "1 recipient" */
    snprintf(out, size, "%s %.*s", number, len, unit);
    return out;
}

static char *print_duration(int64_t us, char *out, size_t size)
{
    const char *letters = "wdhms";
    while (us % limit_duration_scale(*letters) != 0 && letters[1] != '\0')
        letters++;
    snprintf(out, size, "%" PRId64 "%c", us / limit_duration_scale(*letters), *letters);
    return out;
}

/* " per 1h per sender+client_ip in outbound for senders younger than 14d" */
static char *print_scope(const struct limit *limit, char *out, size_t size)
{
    char time[32];
    char joined[LIMIT_KEYS_BYTES];
    int len;
    if (limit->window_us == 0)
        len = snprintf(out, size, " per message");
    else
        len = snprintf(out, size, " per %s per %s",
                       print_duration(limit->window_us, time, sizeof time),
                       limit_print_keys(limit, joined));
    if (limit->mail_class != CLASS_UNKNOWN)
        len += snprintf(out + len, size - (size_t)len, " in %s",
                        mail_class_name(limit->mail_class));
    if (limit->least_milli > 0)
        len +=
            snprintf(out + len, size - (size_t)len, " with %s %s or more",
                     print_number(LIMIT_POINTS, limit->least_milli, time, sizeof time),
                     limit->least_milli == MILLI ? "point" : "points");
    if (limit->younger_us > 0)
        snprintf(out + len, size - (size_t)len, " for senders younger than %s",
                 print_duration(limit->younger_us, time, sizeof time));
    return out;
}

/* "100 recipients", "3 times learned recipients" */
static char *print_head(const struct limit *limit, char *out, size_t size)
{
    char number[32];
    if (limit->learned_milli == 0)
        return limit_print_amount(limit, limit->amount, out, size);
    snprintf(out, size, "%s times learned %s",
             print_number(LIMIT_POINTS, limit->learned_milli, number, sizeof number),
             limit_unit_name(limit->unit));
    return out;
}

/* ", burst 20", ", at least 50, at most 2000" */
static char *print_bounds(const struct limit *limit, char *out, size_t size)
{
    char number[32];
    out[0] = '\0';
    if (limit->burst > 0)
        snprintf(out, size, ", burst %s",
                 print_number(limit->unit, limit->burst, number, sizeof number));
    if (limit->learned_milli == 0)
        return out;
    int len = snprintf(out, size, ", at least %s",
                       print_number(limit->unit, limit->amount, number, sizeof number));
    if (limit->ceiling > 0)
        snprintf(out + len, size - (size_t)len, ", at most %s",
                 print_number(limit->unit, limit->ceiling, number, sizeof number));
    return out;
}

/* "hold", "hold for review", "block for 24h" */
static char *print_action(const struct limit *limit, char *out, size_t size)
{
    char time[32];
    if (limit->block_us > 0)
        snprintf(out, size, "block for %s",
                 print_duration(limit->block_us, time, sizeof time));
    else
        snprintf(out, size, "%s%s", action_name(limit->action),
                 limit->needs_review ? " for review" : "");
    return out;
}

char *limit_print(const struct limit *limit, char out[LIMIT_SENTENCE_BYTES])
{
    char head[UNIT_BYTES];
    char scope[160];
    char bounds[96];
    char action[48];
    snprintf(out, LIMIT_SENTENCE_BYTES, "%s%s%s, then %s",
             print_head(limit, head, sizeof head),
             print_scope(limit, scope, sizeof scope),
             print_bounds(limit, bounds, sizeof bounds),
             print_action(limit, action, sizeof action));
    return out;
}

char *limit_print_override(const struct limit *limit, char out[LIMIT_SENTENCE_BYTES])
{
    char head[UNIT_BYTES];
    char bounds[96];
    char time[32];
    snprintf(out, LIMIT_SENTENCE_BYTES, "%s per %s%s",
             print_head(limit, head, sizeof head),
             print_duration(limit->window_us, time, sizeof time),
             print_bounds(limit, bounds, sizeof bounds));
    return out;
}
