/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/troubles.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct troubles {
    pthread_mutex_t lock;
    atomic_uint waiting; /* lines, and one for those that were dropped */
    char lines[TROUBLES_KEPT][ERR_TEXT_BYTES]; /* from `first`, `count` of them */
    unsigned first, count, dropped;
};

struct troubles *troubles_new(void)
{
    struct troubles *troubles = calloc(1, sizeof *troubles);
    if (troubles != NULL)
        pthread_mutex_init(&troubles->lock, NULL);
    return troubles;
}

void troubles_free(struct troubles **troubles)
{
    if (*troubles == NULL)
        return;
    pthread_mutex_destroy(&(*troubles)->lock);
    free(*troubles);
    *troubles = NULL;
}

static void note_waiting(struct troubles *troubles)
{
    atomic_store(&troubles->waiting, troubles->count + (troubles->dropped > 0));
}

void troubles_say(struct troubles *troubles, const char *fmt, ...)
{
    char line[ERR_TEXT_BYTES];
    va_list args;
    if (troubles == NULL)
        return;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    pthread_mutex_lock(&troubles->lock);
    if (troubles->count == TROUBLES_KEPT) {
        troubles->dropped++;
    } else {
        unsigned at = (troubles->first + troubles->count++) % TROUBLES_KEPT;
        text_escape(span_of(line), troubles->lines[at], ERR_TEXT_BYTES);
    }
    note_waiting(troubles);
    pthread_mutex_unlock(&troubles->lock);
}

bool troubles_take(struct troubles *troubles, char out[ERR_TEXT_BYTES])
{
    if (troubles == NULL || atomic_load(&troubles->waiting) == 0)
        return false;
    bool has_line = true;
    pthread_mutex_lock(&troubles->lock);
    if (troubles->count > 0) {
        memcpy(out, troubles->lines[troubles->first], ERR_TEXT_BYTES);
        troubles->first = (troubles->first + 1) % TROUBLES_KEPT;
        troubles->count--;
    } else if (troubles->dropped > 0) {
        snprintf(out, ERR_TEXT_BYTES, "%u more lines of this sort were dropped",
                 troubles->dropped);
        troubles->dropped = 0;
    } else {
        has_line = false; /* another thread was faster */
    }
    note_waiting(troubles);
    pthread_mutex_unlock(&troubles->lock);
    return has_line;
}
