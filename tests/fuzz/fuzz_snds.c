/* SPDX-License-Identifier: BSD-2-Clause
 * clang -fsanitize=fuzzer,address,undefined: an SNDS export, and a mail searched for an
 * address. The first line of the input is that address. */
#include <stdlib.h>

#include "message/snds.h"
#include "store/forget.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(64 << 20);
    struct span address, text;
    struct snds snds;
    if (arena == NULL)
        return 0;
    span_cut((struct span){(const char *)data, size}, '\n', &address, &text);
    snds_read(arena, text, &snds);
    for (size_t i = 0; i < snds.row_count; i++)
        if (snds.rows[i].ip.len == 0 || snds.rows[i].start_at.len != 16 ||
            snds.rows[i].complaint_percent > 100)
            abort();
    if (forget_names(text, address) && span_ifind(text, address) < 0)
        abort();
    arena_free(&arena);
    return 0;
}
