/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_condition - what stands after `if` in a rule file.
 *
 * Source: Mail::SpamAssassin::Conf(3pm), "if (boolean perl expression)". Answers as
 * SpamAssassin 4.0.1 without network tests would, with the plugins whose rules are
 * understood here; those of SPF, DKIM and DMARC are there where authentication runs.
 * Pure.
 */
#ifndef OUTGATE_RULES_SOURCE_RULE_CONDITION_H
#define OUTGATE_RULES_SOURCE_RULE_CONDITION_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

/* rule_condition_has_plugin - `plugin(NAME)` and `ifplugin NAME`. */
bool rule_condition_has_plugin(struct span name, bool has_authentication);

/* rule_condition_test - *is_true: what the condition says. -1 when it does not
 * parse. The arena takes the work. */
int rule_condition_test(struct arena *arena, struct span condition,
                        bool has_authentication, bool *is_true, struct err *err);

#endif
