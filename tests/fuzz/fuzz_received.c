/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_received - a message of any bytes, and the relays in its Received: fields. What
 * is printed of them cannot be mistaken for another relay. With '*' one field is
 * swollen to all that is read of it.
 */
#include "base/bounds.h"
#include "hostile.h"
#include "message/received.h"
#include "message/received_form.h"

/* 25 such fields are 100 kB. */
enum { FIELD_MS = HOSTILE_MS * BOUND_RECEIVED_BYTES / HOSTILE_BYTES };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena *arena;
static struct trust trust;

static void open_once(void)
{
    static struct span origin = SPAN("X-Originating-IP");
    static struct arena *kept;

    kept = arena_new(1 << 20);
    arena = arena_new(64 << 20);
    require(kept != NULL && arena != NULL);
    require(trust_add(&trust.trusted, kept, SPAN("192.168")) == 0 &&
            trust_add(&trust.trusted, kept, SPAN("!192.168.7.0/24")) == 0 &&
            trust_add(&trust.internal, kept, SPAN("10.")) == 0 &&
            trust_add(&trust.msa, kept, SPAN("[2001:db8::1]")) == 0);
    trust.origins = &origin;
    trust.origin_count = 1;
}

static void read_field(struct span value)
{
    struct received_line line;

    arena_reset(arena);
    (void)received_form_read(arena, value, &line);
}

static void check_word(struct span word)
{
    touch(word);
    for (size_t i = 0; i < word.len; i++)
        require(!ascii_is_space(word.at[i]) && word.at[i] != '\0');
}

static void check_relay(const struct relay *relay)
{
    struct netaddr address;

    check_word(relay->ip);
    check_word(relay->rdns);
    check_word(relay->helo);
    check_word(relay->by);
    check_word(relay->ident);
    check_word(relay->envfrom);
    check_word(relay->id);
    check_word(relay->auth);
    require(netaddr_parse(relay->ip, &address));
}

static void check_relays(const struct message *msg, const struct trust *trusted)
{
    struct relays *relays = received_read(msg, NULL, trusted);
    struct span printed, sender;
    size_t count = 0;

    require(relays != NULL && relays->count <= BOUND_RELAYS + 1);
    require(relays->internal <= relays->trusted && relays->trusted <= relays->count);
    for (size_t i = 0; i < relays->count; i++)
        check_relay(&relays->at[i]);
    printed = relays_print(arena, relays, RELAY_SIDE_UNKNOWN);
    for (ptrdiff_t at; (at = span_find(printed, SPAN("[ ip="))) >= 0; count++)
        printed = span_from(printed, (size_t)at + 5);
    require(count == relays->count);
    if (received_sender(msg, NULL, relays, &sender))
        touch(sender);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[BOUND_RECEIVED_BYTES];
    struct span in = {(const char *)data, size};
    struct message *msg;

    if (arena == NULL)
        open_once();
    arena_reset(arena);
    if (is_swelling(in)) {
        require_quick(read_field, swell(in, room, sizeof room), FIELD_MS);
        return 0;
    }
    msg = message_new(arena, 1 << 20);
    require(msg != NULL);
    message_read(msg, in);
    check_relays(msg, NULL);
    check_relays(msg, &trust);
    return 0;
}
