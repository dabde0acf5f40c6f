/* SPDX-License-Identifier: BSD-2-Clause
 *
 * geoip - countries from a database that tests/lib/mmdb.pl has written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/geoip.h"
#include "config.h"

static char folder[64], path[96];

static int set_up(void **state)
{
    (void)state;
    char command[512];
    const char *srcdir = getenv("srcdir");
    snprintf(folder, sizeof folder, "/tmp/outgate-geoip.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/c.mmdb", folder);
    snprintf(command, sizeof command,
             "perl '%s/tests/lib/mmdb.pl' '%s' 192.0.2.0/24 FR 198.51.100.0/25 DE "
             "2001:db8:1::/48 ES",
             srcdir != NULL ? srcdir : ".", path);
    return system(command);
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void test_countries(void **state)
{
    (void)state;
#ifdef HAVE_MAXMINDDB
    static const struct {
        const char *address, *want;
    } rows[] = {
        {"192.0.2.7", "FR"},        {"192.0.2.255", "FR"},   {"198.51.100.1", "DE"},
        {"198.51.100.200", ""},     {"203.0.113.1", ""},     {"2001:db8:1:2::3", "ES"},
        {"::ffff:192.0.2.1", "FR"}, {"2001:db8:2:2::3", ""}, {"127.0.0.1", ""},
    };
    struct geoip *geoip;
    struct err err;
    if (geoip_open(&geoip, path, &err) != 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct netaddr address;
        char country[GEOIP_COUNTRY_BYTES];
        assert_true(netaddr_parse(span_of(rows[i].address), &address));
        assert_int_equal(geoip_country(geoip, &address, country),
                         rows[i].want[0] != '\0');
        assert_string_equal(country, rows[i].want);
    }
    geoip_close(&geoip);
    assert_null(geoip);
    geoip_close(&geoip);
#endif
}

static void test_no_database(void **state)
{
    (void)state;
    struct geoip *geoip;
    struct err err;
    struct netaddr address;
    char country[GEOIP_COUNTRY_BYTES] = "xx";
    assert_int_equal(geoip_open(&geoip, "/dev/null", &err), -1);
    assert_int_equal(err.code, ERR_CONFIG);
    assert_null(geoip);
    assert_true(netaddr_parse(SPAN("192.0.2.1"), &address));
    assert_false(geoip_country(NULL, &address, country));
    assert_string_equal(country, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_countries, set_up, tear_down),
        cmocka_unit_test(test_no_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
