/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/dns_zone_file.h"

#include "base/bounds.h"
#include "base/dns_name.h"
#include "base/dns_wire.h"
#include "base/netaddr.h"

enum {
    WORDS = 600,           /* of one record: 64 KiB of TXT in strings of 255 */
    DEFAULT_TTL_S = 3600,  /* without $TTL. chosen */
    TTL_MAX_S = INT32_MAX, /* RFC 2181 8 */
    STRING_BYTES = 255,    /* RFC 1035 3.3: <character-string> */
};

struct word {
    struct span text; /* escapes and all, without quotes */
    bool is_quoted;
};

struct reader {
    const char *path;
    struct span text;
    size_t at;
    unsigned line;       /* where the reader stands */
    unsigned entry_line; /* where the entry began */
    struct arena *arena;
    dns_zone_record_fn *tell;
    void *arg;
    struct word words[WORDS];
    size_t count;
    bool has_owner; /* the entry's first word is one */
    bool is_bad;    /* the entry cannot be read, said already */
    bool has_last_owner;
    struct dns_name origin, owner;
    uint32_t ttl_s;
    unsigned faults;
    struct err *err; /* the first fault */
};

static void complain(struct reader *r, const char *why, struct span what)
{
    if (r->faults++ == 0)
        err_set(r->err, ERR_CONFIG, "%s:%u: %s%s%.*s%s", r->path, r->entry_line, why,
                what.len > 0 ? ": \"" : "", (int)(what.len > 80 ? 80 : what.len),
                what.len > 0 ? what.at : "", what.len > 0 ? "\"" : "");
    r->is_bad = true;
}

/* The bytes up to the closing quote, or to what ends a bare word. */
static struct span take_word(struct reader *r, bool is_quoted)
{
    size_t from = r->at;
    for (; r->at < r->text.len; r->at++) {
        char c = r->text.at[r->at];
        if (c == '\\' && r->at + 1 < r->text.len && r->text.at[r->at + 1] != '\n')
            r->at++;
        else if (is_quoted ? c == '"' || c == '\n'
                           : ascii_is_space(c) || span_index(SPAN("();\""), c) >= 0)
            break;
    }
    return (struct span){r->text.at + from, r->at - from};
}

static void add_word(struct reader *r, bool is_quoted)
{
    struct span text = take_word(r, is_quoted);
    bool is_open = r->at == r->text.len || r->text.at[r->at] != '"';
    if (is_quoted && is_open)
        complain(r, "a quote is not closed", SPAN(""));
    else if (is_quoted)
        r->at++;
    if (r->count == WORDS)
        complain(r, "a record of too many words", SPAN(""));
    else
        r->words[r->count++] = (struct word){text, is_quoted};
}

static void skip_comment(struct reader *r)
{
    while (r->at < r->text.len && r->text.at[r->at] != '\n')
        r->at++;
}

/* The words of one entry: a line, or several within parentheses. */
static void read_entry(struct reader *r)
{
    unsigned depth = 0;
    r->count = 0;
    r->is_bad = false;
    r->entry_line = r->line;
    r->has_owner = !ascii_is_space(r->text.at[r->at]);
    while (r->at < r->text.len) {
        char c = r->text.at[r->at];
        if (c == '\n') {
            r->at++;
            r->line++;
            if (depth == 0)
                return;
        } else if (c == ';') {
            skip_comment(r);
        } else if (c == '(' || c == ')') {
            if (c == ')' && depth == 0)
                complain(r, "a parenthesis closes that was not opened", SPAN(""));
            else
                depth += c == '(' ? 1 : -1u;
            r->at++;
        } else if (ascii_is_space(c)) {
            r->at++;
        } else {
            r->at += c == '"';
            add_word(r, c == '"');
        }
    }
    if (depth > 0)
        complain(r, "a parenthesis is not closed", SPAN(""));
}

static bool read_name(struct reader *r, struct span text, struct dns_name *out)
{
    bool is_absolute;
    if (span_eq(text, SPAN("@"))) {
        *out = r->origin;
        return true;
    }
    if (text.len > 0 && dns_name_read(text, out, &is_absolute) &&
        (is_absolute ||
         dns_name_append(out, (struct span){r->origin.text, r->origin.len})))
        return true;
    complain(r, "no domain name", text);
    return false;
}

/* Digits, or digits with units: 3600, 1h, 1h30m. */
static bool read_ttl(struct span text, uint32_t *out)
{
    uint64_t sum = 0, number = 0;
    bool has_digit = false;
    for (size_t i = 0; i < text.len; i++) {
        static const struct {
            char letter;
            uint32_t seconds;
        } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
        char c = ascii_lower(text.at[i]);
        size_t unit = 0;
        if (ascii_is_digit(c)) {
            number = number * 10 + (uint64_t)(c - '0');
            has_digit = true;
            if (number > TTL_MAX_S)
                return false;
            continue;
        }
        while (unit < sizeof units / sizeof *units && units[unit].letter != c)
            unit++;
        if (unit == sizeof units / sizeof *units || !has_digit)
            return false;
        sum += number * units[unit].seconds;
        number = 0;
        has_digit = false;
        if (sum > TTL_MAX_S)
            return false;
    }
    sum += number;
    *out = (uint32_t)sum;
    return text.len > 0 && sum <= TTL_MAX_S;
}

/* Types that are answered, and those that files hold besides. Source: IANA, DNS
 * Parameters, Resource Record TYPEs. */
static bool find_type(struct span word, enum dns_type *out)
{
    static const struct {
        const char *name;
        enum dns_type type;
    } types[] = {
        {"A", DNS_A},     {"AAAA", DNS_AAAA}, {"CNAME", DNS_CNAME},
        {"MX", DNS_MX},   {"NS", DNS_NS},     {"PTR", DNS_PTR},
        {"SOA", DNS_SOA}, {"TXT", DNS_TXT},   {"SRV", 0},
        {"CAA", 0},       {"DS", 0},          {"DNSKEY", 0},
        {"RRSIG", 0},     {"NSEC", 0},        {"NSEC3", 0},
        {"TLSA", 0},      {"NSEC3PARAM", 0},  {"SSHFP", 0},
        {"NAPTR", 0},     {"HTTPS", 0},       {"SVCB", 0},
        {"LOC", 0},       {"HINFO", 0},       {"RP", 0},
        {"SPF", 0},       {"URI", 0},         {"CDS", 0},
        {"CDNSKEY", 0},   {"OPENPGPKEY", 0},  {"SMIMEA", 0},
        {"ZONEMD", 0},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (span_ieq(word, span_of(types[i].name))) {
            *out = types[i].type;
            return true;
        }
    *out = DNS_TYPE_UNKNOWN;
    return span_istarts(word, SPAN("TYPE")) && word.len > 4 &&
           ascii_is_digit(word.at[4]);
}

/* One <character-string> with its escapes taken off, behind its length. */
static bool add_string(struct reader *r, struct span text, char *out, size_t *len)
{
    char *count = &out[(*len)++];
    size_t from = *len;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '\\' && i + 1 < text.len) {
            uint64_t octet;
            if (text.len - i > 3 &&
                text_parse_count((struct span){text.at + i + 1, 3}, 255, &octet)) {
                c = (char)octet;
                i += 3;
            } else {
                c = text.at[++i];
            }
        }
        if (*len - from == STRING_BYTES) {
            complain(r, "a string of more than 255 bytes: divide it", SPAN(""));
            return false;
        }
        out[(*len)++] = c;
    }
    *count = (char)(*len - from);
    return true;
}

static bool read_txt(struct reader *r, const struct word *words, size_t count,
                     struct dns_record *out)
{
    size_t room = 0, len = 0;
    bool is_cut = false;
    for (size_t i = 0; i < count; i++)
        room += words[i].text.len + 1;
    char *wire = arena_alloc(r->arena, room + 1);
    if (wire == NULL || count == 0) {
        complain(r, count == 0 ? "TXT without a string" : "the zone is too large",
                 SPAN(""));
        return false;
    }
    for (size_t i = 0; i < count; i++)
        if (!add_string(r, words[i].text, wire, &len))
            return false;
    if (!dns_wire_text((struct span){wire, len}, r->arena, &out->text, &is_cut) ||
        is_cut) {
        complain(r, "a TXT record that is too long", SPAN(""));
        return false;
    }
    return true;
}

static bool read_address(struct reader *r, enum dns_type type, struct span text,
                         struct dns_record *out)
{
    struct netaddr address;
    unsigned bits = type == DNS_A ? 32 : 128;
    /* a mapped one is an IPv4 address to netaddr, and no AAAA anybody wants */
    if (netaddr_parse(text, &address) && address.bits == bits && text.at[0] != '[' &&
        dns_record_address(out, address.bytes, bits / 8, r->arena))
        return true;
    complain(r, type == DNS_A ? "no IPv4 address" : "no IPv6 address", text);
    return false;
}

static bool read_target(struct reader *r, struct span text, struct dns_record *out)
{
    struct dns_name name;
    if (!read_name(r, text, &name))
        return false;
    out->text = span_dup(r->arena, (struct span){name.text, name.len});
    return true;
}

/* MNAME RNAME SERIAL REFRESH RETRY EXPIRE MINIMUM. */
static bool read_soa(struct reader *r, const struct word *words, size_t count,
                     struct dns_zone_record *out)
{
    struct dns_name mailbox;
    uint32_t number;
    uint64_t serial;
    if (count != 7) {
        complain(r, "SOA needs seven words", SPAN(""));
        return false;
    }
    if (!read_target(r, words[0].text, &out->record) ||
        !read_name(r, words[1].text, &mailbox))
        return false;
    bool is_good = text_parse_count(words[2].text, UINT32_MAX, &serial);
    for (size_t i = 3; i < 7; i++)
        is_good = is_good && read_ttl(words[i].text, &number);
    if (!is_good) {
        complain(r, "SOA with a word that is no number", SPAN(""));
        return false;
    }
    out->negative_ttl_s = number < out->ttl_s ? number : out->ttl_s;
    return true;
}

static bool read_data(struct reader *r, const struct word *words, size_t count,
                      struct dns_zone_record *out)
{
    uint64_t preference;
    if (out->type == DNS_TXT)
        return read_txt(r, words, count, &out->record);
    if (out->type == DNS_SOA)
        return read_soa(r, words, count, out);
    if (out->type == DNS_TYPE_UNKNOWN)
        return true;
    if (count != (out->type == DNS_MX ? 2 : 1)) {
        complain(r,
                 out->type == DNS_MX ? "MX needs a preference and a name"
                                     : "this type has one word of data",
                 SPAN(""));
        return false;
    }
    if (out->type == DNS_A || out->type == DNS_AAAA)
        return read_address(r, out->type, words[0].text, &out->record);
    if (out->type != DNS_MX)
        return read_target(r, words[0].text, &out->record);
    if (!text_parse_count(words[0].text, 65535, &preference)) {
        complain(r, "no preference (0..65535)", words[0].text);
        return false;
    }
    out->record.preference = (unsigned)preference;
    return read_target(r, words[1].text, &out->record);
}

/* $ORIGIN name, $TTL seconds. */
static void read_directive(struct reader *r)
{
    struct span word = r->words[0].text;
    struct dns_name origin;
    if (span_ieq(word, SPAN("$ORIGIN")) && r->count == 2) {
        if (read_name(r, r->words[1].text, &origin))
            r->origin = origin;
    } else if (span_ieq(word, SPAN("$TTL")) && r->count == 2) {
        if (!read_ttl(r->words[1].text, &r->ttl_s))
            complain(r, "no TTL", r->words[1].text);
    } else {
        complain(r, "neither $ORIGIN NAME nor $TTL SECONDS", word);
    }
}

/* [<TTL>] [<class>] <type>, or class before TTL. Returns the first word of the data. */
static size_t read_type(struct reader *r, size_t at, struct dns_zone_record *out)
{
    out->ttl_s = r->ttl_s;
    for (; at < r->count; at++) {
        struct span word = r->words[at].text;
        if (span_ieq(word, SPAN("IN")) || read_ttl(word, &out->ttl_s))
            continue;
        if (!find_type(word, &out->type))
            complain(r, "no record type that is known", word);
        return at + 1;
    }
    complain(r, "a record without a type", SPAN(""));
    return at;
}

static void read_record(struct reader *r)
{
    struct dns_zone_record record = {0};
    struct err why;
    if (r->has_owner && !read_name(r, r->words[0].text, &r->owner))
        return;
    r->has_last_owner = r->has_last_owner || r->has_owner;
    if (!r->has_last_owner) {
        complain(r, "a record without an owner", SPAN(""));
        return;
    }
    size_t at = read_type(r, r->has_owner ? 1 : 0, &record);
    if (r->owner.len == 0)
        complain(r, "a record of the root", SPAN(""));
    if (r->is_bad || !read_data(r, r->words + at, r->count - at, &record))
        return;
    record.owner = (struct span){r->owner.text, r->owner.len};
    if (r->tell(r->arg, &record, &why) < 0)
        complain(r, why.text, SPAN(""));
}

int dns_zone_file_read(const char *path, struct span text, struct arena *arena,
                       dns_zone_record_fn *tell, void *arg, struct err *err)
{
    struct err first = {0};
    struct reader *r = arena_alloc(arena, sizeof *r);
    if (r == NULL)
        return err_set(err, ERR_MEMORY, "no memory for %s", path);
    r->path = path;
    r->text = text;
    r->line = 1;
    r->arena = arena;
    r->tell = tell;
    r->arg = arg;
    r->ttl_s = DEFAULT_TTL_S;
    r->err = &first;
    while (r->at < text.len) {
        read_entry(r);
        if (r->is_bad || r->count == 0)
            continue;
        if (r->has_owner && !r->words[0].is_quoted && r->words[0].text.at[0] == '$')
            read_directive(r);
        else
            read_record(r);
    }
    if (r->faults == 0)
        return 0;
    if (r->faults == 1)
        return err_set(err, ERR_CONFIG, "%s", first.text);
    return err_set(err, ERR_CONFIG, "%s (and %u more faults)", first.text,
                   r->faults - 1);
}
