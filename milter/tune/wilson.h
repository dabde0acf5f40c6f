/* SPDX-License-Identifier: BSD-2-Clause
 *
 * wilson - how large a rate is at least, when only so much was seen. Pure.
 */
#ifndef OUTGATE_TUNE_WILSON_H
#define OUTGATE_TUNE_WILSON_H

#include <stdint.h>

/* wilson_least - lower bound of the rate hits/total at 95 %, 0..1; 0 for total 0.
 * Source: E. B. Wilson, JASA 22 (1927), the score interval. */
double wilson_least(int64_t hits, int64_t total);

#endif
