/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_config - print a sample outgate.conf, or the key list of outgate.conf(5), from
 * the table of keys.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "tool/commands.h"
#include "tool/mdoc.h"
#include "tool/print.h"

static bool wants_mdoc;

static const struct option_row options[] = {
    {"mdoc", 0, NULL, OPTION_FLAG, &wants_mdoc,
     "the section of outgate.conf(5), as it stands there"},
    {0},
};

/* Sensible for a host with a few dozen accounts; the same as in outgate.conf(5). */
static const char limits_text[] =
    "# A limit is one line that reads as a sentence:\n"
    "#   NAME = AMOUNT UNIT per WINDOW per KEY[+KEY] [SCOPE][, burst B], then ACTION\n"
    "#   NAME = AMOUNT UNIT per message [SCOPE], then ACTION\n"
    "#   SCOPE: [in CLASS] [with P points or more] [for senders younger than AGE]\n"
    "# \"100 per 1h\" means at most 100 in any 60 minutes. Units: messages recipients\n"
    "# bytes points. Keys: sender client_ip from_domain recipient_domain egress host.\n"
    "# Actions: slow, hold, hold for review, defer, reject, block for TIME.\n"
    "# outgate limits tells each in words.\n"
    "[limits]\n"
    "login     = 100 recipients per 1h per sender, burst 20, then hold\n"
    "login-day = 500 recipients per 1d per sender, then hold\n"
    "message   = 50 recipients per message, then reject\n"
    "domain    = 200 messages per 1h per sender+recipient_domain, then slow\n"
    "forwarded = 300 messages per 1h per host in forwarded, then defer\n"
    "egress    = 40 points per 1h per egress, then hold for review\n";

/* text as comment lines of at most 78 columns. */
static void print_comment(const char *text)
{
    struct span rest = span_of(text);
    struct span word;
    size_t column = 0;
    while (rest.len > 0) {
        span_cut(rest, ' ', &word, &rest);
        if (column > 0 && column + 1 + word.len > 78) {
            putchar('\n');
            column = 0;
        }
        column +=
            (size_t)printf("%s%.*s", column > 0 ? " " : "# ", (int)word.len, word.at);
    }
    putchar('\n');
}

static void describe(const struct conf_key *key, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    if (key->type == CONF_CHOICE)
        used += (size_t)snprintf(out + used, size - used, "One of: %s.", key->choices);
    if (key->unit[0] != '\0' && used < size)
        used += (size_t)snprintf(out + used, size - used, "Unit: %s.", key->unit);
    if (key->min[0] != '\0' && used < size)
        snprintf(out + used, size - used, " Range: %s to %s.", key->min, key->max);
    for (char *at = out; key->type == CONF_CHOICE && (at = strchr(at, '|')) != NULL;)
        *at = ' ';
}

static void print_sample(void)
{
    char more[300];
    puts(
        "# outgate.conf - see outgate.conf(5). Every key stands here with its "
        "default;\n"
        "# take the # away to change one. conf.d/*.conf beside this file is read too.");
    for (size_t i = 0; i < outgate_setting_key_count; i++) {
        const struct conf_key *key = &outgate_setting_keys[i];
        if (i == 0 || strcmp(key->section, key[-1].section) != 0)
            printf("\n[%s]\n", key->section);
        else
            putchar('\n');
        print_comment(key->doc);
        describe(key, more, sizeof more);
        if (more[0] != '\0')
            print_comment(more);
        printf("#%s = %s\n", key->name, key->fallback);
    }
    printf("\n%s", limits_text);
}

static void print_mdoc(void)
{
    char more[300];
    for (size_t i = 0; i < outgate_setting_key_count; i++) {
        const struct conf_key *key = &outgate_setting_keys[i];
        bool begins = i == 0 || strcmp(key->section, key[-1].section) != 0;
        if (begins)
            printf("%s.Ss [%s]\n.Bl -tag -width Ds\n", i > 0 ? ".El\n" : "",
                   key->section);
        printf(".It Sy %s\n", key->name);
        mdoc_sentence(key->doc);
        describe(key, more, sizeof more);
        if (more[0] != '\0')
            mdoc_sentence(more);
        if (key->fallback[0] != '\0')
            printf("Default:\n.Ql %s .\n", key->fallback);
        else
            puts("Default: empty.");
    }
    puts(".El");
}

static void print_json(struct tool *tool)
{
    for (size_t i = 0; i < outgate_setting_key_count; i++) {
        const struct conf_key *key = &outgate_setting_keys[i];
        struct buf out;
        struct json json;
        print_object_begin(tool->arena, 65536, &out, &json);
        json_text(&json, "section", span_of(key->section));
        json_text(&json, "key", span_of(key->name));
        json_text(&json, "default", span_of(key->fallback));
        json_text(&json, "unit", span_of(key->unit));
        json_text_or_null(&json, "min", span_of(key->min));
        json_text_or_null(&json, "max", span_of(key->max));
        json_text_or_null(&json, "choices", span_of(key->choices));
        json_text(&json, "says", span_of(key->doc));
        print_object_end(&json);
    }
}

static int run(struct tool *tool, struct err *err)
{
    (void)err;
    if (wants_mdoc)
        print_mdoc();
    else if (tool->json)
        print_json(tool);
    else
        print_sample();
    return EXIT_FINE;
}

const struct command outgate_cmd_config = {
    .name = "config",
    .words = "",
    .summary = "print a sample outgate.conf, every key with its default",
    .details = "",
    .examples = "  outgate config > /etc/outgate/outgate.conf\n"
                "  outgate config --json | jq -r '.section + \" \" + .key'",
    .options = options,
    .run = run,
};
