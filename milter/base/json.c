/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void quote(struct buf *out, struct span value)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < value.len;) {
        uint32_t cp = utf8_next(value, &i);
        if (cp == '"' || cp == '\\') {
            buf_add_char(out, '\\');
            buf_add_char(out, (char)cp);
        } else if (cp == '\n') {
            buf_add(out, "\\n", 2);
        } else if (cp < 0x20 || cp == 0x7f || cp == 0x2028 || cp == 0x2029) {
            buf_printf(out, "\\u%04x", (unsigned)cp);
        } else {
            buf_add_utf8(out, cp);
        }
    }
    buf_add_char(out, '"');
}

static void begin(struct json *json, const char *name)
{
    if (json->has_item)
        buf_add(json->out, ", ", 2);
    json->has_item = true;
    if (name != NULL) {
        quote(json->out, span_of(name));
        buf_add(json->out, ": ", 2);
    }
}

void json_init(struct json *json, struct buf *out)
{
    *json = (struct json){.out = out};
}

void json_open(struct json *json, const char *name, char bracket)
{
    begin(json, name);
    buf_add_char(json->out, bracket);
    json->has_item = false;
}

void json_close(struct json *json, char bracket)
{
    buf_add_char(json->out, bracket);
    json->has_item = true;
}

void json_text(struct json *json, const char *name, struct span value)
{
    begin(json, name);
    quote(json->out, value);
}

void json_int(struct json *json, const char *name, int64_t value)
{
    begin(json, name);
    buf_printf(json->out, "%lld", (long long)value);
}

void json_number(struct json *json, const char *name, double value)
{
    char text[64];
    begin(json, name);
    if (!isfinite(value)) {
        buf_add(json->out, "null", 4);
        return;
    }
    if (fabs(value) >= 1e15) {
        buf_printf(json->out, "%.17g", value);
        return;
    }
    snprintf(text, sizeof text, "%.6f", value);
    char *end = text + strlen(text);
    while (end[-1] == '0')
        *--end = '\0';
    if (end[-1] == '.')
        *--end = '\0';
    buf_add_span(json->out, span_of(strcmp(text, "-0") == 0 ? "0" : text));
}

void json_bool(struct json *json, const char *name, bool value)
{
    begin(json, name);
    buf_add_span(json->out, span_of(value ? "true" : "false"));
}

void json_null(struct json *json, const char *name)
{
    begin(json, name);
    buf_add(json->out, "null", 4);
}

void json_text_or_null(struct json *json, const char *name, struct span value)
{
    if (value.len > 0)
        json_text(json, name, value);
    else
        json_null(json, name);
}
