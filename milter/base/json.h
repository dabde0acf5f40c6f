/* SPDX-License-Identifier: BSD-2-Clause
 *
 * json - JSON text into a buf, one value after another, always well-formed.
 *
 * Text need not be UTF-8: what is not comes out as U+FFFD. Numbers are printed as short
 * as they read back the same to six decimals. Source: RFC 8259.
 */
#ifndef OUTGATE_BASE_JSON_H
#define OUTGATE_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct json {
    struct buf *out;
    bool has_item; /* a comma is due before the next item */
};

void json_init(struct json *json, struct buf *out);

/* name: the member's name inside an object; NULL inside an array or at the top. */
void json_open(struct json *json, const char *name, char bracket); /* '{' or '[' */
void json_close(struct json *json, char bracket);                  /* '}' or ']' */
void json_text(struct json *json, const char *name, struct span value);
void json_int(struct json *json, const char *name, int64_t value);
void json_number(struct json *json, const char *name, double value); /* NaN: null */
void json_bool(struct json *json, const char *name, bool value);
void json_null(struct json *json, const char *name);

/* json_text_or_null - null for an empty span. */
void json_text_or_null(struct json *json, const char *name, struct span value);

#endif
