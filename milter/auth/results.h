/* SPDX-License-Identifier: BSD-2-Clause
 *
 * auth/results - what was found, as a receiver would write it down. Pure.
 *
 * It is stored in the audit row. Mail that leaves gets no Authentication-Results:
 * field: it would be our word for our own mail.
 * Source: RFC 8601 2.2 (production authres-payload without authserv-id), 2.7.
 */
#ifndef OUTGATE_AUTH_RESULTS_H
#define OUTGATE_AUTH_RESULTS_H

#include "base/arena.h"
#include "facts/authentication.h"

/* auth_results_text - "spf=pass smtp.mailfrom=example.com; dkim=...; dmarc=..." in the
 * arena; "none" when nothing was asked. Text from mail and DNS is quoted. */
struct span auth_results_text(const struct authentication *auth, struct arena *arena);

#endif
