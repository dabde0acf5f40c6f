/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_text - the text that a reader sees, and what it hides. Pure.
 */
#include "facts/fact_input.h"

enum { CAPS_LETTERS_LEAST = 40 }; /* fewer letters say nothing of style */

static size_t hidden_characters(const struct message *msg)
{
    size_t count = 0;
    for (size_t p = 0; p < msg->part_count; p++) {
        const struct html *html = msg->parts[p].html;
        if (html == NULL)
            continue;
        for (size_t i = 0; i < html->hidden.len; i++)
            count += (unsigned char)html->hidden.at[i] > ' ' &&
                     ((unsigned char)html->hidden.at[i] & 0xc0) != 0x80;
    }
    return count;
}

void fact_text(const struct fact_input *in, struct facts *out)
{
    const struct text_scan *scan = &in->text;
    size_t cased = scan->upper + scan->lower;
    size_t hidden = hidden_characters(in->msg);
    size_t shown = scan->letters + scan->digits;
    FACT_SET(has_text, scan->words > 0);
    FACT_SET(body_words, scan->words);
    FACT_SET(body_letters, scan->letters);
    if (cased >= CAPS_LETTERS_LEAST)
        FACT_SET(body_caps_ratio, (double)scan->upper / (double)cased);
    FACT_SET(body_exclamations, scan->exclamations);
    FACT_SET(body_percents, scan->percents);
    FACT_SET(body_discounts, scan->discounts);
    FACT_SET(body_money_amounts, scan->money);
    FACT_SET(body_random_words, scan->random_words);
    FACT_SET(body_hidden_characters, hidden);
    if (hidden > 0)
        FACT_SET(body_hidden_ratio, (double)hidden / (double)(hidden + shown));
    FACT_SET(body_zero_width, scan->zero_width);
    FACT_SET(body_zero_width_inside, scan->zero_width_inside);
    FACT_SET(body_mixed_script_words, scan->mixed_words);
    FACT_SET(body_styled_letters, scan->styled);
    FACT_SET(body_emoji, scan->emoji);
    FACT_SET(body_unreadable, scan->unknown);
    FACT_SET(body_keywords_sale, scan->wording[WORDING_SALE]);
    FACT_SET(body_keywords_credential, scan->wording[WORDING_CREDENTIAL]);
    FACT_SET(body_keywords_pressure, scan->wording[WORDING_PRESSURE]);
    FACT_SET(body_keywords_fortune, scan->wording[WORDING_FORTUNE]);
    FACT_SET(body_keywords_coin, scan->wording[WORDING_COIN]);
}
