/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_scan - one pass over a text: words, letters, marks, disguises, wording.
 *
 * Stage: facts; private to milter/facts. URLs and addresses written in the text are
 * passed over: they are no words. Linear time; no memory. Pure.
 */
#ifndef OUTGATE_FACTS_FACT_SCAN_H
#define OUTGATE_FACTS_FACT_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* What a phrase of fact_wording.c is a sign of. */
enum wording {
    WORDING_UNKNOWN = 0,
    WORDING_UNSUBSCRIBE, /* "unsubscribe", "se désinscrire", "darse de baja", ... */
    WORDING_BROWSER,     /* "view in browser", "version en ligne", ... */
    WORDING_NEWSLETTER,  /* "newsletter", "mailing list", "Infobrief", ... */
    WORDING_RECEIPT,     /* "invoice", "order confirmation", "Rechnung", ... */
    WORDING_CREDENTIAL,  /* "verify your account", "votre mot de passe", ... */
    WORDING_PRESSURE,    /* "act now", "within 24 hours", "suspended", ... */
    WORDING_FORTUNE,     /* "inheritance", "next of kin", "lottery", ... */
    WORDING_SALE,        /* "buy now", "last chance", "dernière chance", ... */
    WORDING_COIN,        /* "bitcoin", "wallet", ... */
    WORDING_COUNT
};

struct text_scan {
    size_t words;        /* runs of letters and digits; in scripts without spaces, every
                            two characters */
    size_t letters;      /* of any script */
    size_t upper, lower; /* letters that have a case */
    size_t digits;
    size_t exclamations;
    size_t percents;          /* figures with a percent sign */
    size_t discounts;         /* percents with a word for a discount within 3 words */
    size_t money;             /* figures with a currency */
    size_t zero_width;        /* characters that show nothing */
    size_t zero_width_inside; /* of these, between two letters of one word */
    size_t mixed_words;       /* Latin mixed with look-alike Cyrillic or Greek */
    size_t styled;            /* mathematical or full-width letters */
    size_t emoji;
    size_t random_words; /* looks like random letters or digits */
    size_t unknown;      /* U+FFFD: bytes that no charset has */
    size_t wording[WORDING_COUNT];
    size_t unsubscribe_at; /* where the last phrase of WORDING_UNSUBSCRIBE begins */
};

/* text_scan - read s. */
void text_scan(struct span s, struct text_scan *out);

/* text_is_random - a word that looks like random letters or digits: 7..40 ASCII
 * letters with at least three pairs that English, French, Spanish, German, Italian,
 * Portuguese and Dutch hardly have (under 1 in 10,000 pairs of any of their word
 * lists) and one pair in four or more; or two such pairs and hardly a vowel; or 10..40
 * letters and digits that change places four times or more, not all hexadecimal.
 * Source: Vade's cause "random string(s)"; the criterion is chosen. */
bool text_is_random(struct span word);

/* wording_at - the sort of the phrase that begins at s[at], a word's start; any case,
 * white space in it may be any run of white space. UNKNOWN if none does. */
enum wording wording_at(struct span s, size_t at);

/* wording_phrase - the index-th phrase and its sort; NULL beyond the last. For tests.
 */
const char *wording_phrase(size_t index, enum wording *wording);

#endif
