/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/eval/eval_settings.h"

#include <string.h>

#include "base/buf.h"

void eval_settings_init(struct eval_settings *settings, struct arena *arena)
{
    *settings = (struct eval_settings){
        .arena = arena,
        .lists.arena = arena,
        .ok_locales = SPAN("all"),
        .max_body_emails = 5,
        .max_body_free_mails = 3,
        .skips_when_over_max = true,
        .skips_bulk_sender = true,
    };
}

/* A setting on its way. */
struct setting {
    struct eval_settings *settings;
    struct span word, value;
    struct err *err;
};

static struct span take_word(struct span *rest)
{
    struct span word = *rest;
    size_t len = 0;

    while (len < rest->len && !ascii_is_space(rest->at[len]))
        len++;
    word.len = len;
    *rest = span_trim(span_from(*rest, len));
    return word;
}

static int wrong(const struct setting *s, const char *what)
{
    return err_set(s->err, ERR_CONFIG, "%s", what);
}

/* Each word is an entry of a list. */
static int add_words(const struct setting *s, struct span list, struct span words)
{
    while (words.len > 0) {
        struct span word = take_word(&words);
        if (eval_lists_add(&s->settings->lists, list, word, SPAN("")) != 0)
            return err_set(s->err, ERR_MEMORY, "no memory for the list");
    }
    return 0;
}

static int remove_words(const struct setting *s, struct span list)
{
    struct span words = s->value;

    while (words.len > 0) {
        struct span word = take_word(&words);
        eval_lists_remove(&s->settings->lists, list, word);
    }
    return 0;
}

static int add_networks(const struct setting *s, struct trust_list *list)
{
    struct span words = s->value;

    while (words.len > 0) {
        struct span word = take_word(&words);
        if (trust_add(list, s->settings->arena, word) != 0)
            return err_set(s->err, ERR_CONFIG, "%.*s is no network",
                           (int)(word.len < 80 ? word.len : 80), word.at);
    }
    return 0;
}

static int take_trusted(const struct setting *s)
{
    return add_networks(s, &s->settings->trust.trusted);
}

static int take_internal(const struct setting *s)
{
    return add_networks(s, &s->settings->trust.internal);
}

static int take_msa(const struct setting *s)
{
    return add_networks(s, &s->settings->trust.msa);
}

static int clear_trusted(const struct setting *s)
{
    s->settings->trust.trusted.count = 0;
    return 0;
}

static int clear_internal(const struct setting *s)
{
    s->settings->trust.internal.count = 0;
    return 0;
}

static int clear_msa(const struct setting *s)
{
    s->settings->trust.msa.count = 0;
    return 0;
}

static int take_origins(const struct setting *s)
{
    struct trust *trust = &s->settings->trust;
    struct span words = s->value;

    while (words.len > 0) {
        struct span word = take_word(&words);
        struct span *grown =
            arena_grow(s->settings->arena, trust->origins, trust->origin_count,
                       &trust->origin_room, sizeof *grown);
        if (grown == NULL || trust->origin_count >= 64)
            return wrong(s, "too many fields");
        trust->origins = grown;
        trust->origins[trust->origin_count++] = word;
    }
    return 0;
}

static int clear_origins(const struct setting *s)
{
    s->settings->trust.origin_count = 0;
    return 0;
}

static int take_locales(const struct setting *s)
{
    s->settings->ok_locales = s->value;
    return 0;
}

static int take_count(const struct setting *s, unsigned *out)
{
    uint64_t count;

    if (!text_parse_count(s->value, 1000000, &count))
        return wrong(s, "expected a number up to 1000000");
    *out = (unsigned)count;
    return 0;
}

static int take_flag(const struct setting *s, bool *out)
{
    unsigned number = 0;

    if (take_count(s, &number) != 0)
        return -1;
    *out = number != 0;
    return 0;
}

static int take_max_emails(const struct setting *s)
{
    return take_count(s, &s->settings->max_body_emails);
}

static int take_max_free_mails(const struct setting *s)
{
    return take_count(s, &s->settings->max_body_free_mails);
}

static int take_skip_over(const struct setting *s)
{
    return take_flag(s, &s->settings->skips_when_over_max);
}

static int take_skip_bulk(const struct setting *s)
{
    return take_flag(s, &s->settings->skips_bulk_sender);
}

/* The list is named as the setting. */
static int take_list(const struct setting *s)
{
    return add_words(s, s->word, s->value);
}

/* The whole value is one entry, anywhere in a subject. */
static int take_subject(const struct setting *s)
{
    struct buf entry;

    buf_init(&entry, s->settings->arena, s->value.len + 2);
    buf_add_char(&entry, '*');
    buf_add_span(&entry, s->value);
    buf_add_char(&entry, '*');
    return eval_lists_add(&s->settings->lists, s->word, buf_span(&entry), SPAN("")) == 0
               ? 0
               : err_set(s->err, ERR_MEMORY, "no memory for the list");
}

static int take_free_domains(const struct setting *s)
{
    return add_words(s, SPAN("freemail_domains"), s->value);
}

static int take_free_exceptions(const struct setting *s)
{
    return add_words(s, SPAN("freemail_welcomelist"), s->value);
}

static int drop_from(const struct setting *s)
{
    return remove_words(s, SPAN("welcomelist_from"));
}

static int drop_to(const struct setting *s)
{
    return remove_words(s, SPAN("welcomelist_to"));
}

/* `(NAME) word ...`: the list "kind NAME". */
static int take_named(const struct setting *s, const char *kind)
{
    struct span words = s->value, name = take_word(&words);
    char list[80];
    size_t kind_len = strlen(kind);

    if (name.len < 3 || name.at[0] != '(' || name.at[name.len - 1] != ')' ||
        name.len + kind_len > sizeof list)
        return wrong(s, "expected: (NAME) entry ...");
    memcpy(list, kind, kind_len);
    memcpy(list + kind_len, name.at + 1, name.len - 2);
    return add_words(s, (struct span){list, kind_len + name.len - 2}, words);
}

static int take_addresses(const struct setting *s)
{
    return take_named(s, "address ");
}

static int take_hosts(const struct setting *s)
{
    return take_named(s, "host ");
}

static int take_block_hosts(const struct setting *s)
{
    return add_words(s, SPAN("host BLOCK"), s->value);
}

static int take_welcome_hosts(const struct setting *s)
{
    return add_words(s, SPAN("host WELCOME"), s->value);
}

/* `address relay`: the relay belongs to the address. */
static int take_by_relay(const struct setting *s, struct span list)
{
    struct span rest = s->value, address = take_word(&rest), relay = take_word(&rest);

    if (relay.len == 0)
        return wrong(s, "expected: ADDRESS RELAY");
    return eval_lists_add(&s->settings->lists, list, address, relay) == 0
               ? 0
               : err_set(s->err, ERR_MEMORY, "no memory for the list");
}

static int take_from_relay(const struct setting *s)
{
    return take_by_relay(s, SPAN("welcomelist_from_rcvd"));
}

static int take_default_from_relay(const struct setting *s)
{
    return take_by_relay(s, SPAN("def_welcomelist_from_rcvd"));
}

/* Sorted by subject; words of 3.x ("whitelist", "blacklist") are those of 4.0. */
static const struct {
    const char *word;
    int (*take)(const struct setting *s);
} words[] = {
    {"freemail_domains", take_free_domains},
    {"freemail_welcomelist", take_free_exceptions},
    {"freemail_max_body_emails", take_max_emails},
    {"freemail_max_body_freemails", take_max_free_mails},
    {"freemail_skip_when_over_max", take_skip_over},
    {"freemail_skip_bulk_envfrom", take_skip_bulk},
    {"trusted_networks", take_trusted},
    {"internal_networks", take_internal},
    {"msa_networks", take_msa},
    {"clear_trusted_networks", clear_trusted},
    {"clear_internal_networks", clear_internal},
    {"clear_msa_networks", clear_msa},
    {"originating_ip_headers", take_origins},
    {"clear_originating_ip_headers", clear_origins},
    {"ok_locales", take_locales},
    {"enlist_addrlist", take_addresses},
    {"enlist_uri_host", take_hosts},
    {"blocklist_uri_host", take_block_hosts},
    {"welcomelist_uri_host", take_welcome_hosts},
    {"welcomelist_from", take_list},
    {"welcomelist_to", take_list},
    {"unwelcomelist_from", drop_from},
    {"unwelcomelist_to", drop_to},
    {"blocklist_from", take_list},
    {"blocklist_to", take_list},
    {"more_spam_to", take_list},
    {"all_spam_to", take_list},
    {"welcomelist_from_rcvd", take_from_relay},
    {"def_welcomelist_from_rcvd", take_default_from_relay},
    {"welcomelist_allows_relays", take_list},
    {"welcomelist_bounce_relays", take_list},
    {"welcomelist_subject", take_subject},
    {"blocklist_subject", take_subject},
};

/* "whitelist" is "welcomelist", "blacklist" is "blocklist". */
static struct span modern(struct span word, char *room, size_t size)
{
    static const struct {
        struct span old, now;
    } names[] = {{SPAN("whitelist"), SPAN("welcomelist")},
                 {SPAN("blacklist"), SPAN("blocklist")}};

    for (int i = 0; i < 2; i++) {
        ptrdiff_t at = span_find(word, names[i].old);
        size_t len = word.len - names[i].old.len + names[i].now.len;
        if (at < 0 || len > size)
            continue;
        memcpy(room, word.at, (size_t)at);
        memcpy(room + at, names[i].now.at, names[i].now.len);
        memcpy(room + at + names[i].now.len, word.at + at + names[i].old.len,
               word.len - (size_t)at - names[i].old.len);
        return (struct span){room, len};
    }
    return word;
}

enum eval_setting_result eval_settings_take(struct eval_settings *settings,
                                            struct span word, struct span value,
                                            struct err *err)
{
    char room[80];
    struct setting s = {settings, modern(word, room, sizeof room), value, err};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (span_eq(s.word, span_of(words[i].word)))
            return words[i].take(&s) == 0 ? EVAL_SETTING_TAKEN : EVAL_SETTING_WRONG;
    return EVAL_SETTING_UNKNOWN;
}
