/* SPDX-License-Identifier: BSD-2-Clause
 *
 * spf_walk - check_host(): the records of a domain and of those that it includes, one
 * mechanism after the other, within the limits.
 * Source: RFC 7208 4, 5, 6.1.
 */
#ifndef OUTGATE_AUTH_SPF_WALK_H
#define OUTGATE_AUTH_SPF_WALK_H

#include "auth/spf_macro.h"
#include "auth/spf_record.h"
#include "facts/authentication.h"

struct spf_walk {
    struct spf_question question; /* to be filled by the caller */
    enum spf_scope scope;
    bool is_own_scope;     /* at the first record v=spf1 does not stand in for spf2.0 */
    unsigned terms;        /* out: that asked the DNS */
    struct span mechanism; /* out: that matched, as written in the first record or the
                              one it redirects to */
    struct span problem;   /* out: of an error */
};

/* spf_walk - what the domain says of question.address. AUTH_NONE also for what is no
 * domain name of several labels. */
enum auth_result spf_walk(struct spf_walk *walk, struct span domain);

#endif
