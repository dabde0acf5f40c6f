/* SPDX-License-Identifier: BSD-2-Clause
 *
 * arena - one message's memory: allocate, never free singly, free all at once.
 *
 * Every stage allocates what it derives from a message here. The cap bounds what
 * one message can cost. Two different ends are told apart: the cap was reached
 * (the message is too rich: a fact, scored on what could be read) and the machine
 * has no memory (the message becomes a tempfail).
 * Threads: an arena belongs to one message, used by one thread at a time.
 */
#ifndef OUTGATE_BASE_ARENA_H
#define OUTGATE_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* arena_new - an empty arena. cap_bytes: most bytes it will hand out, > 0.
 * Returns NULL without memory. The caller frees it with arena_free. */
struct arena *arena_new(size_t cap_bytes);

/* arena_free - give everything back and set *arena to NULL; NULL is fine. */
void arena_free(struct arena **arena);

/* arena_reset - forget every allocation and both flags; keeps one block. */
void arena_reset(struct arena *arena);

/* arena_alloc - size bytes, zeroed, aligned for any type. size 0 gives a valid
 * pointer. Returns NULL when the cap is reached or memory is out; the matching
 * flag below then stays set. */
void *arena_alloc(struct arena *arena, size_t size);

/* arena_array - count elements of size bytes, zeroed; NULL also on overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* arena_grow - an array of count elements with room for one more: array itself while
 * count < *room, else a copy with twice the room. NULL: no memory; the old one stays.
 */
void *arena_grow(struct arena *arena, void *array, size_t count, size_t *room,
                 size_t size);

/* arena_is_capped - the cap was reached at least once since new or reset. */
bool arena_is_capped(const struct arena *arena);

/* arena_is_broken - malloc failed at least once since new or reset. */
bool arena_is_broken(const struct arena *arena);

/* arena_used_bytes - bytes handed out since new or reset. */
size_t arena_used_bytes(const struct arena *arena);

#endif
