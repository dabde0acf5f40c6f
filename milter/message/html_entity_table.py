#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
#
# html_entity_table - write html_entity_table.c from the WHATWG list of named
# character references, which Python's library carries as html.entities.html5.
# Run by hand when the list changes (it has not since 2011):
#     ./html_entity_table.py > html_entity_table.c
from html.entities import html5

print("""/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The named character references, sorted by byte order of the name. Written by
 * html_entity_table.py; do not edit.
 * Source: WHATWG HTML, "Named character references".
 */
/* clang-format off */
#include "message/html_entity.h"

const struct html_entity html_entity_table[] = {""")
for name in sorted(html5):
    codes = [ord(c) for c in html5[name]] + [0]
    print('    {"%s", {0x%x, 0x%x}},' % (name, codes[0], codes[1]))
print("""};

const size_t html_entity_count = %d;""" % len(html5))
