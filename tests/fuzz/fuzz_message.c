/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_message - message_read on any bytes; then what every reader may rely on.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/bounds.h"
#include "message/address.h"
#include "message/message.h"
#include "message/report.h"

#include "message/sketch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void require(bool claim)
{
    if (!claim)
        abort();
}

/* Touches each byte, so that the sanitizers see a span that points astray. */
static void touch(struct span s)
{
    static volatile unsigned char sum;
    for (size_t i = 0; i < s.len; i++)
        sum = (unsigned char)(sum + (unsigned char)s.at[i]);
}

static void check_utf8(struct span s)
{
    touch(s);
    require(utf8_is_valid(s));
}

static void check_fields(const struct header_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        touch(fields[i].name);
        touch(fields[i].raw);
        check_utf8(fields[i].value);
        require(span_index(fields[i].value, '\n') < 0);
    }
}

static void check_part(const struct message *msg, size_t index)
{
    const struct part *part = &msg->parts[index];
    require(part->parent < (int)index && (part->parent >= 0) == (index > 0));
    require(part->depth <= BOUND_PART_DEPTH + 1);
    require(index == 0 || part->depth == msg->parts[part->parent].depth + 1);
    check_fields(part->fields, part->field_count);
    touch(part->type);
    touch(part->subtype);
    touch(part->charset);
    check_utf8(part->filename);
    touch(part->raw_body);
    touch(part->content);
    check_utf8(part->text);
    require(part->text.len <= BOUND_TEXT_BYTES);
    require(part->content.len <= part->content_bytes || part->is_multipart);
}

static void check_addresses(struct arena *arena, const struct message *msg)
{
    for (size_t i = 0; i < msg->field_count; i++) {
        size_t count;
        struct mailbox *boxes = address_list(arena, msg->fields[i].value, &count);
        for (size_t k = 0; k < count; k++) {
            touch(boxes[k].display);
            touch(boxes[k].address);
            touch(boxes[k].local);
            touch(boxes[k].domain);
            touch(address_normalise(arena, boxes[k].address, true));
        }
        require(count <= BOUND_ADDRESSES);
    }
}

static void check_report(const struct message *msg)
{
    struct report report;
    report_read(msg, &report);
    require(report.recipient_count <= BOUND_REPORT_RECIPIENTS);
    for (size_t i = 0; i < report.recipient_count; i++) {
        touch(report.recipients[i].address);
        touch(report.recipients[i].status);
        touch(report.recipients[i].diagnostic);
    }
    for (size_t i = 0; i < report.queue_id_count; i++)
        touch(report.queue_ids[i]);
    touch(report.message_id);
    touch(report.subject);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    /* Small arenas as well: the cap may come anywhere. */
    size_t cap =
        len > 0 && bytes[len - 1] == 'c' ? 1u << (10 + bytes[0] % 8) : 64u << 20;
    struct arena *arena = arena_new(cap);
    struct message *msg =
        message_new(arena, len > 1 && bytes[1] == 's' ? 100 : 1 << 20);
    if (msg != NULL) {
        message_read(msg, (struct span){(const char *)bytes, len});
        check_fields(msg->fields, msg->field_count);
        for (size_t i = 0; i < msg->part_count; i++)
            check_part(msg, i);
        check_utf8(msg->text);
        for (size_t i = 0; i < msg->link_count; i++)
            touch(msg->links[i].target);
        check_addresses(arena, msg);
        check_report(msg);
        struct sketch sketch;
        sketch_make(msg, &sketch);
        require(sketch.kind == SKETCH_NONE || sketch_equal(&sketch, &sketch) == 16);
    }
    arena_free(&arena);
    return 0;
}
