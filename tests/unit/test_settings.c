/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The config: every error of a file in one run with file:line, drop-ins, defaults.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "settings.h"

static char dir[64];
static char complaints[8192];

static void note(void *arg, const char *text)
{
    (void)arg;
    size_t used = strlen(complaints);
    /* without the folder, which differs from run to run */
    size_t skip = strncmp(text, dir, strlen(dir)) == 0 ? strlen(dir) + 1 : 0;
    snprintf(complaints + used, sizeof complaints - used, "%s\n", text + skip);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/outgate-test-XXXXXX");
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Load "main.conf"; the settings, or NULL with complaints and err filled. */
static struct settings *load(const char *text, struct err *err)
{
    char path[256];
    struct settings *settings;
    complaints[0] = '\0';
    write_file("main.conf", text);
    snprintf(path, sizeof path, "%s/main.conf", dir);
    settings_load(&settings, path, note, NULL, err);
    return settings;
}

static void defaults_hold(void **state)
{
    struct settings *s;
    struct err err;
    (void)state;
    assert_int_equal(settings_default(&s, &err), 0);
    assert_string_equal(s->socket, "unix:/run/outgate/milter.sock");
    assert_int_equal(s->mode, MODE_ENFORCE);
    assert_int_equal(s->on_error, ON_ERROR_TEMPFAIL);
    assert_int_equal(s->networks.count, 2);
    assert_int_equal(s->identify_by_count, 5);
    assert_int_equal(s->identify_by[0], IDENTITY_SASL_USER);
    assert_int_equal(s->identify_by[4], IDENTITY_MAIL_FROM);
    assert_true(s->outbound.hold_at == 5 && s->forwarded.hold_at == 4);
    assert_int_equal(s->outbound.max_hold_us, 86400 * (int64_t)1000000);
    assert_int_equal(s->scan_bytes, 8 << 20);
    assert_int_equal(s->keep, KEEP_HEADERS);
    assert_int_equal(s->limit_count, 0);
    settings_free(&s);
    assert_null(s);
}

static void values_are_read(void **state)
{
    struct err err;
    (void)state;
    struct settings *s =
        load("# a comment\n"
             "; another\n"
             "[milter]\n"
             "socket = inet:8891@127.0.0.1   # not a comment's end\n"
             "mode=shadow\n"
             "[mail]\n"
             "networks = 10.0.0.0/8,\n"
             "    2001:db8::/32\n"
             "local_domains = example.com, .example.org\n"
             "identify_by = client_ip, sasl_user\n"
             "[policy]\n"
             "hold_at = 4.5\n"
             "max_hold = 90m\n"
             "[policy forwarded]\n"
             "reject_at = 10\n"
             "[limits]\n"
             "login = 100 recipients per 1h per sender, burst 20, then hold\n"
             "egress = 40 points per 1h per egress, then hold\n",
             &err);
    assert_string_equal(complaints, "");
    assert_non_null(s);
    assert_string_equal(s->socket, "inet:8891@127.0.0.1");
    assert_int_equal(s->mode, MODE_SHADOW);
    assert_int_equal(s->networks.count, 2);
    assert_int_equal(s->networks.at[1].prefix, 32);
    assert_string_equal(s->local_domains.at[1], ".example.org");
    assert_int_equal(s->identify_by_count, 2);
    assert_int_equal(s->identify_by[0], IDENTITY_CLIENT_IP);
    assert_true(s->outbound.hold_at == 4.5);
    assert_int_equal(s->outbound.max_hold_us, 5400 * (int64_t)1000000);
    assert_true(settings_policy(s, CLASS_FORWARDED)->reject_at == 10);
    assert_int_equal(s->limit_count, 2);
    assert_string_equal(s->limits[0].name, "login");
    assert_int_equal(s->limits[0].line, 17);
    settings_free(&s);
}

static void errors_all_at_once(void **state)
{
    struct err err;
    (void)state;
    struct settings *s = load("[milter]\n"
                              "sokcet = unix:/x\n"
                              "mode = dry\n"
                              "hold_at = 3\n"
                              "timeout = 30\n"
                              "scan_bytes = 1k\n"
                              "nonsense\n"
                              "[polcy]\n"
                              "hold_at = 3\n"
                              "[mail]\n"
                              "networks = 10.0.0.1/8\n"
                              "[limits]\n"
                              "a = 100 recipients per hour\n"
                              "b = 5 messages per 1h per sender, then hold\n"
                              "b = 6 messages per 1h per sender, then hold\n",
                              &err);
    assert_null(s);
    const char *expected[] = {
        "main.conf:2: unknown key \"sokcet\" in [milter]; did you mean socket?",
        "main.conf:3: mode = dry: must be one of enforce|shadow",
        "main.conf:4: unknown key \"hold_at\" in [milter]; it belongs to [policy]",
        "main.conf:5: timeout = 30: expected a duration with its unit",
        "main.conf:6: scan_bytes = 1k: must be between 64k and 256M",
        "main.conf:7: expected \"key = value\"",
        "main.conf:8: unknown section [polcy]; did you mean policy?",
        "main.conf:11: networks = 10.0.0.1/8: not an address or network",
        "main.conf:13: ",
        "main.conf:15: limit \"b\" stands already in ",
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (strstr(complaints, expected[i]) == NULL)
            fail_msg("missing: %s\nin:\n%s", expected[i], complaints);
    assert_null(strstr(complaints, "main.conf:9:")); /* one section, one complaint */
    assert_non_null(strstr(err.text, "(and 9 more)"));
    assert_int_equal(err.code, ERR_CONFIG);
}

static void contradictions(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"[policy]\nhold_at = 20\n", "[policy]: slow_at (3), hold_at (20)"},
        {"[policy forwarded]\nslow_at = 5\n", "[policy forwarded]: slow_at (5)"},
        {"[mail]\nidentify_by = sasl_usr\n", "\"sasl_usr\" is none of"},
        {"[mail]\nidentify_by = uid, uid\n", "\"uid\" stands twice"},
        {"[mail]\negress = mail.example.com\n", "is no IP address"},
        {"[milter]\nsocket = /run/x.sock\n", "write unix:/path or inet:port@host"},
        {"[milter]\nsocket_mode = 888\n", "octal mode"},
        {"[border]\nenabled = yes\ndaemon_name =\n", "[border] daemon_name is empty"},
        {"[lmits]\n", "unknown section [lmits]; did you mean limits?"},
    };
    struct err err;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_null(load(rows[i].text, &err));
        if (strstr(complaints, rows[i].says) == NULL)
            fail_msg("missing: %s\nin: %s", rows[i].says, complaints);
    }
}

static void drop_ins_are_read_in_order(void **state)
{
    char path[256];
    struct err err;
    (void)state;
    snprintf(path, sizeof path, "%s/conf.d", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file("conf.d/20-late.conf", "[policy]\nhold_at = 7\n");
    write_file("conf.d/10-early.conf", "[policy]\nhold_at = 6\nslow_at = 2\n");
    write_file("conf.d/README", "not a config");
    struct settings *s = load("[policy]\nhold_at = 4\n", &err);
    assert_non_null(s);
    assert_true(s->outbound.hold_at == 7 && s->outbound.slow_at == 2);
    settings_free(&s);
    write_file("conf.d/30-bad.conf", "\n[policy]\nhold_at = high\n");
    assert_null(load("", &err));
    assert_non_null(strstr(complaints, "conf.d/30-bad.conf:3: hold_at = high"));
    snprintf(path, sizeof path, "rm -rf %s/conf.d", dir);
    assert_int_equal(system(path), 0);
}

static void hostile_files(void **state)
{
    struct settings *s;
    struct err err;
    char path[256];
    (void)state;
    assert_int_equal(settings_load(&s, "/nonexistent/x.conf", note, NULL, &err), -1);
    assert_non_null(strstr(err.text, "No such file"));
    snprintf(path, sizeof path, "%s/nul.conf", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fwrite("[milter]\n\0\0", 1, 11, file);
    fclose(file);
    assert_int_equal(settings_load(&s, path, note, NULL, &err), -1);
    assert_non_null(strstr(err.text, "NUL"));
    /* a folder is no file */
    assert_int_equal(settings_load(&s, dir, note, NULL, &err), -1);
    /* escape sequences in a config must not reach the terminal */
    assert_null(load("[\033[2J]\n", &err));
    assert_null(strchr(complaints, '\033'));
}

static void durations_and_sizes(void **state)
{
    static const struct {
        const char *text;
        int64_t us; /* -1: refused */
    } rows[] = {
        {"500ms", 500000},
        {"3s", 3000000},
        {"10m", 600000000},
        {"1.5h", 5400000000},
        {"1d", 86400000000},
        {"2w", 1209600000000},
        {"0", 0},
        {"30", -1},
        {"", -1},
        {"h", -1},
        {"1 fortnight", -1},
        {"-1h", -1},
        {"1e9h", -1},
        {"1.2.3s", -1},
        {"99999999999999999999w", -1},
    };
    int64_t value;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool ok = conf_parse_duration(span_of(rows[i].text), &value);
        assert_int_equal(ok, rows[i].us >= 0);
        if (ok)
            assert_int_equal(value, rows[i].us);
    }
    assert_true(conf_parse_bytes(SPAN("64k"), &value) && value == 65536);
    assert_true(conf_parse_bytes(SPAN("8M"), &value) && value == 8388608);
    assert_true(conf_parse_bytes(SPAN("512"), &value) && value == 512);
    assert_false(conf_parse_bytes(SPAN("8MB"), &value));
}

static void every_key_has_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < outgate_setting_key_count; i++) {
        const struct conf_key *key = &outgate_setting_keys[i];
        assert_true(strlen(key->doc) > 10);
        assert_int_equal(key->doc[strlen(key->doc) - 1], '.');
        if (key->type == CONF_CHOICE)
            assert_non_null(strchr(key->choices, '|'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_hold),
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(errors_all_at_once),
        cmocka_unit_test(contradictions),
        cmocka_unit_test(drop_ins_are_read_in_order),
        cmocka_unit_test(hostile_files),
        cmocka_unit_test(durations_and_sizes),
        cmocka_unit_test(every_key_has_words),
    };
    return cmocka_run_group_tests_name("settings", tests, set_up, tear_down);
}
