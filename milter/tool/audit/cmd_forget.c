/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cmd_forget - take a person out of the log.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "limits/sender.h"
#include "store/forget.h"
#include "store/orders.h"
#include "tool/commands.h"
#include "tool/print.h"

static struct {
    bool is_confirmed, is_dry, with_orders;
} given;

static const struct option_row options[] = {
    {"yes", 'y', NULL, OPTION_FLAG, &given.is_confirmed, "do not ask"},
    {"dry-run", 'n', NULL, OPTION_FLAG, &given.is_dry,
     "say what would be forgotten, change nothing"},
    {"all", 0, NULL, OPTION_FLAG, &given.with_orders,
     "also its block, its exemptions and what limits count of it: it begins anew"},
    {0},
};

/* ---- who ---- */

/* A login or an envelope sender may be the same person by another name. */
static void add_twins(struct tool *tool, struct forget_person *person)
{
    static const char *const kinds[] = {"sasl_user", "mail_from"};
    for (size_t i = 0; i < 2; i++) {
        struct buf text;
        bool is_there = false;
        buf_init(&text, tool->arena, 2000);
        buf_add_span(&text, span_of(kinds[i]));
        buf_add_char(&text, ':');
        buf_add_span(&text, person->address);
        struct span key = sender_key(tool->arena, buf_span(&text));
        /* a key without its +detail is another person's, too */
        if (!span_iends(key, person->address))
            continue;
        for (size_t k = 0; k < person->key_count; k++)
            is_there |= span_eq(person->keys[k], key);
        if (!is_there && person->key_count < FORGET_KEYS)
            person->keys[person->key_count++] = key;
    }
}

static int read_person(struct tool *tool, struct forget_person *person, struct err *err)
{
    struct span word = span_trim(span_of(tool->words[0]));
    struct span kind;
    struct span value;
    bool is_network;
    *person =
        (struct forget_person){.address = SPAN(""), .with_orders = given.with_orders};
    bool is_key =
        span_cut(word, ':', &kind, &value) && identity_find(kind) != IDENTITY_UNKNOWN;
    if (is_key) {
        if (order_key(tool->arena, word, &person->keys[0], &is_network, err) != 0)
            return -1;
        if (is_network)
            return err_set(err, ERR_USAGE, "%s: a network is nobody", tool->words[0]);
        person->key_count = 1;
        span_cut(person->keys[0], ':', &kind, &value);
    } else {
        value = span_lower(tool->arena, word);
        if (value.len > 2 && value.at[0] == '<' && value.at[value.len - 1] == '>')
            value = (struct span){value.at + 1, value.len - 2};
    }
    ptrdiff_t at = span_rindex(value, '@');
    bool is_address = at > 0 && (size_t)at + 1 < value.len;
    if (!is_key && !is_address)
        return err_set(err, ERR_USAGE,
                       "%s: neither an address nor a sender such as sasl_user:bob",
                       tool->words[0]);
    if (is_address && (!is_key || span_eq(kind, SPAN("sasl_user")) ||
                       span_eq(kind, SPAN("mail_from")))) {
        person->address = value;
        add_twins(tool, person);
    }
    return 0;
}

static int confirm(struct tool *tool, const struct forget_person *person,
                   struct err *err)
{
    char answer[16] = "";
    if (given.is_confirmed || given.is_dry)
        return 0;
    if (!isatty(STDIN_FILENO))
        return err_set(err, ERR_USAGE, "what is forgotten is gone: say --yes");
    fprintf(stderr, "forget");
    for (size_t i = 0; i < person->key_count; i++)
        fprintf(stderr, "%s %s", i > 0 ? "," : "",
                print_escape(tool->arena, person->keys[i]));
    if (person->address.len > 0)
        fprintf(stderr, " and %s as a recipient",
                print_escape(tool->arena, person->address));
    fprintf(stderr, ", for good? (--dry-run counts) [y/N] ");
    if (fgets(answer, sizeof answer, stdin) != NULL &&
        (answer[0] == 'y' || answer[0] == 'Y'))
        return 0;
    return err_set(err, ERR_NOT_FOUND, "nothing was forgotten");
}

/* ---- what was done ---- */

static void print_json(struct tool *tool, const struct forget_result *result)
{
    struct buf out;
    struct json json;
    print_object_begin(tool->arena, 65536, &out, &json);
    json_bool(&json, "done", !given.is_dry);
    for (size_t i = 0; i < result->part_count; i++)
        json_int(&json, result->parts[i].what, result->parts[i].rows);
    json_int(&json, "waiting", result->waiting);
    json_open(&json, "charged_to", '[');
    for (size_t i = 0; i < result->other_count; i++)
        json_text(&json, NULL, span_of(result->others[i]));
    json_close(&json, ']');
    print_object_end(&json);
}

static int count_orders(struct tool *tool, const struct forget_person *person,
                        int64_t *count, struct err *err)
{
    *count = 0;
    for (size_t i = 0; i < person->key_count; i++) {
        struct query *query = db_query(
            tool->db,
            "SELECT (SELECT count(*) FROM blocked_sender WHERE sender = ?1) + (SELECT "
            "count(*) FROM exemption WHERE key = ?1) + (SELECT count(*) FROM "
            "limit_override WHERE instr('+' || key || '+', '+' || ?1 || '+') > 0) + "
            "EXISTS (SELECT 1 FROM limit_slot WHERE instr('+' || key || '+', '+' || ?1 "
            "|| '+') > 0)",
            err);
        if (query == NULL)
            return -1;
        query_bind_text(query, 1, person->keys[i]);
        if (query_step(query, err) < 0)
            return -1;
        *count += query_int(query, 0);
        query_reset(query);
    }
    return 0;
}

static void print_people(struct tool *tool, const struct forget_result *result,
                         int64_t orders)
{
    int64_t sum = 0;
    for (size_t i = 0; i < result->part_count; i++) {
        const struct forget_part *part = &result->parts[i];
        sum += part->rows;
        if (part->rows > 0)
            printf("%8lld%s  %s\n", (long long)part->rows,
                   given.is_dry && part->rows >= 1000 ? "+" : "", part->what);
    }
    printf("%s\n", sum == 0       ? "nothing of it is in the log"
                   : given.is_dry ? "would be forgotten; nothing was changed"
                                  : "forgotten; their counts stay");
    for (size_t i = 0; i < result->other_count; i++)
        printf(
            "Mail with this sender was charged to %s. If that is nobody else: outgate "
            "forget\nthat, too.\n",
            print_escape(tool->arena, span_of(result->others[i])));
    if (orders > 0)
        puts("Blocks, exemptions and what limits count of it stay: without them it "
             "would send\nagain. --all takes these out, too.");
    if (result->waiting > 0)
        printf("%lld of its messages wait in the hold queue and were passed over: "
               "release or drop\nthem, then run this again.\n",
               (long long)result->waiting);
    puts("\nOut of reach from here: the MTA's own logs and queue, backups and copies "
         "of the\ndatabase, dossiers and reports already made, text in an encoding "
         "(base64) in other\npeople's mail. The old pages stand in the write-ahead log "
         "(-wal) until the daemon has\nemptied it: at the latest when it is stopped.");
}

static void show_progress(void *arg, uint64_t done, uint64_t total)
{
    progress_show(arg, done, total, "messages");
}

static int run(struct tool *tool, struct err *err)
{
    struct forget_person person;
    struct forget_result result;
    struct progress progress;
    int64_t orders = 0;
    if (read_person(tool, &person, err) != 0 || tool_open(tool, DB_WRITE, err) != 0 ||
        confirm(tool, &person, err) != 0)
        return -1;
    progress_start(&progress, false);
    int rc = forget_run(tool->db, &person, given.is_dry, show_progress, &progress,
                        &result, err);
    progress_end(&progress);
    if (rc != 0)
        return err_prefix(err, "not all of it is forgotten: run this again");
    if (count_orders(tool, &person, &orders, err) != 0)
        return -1;
    if (tool->json)
        print_json(tool, &result);
    else
        print_people(tool, &result, given.is_dry && given.with_orders ? 0 : orders);
    return result.waiting > 0 ? EXIT_FOUND : EXIT_FINE;
}

const struct command outgate_cmd_forget = {
    .name = "forget",
    .words = "ADDRESS|KEY",
    .summary = "take a person out of the log, as sender and as recipient",
    .details =
        "ADDRESS is looked for everywhere: as a login, a sender, a recipient, and in\n"
        "the headers and bodies kept. KEY is a sender, such as sasl_user:bob. What "
        "was\n"
        "sent loses its names and texts; time, size, score and action stay and count.\n"
        "Reads the whole log, writes in small steps; may be stopped and run again.\n"
        "Ends with 1 if messages of theirs still wait in the hold queue.",
    .examples = "  outgate forget --dry-run bob@example.com\n"
                "  outgate forget --yes --all sasl_user:bob",
    .words_min = 1,
    .words_max = 1,
    .options = options,
    .run = run,
};
