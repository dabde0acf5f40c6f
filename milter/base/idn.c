/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/idn.h"

#include <idn2.h>

/* Longest host worth a look; RFC 1035 2.3.4 has 255 octets, as A-labels. chosen */
enum { HOST_BYTES = 1024 };

static bool is_ascii(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] >= 0x80)
            return false;
    return true;
}

struct span idn_to_ascii(struct arena *arena, struct span host)
{
    char *ascii = NULL;
    if (host.len > HOST_BYTES || is_ascii(host) || !utf8_is_valid(host))
        return span_lower(arena, host);
    if (idn2_to_ascii_8z(span_cstr(arena, host), &ascii,
                         IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK)
        return span_lower(arena, host);
    struct span out = span_lower(arena, span_of(ascii));
    idn2_free(ascii);
    return out;
}
