/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/schema.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

int schema_version(void)
{
    return outgate_schema_steps[outgate_schema_step_count - 1].number;
}

const struct schema_step *schema_step_after(int version)
{
    for (size_t i = 0; i < outgate_schema_step_count; i++)
        if (outgate_schema_steps[i].number == version + 1)
            return &outgate_schema_steps[i];
    return NULL;
}

/* FNV-1a, 64 bits: no adversary writes our views. */
const char *schema_views_mark(char out[24])
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *p = outgate_schema_views; *p != '\0'; p++)
        hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    snprintf(out, 24, "%016" PRIx64, hash);
    return out;
}
