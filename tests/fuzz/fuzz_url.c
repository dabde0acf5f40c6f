/* SPDX-License-Identifier: BSD-2-Clause
 * clang -fsanitize=fuzzer,address,undefined: targets and running text of any bytes. */
#include <stdlib.h>

#include "message/url.h"

enum { HITS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(16 << 20);
    struct span text = {(const char *)data, size};
    struct url_hit hits[HITS];
    struct url url;
    if (arena == NULL)
        return 0;
    if (url_parse(arena, text, &url) && (url.host.len == 0 || url.host.len > 1024))
        abort();
    url_domain(arena, text);
    size_t end = 0;
    size_t count = url_find(text, hits, HITS);
    for (size_t i = 0; i < count; i++) {
        if (hits[i].at < end || hits[i].len == 0 || hits[i].len > size - hits[i].at)
            abort();
        end = hits[i].at + hits[i].len;
        struct span hit = {text.at + hits[i].at, hits[i].len};
        if (url_parse(arena, hit, &url) && url.host.len == 0)
            abort();
    }
    arena_free(&arena);
    return 0;
}
