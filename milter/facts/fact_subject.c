/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_subject - the Subject: field. Pure.
 */
#include <string.h>

#include "facts/fact_input.h"
#include "facts/fact_lists.h"

enum {
    CAPS_LETTERS_LEAST = 8,    /* fewer letters say nothing of style */
    IMPERSONAL_BYTES_MOST = 64 /* longer than any entry of the list */
};

static size_t count_characters(struct span s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += ((unsigned char)s.at[i] & 0xc0) != 0x80;
    return count;
}

/* Without the marks that stand around it. */
static struct span bare(struct span s)
{
    static const char marks[] = " \t.,;:!?*-_#<>\"'";
    while (s.len > 0 && memchr(marks, s.at[0], sizeof(marks) - 1) != NULL)
        s = span_from(s, 1);
    while (s.len > 0 && memchr(marks, s.at[s.len - 1], sizeof(marks) - 1) != NULL)
        s.len--;
    return s;
}

/* The reply and forward marks of mail programs in the seven languages, and its length
 * with the colon; 0 if there is none. */
static size_t reply_mark(struct span subject)
{
    static const char *const marks[] = {"re",     "fwd", "fw",  "aw",  "wg", "tr",
                                        "rv",     "enc", "res", "rif", "sv", "antw",
                                        "doorst", "réf", "i",   NULL};
    ptrdiff_t colon = span_index(span_head(subject, 12), ':');
    if (colon < 1)
        return 0;
    struct span mark = span_trim(span_head(subject, (size_t)colon));
    if (mark.len > 3 && mark.at[mark.len - 1] == ']') /* Re[2]: */
        mark.len -= 3;
    for (size_t k = 0; marks[k] != NULL; k++)
        if (span_ieq(mark, span_of(marks[k])))
            return (size_t)colon + 1;
    return 0;
}

static bool is_impersonal(struct arena *arena, struct span subject)
{
    struct span core = bare(span_from(subject, reply_mark(subject)));
    if (core.len == 0 || core.len > IMPERSONAL_BYTES_MOST)
        return false;
    return list_has(LIST_IMPERSONAL, span_lower(arena, core));
}

static bool has_ancestor(const struct fact_input *in)
{
    return in->field[FIELD_IN_REPLY_TO] != NULL ||
           in->field[FIELD_REFERENCES] != NULL || in->field[FIELD_THREAD] != NULL;
}

/* The recipient's address, or its local part or first label as a word of its own, as
 * kits fill it in. Only asked of mail to one recipient. */
static bool names_recipient(const struct fact_input *in, struct span subject)
{
    if (in->env->recipient_count != 1 || in->recipient.len == 0)
        return false;
    struct span local;
    struct span domain;
    if (!span_cut(in->recipient, '@', &local, &domain))
        return false;
    subject = span_lower(in->arena, subject);
    return span_find(subject, in->recipient) >= 0 ||
           (domain.len >= 6 && span_find(subject, domain) >= 0) ||
           (local.len >= 6 && span_find(subject, local) >= 0);
}

void fact_subject(const struct fact_input *in, struct facts *out)
{
    struct span subject = span_trim(fact_value(in, FIELD_SUBJECT));
    const struct text_scan *scan = &in->subject;
    size_t cased = scan->upper + scan->lower;
    FACT_SET(subject_present, in->field[FIELD_SUBJECT] != NULL);
    FACT_SET(subject_empty, scan->letters + scan->digits == 0 && subject.len == 0);
    FACT_SET(subject_length, count_characters(subject));
    if (cased >= CAPS_LETTERS_LEAST)
        FACT_SET(subject_caps_ratio, (double)scan->upper / (double)cased);
    FACT_SET(subject_exclamations, scan->exclamations);
    FACT_SET(subject_percents, scan->percents);
    FACT_SET(subject_money_amounts, scan->money);
    FACT_SET(subject_emoji, scan->emoji);
    FACT_SET(subject_impersonal, is_impersonal(in->arena, subject));
    FACT_SET(subject_random_words, scan->random_words);
    FACT_SET(subject_disguised_words,
             scan->mixed_words + scan->zero_width_inside + (scan->styled > 0));
    FACT_SET(subject_reply_forged, reply_mark(subject) > 0 && !has_ancestor(in));
    FACT_SET(subject_names_recipient, names_recipient(in, subject));
    FACT_SET(subject_transactional, scan->wording[WORDING_RECEIPT] > 0);
    FACT_SET(subject_pressing,
             scan->wording[WORDING_PRESSURE] + scan->wording[WORDING_CREDENTIAL] > 0);
}
