/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_charset - which charsets people of a locale use.
 *
 * Stage: rules; private to the eval modules. Pure.
 * Source: Mail::SpamAssassin::Conf(3pm), "ok_locales"; the IANA character-set registry.
 */
#ifndef OUTGATE_RULES_EVAL_CHARSET_H
#define OUTGATE_RULES_EVAL_CHARSET_H

#include <stdbool.h>

#include "base/text.h"

/* eval_charset_is_ok - a charset that everybody, or a locale among those (words of two
 * letters: en ja ko ru th zh, or all), uses. */
bool eval_charset_is_ok(struct span charset, struct span locales);

#endif
