/* SPDX-License-Identifier: BSD-2-Clause
 * clang -fsanitize=fuzzer,address,undefined: HTML of any bytes. */
#include <stdlib.h>

#include "base/bounds.h"
#include "message/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(16 << 20);
    if (arena == NULL)
        return 0;
    struct span text = {(const char *)data, size};
    struct html *html = html_parse(arena, text, BOUND_TEXT_BYTES);
    if (html == NULL || html->link_count > BOUND_HTML_LINKS ||
        html->text.len > BOUND_TEXT_BYTES || html->comment_bytes > size)
        abort();
    for (size_t i = 0; i < html->link_count; i++)
        if (html->links[i].target.len == 0 ||
            html->links[i].text.len > BOUND_LINK_BYTES)
            abort();
    if (utf8_is_valid(text) && !utf8_is_valid(html->text))
        abort();
    arena_free(&arena);
    return 0;
}
