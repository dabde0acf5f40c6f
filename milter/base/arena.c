/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* First block's size: a median message with its parse fits. chosen */
enum { BLOCK_BYTES = 64 * 1024 };

struct block {
    struct block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char at[];
};

struct arena {
    struct block *head;
    size_t cap, used;
    bool capped, broken;
};

struct arena *arena_new(size_t cap_bytes)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena != NULL)
        arena->cap = cap_bytes;
    return arena;
}

static void free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_free(struct arena **arena)
{
    if (*arena == NULL)
        return;
    free_blocks((*arena)->head);
    free(*arena);
    *arena = NULL;
}

void arena_reset(struct arena *arena)
{
    struct block *keep = arena->head;
    if (keep != NULL) {
        free_blocks(keep->next);
        keep->next = NULL;
        keep->used = 0;
        if (keep->size > BLOCK_BYTES) { /* one huge message must not stay */
            free(keep);
            arena->head = NULL;
        }
    }
    arena->used = 0;
    arena->capped = arena->broken = false;
}

static struct block *grow(struct arena *arena, size_t size)
{
    size_t want = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    struct block *block = malloc(sizeof *block + want);
    if (block == NULL) {
        arena->broken = true;
        return NULL;
    }
    block->size = want;
    block->used = 0;
    block->next = arena->head;
    arena->head = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > arena->cap - arena->used || size > SIZE_MAX / 2) {
        arena->capped = true;
        return NULL;
    }
    size_t want = (size + align - 1) / align * align;
    if (want == 0)
        want = align;
    struct block *block = arena->head;
    if (block == NULL || block->size - block->used < want) {
        block = grow(arena, want);
        if (block == NULL)
            return NULL;
    }
    void *at = block->at + block->used;
    block->used += want;
    arena->used += want < arena->cap - arena->used ? want : arena->cap - arena->used;
    return memset(at, 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        arena->capped = true;
        return NULL;
    }
    return arena_alloc(arena, count * size);
}

void *arena_grow(struct arena *arena, void *array, size_t count, size_t *room,
                 size_t size)
{
    if (count < *room)
        return array;
    size_t more = *room > 0 ? *room * 2 : 16;
    void *moved = arena_array(arena, more, size);
    if (moved == NULL)
        return NULL;
    if (count > 0)
        memcpy(moved, array, count * size);
    *room = more;
    return moved;
}

bool arena_is_capped(const struct arena *arena)
{
    return arena->capped;
}

bool arena_is_broken(const struct arena *arena)
{
    return arena->broken;
}

size_t arena_used_bytes(const struct arena *arena)
{
    return arena->used;
}
