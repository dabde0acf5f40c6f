/* SPDX-License-Identifier: BSD-2-Clause
 *
 * auth/dkim - signed mails and their keys (tests/data/dkim): what verifies, what does
 * not and why, and that no byte of what is signed can be changed.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/dkim.h"
#include "folder.h"

enum { FILE_BYTES = 16384 };

struct world {
    char folder[FOLDER_BYTES], path[FOLDER_PATH_BYTES];
    struct auth_dkim *dkim;
    struct dns *dns;
    struct arena *arena;
};

static size_t read_data(const char *name, char out[FILE_BYTES])
{
    char path[512];
    const char *srcdir = getenv("srcdir");
    snprintf(path, sizeof path, "%s/tests/data/dkim/%s", srcdir != NULL ? srcdir : ".",
             name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(out, 1, FILE_BYTES, file);
    fclose(file);
    assert_in_range(len, 1, FILE_BYTES - 1);
    out[len] = '\0';
    return len;
}

/* ways: how the body comes in. */
enum way { WAY_WHOLE = 0, WAY_BYTES, WAY_CRLF };

static void feed(struct auth_dkim_check *check, struct span body, enum way way)
{
    if (way == WAY_WHOLE)
        auth_dkim_body(check, body.at, body.len, true);
    for (size_t i = 0; i < body.len && way != WAY_WHOLE; i++) {
        if (way == WAY_CRLF && body.at[i] == '\n')
            auth_dkim_body(check, "\r", 1, false);
        auth_dkim_body(check, body.at + i, 1, way == WAY_BYTES);
    }
}

static void verify(struct world *w, struct dns *dns, struct span mail, enum way way,
                   struct authentication *out)
{
    struct dns_budget budget;
    memset(out, 0, sizeof *out);
    arena_reset(w->arena);
    struct message *msg = message_new(w->arena, 1 << 20);
    message_read(msg, mail);
    dns_budget_init(&budget, 1000000, 20);
    struct auth_dkim_check *check =
        auth_dkim_begin(w->dkim, msg, SPAN("mail.example"), out);
    if (check == NULL)
        return;
    feed(check, message_body(msg), way);
    auth_dkim_finish(check, dns, &budget, true, w->arena, out);
    auth_dkim_free(&check);
}

static const struct auth_signature *verify_file(struct world *w, const char *name,
                                                struct authentication *out)
{
    static char mail[FILE_BYTES];
    size_t len = read_data(name, mail);
    verify(w, w->dns, (struct span){mail, len}, WAY_WHOLE, out);
    return &out->signatures[0];
}

static const struct {
    const char *file;
    enum auth_result want;
    const char *problem;
    bool is_weak, is_expired, has_length, is_test, is_from_unsigned, covers_unsubscribe;
    unsigned bits;
} files[] = {
    {"simple.eml", AUTH_PASS, "", 0, 0, 0, 0, 0, 1, 2048},
    {"relaxed.eml", AUTH_PASS, "", 0, 0, 0, 0, 0, 1, 2048},
    {"plain_own.eml", AUTH_PASS, "", 0, 0, 0, 0, 0, 0, 2048},
    {"ed25519.eml", AUTH_PASS, "", 0, 0, 0, 0, 0, 1, 0},
    {"foreign.eml", AUTH_PASS, "", 0, 0, 0, 0, 0, 1, 2048},
    {"weak.eml", AUTH_PASS, "", 1, 0, 0, 0, 0, 1, 1024},
    {"test.eml", AUTH_PASS, "", 0, 0, 0, 1, 0, 1, 2048},
    {"length.eml", AUTH_PASS, "", 0, 0, 1, 0, 0, 1, 2048},
    {"length_more.eml", AUTH_PASS, "", 0, 0, 1, 0, 0, 1, 2048},
    {"tiny.eml", AUTH_POLICY, "key under 1024 bits", 1, 0, 0, 0, 0, 1, 512},
    {"sha1.eml", AUTH_POLICY, "rsa-sha1", 0, 0, 0, 0, 0, 1, 2048},
    {"expired.eml", AUTH_FAIL, "expired", 0, 1, 0, 0, 0, 0, 0},
    {"future.eml", AUTH_FAIL, "signed in the future", 0, 0, 0, 0, 0, 0, 0},
    {"other.eml", AUTH_FAIL, "header changed or another key", 0, 0, 0, 0, 0, 1, 2048},
    {"from_unsigned.eml", AUTH_PERMERROR, "From: not signed", 0, 0, 0, 0, 1, 0, 0},
    {"subdomain.eml", AUTH_PERMERROR, NULL, 0, 0, 0, 0, 0, 0, 2048},
    {"missing.eml", AUTH_PERMERROR, "no key published", 0, 0, 0, 0, 0, 1, 0},
    {"revoked.eml", AUTH_PERMERROR, "key revoked", 0, 0, 0, 0, 0, 1, 0},
    {"twice.eml", AUTH_PERMERROR, "several key records", 0, 0, 0, 0, 0, 1, 0},
    {"notmail.eml", AUTH_PERMERROR, NULL, 0, 0, 0, 0, 0, 1, 0},
    {"garbage.eml", AUTH_PERMERROR, NULL, 0, 0, 0, 0, 0, 1, 0},
    {"nothing.eml", AUTH_PERMERROR, NULL, 0, 0, 0, 0, 0, 1, 0},
};

static void test_files(void **state)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct authentication out;
        const struct auth_signature *got = verify_file(*state, files[i].file, &out);
        if (out.signature_count != 1 || out.dkim != files[i].want ||
            got->result != files[i].want ||
            (files[i].problem != NULL &&
             !span_eq(got->problem, span_of(files[i].problem))) ||
            got->is_weak != files[i].is_weak ||
            got->is_expired != files[i].is_expired ||
            got->has_length != files[i].has_length ||
            got->is_test != files[i].is_test ||
            got->is_from_unsigned != files[i].is_from_unsigned ||
            got->covers_unsubscribe != files[i].covers_unsubscribe ||
            got->key_bits != files[i].bits)
            fail_msg("%s: %zu, %s: %.*s, weak %d, expired %d, l %d, test %d, from %d, "
                     "unsubscribe %d, bits %u",
                     files[i].file, out.signature_count, auth_result_name(got->result),
                     (int)got->problem.len, got->problem.at, got->is_weak,
                     got->is_expired, got->has_length, got->is_test,
                     got->is_from_unsigned, got->covers_unsubscribe, got->key_bits);
    }
}

static void test_length(void **state)
{
    struct authentication out;
    assert_int_equal(verify_file(*state, "simple.eml", &out)->unsigned_bytes, 0);
    assert_int_equal(verify_file(*state, "length.eml", &out)->unsigned_bytes, 0);
    assert_in_range(verify_file(*state, "length_more.eml", &out)->unsigned_bytes, 30,
                    40);
}

/* RFC 8463 appendix A.3: both of its signatures. */
static void test_rfc8463(void **state)
{
    struct world *w = *state;
    struct authentication out;
    verify_file(w, "rfc8463.eml", &out);
    assert_int_equal(out.signature_total, 2);
    assert_int_equal(out.signature_count, 2);
    assert_int_equal(out.dkim, AUTH_PASS);
    assert_int_equal(out.signatures[0].result, AUTH_PASS);
    assert_true(out.signatures[0].is_ed25519);
    assert_true(span_eq(out.signatures[0].algorithm, SPAN("ed25519-sha256")));
    assert_true(span_eq(out.signatures[0].domain, SPAN("football.example.com")));
    assert_true(span_eq(out.signatures[0].selector, SPAN("brisbane")));
    assert_int_equal(out.signatures[1].result, AUTH_PASS);
    assert_int_equal(out.signatures[1].key_bits, 1024);
    assert_true(out.signatures[1].is_weak);
}

/* However the body is cut, and whatever its line ends. */
static void test_pieces(void **state)
{
    static const char *const names[] = {"simple.eml", "relaxed.eml", "ed25519.eml",
                                        "length_more.eml"};
    static char mail[FILE_BYTES];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int way = WAY_WHOLE; way <= WAY_CRLF; way++) {
            struct authentication out;
            size_t len = read_data(names[i], mail);
            verify(*state, ((struct world *)*state)->dns, (struct span){mail, len},
                   (enum way)way, &out);
            assert_int_equal(out.dkim, AUTH_PASS);
        }
}

/* ---- one byte changed ---- */

static bool is_base64(char c)
{
    return ascii_is_alnum(c) || c == '+' || c == '/';
}

/* Another byte in its place that is none of those a tag-list may leave out. */
static char other_byte(char c)
{
    if (is_base64(c))
        return c == 'A' ? 'B' : 'A';
    return c == 'x' ? 'y' : 'x';
}

/* Where b='s value begins; what is left out of the header's hash, up to the end of the
 * field, ends before the last letter and its padding: that letter has bits that mean
 * nothing. */
static void signature_range(const char *mail, size_t *from, size_t *to)
{
    const char *b = strstr(mail, "\n b=");
    const char *end = strstr(mail, "\nFrom:");
    assert_non_null(b);
    assert_non_null(end);
    *from = (size_t)(b + 4 - mail);
    *to = (size_t)(end - mail);
    while (!is_base64(mail[*to - 1]))
        *to -= 1;
    *to -= 1;
}

static void check_changes(struct world *w, const char *name)
{
    static char mail[FILE_BYTES];
    size_t len = read_data(name, mail), from, to, tried = 0;
    signature_range(mail, &from, &to);
    for (size_t i = 0; i < len; i++) {
        struct authentication out;
        char kept = mail[i];
        bool is_padding = i >= to && mail[i] != '\n' && i < to + 4;
        bool is_fold = i >= from && i < to && !is_base64(mail[i]);
        if (is_padding || is_fold)
            continue;
        mail[i] = other_byte(kept);
        verify(w, w->dns, (struct span){mail, len}, WAY_WHOLE, &out);
        if (out.dkim == AUTH_PASS || out.signatures[0].result == AUTH_PASS)
            fail_msg("%s passes with byte %zu changed: \"%.20s\"", name, i, mail + i);
        mail[i] = kept;
        tried++;
    }
    assert_in_range(tried, 900, FILE_BYTES);
}

static void test_changes(void **state)
{
    check_changes(*state, "simple.eml");
}

/* A byte more or less, anywhere in the body. */
static void test_insertions(void **state)
{
    struct world *w = *state;
    static char mail[FILE_BYTES], changed[FILE_BYTES + 1];
    size_t len = read_data("simple.eml", mail);
    size_t body = (size_t)(strstr(mail, "\n\n") + 2 - mail);
    struct authentication out;
    for (size_t i = body; i + 3 < len; i++) { /* trailing empty lines do not count */
        memcpy(changed, mail, i);
        changed[i] = 'x';
        memcpy(changed + i + 1, mail + i, len - i);
        verify(w, w->dns, (struct span){changed, len + 1}, WAY_WHOLE, &out);
        assert_int_equal(out.dkim, AUTH_FAIL);
        memcpy(changed, mail, i);
        memcpy(changed + i, mail + i + 1, len - i - 1);
        verify(w, w->dns, (struct span){changed, len - 1}, WAY_WHOLE, &out);
        assert_int_equal(out.dkim, AUTH_FAIL);
    }
}

/* Every letter of the published key. */
static void test_key_changes(void **state)
{
    struct world *w = *state;
    static char mail[FILE_BYTES], zone[FILE_BYTES];
    size_t len = read_data("simple.eml", mail), tried = 0;
    size_t zone_len = read_data("zone", zone);
    char *key = strstr(strstr(zone, "s2048._domainkey.mail.example."), "p=") + 2;
    for (char *at = key; *at != ')'; at++) {
        struct authentication out;
        struct dns *dns;
        struct err err;
        char kept = *at;
        if (!is_base64(kept))
            continue;
        *at = other_byte(kept);
        FILE *file = fopen(w->path, "w");
        assert_non_null(file);
        assert_int_equal(fwrite(zone, 1, zone_len, file), zone_len);
        fclose(file);
        assert_int_equal(
            dns_open(&dns, &(struct dns_options){.zone = w->path, .trust_anchor = ""},
                     &err),
            0);
        verify(w, dns, (struct span){mail, len}, WAY_WHOLE, &out);
        if (out.dkim == AUTH_PASS)
            fail_msg("passes with letter %zu of the key changed", (size_t)(at - key));
        dns_close(&dns);
        *at = kept;
        tried++;
    }
    assert_in_range(tried, 392, 392);
}

/* ---- many signatures, hostile ones ---- */

/* Of more than four those of the From: domain are looked at. */
static void test_many(void **state)
{
    struct world *w = *state;
    static char one[FILE_BYTES], mail[FILE_BYTES * 4];
    struct authentication out;
    size_t used = 0;
    for (int i = 0; i < 6; i++) {
        read_data("foreign.eml", one);
        size_t head = (size_t)(strstr(one, "\nFrom:") + 1 - one);
        memcpy(mail + used, one, head);
        used += head;
    }
    used += read_data("simple.eml", one);
    memcpy(mail + used - strlen(one), one, strlen(one));
    verify(w, w->dns, (struct span){mail, used}, WAY_WHOLE, &out);
    assert_int_equal(out.signature_total, 7);
    assert_int_equal(out.signature_count, AUTH_SIGNATURES);
    assert_int_equal(out.dkim, AUTH_PASS);
    assert_true(span_eq(out.signatures[0].domain, SPAN("mail.example")));
    for (size_t i = 0; i < AUTH_SIGNATURES; i++)
        assert_int_equal(out.signatures[i].result, AUTH_PASS);
}

static void test_hostile(void **state)
{
    static const char *const fields[] = {
        "",
        "v=1",
        ";;;;====",
        "v=1; a=rsa-sha256; d=; s=; h=from; bh=AAAA; b=AAAA",
        "v=1; a=rsa-sha256; c=simple/simple; d=mail.example; s=s2048; h=from; bh=AA==; "
        "b=AA==; l=99999999999999999999999",
        "v=1; a=rsa-sha256; d=mail.example; s=s2048; h=from; bh=AA==; b=AA==; l=-1",
        "v=1; a=rsa-md5; d=mail.example; s=s2048; h=from; bh=AA==; b=AA==",
        "v=1; a=ed25519-sha256; d=mail.example; s=s2048; h=from; bh=AA==; b=AA==",
        "v=1; a=rsa-sha256; d=mail.example; s=ed; h=from; bh=AA==; b=AA==",
        "v=1; a=rsa-sha256; d=..mail..example; s=..; h=from; bh=AA==; b=AA==",
        "v=1; a=rsa-sha256; d=mail.example; s=s2048; h=from; bh=AA==; b=AA==; "
        "t=99999999999999999999; x=1",
        "v=1; a=rsa-sha256; d=m\xc3\xa4il.example; s=\xff; h=from; bh=AA==; b=AA==",
        "v=1; a=rsa-sha256; d=mail.example; s=s2048; h=:::from:::; bh=AA==; b=AA==",
        "v=1; a=rsa-sha256; d=mail.example; s=s2048; h=from; bh=AA==; b=",
    };
    struct world *w = *state;
    struct authentication out;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char mail[1024];
        int len =
            snprintf(mail, sizeof mail,
                     "DKIM-Signature: %s\nFrom: a@mail.example\n\nHi\n", fields[i]);
        verify(w, w->dns, (struct span){mail, (size_t)len}, WAY_WHOLE, &out);
        if (out.dkim == AUTH_PASS || out.dkim == AUTH_NONE)
            fail_msg("\"%s\" is %s", fields[i], auth_result_name(out.dkim));
    }
}

/* Names, tags and lists longer than anybody's, and a z= that would burst libopendkim's
 * own reader of it. */
static void test_long(void **state)
{
    static const char *const tags[] = {"d", "s", "h", "z", "b", "bh", "i", "x-y"};
    struct world *w = *state;
    static char mail[70000];
    struct authentication out;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        for (size_t size = 200; size < 65000; size *= 3) {
            size_t used = (size_t)snprintf(
                mail, sizeof mail,
                "DKIM-Signature: v=1; a=rsa-sha256; d=mail.example; s=s2048; h=from; "
                "bh=AA==; b=AA==; %s=",
                tags[i]);
            for (size_t k = 0; k < size; k++)
                mail[used++] = k % 60 == 59 ? (i < 2 ? '.' : i == 2 ? ':' : '|') : 'a';
            used += (size_t)snprintf(mail + used, sizeof mail - used,
                                     "\nFrom: a@mail.example\n\nHi\n");
            verify(w, w->dns, (struct span){mail, used}, WAY_WHOLE, &out);
            assert_int_not_equal(out.dkim, AUTH_PASS);
        }
}

static void test_unsigned(void **state)
{
    struct world *w = *state;
    struct authentication out;
    verify(w, w->dns, SPAN("From: a@mail.example\n\nHi\n"), WAY_WHOLE, &out);
    assert_int_equal(out.dkim, AUTH_NONE);
    assert_int_equal(out.signature_count, 0);
    verify(w, w->dns, SPAN("DKIM-Signature: v=1; d=a.example\n\nHi\n"), WAY_WHOLE,
           &out);
    assert_int_equal(out.dkim, AUTH_PERMERROR);
}

/* Fields that the gate takes off are not part of what leaves. */
static void test_own_fields(void **state)
{
    struct world *w = *state;
    static char mail[FILE_BYTES], more[FILE_BYTES + 64];
    struct authentication out;
    size_t len = read_data("simple.eml", mail);
    int used = snprintf(more, sizeof more, "X-Outgate-Score: 9\n%.*s", (int)len, mail);
    verify(w, w->dns, (struct span){more, (size_t)used}, WAY_WHOLE, &out);
    assert_int_equal(out.dkim, AUTH_PASS);
}

/* No answer is no failure. */
static void test_no_answer(void **state)
{
    struct world *w = *state;
    static char mail[FILE_BYTES];
    struct authentication out;
    struct dns *none;
    struct err err;
    size_t len = read_data("simple.eml", mail);
    assert_int_equal(
        dns_open(&none, &(struct dns_options){.zone = "", .trust_anchor = ""}, &err),
        0);
    verify(w, none, (struct span){mail, len}, WAY_WHOLE, &out);
    assert_int_equal(out.dkim, AUTH_TEMPERROR);
    assert_true(span_eq(out.signatures[0].problem, SPAN("no answer for the key")));
    assert_true(span_eq(out.signatures[0].domain, SPAN("mail.example")));
    dns_close(&none);
}

/* A key of many kilobytes is none; the record that is only just not too long is read.
 */
static void test_long_key(void **state)
{
    struct world *w = *state;
    static char mail[FILE_BYTES];
    size_t len = read_data("simple.eml", mail);
    for (size_t strings = 2; strings <= 60; strings += 2) {
        struct authentication out;
        struct dns *dns;
        struct err err;
        FILE *file = fopen(w->path, "w");
        assert_non_null(file);
        fprintf(file, "mail.example. 60 SOA a.example. b.example. 1 2 3 4 5\n"
                      "s2048._domainkey.mail.example. 60 TXT \"v=DKIM1; p=\"");
        for (size_t i = 0; i < strings; i++)
            fprintf(file, " \"%0100d\"", 0);
        fprintf(file, "\n");
        fclose(file);
        assert_int_equal(
            dns_open(&dns, &(struct dns_options){.zone = w->path, .trust_anchor = ""},
                     &err),
            0);
        verify(w, dns, (struct span){mail, len}, WAY_WHOLE, &out);
        assert_int_equal(out.dkim, AUTH_PERMERROR);
        assert_int_equal(
            span_eq(out.signatures[0].problem, SPAN("key record too long")),
            strings > 10);
        dns_close(&dns);
    }
}

/* One library, several threads; and another one that comes and goes. */
static void *verify_often(void *arg)
{
    struct world w = *(struct world *)arg;
    static const char *const names[] = {"relaxed.eml", "ed25519.eml", "other.eml"};
    char *mail = malloc(FILE_BYTES);
    size_t wrong = 0;
    w.arena = arena_new(64 << 20);
    for (size_t i = 0; i < 60; i++) {
        struct authentication out;
        size_t len = read_data(names[i % 3], mail);
        verify(&w, w.dns, (struct span){mail, len}, WAY_WHOLE, &out);
        wrong += out.dkim != (i % 3 == 2 ? AUTH_FAIL : AUTH_PASS);
    }
    arena_free(&w.arena);
    free(mail);
    return wrong == 0 ? NULL : arg;
}

static void test_threads(void **state)
{
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, verify_often, *state), 0);
    for (int i = 0; i < 20; i++) {
        struct auth_dkim *other;
        struct err err;
        assert_int_equal(auth_dkim_open(&other, &err), 0);
        auth_dkim_close(&other);
        assert_null(other);
    }
    for (size_t i = 0; i < 4; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

static int set_up(void **state)
{
    static struct world w;
    char path[512];
    struct err err;
    const char *srcdir = getenv("srcdir");
    folder_make("dkim", w.folder, w.path);
    w.arena = arena_new(64 << 20);
    snprintf(path, sizeof path, "%s/tests/data/dkim/zone",
             srcdir != NULL ? srcdir : ".");
    if (auth_dkim_open(&w.dkim, &err) < 0 ||
        dns_open(&w.dns, &(struct dns_options){.zone = path, .trust_anchor = ""},
                 &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    auth_dkim_close(&w->dkim);
    dns_close(&w->dns);
    arena_free(&w->arena);
    folder_remove(w->folder, w->path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),       cmocka_unit_test(test_length),
        cmocka_unit_test(test_rfc8463),     cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_changes),     cmocka_unit_test(test_insertions),
        cmocka_unit_test(test_key_changes), cmocka_unit_test(test_many),
        cmocka_unit_test(test_hostile),     cmocka_unit_test(test_long),
        cmocka_unit_test(test_unsigned),    cmocka_unit_test(test_own_fields),
        cmocka_unit_test(test_long_key),    cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
