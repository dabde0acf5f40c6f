/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_html_sums - counts and pieces of HTML of any bytes: none is more than there can
 * be, and the table of names finds each of its own.
 */
#include "base/bounds.h"
#include "hostile.h"
#include "message/html_sums.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena *arena;

static void read_sums(struct span html)
{
    arena_reset(arena);
    (void)html_sums_read(arena, html);
}

static void check_pieces(const struct html_pieces *pieces, bool is_valid)
{
    require(pieces->count <= BOUND_HTML_PIECES);
    for (size_t i = 0; i < pieces->count; i++) {
        touch(pieces->at[i]);
        require(!is_valid || utf8_is_valid(pieces->at[i]));
    }
}

static void check_names(const struct html_sums *sums)
{
    for (size_t i = 0; i < (size_t)2 * BOUND_HTML_NAMES; i++) {
        const struct html_name *name = &sums->names[i];
        require(name->open >= 0);
        touch(name->name);
        require(name->name.len == 0 || html_sums_name(sums, name->name) == name);
    }
}

static void check_anchors(const struct html_sums *sums, size_t size, bool is_valid)
{
    size_t text_bytes = 0;

    require(sums->anchor_count <= BOUND_HTML_PIECES);
    for (size_t i = 0; i < sums->anchor_count; i++) {
        touch(sums->anchors[i].target);
        touch(sums->anchors[i].text);
        require(!is_valid || (utf8_is_valid(sums->anchors[i].target) &&
                              utf8_is_valid(sums->anchors[i].text)));
        text_bytes += sums->anchors[i].text.len;
    }
    require(text_bytes <= 2 * size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[HOSTILE_BYTES];
    struct span in = {(const char *)data, size};
    bool is_valid = utf8_is_valid(in);
    struct html_sums *sums;

    if (arena == NULL && (arena = arena_new(256 << 20)) == NULL)
        return 0;
    arena_reset(arena);
    if (is_swelling(in)) {
        require_quick(read_sums, swell(in, room, sizeof room), HOSTILE_MS);
        return 0;
    }
    sums = html_sums_read(arena, in);
    require(sums != NULL);
    require(sums->length <= size && sums->non_space <= size);
    require(sums->elements <= sums->tags && sums->elements_seen <= sums->tags_seen);
    require(sums->tags_seen <= sums->tags && sums->closed_extra <= sums->tags);
    require(sums->min_size <= sums->max_size && sums->image_area >= 0);
    check_pieces(&sums->comments, is_valid);
    check_pieces(&sums->titles, is_valid);
    check_pieces(&sums->faces, is_valid);
    check_pieces(&sums->charsets, is_valid);
    check_names(sums);
    check_anchors(sums, size, is_valid);
    return 0;
}
