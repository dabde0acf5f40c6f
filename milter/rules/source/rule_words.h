/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_words - the first words of SpamAssassin's lines that are no rules of ours.
 *
 * Published files hold them; here they change nothing and must not be taken for
 * typing errors.
 * Source: Mail::SpamAssassin::Conf(3pm) 4.0 and the plugins' own manuals.
 */
#ifndef OUTGATE_RULES_SOURCE_RULE_WORDS_H
#define OUTGATE_RULES_SOURCE_RULE_WORDS_H

#include <stdbool.h>

#include "base/text.h"

enum { RULE_SETTINGS_MAX = 600 };

/* rule_words_setting - number (below RULE_SETTINGS_MAX) of a setting of SpamAssassin
 * that has no meaning here, or -1. word: lower case, '_' for '-'. */
int rule_words_setting(struct span word);

/* rule_words_is_foreign - the word defines a rule of a plugin that asks the network
 * or that is not part of this program: the rule is skipped. */
bool rule_words_is_foreign(struct span word);

/* rule_words_nearest - the word that was probably meant, of own and the settings;
 * NULL if none is near. */
const char *rule_words_nearest(struct span word, const char *const *own,
                               size_t own_count);

#endif
