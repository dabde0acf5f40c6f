/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_dkim_key - a DKIM key record, and a private key, of any bytes. A key that can be
 * read is itself, and the record of a private key is one that can be read.
 */
#include "auth/dkim_key.h"
#include "hostile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_record(struct arena *arena, struct span text)
{
    struct dkim_key key;
    const char *problem = dkim_key_parse(text, arena, &key);

    touch(key.type);
    touch(key.public);
    if (problem == NULL && key.public.len > 0)
        require(key.bits > 0 && dkim_key_is_same(&key, &key));
}

static void check_private(struct arena *arena, struct span pem)
{
    struct span record = dkim_key_record(pem, arena);
    struct dkim_key key;

    if (record.len > 0)
        require(dkim_key_parse(record, arena, &key) == NULL && key.bits > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(16 << 20);
    struct span in = {(const char *)data, size};

    if (arena == NULL)
        return 0;
    check_record(arena, in);
    if (span_starts(in, SPAN("-----BEGIN")))
        check_private(arena, in);
    arena_free(&arena);
    return 0;
}
