/* SPDX-License-Identifier: BSD-2-Clause
 *
 * spf_library - does one mechanism match? By libspf2, over our resolver. The only
 * module that names SPF_ functions.
 *
 * The library of Debian 12 writes beyond its buffers for long macros (believed to be
 * CVE-2023-42118), counts no void lookups, takes no /0 and calls most failures
 * "invalid": it is handed one mechanism at a time, of bounded length, in which a fixed
 * name stands for the one that the record's owner wrote.
 */
#ifndef OUTGATE_AUTH_SPF_LIBRARY_H
#define OUTGATE_AUTH_SPF_LIBRARY_H

#include "auth/spf_macro.h"
#include "auth/spf_record.h"

/* spf_library_match - a, mx, exists, ip4 or ip6 of term; target: the name that it asks
 * for, macros written out, "" for ip4 and ip6. 1 it matches, 0 it does not, -1 the
 * library does not take it (*problem). What the DNS failed in stands in question. */
int spf_library_match(struct spf_question *question, const struct spf_term *term,
                      struct span target, const char **problem);

#endif
