/* SPDX-License-Identifier: BSD-2-Clause
 *
 * auth/dmarc_record - a DMARC policy record, read. Pure.
 * Source: RFC 9989 4.7; pct of RFC 7489 6.3, which many records still carry.
 */
#ifndef OUTGATE_AUTH_DMARC_RECORD_H
#define OUTGATE_AUTH_DMARC_RECORD_H

#include "base/arena.h"
#include "facts/authentication.h"

struct dmarc_record {
    enum dmarc_policy policy;     /* p; NONE for what RFC 9989 4.7 reads as such */
    enum dmarc_policy sub_policy; /* sp, else p */
    enum dmarc_policy np_policy;  /* np, else sp_policy */
    bool is_dkim_strict, is_spf_strict; /* adkim=s, aspf=s */
    bool is_test;                       /* t=y, or pct=0 */
    char psd;                           /* 'y', 'n', or 'u': not said */
    unsigned percent;                   /* pct, 100 without */
    const char *problem; /* why it asks for nothing, NULL: it is sound. Static */
};

/* dmarc_record_parse - false when text does not begin with v=DMARC1: it is no such
 * record at all. A record without a usable p= and without a rua= has a problem and no
 * policy. Unknown tags are passed over. */
bool dmarc_record_parse(struct span text, struct dmarc_record *out);

/* dmarc_lesser - the policy one step below: what is asked for in a test (RFC 9989 4.7,
 * t=y), or of what is not sampled (RFC 7489 6.6.4). */
enum dmarc_policy dmarc_lesser(enum dmarc_policy policy);

#endif
