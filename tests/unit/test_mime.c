/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "message/mime.h"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new(64 << 20);
    return arena == NULL;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void assert_span(struct span got, const char *want)
{
    assert_string_equal(span_cstr(arena, got), want);
    assert_int_equal(got.len, strlen(want));
}

static const struct {
    const char *raw, *want;
    uint32_t defects;
} headers[] = {
    {"", "", 0},
    {" \t", "", 0},
    {" plain", "plain", 0},
    {" one\n two\r\n\tthree", "one two\tthree", 0},
    {"=?utf-8?q?caf=C3=A9?=", "caf\xc3\xa9", 0},
    {"=?UTF-8?B?Y2Fmw6k=?=", "caf\xc3\xa9", 0},
    {"=?iso-8859-1?Q?a_b=5Fc?=", "a b_c", 0},
    {"=?us-ascii*en?Q?hi?=", "hi", 0},
    {"=?us-ascii?q?\?=", "", 0},
    {"=?us-ascii?q?a?= =?us-ascii?q?b?=", "ab", 0},
    {"=?us-ascii?q?a?=\n =?us-ascii?q?b?= c", "ab c", 0},
    {"x =?us-ascii?q?a?= y", "x a y", 0},
    {"x=?us-ascii?q?a?==?us-ascii?q?b?=y", "xaby", 0},
    {"\"=?us-ascii?q?a?=\" <b@c>", "\"a\" <b@c>", 0},
    {"=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "caf\xc3\xa9", 0},
    {"=?utf-8?b?Y2Fmww==?= =?utf-8?q?=A9?=", "caf\xc3\xa9", 0},
    {"=?utf-8?b?Y2F?= =?utf-8?b?mw6k=?=", "caf\xc3\xa9", 0},
    {"=?utf-8?q?a b?=", "a b", DEFECT_ENCODED_WORD},
    {"=?utf-8?q?a=zz?=", "a=zz", DEFECT_ENCODED_WORD},
    {"=?utf-8?q?a", "=?utf-8?q?a", DEFECT_ENCODED_WORD},
    {"=?utf-8?x?a?=", "=?utf-8?x?a?=", DEFECT_ENCODED_WORD},
    {"=??q?a?=", "=??q?a?=", DEFECT_ENCODED_WORD},
    {"=?utf-8?q?a =?utf-8?q?b?=", "=?utf-8?q?a b", DEFECT_ENCODED_WORD},
    {"=?utf-8?b?!Y2E=?=", "ca", DEFECT_ENCODED_WORD},
    {"=?utf-8?b?Y2E?=", "ca", DEFECT_ENCODED_WORD},
    {"=?utf-8?q?a=0D=0ABcc:_x?=", "a Bcc: x", 0},
    {"=?no-such?q?caf=E9?=", "caf\xc3\xa9", DEFECT_CHARSET_UNKNOWN | DEFECT_EIGHT_BIT},
    {"=?utf-8?q?=FF?=", "\xef\xbf\xbd", DEFECT_CHARSET_WRONG},
    {"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac", 0},
    {"=?koi8-r?q?=C4=C1?=", "\xd0\xb4\xd0\xb0", 0},
    {"=?windows-1252?q?=93=80=94?=", "\xe2\x80\x9c\xe2\x82\xac\xe2\x80\x9d", 0},
    {"caf\xc3\xa9", "caf\xc3\xa9", 0},
    {"caf\xe9", "caf\xc3\xa9", DEFECT_EIGHT_BIT},
    {"\xe9 =?utf-8?q?=C3=A9?=", "\xc3\xa9 \xc3\xa9", DEFECT_EIGHT_BIT},
    {"a = ? b =", "a = ? b =", 0},
};

static void header_words_are_decoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        uint32_t defects = 0;
        struct span got = mime_decode_header(arena, span_of(headers[i].raw), &defects);
        assert_span(got, headers[i].want);
        assert_int_equal(defects, headers[i].defects);
    }
}

static const struct {
    const char *in, *want;
    uint32_t defects;
} base64[] = {
    {"", "", 0},
    {"YQ==", "a", 0},
    {"YWI=", "ab", 0},
    {"YWJj", "abc", 0},
    {"YW\r\nJj\r\n", "abc", 0},
    {"YWJjZA==\n", "abcd", 0},
    {"YWI", "ab", DEFECT_BASE64},
    {"Y", "", DEFECT_BASE64},
    {"Y*WJj", "abc", DEFECT_BASE64},
    {"YQ==YWJj", "aabc", DEFECT_BASE64},
    {"====", "", 0},
};

static const struct {
    const char *in, *want;
    uint32_t defects;
} qp[] = {
    {"", "", 0},
    {"a=3Db", "a=b", 0},
    {"a=3db", "a=b", 0},
    {"a=\nb", "ab", 0},
    {"a=\r\nb", "ab", 0},
    {"a= \t\r\nb", "ab", 0},
    {"a=", "a", 0},
    {"a= ", "a", 0},
    {"a=3", "a=3", DEFECT_QUOTED_PRINTABLE},
    {"a=zz", "a=zz", DEFECT_QUOTED_PRINTABLE},
    {"a=b c", "a=b c", DEFECT_QUOTED_PRINTABLE},
    {"==3D", "==", DEFECT_QUOTED_PRINTABLE},
};

static void transfer_encodings_are_decoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof base64 / sizeof *base64; i++) {
        uint32_t defects = 0;
        assert_span(mime_decode_base64(arena, span_of(base64[i].in), &defects),
                    base64[i].want);
        assert_int_equal(defects, base64[i].defects);
    }
    for (size_t i = 0; i < sizeof qp / sizeof *qp; i++) {
        uint32_t defects = 0;
        assert_span(mime_decode_qp(arena, span_of(qp[i].in), &defects), qp[i].want);
        assert_int_equal(defects, qp[i].defects);
    }
}

static const struct {
    const char *charset, *in, *want;
    uint32_t defects;
} charsets[] = {
    {"", "abc", "abc", 0},
    {"", "\xc3\xa9", "\xc3\xa9", 0},
    {"", "\xe9", "\xc3\xa9", DEFECT_EIGHT_BIT},
    {"utf-8",
     "a\xff"
     "b",
     "a\xef\xbf\xbd"
     "b",
     DEFECT_CHARSET_WRONG},
    {"UTF8", "\xc3", "\xef\xbf\xbd", DEFECT_CHARSET_WRONG},
    {"us-ascii", "\xe9", "\xc3\xa9", DEFECT_CHARSET_WRONG | DEFECT_EIGHT_BIT},
    {"us-ascii", "\xc3\xa9", "\xc3\xa9", DEFECT_CHARSET_WRONG},
    {"iso-8859-1", "\x80\xe9", "\xe2\x82\xac\xc3\xa9", 0},
    {"ISO-8859-15", "\xa4", "\xe2\x82\xac", 0},
    {"\"koi8-r\"", "\xc4", "\xd0\xb4", 0},
    {"gb2312", "\xc4\xe3", "\xe4\xbd\xa0", 0},
    {"shift_jis", "\x93\xfa", "\xe6\x97\xa5", 0},
    {"shift_jis", "\x93", "\xef\xbf\xbd", DEFECT_CHARSET_WRONG},
    {"euc-kr", "\xb0\xa1", "\xea\xb0\x80", 0},
    {"big5", "\xa7\x41", "\xe4\xbd\xa0", 0},
    {"utf-7", "a+AOk-", "a\xc3\xa9", 0},
    {"utf-8//IGNORE", "\xe9", "\xc3\xa9", DEFECT_CHARSET_UNKNOWN | DEFECT_EIGHT_BIT},
    {"x-none", "abc", "abc", DEFECT_CHARSET_UNKNOWN},
};

static void charsets_become_utf8(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++) {
        uint32_t defects = 0;
        bool is_cut = false;
        assert_span(mime_to_utf8(arena, span_of(charsets[i].in),
                                 span_of(charsets[i].charset), 100, &defects, &is_cut),
                    charsets[i].want);
        assert_int_equal(defects, charsets[i].defects);
        assert_false(is_cut);
    }
}

static void text_is_cut_between_characters(void **state)
{
    (void)state;
    static const char *const names[] = {"utf-8", "", "koi8-r", "iso-8859-1"};
    struct span in = SPAN("a\xc3\xa9\xc3\xa9");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t max = 0; max < 5; max++) {
            uint32_t defects = 0;
            bool is_cut = false;
            struct span got =
                mime_to_utf8(arena, in, span_of(names[i]), max, &defects, &is_cut);
            assert_true(got.len <= max);
            assert_true(utf8_is_valid(got));
            assert_true(is_cut);
        }
}

static const struct {
    const char *field, *name, *want;
    uint32_t defects;
} parameters[] = {
    {"text/plain", "charset", "", 0},
    {"text/plain; charset=utf-8", "charset", "utf-8", 0},
    {" text/plain;\n\tCHARSET = \"utf-8\" ; x=y", "charset", "utf-8", 0},
    {"text/plain; charset=utf-8 (the usual)", "charset", "utf-8", 0},
    {"text/plain; (a;charset=no) charset=yes", "charset", "yes", 0},
    {"text/plain charset=utf-8 format=flowed", "charset", "utf-8", 0},
    {"text/plain; charset=utf-8 format=flowed", "format", "flowed", 0},
    {"multipart/mixed; boundary=\"a b\\\"c\"", "boundary", "a b\"c", 0},
    {"multipart/mixed; boundary=\"=?utf-8?q?x?=\"", "boundary", "=?utf-8?q?x?=", 0},
    {"multipart/mixed; boundary=\"abc", "boundary", "abc", DEFECT_PARAMETER},
    {"a; name=\"x\" filename=\"y\"", "filename", "y", 0},
    {"a; filename=two words (1).pdf; x=y", "filename", "two words (1).pdf", 0},
    {"a; filename=\"C:\\dir\\f.txt\"", "filename", "C:\\dir\\f.txt", 0},
    {"a; filename=\"=?utf-8?q?=C3=A9?=.txt\"", "filename", "\xc3\xa9.txt", 0},
    {"a; filename=\"\xe9.txt\"", "filename", "\xc3\xa9.txt", DEFECT_EIGHT_BIT},
    {"a; filename*=utf-8''%C3%A9.txt", "filename", "\xc3\xa9.txt", 0},
    {"a; filename*=iso-8859-1'en'%E9", "filename", "\xc3\xa9", 0},
    {"a; filename=x; filename*=utf-8''y", "filename", "y", 0},
    {"a; filename*0=ab; filename*1=cd", "filename", "abcd", 0},
    {"a; filename*1=cd; filename*0=ab", "filename", "abcd", 0},
    {"a; filename*1=ab; filename*2=cd", "filename", "abcd", 0},
    {"a; filename*0*=utf-8''%C3; filename*1*=%A9; filename*2=\".t\"", "filename",
     "\xc3\xa9.t", 0},
    {"a; filename*0=ab; filename*2=cd", "filename", "ab", 0},
    {"a; filename*=utf-8''%zz", "filename", "%zz", DEFECT_PARAMETER},
    {"a; filename*=plain", "filename", "plain", 0},
    {"a; filename*99=x", "filename", "", 0},
    {"a; x=1; x=2", "x", "1", DEFECT_PARAMETER},
    {"a; x=", "x", "", 0},
    {"a; x=;y=z", "y", "z", 0},
    {"", "x", "", 0},
    {";;;=;=", "x", "", 0},
};

static void parameters_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        uint32_t defects = 0;
        assert_span(mime_parameter(arena, span_of(parameters[i].field),
                                   parameters[i].name, &defects),
                    parameters[i].want);
        assert_int_equal(defects, parameters[i].defects);
    }
}

static void parameters_are_bounded(void **state)
{
    (void)state;
    struct buf field;
    uint32_t defects = 0;
    buf_init(&field, arena, 4096);
    for (int i = 0; i < BOUND_PARAMETERS; i++)
        buf_printf(&field, "; p%d=x", i);
    buf_printf(&field, "; last=x");
    assert_span(mime_parameter(arena, buf_span(&field), "p63", &defects), "x");
    assert_span(mime_parameter(arena, buf_span(&field), "last", &defects), "");
    assert_int_equal(defects, DEFECT_PARAMETER);
}

/* Cut at each byte, nothing breaks and what comes out is UTF-8. */
static void every_cut_is_survived(void **state)
{
    (void)state;
    struct span header =
        SPAN("a =?iso-2022-jp*ja?B?GyRCRnxLXBsoQg==?= =?utf-8?q?=C3?=\n"
             " =?utf-8?q?=A9?= \"=?koi8-r?q?=C4?=\" \xe9");
    struct span field =
        SPAN("a; filename*0*=utf-8'x'%C3; filename*1=\"\\\"(\"; (c) b=d");
    for (size_t len = 0; len <= header.len; len++) {
        uint32_t defects = 0;
        assert_true(
            utf8_is_valid(mime_decode_header(arena, span_head(header, len), &defects)));
        assert_true(utf8_is_valid(
            mime_parameter(arena, span_head(field, len), "filename", &defects)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(header_words_are_decoded, setup, teardown),
        cmocka_unit_test_setup_teardown(transfer_encodings_are_decoded, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(charsets_become_utf8, setup, teardown),
        cmocka_unit_test_setup_teardown(text_is_cut_between_characters, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(parameters_are_found, setup, teardown),
        cmocka_unit_test_setup_teardown(parameters_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(every_cut_is_survived, setup, teardown),
    };
    return cmocka_run_group_tests_name("mime", tests, NULL, NULL);
}
