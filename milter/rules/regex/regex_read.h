/* SPDX-License-Identifier: BSD-2-Clause
 *
 * regex_read - a regular expression, one piece after the other.
 *
 * For those who want to know something of a regex without running it. Reads it once,
 * without backtracking or recursion. Where it is not sure what PCRE2 would make of a
 * piece, that piece is REGEX_ANYTHING, or the reader is lost: it never says less than
 * what the regex can match.
 * Source: pcre2pattern(3); pattern_new's options; pcre2_compile's check_posix_syntax.
 * Pure.
 */
#ifndef OUTGATE_RULES_REGEX_REGEX_READ_H
#define OUTGATE_RULES_REGEX_REGEX_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "rules/regex/byte_set.h"

/* Chosen: the deepest published patterns have 20. */
enum { REGEX_DEPTH = 32 };

/* Repeated without an end. */
enum { REGEX_ENDLESS = 65536 };

enum regex_kind {
    REGEX_END = 0,
    REGEX_LOST,     /* met what it does not understand: nothing is known of the regex */
    REGEX_BYTE,     /* exactly one byte, of a set */
    REGEX_PLACE,    /* matches between two bytes: ^ $ \b and their like */
    REGEX_ANYTHING, /* any text, none too: references, calls, what is not known */
    REGEX_OPEN,     /* a group that matches where it stands */
    REGEX_AHEAD,    /* opens a group that looks ahead: takes no room */
    REGEX_IGNORED,  /* opens a group that says what must not be, or looks behind */
    REGEX_CLOSE,
    REGEX_OR,
    REGEX_COUNT,  /* a quantifier of what was read last: from least to most times */
    REGEX_OPTION, /* (?flags): nothing that could be counted */
};

struct regex_piece {
    enum regex_kind kind;
    struct byte_set bytes; /* as written: case is the reader's */
    bool is_listed;        /* each of bytes stands there by itself or in a range */
    unsigned least, most;  /* most: REGEX_ENDLESS for no end */
};

struct regex_reader {
    struct span regex;
    size_t at;
    bool is_lost;
    bool is_quoted;   /* between \Q and \E */
    bool is_caseless; /* the i flag was on anywhere as yet */
    bool is_extended, is_extended_more;
    bool was_extended[REGEX_DEPTH]; /* outside of an open group */
    unsigned depth;                 /* open groups */
    bool is_after_countable;        /* a quantifier may follow */
};

/* regex_read_start - before the first piece. flags: enum pattern_flag. */
void regex_read_start(struct regex_reader *reader, struct span regex, unsigned flags);

/* regex_read - the next piece. Groups are balanced: each REGEX_OPEN, _AHEAD, _IGNORED
 * has its REGEX_CLOSE, no more than REGEX_DEPTH are open at one time, and REGEX_END
 * comes when none is. A quantifier follows what it counts, and not another one. Behind
 * REGEX_END or REGEX_LOST comes the same again. */
void regex_read(struct regex_reader *reader, struct regex_piece *piece);

#endif
