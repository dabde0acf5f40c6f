/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/doctor/keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/dkim_key.h"
#include "tool/doctor/zone.h"
#include "tool/print.h"

enum {
    KEY_FILE_BYTES = 65536,
    BITS_LEAST = 1024,   /* RFC 8301 3.2: fewer do not count */
    BITS_ADVISED = 2048, /* RFC 8301 3.2 */
};

static const char why_key[] =
    "Receivers cannot verify the signature: the mail counts as unsigned, fails DMARC "
    "where SPF is not aligned, and large receivers refuse it.";

/* What is known of one key. */
struct look {
    struct doctor *doctor;
    const struct signing_key *key;
    struct span name; /* selector._domainkey.domain */
    struct span ours; /* the record that belongs to the private key; "" not known */
};

static struct span own_record(struct doctor *doctor, const struct signing_key *key)
{
    if (key->file[0] == '\0')
        return SPAN("");
    FILE *file = fopen(key->file, "re");
    if (file == NULL) {
        if (errno == EACCES)
            return SPAN("");
        struct finding *finding =
            doctor_find(doctor, LEVEL_BAD, "dkim_private", span_of(key->file),
                        "the private key of %.*s cannot be read: %s",
                        (int)key->selector.len, key->selector.at, strerror(errno));
        doctor_why(finding, "The signer cannot sign; mail leaves unsigned, or waits.");
        doctor_remedy(doctor, finding, REMEDY_LOOK, "ls -l %s",
                      print_shell_word(doctor->arena, span_of(key->file)));
        return SPAN("");
    }
    char *bytes = arena_alloc(doctor->arena, KEY_FILE_BYTES);
    size_t len = bytes != NULL ? fread(bytes, 1, KEY_FILE_BYTES, file) : 0;
    fclose(file);
    return dkim_key_record((struct span){bytes, len}, doctor->arena);
}

static void tell_key(const struct look *look, enum level level, const char *check,
                     const char *what, const char *why)
{
    struct finding *finding =
        doctor_find(look->doctor, level, check, look->name, "%s", what);
    doctor_why(finding, why);
    if (look->ours.len > 0)
        zone_text(look->doctor, finding, look->name, look->ours);
    else
        doctor_remedy(look->doctor, finding, REMEDY_LOOK,
                      "opendkim-genkey -b 2048 -d %s -s %s -D /etc/dkimkeys",
                      print_shell_word(look->doctor->arena, look->key->domain),
                      print_shell_word(look->doctor->arena, look->key->selector));
}

static void judge_strength(const struct look *look, const struct dkim_key *key)
{
    bool is_rsa = span_eq(key->type, SPAN("rsa"));
    if (is_rsa && key->bits < BITS_LEAST) {
        tell_key(
            look, LEVEL_BAD, "dkim_weak",
            doctor_text(look->doctor, "a key of %u bits does not count", key->bits),
            why_key);
    } else if (is_rsa && key->bits < BITS_ADVISED) {
        struct finding *finding =
            doctor_find(look->doctor, LEVEL_NOTE, "dkim_weak", look->name,
                        "a key of %u bits; 2048 are advised", key->bits);
        doctor_why(finding, "It counts still, everywhere.");
        doctor_remedy(look->doctor, finding, REMEDY_LOOK,
                      "opendkim-genkey -b 2048 -d %s -s %s2 -D /etc/dkimkeys",
                      print_shell_word(look->doctor->arena, look->key->domain),
                      print_shell_word(look->doctor->arena, look->key->selector));
    } else {
        doctor_find(look->doctor, LEVEL_OK, "dkim", look->name, "%.*s, %u bits%s",
                    (int)key->type.len, key->type.at, key->bits,
                    look->ours.len > 0 ? ", the private key's" : "");
    }
}

static void judge_key(const struct look *look, struct span text)
{
    struct dkim_key key, own;
    const char *problem = dkim_key_parse(text, look->doctor->arena, &key);
    if (problem != NULL) {
        tell_key(
            look, LEVEL_BAD, "dkim_syntax",
            doctor_text(look->doctor, "the published key cannot be read: %s", problem),
            why_key);
    } else if (key.public.len == 0) {
        tell_key(look, LEVEL_BAD, "dkim_revoked",
                 "the published key is revoked (p= is "
                 "empty)",
                 why_key);
    } else if (look->ours.len > 0 &&
               dkim_key_parse(look->ours, look->doctor->arena, &own) == NULL &&
               !dkim_key_is_same(&key, &own)) {
        tell_key(look, LEVEL_BAD, "dkim_mismatch",
                 doctor_text(look->doctor,
                             "the published key is not that of the private key %s",
                             look->key->file),
                 why_key);
    } else {
        judge_strength(look, &key);
        if (key.is_test) {
            struct finding *finding =
                doctor_find(look->doctor, LEVEL_WARNING, "dkim_test", look->name,
                            "says that DKIM is only tried (t=y)");
            doctor_why(finding, "Receivers may treat signed mail as unsigned.");
            if (look->ours.len > 0)
                zone_text(look->doctor, finding, look->name, look->ours);
        }
    }
}

static void check_key(struct doctor *doctor, const struct signing_key *key)
{
    struct dns_answer answer;
    struct look look = {
        .doctor = doctor,
        .key = key,
        .name = span_of(doctor_text(doctor, "%.*s._domainkey.%.*s",
                                    (int)key->selector.len, key->selector.at,
                                    (int)key->domain.len, key->domain.at)),
        .ours = own_record(doctor, key),
    };
    zone_ask(doctor, look.name, DNS_TXT, &answer);
    if (zone_unanswered(doctor, "dkim", look.name, &answer))
        return;
    if (answer.status != DNS_FOUND)
        tell_key(&look, LEVEL_BAD, "dkim_missing", "the key is not published", why_key);
    else if (answer.count > 1)
        tell_key(&look, LEVEL_BAD, "dkim_single",
                 doctor_text(doctor, "has %zu records", answer.count),
                 "With more than one, each receiver takes which it likes (RFC 6376 "
                 "3.6.2.2): half of the mail fails.");
    else
        judge_key(&look, answer.records[0].text);
}

void doctor_check_keys(struct doctor *doctor, const struct sending *sending,
                       const struct signing_key *keys, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (span_ieq(keys[i].domain, sending->domain)) {
            check_key(doctor, &keys[i]);
            found++;
        }
    if (found > 0 || !sending->is_ours)
        return;
    struct finding *finding =
        doctor_find(doctor, LEVEL_WARNING, "dkim", sending->domain,
                    "no DKIM key is known: neither a signer's configuration nor a "
                    "signature in the log names one");
    doctor_why(finding, "Google, Yahoo and Microsoft refuse unsigned mail of who sends "
                        "them much, and a forwarded message has nothing but its "
                        "signature to show.");
    doctor_remedy(doctor, finding, REMEDY_LOOK,
                  "opendkim-genkey -b 2048 -d %s -s outgate -D /etc/dkimkeys",
                  print_shell_word(doctor->arena, sending->domain));
}
