/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_line - one line of a rule file, by its first word.
 *
 * Part of rule_parse, which steers (comments, if, include) and calls this for the
 * rest.
 */
#ifndef OUTGATE_RULES_SOURCE_RULE_LINE_H
#define OUTGATE_RULES_SOURCE_RULE_LINE_H

#include "rules/source/rule_parse.h"

/* rule_line_take - note what the line says; what is wrong becomes a remark. word:
 * lower case, '_' for '-'; value: trimmed, lives as long as the source. */
void rule_line_take(struct rule_source *source, const struct rule_place *place,
                    struct span word, struct span value);

#endif
