/* SPDX-License-Identifier: BSD-2-Clause
 *
 * text - spans of bytes from outside, and the few things done to all of them.
 *
 * Text from a message, a macro or a file is a span: not assumed to end in NUL, not
 * assumed to be UTF-8. Only what takes an arena allocates.
 * Pure: no clock, file, log or lock.
 */
#ifndef OUTGATE_BASE_TEXT_H
#define OUTGATE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct span {
    const char *at; /* not NUL-terminated; may be NULL when len is 0 */
    size_t len;     /* bytes */
};

#define SPAN(literal) ((struct span){"" literal, sizeof(literal) - 1})

/* span_of - the span of a C string; NULL gives an empty span. */
struct span span_of(const char *cstr);

bool span_eq(struct span a, struct span b);  /* same bytes */
bool span_ieq(struct span a, struct span b); /* same but for ASCII case */
bool span_starts(struct span s, struct span head);
bool span_istarts(struct span s, struct span head);
bool span_iends(struct span s, struct span tail);

/* span_compare - as memcmp, the shorter first; for sorting. */
int span_compare(struct span a, struct span b);

/* span_from - s without its first n bytes (empty when n is beyond the end). */
struct span span_from(struct span s, size_t n);

/* span_head - at most the first n bytes of s. */
struct span span_head(struct span s, size_t n);

/* span_trim - s without leading and trailing SP, TAB, CR, LF, VT, FF. */
struct span span_trim(struct span s);

/* span_is_below - name is a domain below domain: more labels, and these at the end. Any
 * case. */
bool span_is_below(struct span name, struct span domain);

/* span_index - where c / needle first stands in s, or -1.
 * span_iindex folds ASCII case. */
ptrdiff_t span_index(struct span s, char c);
ptrdiff_t span_rindex(struct span s, char c);
ptrdiff_t span_find(struct span s, struct span needle);
ptrdiff_t span_ifind(struct span s, struct span needle);

/* span_is_listed - one of names, which are sorted by bytes (a search by halves). */
bool span_is_listed(struct span s, const char *const *names, size_t count);

/* span_cut - split at the first c: *head is what stands before it, *tail what
 * stands after. Returns false and sets head = s, tail = empty without c. */
bool span_cut(struct span s, char c, struct span *head, struct span *tail);

/* span_dup - a copy in the arena, followed by a NUL that len does not count.
 * Empty (at = "", len 0) when the arena is at its end. */
struct span span_dup(struct arena *arena, struct span s);

/* span_lower - as span_dup, with ASCII letters in lower case. */
struct span span_lower(struct arena *arena, struct span s);

/* span_fold_space - as span_dup, each run of white space as one blank. */
struct span span_fold_space(struct arena *arena, struct span s);

/* span_cstr - a NUL-terminated copy; NULs inside become spaces. "" at the end of
 * the arena. */
const char *span_cstr(struct arena *arena, struct span s);

/* ASCII only, whatever the locale; c is any byte. */
bool ascii_is_space(char c); /* SP TAB CR LF VT FF */
bool ascii_is_digit(char c);
bool ascii_is_alpha(char c);
bool ascii_is_alnum(char c);
char ascii_lower(char c);
int ascii_hex(char c); /* 0..15, -1 for none */

/* text_escape - s for a log line, terminal or reply: bytes below 0x20, 0x7f, the
 * backslash and bytes that are not valid UTF-8 (or are C1 controls or bidirectional
 * overrides) become \xNN. Always NUL-terminated within size (> 0); what does not
 * fit ends in "...". Returns out. */
char *text_escape(struct span s, char *out, size_t size);

/* utf8_next - decode one code point at s[*i], i < s.len, and advance *i.
 * Returns U+FFFD and advances by one byte on anything RFC 3629 forbids. */
uint32_t utf8_next(struct span s, size_t *i);

/* utf8_put - encode cp (0..0x10ffff, else U+FFFD) to out; returns bytes, 1..4. */
size_t utf8_put(uint32_t cp, char out[4]);

/* utf8_is_valid - every byte of s belongs to well-formed UTF-8 (RFC 3629). */
bool utf8_is_valid(struct span s);

/* Letters as Unicode has them, for capital ratios in any script.
 * Source: the C library's towupper/towlower in the C.UTF-8 locale would depend on
 * setlocale; these cover Latin, Greek and Cyrillic and say false elsewhere. */
bool utf8_is_upper(uint32_t cp);
bool utf8_is_lower(uint32_t cp);

/* text_parse_count - all of s as a decimal number. Returns false when s is empty,
 * has another character or is above max. */
bool text_parse_count(struct span s, uint64_t max, uint64_t *out);

/* span_hash - FNV-1a over s, begun with seed (SPAN_HASH_SEED, or what an earlier call
 * returned); span_ihash folds ASCII case. For tables whose collisions are bounded: it
 * keeps no secret. Source: draft-eastlake-fnv, 32 bits. */
#define SPAN_HASH_SEED 2166136261u
uint32_t span_hash(uint32_t seed, struct span s);
uint32_t span_ihash(uint32_t seed, struct span s);

/* span_hash64 - FNV-1a over s, 64 bits: for what is remembered by its hash alone. */
uint64_t span_hash64(struct span s);

/* text_distance - Levenshtein distance, for "did you mean". Both are cut to 32
 * bytes. */
unsigned text_distance(struct span a, struct span b);

#endif
