/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_rule_page - HTML of any bytes as rules see it, and its links as targets. Text
 * without markup is itself; a target that was resolved stays as it is.
 */
#include "base/bounds.h"
#include "hostile.h"
#include "message/html_entity.h"
#include "rules/text/rule_page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena *arena;

static void read_page(struct span html)
{
    struct rule_page page;

    arena_reset(arena);
    rule_page_read(arena, html, &page);
}

static void check_page(struct span html)
{
    struct rule_page page;
    bool is_plain = span_index(html, '<') < 0 && span_index(html, '&') < 0 &&
                    span_index(html, '\xe2') < 0;

    rule_page_read(arena, html, &page);
    touch(page.text);
    require(page.link_count <= 2 * BOUND_HTML_LINKS);
    for (size_t i = 0; i < page.link_count; i++) {
        touch(page.links[i]);
        require(page.links[i].len > 0 && page.links[i].len <= 3 * BOUND_LINK_BYTES);
    }
    require(!utf8_is_valid(html) || utf8_is_valid(page.text));
    require(!is_plain || span_eq(page.text, span_fold_space(arena, html)));
}

static void check_target(struct span target)
{
    const struct span base = SPAN("http://a.example/b/c");
    struct span once = rule_page_resolve(arena, base, target);
    struct span twice = rule_page_resolve(arena, base, once);

    touch(once);
    touch(rule_page_resolve(arena, target, SPAN("../x?y")));
    require(target.len > BOUND_LINK_BYTES || span_eq(once, twice));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[HOSTILE_BYTES];
    struct span in = {(const char *)data, size};

    if (arena == NULL && (arena = arena_new(256 << 20)) == NULL)
        return 0;
    arena_reset(arena);
    if (is_swelling(in)) {
        require_quick(read_page, swell(in, room, sizeof room), HOSTILE_MS);
        return 0;
    }
    check_page(in);
    check_target(in);
    return 0;
}
