/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sha256 - a digest that nobody can aim at. Pure.
 *
 * Source: FIPS 180-4 section 6.2.
 */
#ifndef OUTGATE_BASE_SHA256_H
#define OUTGATE_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { SHA256_BYTES = 32, SHA256_BLOCK_BYTES = 64 };

struct sha256 {
    uint32_t state[8];
    uint64_t bytes; /* added so far */
    unsigned char block[SHA256_BLOCK_BYTES];
};

void sha256_init(struct sha256 *sha);
void sha256_add(struct sha256 *sha, struct span bytes);
void sha256_end(struct sha256 *sha, unsigned char out[SHA256_BYTES]);

/* sha256_hex - the first `bytes` (1 to 32) of a digest, in lower case hexadecimal. out
 * has room for 2 * bytes + 1. */
void sha256_hex(const unsigned char digest[SHA256_BYTES], size_t bytes, char *out);

#endif
