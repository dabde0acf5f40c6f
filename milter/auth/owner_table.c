/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/owner_table.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "limits/sender.h"
#include "message/address.h"

enum {
    TABLE_BYTES = 1 << 30, /* memory of one table: the arrays' halves included */
    WORDS_BYTES = 1 << 20, /* what one line's words take while it is read */
    SLOTS_LEAST = 64,
};

/* Names, numbered from 1 in the order of their first use; slots hold the numbers. */
struct names {
    struct span *at;
    size_t count, room;
    uint32_t *slots;
    size_t mask;
};

/* Who owns what: two numbers in one; 0 is a free slot. */
struct pairs {
    uint64_t *slots;
    size_t count, mask;
};

struct owner_table {
    struct arena *arena;
    struct names senders, addresses;
    struct pairs pairs;
};

/* What the reader of a file carries along. */
struct reading {
    struct owner_table *table;
    const char *path;
    unsigned line;
    bool is_postfix;
    struct arena *words; /* of the line at hand */
    struct err *err;
};

/* ---- the hashes ---- */

static uint64_t mix(uint64_t pair)
{
    pair *= UINT64_C(0x9e3779b97f4a7c15);
    return pair ^ pair >> 29;
}

static uint32_t *name_slot(const struct names *names, struct span name)
{
    size_t i = (size_t)mix(span_hash64(name)) & names->mask;
    while (names->slots[i] != 0 && !span_eq(names->at[names->slots[i] - 1], name))
        i = (i + 1) & names->mask;
    return &names->slots[i];
}

static uint32_t name_find(const struct names *names, struct span name)
{
    return names->slots != NULL ? *name_slot(names, name) : 0;
}

static bool names_make_room(struct names *names, struct arena *arena)
{
    if (names->slots != NULL && names->count * 2 < names->mask)
        return true;
    size_t slots = names->slots != NULL ? (names->mask + 1) * 2 : SLOTS_LEAST;
    uint32_t *fresh = arena_array(arena, slots, sizeof *fresh);
    if (fresh == NULL)
        return false;
    names->slots = fresh;
    names->mask = slots - 1;
    for (size_t i = 0; i < names->count; i++)
        *name_slot(names, names->at[i]) = (uint32_t)(i + 1);
    return true;
}

/* The name's number; 0 without memory. */
static uint32_t name_add(struct names *names, struct arena *arena, struct span name)
{
    if (!names_make_room(names, arena))
        return 0;
    uint32_t *slot = name_slot(names, name);
    if (*slot != 0)
        return *slot;
    struct span *more =
        arena_grow(arena, names->at, names->count, &names->room, sizeof *names->at);
    struct span kept = span_dup(arena, name);
    if (more == NULL || kept.len != name.len)
        return 0;
    names->at = more;
    names->at[names->count++] = kept;
    return *slot = (uint32_t)names->count;
}

static uint64_t *pair_slot(const struct pairs *pairs, uint64_t pair)
{
    size_t i = (size_t)mix(pair) & pairs->mask;
    while (pairs->slots[i] != 0 && pairs->slots[i] != pair)
        i = (i + 1) & pairs->mask;
    return &pairs->slots[i];
}

static bool pairs_make_room(struct pairs *pairs, struct arena *arena)
{
    struct pairs old = *pairs;
    if (old.slots != NULL && old.count * 2 < old.mask)
        return true;
    size_t slots = old.slots != NULL ? (old.mask + 1) * 2 : SLOTS_LEAST;
    uint64_t *fresh = arena_array(arena, slots, sizeof *fresh);
    if (fresh == NULL)
        return false;
    pairs->slots = fresh;
    pairs->mask = slots - 1;
    for (size_t i = 0; old.slots != NULL && i <= old.mask; i++)
        if (old.slots[i] != 0)
            *pair_slot(pairs, old.slots[i]) = old.slots[i];
    return true;
}

static bool pair_add(struct pairs *pairs, struct arena *arena, uint64_t pair)
{
    if (!pairs_make_room(pairs, arena))
        return false;
    uint64_t *slot = pair_slot(pairs, pair);
    pairs->count += *slot == 0;
    *slot = pair;
    return true;
}

static uint64_t pair_of(uint32_t sender, uint32_t address)
{
    return (uint64_t)sender << 32 | address;
}

/* ---- a file ---- */

static int refuse(const struct reading *in, struct span word, const char *why)
{
    return err_set(in->err, ERR_CONFIG, "%s:%u: \"%.*s\" %s", in->path, in->line,
                   (int)(word.len < 100 ? word.len : 100), word.at, why);
}

static bool ends_word(char c)
{
    return ascii_is_space(c) || c == ',';
}

/* The next word, to white space or a comma outside quotes; quotes around the whole of
 * it are taken off, those of an address's local part stay. -1: an open quote. */
static int next_word(struct span *rest, struct span *out)
{
    bool is_quoted = false;
    size_t at = 0;
    while (at < rest->len && ends_word(rest->at[at]))
        at++;
    *rest = span_from(*rest, at);
    if (rest->len == 0)
        return 0;
    for (at = 0; at < rest->len && (is_quoted || !ends_word(rest->at[at])); at++)
        is_quoted = is_quoted != (rest->at[at] == '"');
    if (is_quoted)
        return -1;
    *out = span_head(*rest, at);
    *rest = span_from(*rest, at);
    if (out->len >= 2 && out->at[0] == '"' && out->at[out->len - 1] == '"')
        *out = (struct span){out->at + 1, out->len - 2};
    return 1;
}

/* "bob" and "bob@example.com" are logins; "kind:value" is an identity. */
static struct span sender_of(struct arena *arena, struct span word)
{
    struct span kind, value;
    if (span_cut(word, ':', &kind, &value) && identity_find(kind) != IDENTITY_UNKNOWN)
        return sender_key(arena, word);
    struct buf text;
    buf_init(&text, arena, word.len + 16);
    buf_add_span(&text, SPAN("sasl_user:"));
    buf_add_span(&text, word);
    return sender_key(arena, buf_span(&text));
}

/* "*", "@domain", "@.domain" or an address, in the spelling of address_normalise;
 * empty: none of these. */
static struct span address_of(struct arena *arena, struct span word)
{
    bool is_below = span_starts(word, SPAN("@."));
    if (span_eq(word, SPAN("*")))
        return word;
    ptrdiff_t at = span_rindex(word, '@');
    if (at < 0 || (size_t)at + 1 + is_below >= word.len)
        return SPAN("");
    if (at > 0)
        return address_normalise(arena, word, true);
    struct buf text;
    buf_init(&text, arena, word.len + 16);
    buf_add_char(&text, 'x');
    buf_add_char(&text, '@');
    buf_add_span(&text, span_from(word, is_below ? 2 : 1));
    struct span whole = address_normalise(arena, buf_span(&text), false);
    buf_init(&text, arena, whole.len + 2);
    buf_add_span(&text, is_below ? SPAN("@.") : SPAN("@"));
    buf_add_span(&text, span_from(whole, 2));
    return buf_span(&text);
}

static int add_pair(const struct reading *in, struct span sender, struct span address)
{
    struct owner_table *table = in->table;
    struct span who = sender_of(in->words, sender);
    struct span what = address_of(in->words, address);
    if (what.len == 0)
        return refuse(in, address, "is no address, @domain, @.domain or *");
    uint32_t who_id = name_add(&table->senders, table->arena, who);
    uint32_t what_id = name_add(&table->addresses, table->arena, what);
    if (who_id == 0 || what_id == 0 || arena_is_capped(in->words) ||
        !pair_add(&table->pairs, table->arena, pair_of(who_id, what_id)))
        return err_set(in->err, ERR_MEMORY, "%s:%u: no memory for the map", in->path,
                       in->line);
    return 0;
}

/* A whole entry: the first word, then its list. */
static int read_entry(const struct reading *in, struct span text)
{
    struct span first, word;
    size_t count = 0;
    int got = next_word(&text, &first);
    while (got > 0 && (got = next_word(&text, &word)) > 0) {
        if (!in->is_postfix && span_starts(word, SPAN("#")))
            break;
        if ((in->is_postfix ? add_pair(in, word, first) : add_pair(in, first, word)) <
            0)
            return -1;
        arena_reset(in->words);
        count++;
    }
    if (got < 0)
        return refuse(in, span_trim(span_head(text, 40)), "has an open quote");
    return count > 0 ? 0 : refuse(in, first, "stands alone: what is its?");
}

static bool has_control(struct span line)
{
    for (size_t i = 0; i < line.len; i++)
        if ((unsigned char)line.at[i] < 0x20 && !ascii_is_space(line.at[i]))
            return true;
    return false;
}

/* Postfix lets an entry go on over lines that begin with white space. */
static bool continues(const struct reading *in, struct span line)
{
    return in->is_postfix && line.len > 0 && ascii_is_space(line.at[0]);
}

static int flush_entry(struct reading *in, const char *entry, size_t *len,
                       unsigned line)
{
    unsigned here = in->line;
    if (*len == 0)
        return 0;
    in->line = line;
    int result = read_entry(in, (struct span){entry, *len});
    in->line = here;
    *len = 0;
    return result;
}

/* Lines into entries; entry: room for BOUND_OWNER_LINE_BYTES. */
static int read_lines(struct reading *in, FILE *file, char *entry)
{
    char *line = NULL;
    size_t room = 0, len = 0;
    unsigned began = 0;
    int result = 0;
    ssize_t got;
    while (result == 0 && (got = getline(&line, &room, file)) >= 0) {
        struct span raw = {line, (size_t)got};
        struct span text = span_trim(raw);
        in->line++;
        if (text.len == 0 || text.at[0] == '#')
            continue;
        if (len > 0 && !continues(in, raw))
            result = flush_entry(in, entry, &len, began);
        if (result == 0 && has_control(text))
            result = refuse(in, SPAN(""), "has a control character");
        else if (result == 0 && len + text.len + 1 > BOUND_OWNER_LINE_BYTES)
            result = refuse(in, span_head(text, 40), "begins a line of over 64 kB");
        if (result < 0)
            break;
        began = len == 0 ? in->line : began;
        memcpy(entry + len, text.at, text.len);
        len += text.len;
        entry[len++] = ' ';
    }
    if (result == 0)
        result = flush_entry(in, entry, &len, began);
    free(line);
    return result;
}

static int read_file(struct reading *in)
{
    FILE *file = fopen(in->path, "re");
    if (file == NULL)
        return err_set(in->err, ERR_CONFIG, "%s: %s", in->path, strerror(errno));
    char *entry = malloc(BOUND_OWNER_LINE_BYTES);
    int result = -1;
    if (fseek(file, 0, SEEK_END) == 0 && ftell(file) > BOUND_OWNER_BYTES)
        err_set(in->err, ERR_CONFIG, "%s: larger than 64 MB: use sqlite:", in->path);
    else if (entry == NULL)
        err_set(in->err, ERR_MEMORY, "%s: no memory for the map", in->path);
    else {
        rewind(file);
        result = read_lines(in, file, entry);
    }
    if (result == 0 && ferror(file))
        result = err_set(in->err, ERR_CONFIG, "%s: cannot be read", in->path);
    free(entry);
    fclose(file);
    return result;
}

int owner_table_read(struct owner_table **out, const char *path, bool is_postfix,
                     struct err *err)
{
    struct owner_table *table = calloc(1, sizeof *table);
    struct reading in = {.table = table,
                         .path = path,
                         .is_postfix = is_postfix,
                         .words = arena_new(WORDS_BYTES),
                         .err = err};
    int result;
    *out = NULL;
    if (table != NULL)
        table->arena = arena_new(TABLE_BYTES);
    if (table == NULL || table->arena == NULL || in.words == NULL)
        result = err_set(err, ERR_MEMORY, "%s: no memory for the map", path);
    else
        result = read_file(&in);
    arena_free(&in.words);
    if (result < 0)
        owner_table_free(&table);
    *out = table;
    return result;
}

void owner_table_free(struct owner_table **table)
{
    if (*table == NULL)
        return;
    arena_free(&(*table)->arena);
    free(*table);
    *table = NULL;
}

size_t owner_table_senders(const struct owner_table *table)
{
    return table->senders.count;
}

/* ---- looking up ---- */

struct lookup {
    const struct owner_table *table;
    uint32_t sender; /* 0: not named */
    bool is_named;   /* the address is somebody's */
    bool is_owned;
};

static void look(struct lookup *in, struct span address)
{
    uint32_t id = name_find(&in->table->addresses, address);
    if (id == 0)
        return;
    in->is_named = true;
    in->is_owned =
        in->is_owned || (in->sender != 0 &&
                         *pair_slot(&in->table->pairs, pair_of(in->sender, id)) != 0);
}

static void look_domains(struct lookup *in, struct span domain, struct arena *arena)
{
    struct buf text;
    buf_init(&text, arena, domain.len + 2);
    buf_add_char(&text, '@');
    buf_add_span(&text, domain);
    look(in, buf_span(&text));
    for (struct span rest = domain; rest.len > 0;) {
        struct span head;
        buf_init(&text, arena, rest.len + 2);
        buf_add_span(&text, SPAN("@."));
        buf_add_span(&text, rest);
        look(in, buf_span(&text));
        if (!span_cut(rest, '.', &head, &rest))
            return;
    }
}

enum owner_match owner_table_match(const struct owner_table *table,
                                   struct span identity, struct span address,
                                   struct arena *arena)
{
    struct lookup in = {.table = table, .sender = name_find(&table->senders, identity)};
    look(&in, address);
    if (address_domain(address).len > 0 && address_domain(address).len < 256)
        look_domains(&in, address_domain(address), arena);
    if (!in.is_owned && in.sender != 0) {
        uint32_t all = name_find(&table->addresses, SPAN("*"));
        in.is_owned =
            all != 0 && *pair_slot(&table->pairs, pair_of(in.sender, all)) != 0;
    }
    if (in.is_owned)
        return OWNER_OWNS;
    if (in.sender != 0)
        return OWNER_NOT;
    return in.is_named ? OWNER_OTHER : OWNER_UNKNOWN;
}
