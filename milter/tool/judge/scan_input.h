/* SPDX-License-Identifier: BSD-2-Clause
 *
 * scan_input - the mails in files, folders, Maildirs, mboxes and standard input.
 *
 * scan_collect walks folders without recursion and in the order of names; scan_next
 * reads one mail after another. No mail is passed over: what cannot be read is
 * handed on as an error.
 */
#ifndef OUTGATE_TOOL_JUDGE_SCAN_INPUT_H
#define OUTGATE_TOOL_JUDGE_SCAN_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"

struct scan_file {
    const char *path;  /* "-": standard input */
    uint64_t bytes;    /* as its folder says; for progress only */
    const char *error; /* it, or its folder, cannot be read; NULL: fine */
};

struct scan_list {
    struct arena *arena;
    struct scan_file *at;
    size_t count, room;
    uint64_t bytes;
};

/* scan_collect - add what words name (count of them; none: "-"). In a folder every
 * file counts that is not hidden; in a Maildir those in cur and new, and its
 * .subfolders'. Links to folders inside a folder are not followed. -1 without
 * memory. */
int scan_collect(struct scan_list *list, struct arena *arena, const char *const *words,
                 size_t count, struct err *err);

/* One mail. */
struct scan_mail {
    const char *path;
    unsigned number;     /* 1 the first of its file */
    bool is_one_of_many; /* of an mbox with more than one */
    bool is_cut;         /* longer than is read: the rest was dropped */
    char *bytes;         /* malloc'ed; the caller frees it */
    size_t len;
    char error[200]; /* why there are no bytes, or not all; "" fine */
};

struct scan_reader;

/* scan_open - begin a file. NULL without memory; a file that cannot be opened gives
 * one mail with an error. */
struct scan_reader *scan_open(const struct scan_file *file);

/* scan_next - the next mail: false at the end of the file. A file that begins with a
 * From_ line is an mbox (RFC 4155): a From_ line after an empty line begins the next
 * mail. An empty file is one empty mail. */
bool scan_next(struct scan_reader *reader, struct scan_mail *mail);

void scan_close(struct scan_reader **reader);

#endif
