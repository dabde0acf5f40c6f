/* SPDX-License-Identifier: BSD-2-Clause
 *
 * message_field - looking fields up. Pure.
 */
#include "base/bounds.h"
#include "message/message.h"
#include "message/mime_internal.h"

const struct header_field *message_field(const struct message *msg, const char *name,
                                         size_t n)
{
    struct span wanted = span_of(name);
    for (size_t i = 0; i < msg->field_count; i++)
        if (span_ieq(msg->fields[i].name, wanted) && n-- == 0)
            return &msg->fields[i];
    return NULL;
}

size_t message_field_count(const struct message *msg, const char *name)
{
    struct span wanted = span_of(name);
    size_t count = 0;
    for (size_t i = 0; i < msg->field_count; i++)
        count += span_ieq(msg->fields[i].name, wanted);
    return count;
}

struct span message_value(const struct message *msg, const char *name)
{
    const struct header_field *field = message_field(msg, name, 0);
    return field != NULL ? field->value : SPAN("");
}

struct mailbox *message_mailboxes(const struct message *msg, const char *name,
                                  size_t *count)
{
    const struct header_field *field = message_field(msg, name, 0);
    *count = 0;
    if (field == NULL)
        return NULL;
    /* defects were noted when the field was added */
    struct mime_state state = {.arena = msg->arena, .iconv_opens = *msg->iconv_opens};
    struct mailbox *boxes = address_list(msg->arena, field->raw, count);
    for (size_t i = 0; i < *count; i++)
        if (boxes[i].display.len > 0)
            boxes[i].display = mime_header_decode(&state, boxes[i].display);
    *msg->iconv_opens = state.iconv_opens;
    return boxes;
}

uint32_t message_bounds(const struct message *msg)
{
    bool is_spent = *msg->iconv_opens >= BOUND_CHARSETS;
    return msg->bounds | (is_spent ? BOUND_BIT_CHARSETS : 0);
}
