/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sender_letter - what a sender is told of mail that waits, or of a block, in plain
 * words of their language. Never a rule, a score or a limit.
 */
#ifndef OUTGATE_INCIDENT_SENDER_LETTER_H
#define OUTGATE_INCIDENT_SENDER_LETTER_H

#include "incident/letter.h"

/* As the choices of [notify] language. */
enum language { LANGUAGE_AUTO = 0, LANGUAGE_EN, LANGUAGE_FR, LANGUAGE_ES };

/* sender_letter_language - wanted, or for AUTO what the message's header names; English
 * when that is none of ours. named: two letters, or "". */
enum language sender_letter_language(enum language wanted, struct span named);

/* sender_letter_address - whom to tell: the login, if it is an address, else the
 * envelope sender, if its domain is one of ours. "" when there is nobody: a null
 * sender, another domain, an address that could be mistaken for an option. */
struct span sender_letter_address(const struct incident *incident,
                                  const struct evidence *evidence,
                                  const char *const *local_domains, size_t count);

/* sender_letter - the whole mail. contact: whom they may ask; "" nobody. */
void sender_letter(struct buf *out, const struct letter_head *head,
                   enum language language, const struct incident *incident,
                   const struct evidence *evidence, const char *contact);

#endif
