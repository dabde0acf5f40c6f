/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pattern - one regular expression, compiled, and matched within limits.
 *
 * The only user of PCRE2. Patterns see bytes, not characters, as SpamAssassin's do
 * (a pattern that begins with (*UTF) sees characters). JIT is used where the system
 * allows it; where it does not (MemoryDenyWriteExecute), pcre2_match interprets.
 * Must never: tell a match that was stopped by a limit as "no match".
 * Threads: a pattern is immutable; match memory belongs to the calling thread and is
 * given back when the thread ends.
 */
#ifndef OUTGATE_RULES_REGEX_PATTERN_H
#define OUTGATE_RULES_REGEX_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

struct pattern;

enum pattern_flag {
    PATTERN_CASELESS = 1 << 0,      /* i */
    PATTERN_MULTILINE = 1 << 1,     /* m */
    PATTERN_DOTALL = 1 << 2,        /* s */
    PATTERN_EXTENDED = 1 << 3,      /* x */
    PATTERN_EXTENDED_MORE = 1 << 4, /* xx */
    PATTERN_NO_CAPTURE = 1 << 5,    /* n */
};

enum pattern_result {
    PATTERN_UNKNOWN = 0,
    PATTERN_MISS,  /* searched to the end: no match */
    PATTERN_MATCH, /* at least one */
    PATTERN_LIMIT, /* stopped by a limit (or without memory) before it could say */
};

/* pattern_split - what is written in a rule, as /regex/flags, m{regex}flags or
 * m,regex,flags, taken apart. *regex is a part of written. Flags i m s x xx n become
 * bits of enum pattern_flag; g o p a d l (which change nothing here) are passed over.
 * Returns -1 (ERR_CONFIG) without delimiters, on an unquoted delimiter inside, on
 * another flag.  Source: perlop, Regexp Quote-Like Operators. */
int pattern_split(struct span written, struct span *regex, unsigned *flags,
                  struct err *err);

/* pattern_new - compile. flags: enum pattern_flag. Returns 0 and *out (the caller
 * frees it with pattern_free), or -1 (ERR_CONFIG; ERR_TOO_LARGE: beyond the library's
 * 64 KiB of compiled pattern; ERR_MEMORY) with the reason and the offset of the
 * trouble. */
int pattern_new(struct pattern **out, struct span regex, unsigned flags,
                struct err *err);
void pattern_free(struct pattern **pattern);

/* pattern_is_fast - JIT code stands behind it. */
bool pattern_is_fast(const struct pattern *pattern);

/* pattern_match - does it match anywhere in text? Of a text longer than
 * BOUND_MATCH_TEXT_BYTES only the beginning is searched, and no match there is
 * PATTERN_LIMIT. */
enum pattern_result pattern_match(const struct pattern *pattern, struct span text);

/* pattern_count - as pattern_match, and how many matches there are that do not
 * overlap, at most max (> 0). is_continued: text goes on from another piece, so ^
 * does not match at its beginning. *count is written in every case; with
 * PATTERN_LIMIT it holds those found before. */
enum pattern_result pattern_count(const struct pattern *pattern, struct span text,
                                  bool is_continued, unsigned max, unsigned *count);

/* pattern_group - what group number (from 1) of the first match in text took: a part
 * of text. false without a match, or when the group took no part in it. */
bool pattern_group(const struct pattern *pattern, struct span text, unsigned number,
                   struct span *out);

/* What a named group took. */
struct pattern_capture {
    struct span name;  /* lives as long as the pattern */
    struct span value; /* a part of the text; not empty */
};

struct pattern_captures {
    struct arena *arena; /* the caller's */
    struct pattern_capture *at;
    size_t count, room; /* BOUND_CAPTURES at most */
};

/* pattern_name_count, pattern_name - its named groups. */
size_t pattern_name_count(const struct pattern *pattern);
struct span pattern_name(const struct pattern *pattern, size_t index);

/* pattern_capture - as pattern_count; and what named groups took in each match is
 * appended to captures. */
enum pattern_result pattern_capture(const struct pattern *pattern, struct span text,
                                    bool is_continued, unsigned max, unsigned *count,
                                    struct pattern_captures *captures);

#endif
