/* SPDX-License-Identifier: BSD-2-Clause
 *
 * confusable_table - the data of confusable; private to it.
 */
#ifndef OUTGATE_BASE_CONFUSABLE_TABLE_H
#define OUTGATE_BASE_CONFUSABLE_TABLE_H

enum { CONFUSABLE_BLOCK = 64, CONFUSABLE_BLOCKS = 0x20000 / CONFUSABLE_BLOCK };

/* A block: for each character of it one byte. 0x20 to 0x7e: that ASCII character; with
 * 0x80 set, a letter of another script looks like it. 0: itself. 1: shows nothing, or
 * is a mark on the letter before. 2: a letter of another script like no Latin one. 3 to
 * 31: confusable_several, counted from 3. */
extern const unsigned char confusable_block[][CONFUSABLE_BLOCK];

/* Which block a character's is, by its number divided by CONFUSABLE_BLOCK. */
extern const unsigned char confusable_index[CONFUSABLE_BLOCKS];

/* Two or three letters that one character stands for. */
extern const char *const confusable_several[];

#endif
