/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_rule_uri - links in text of any bytes, and any bytes as one link. Lines do not
 * know of one another: what two lines give together is what they give one by one.
 */
#include "base/bounds.h"
#include "hostile.h"
#include "rules/text/rule_uri_find.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena *arena;

static void start(struct rule_uri_set *set)
{
    static const struct rule_links links;

    require(rule_uri_start(set, &links, arena) == 0);
}

static void find_links(struct span text)
{
    struct rule_uri_set set;

    arena_reset(arena);
    start(&set);
    rule_uri_find(&set, text);
}

static void check_set(const struct rule_uri_set *set)
{
    require(set->count <= BOUND_RULE_URIS);
    for (size_t i = 0; i < set->count; i++) {
        touch(set->at[i]);
        require(set->at[i].len > 0);
    }
}

/* The first byte of a text is no place where a link may begin that does not begin with
 * a letter: the line end before each line goes with it. */
static void check_lines(struct span text)
{
    struct rule_uri_set whole, lines;
    char *copy = arena_alloc(arena, text.len + 1);

    require(copy != NULL);
    copy[0] = '\n';
    memcpy(copy + 1, text.at, text.len);
    start(&whole);
    start(&lines);
    rule_uri_find(&whole, (struct span){copy, text.len + 1});
    check_set(&whole);
    text = (struct span){copy + 1, text.len};
    for (struct span line; text.len > 0;) {
        span_cut(text, '\n', &line, &text);
        rule_uri_find(&lines, (struct span){line.at - 1, line.len + 1});
    }
    require(whole.count == lines.count);
    for (size_t i = 0; i < whole.count; i++)
        require(span_eq(whole.at[i], lines.at[i]));
}

static void check_link(struct span link)
{
    struct rule_uri_set set;

    start(&set);
    rule_uri_add(&set, link, false);
    check_set(&set);
    touch(rule_uri_decode(arena, link));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[HOSTILE_BYTES];
    struct span in = {(const char *)data, size};

    if (arena == NULL && (arena = arena_new(1 << 30)) == NULL)
        return 0;
    arena_reset(arena);
    if (is_swelling(in)) {
        require_quick(find_links, swell(in, room, sizeof room), HOSTILE_MS);
        return 0;
    }
    check_lines(in);
    check_link(in);
    return 0;
}
