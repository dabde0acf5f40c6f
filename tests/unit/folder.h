/* SPDX-License-Identifier: BSD-2-Clause
 *
 * folder - a folder of the test's own for one database. Included after cmocka.h.
 */
#ifndef OUTGATE_TESTS_FOLDER_H
#define OUTGATE_TESTS_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FOLDER_BYTES = 64, FOLDER_PATH_BYTES = 96 };

/* folder_make - a new folder, and the path of the database to be opened in it. */
static inline void folder_make(const char *test, char folder[FOLDER_BYTES],
                               char path[FOLDER_PATH_BYTES])
{
    snprintf(folder, FOLDER_BYTES, "/tmp/outgate-%s-XXXXXX", test);
    assert_non_null(mkdtemp(folder));
    snprintf(path, FOLDER_PATH_BYTES, "%s/x.db", folder);
}

/* folder_empty - the database's files go, the folder stays. */
static inline void folder_empty(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char name[FOLDER_PATH_BYTES + 8];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

/* folder_remove - there is nothing else in it. */
static inline void folder_remove(const char *folder, const char *path)
{
    folder_empty(path);
    assert_int_equal(rmdir(folder), 0);
}

#endif
