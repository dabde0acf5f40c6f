/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/confusable.h"

#include "base/confusable_table.h"

enum { SEVERAL_FIRST = 3, SEVERAL_LAST = 31, LOOKALIKE = 0x80 };

/* Each ASCII character as a text of its own, capitals as small letters. */
#define T(c)                                                                           \
    {                                                                                  \
        c, '\0'                                                                        \
    }
#define T4(c)  T(c), T((c) + 1), T((c) + 2), T((c) + 3)
#define T16(c) T4(c), T4((c) + 4), T4((c) + 8), T4((c) + 12)
static const char ascii[128][2] = {
    T16(0),  T16(16), T16(32), T16(48), T('@'), T16('a'), T4('q'),
    T4('u'), T('y'),  T('z'),  T4('['), T('_'), T16(96),  T16(112),
};

enum confusable confusable_read(uint32_t cp, const char **text)
{
    unsigned char code;

    *text = "";
    if (cp < 0x80) {
        *text = ascii[cp];
        return CONFUSABLE_PLAIN;
    }
    if (cp >= 0xe0000 && cp <= 0xe0fff) /* tags and variation selectors */
        return CONFUSABLE_INVISIBLE;
    if (cp >= CONFUSABLE_BLOCKS * CONFUSABLE_BLOCK)
        return CONFUSABLE_UNKNOWN;
    code = confusable_block[confusable_index[cp / CONFUSABLE_BLOCK]]
                           [cp % CONFUSABLE_BLOCK];
    if (code == 0)
        return CONFUSABLE_UNKNOWN;
    if (code == 1)
        return CONFUSABLE_INVISIBLE;
    if (code == 2)
        return CONFUSABLE_FOREIGN;
    if (code <= SEVERAL_LAST) {
        *text = confusable_several[code - SEVERAL_FIRST];
        return CONFUSABLE_PLAIN;
    }
    *text = ascii[code & ~LOOKALIKE];
    return code & LOOKALIKE ? CONFUSABLE_LOOKALIKE : CONFUSABLE_PLAIN;
}
