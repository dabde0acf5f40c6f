/* SPDX-License-Identifier: BSD-2-Clause
 *
 * keys - the DKIM keys that this host signs with, against those that are published.
 */
#ifndef OUTGATE_TOOL_DOCTOR_KEYS_H
#define OUTGATE_TOOL_DOCTOR_KEYS_H

#include "tool/doctor/signer.h"

/* doctor_check_keys - of one domain, among all keys. */
void doctor_check_keys(struct doctor *doctor, const struct sending *sending,
                       const struct signing_key *keys, size_t count);

#endif
