/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rule_uri_find - links in running text: what mail readers make clickable, and host
 * names that stand alone.
 *
 * Stage: rules. Wider than url_find, which wants what a person would take for a link:
 * published uri rules count on these.
 * Source: Mail::SpamAssassin::PerMsgStatus(3pm), "get_uri_detail_list".
 * Pure; linear time.
 */
#ifndef OUTGATE_RULES_TEXT_RULE_URI_FIND_H
#define OUTGATE_RULES_TEXT_RULE_URI_FIND_H

#include "rules/text/rule_uri.h"

/* rule_uri_find - add what links there are in text: with http://, https://, ftp://,
 * www., ftp. or mailto: before them, mail addresses, and host[:port][/path] of a known
 * top-level domain. */
void rule_uri_find(struct rule_uri_set *set, struct span text);

#endif
