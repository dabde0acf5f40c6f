/* SPDX-License-Identifier: BSD-2-Clause
 *
 * signer - which DKIM keys this host signs with: from the signer's own configuration
 * and from the signatures that the log has seen.
 */
#ifndef OUTGATE_TOOL_DOCTOR_SIGNER_H
#define OUTGATE_TOOL_DOCTOR_SIGNER_H

#include "tool/doctor/sending.h"

struct signing_key {
    struct span domain, selector; /* lower case */
    const char *file;             /* of the private key; "" not known */
};

/* signer_keys - all of them, in the arena; returns how many. domains: for what names
 * no domain of its own. */
size_t signer_keys(struct doctor *doctor, const struct sending *domains, size_t count,
                   struct signing_key **out);

/* signer_parse - what one file says, appended to the *count keys (room for
 * SIGNER_KEYS): opendkim.conf (Domain, Selector, KeyFile, KeyTable) or rspamd's
 * dkim_signing.conf (selector, path with $domain and $selector). */
enum { SIGNER_KEYS = 1000 };
void signer_parse(struct doctor *doctor, struct span text,
                  const struct sending *domains, size_t domain_count,
                  struct signing_key *keys, size_t *count);

#endif
