/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/deeds/deed.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "limits/sender.h"
#include "tool/deeds/handover.h"
#include "tool/print.h"
#include "tool/record.h"

enum { ROWS_MAX = 100000 };

/* The messages meant, and what became of them. */
struct choice {
    struct held_row *rows;
    struct leaving *leaving; /* the same, for the handover */
    struct mta_wish *wishes;
    size_t count;
};

static int check_choice(const struct tool *tool, const struct deed *deed,
                        struct err *err)
{
    int ways = (tool->word_count > 0) + deed->all + (deed->sender != NULL) +
               (deed->cause != NULL);
    const char *name = tool->command->name;
    if (ways == 0)
        return err_set(err, ERR_USAGE,
                       "which? outgate %s ID..., --sender KEY%s or --all", name,
                       deed->is_drop ? "" : ", --due, --cause WHAT");
    if (ways > 1 && !(deed->cause != NULL && deed->sender != NULL && ways == 2))
        return err_set(err, ERR_USAGE, "%s: IDs, --sender and --all exclude each other",
                       name);
    return 0;
}

/* A message by any of its ids; incident and Message-ID lead to the row's id. */
static int find_one(struct tool *tool, const char *word, struct held_row *row,
                    struct err *err)
{
    struct record record;
    size_t others;
    char id[24];
    if (held_find(tool->db, span_of(word), tool->arena, row, err) == 0)
        return 0;
    if (err->code != ERR_NOT_FOUND ||
        record_find(tool, span_of(word), &record, &others, err) != 0)
        return -1;
    snprintf(id, sizeof id, "%lld", (long long)record.id);
    if (held_find(tool->db, span_of(id), tool->arena, row, err) == 0 &&
        row->id == record.id)
        return 0;
    return err_set(err, ERR_NOT_FOUND, "message %s was not held, but: %s", id,
                   action_name(record.action));
}

static bool is_twice(const struct choice *choice, int64_t id)
{
    for (size_t i = 0; i < choice->count; i++)
        if (choice->rows[i].id == id)
            return true;
    return false;
}

/* Every word names one; nothing is done when one of them is wrong. */
static int choose_words(struct tool *tool, struct choice *choice, struct err *err)
{
    for (size_t i = 0; i < tool->word_count; i++) {
        struct held_row row;
        char time[PRINT_TIME_BYTES];
        if (find_one(tool, tool->words[i], &row, err) != 0)
            return -1;
        if (row.state != HELD_WAITING)
            return err_set(err, ERR_NOT_FOUND, "message %lld does not wait: %s at %s",
                           (long long)row.id, held_state_name(row.state),
                           print_time(row.state_at_us, time));
        if (!is_twice(choice, row.id))
            choice->rows[choice->count++] = row;
    }
    return 0;
}

static int choose_list(struct tool *tool, const struct deed *deed,
                       struct choice *choice, struct err *err)
{
    struct span sender = deed->sender != NULL
                             ? sender_key(tool->arena, span_of(deed->sender))
                             : SPAN("");
    struct held_row *rows;
    size_t count;
    if (held_list(tool->db, 0, ROWS_MAX, tool->arena, &rows, &count, err) != 0)
        return -1;
    choice->rows = rows;
    for (size_t i = 0; i < count; i++)
        if ((deed->sender == NULL || span_eq(rows[i].sender, sender)) &&
            (deed->cause == NULL || span_eq(rows[i].cause, span_of(deed->cause))))
            choice->rows[choice->count++] = rows[i];
    return 0;
}

static int choose(struct tool *tool, const struct deed *deed, struct choice *choice,
                  struct err *err)
{
    *choice = (struct choice){0};
    choice->rows = arena_array(tool->arena, tool->word_count + 1, sizeof *choice->rows);
    if (choice->rows == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    int result = tool->word_count > 0 ? choose_words(tool, choice, err)
                                      : choose_list(tool, deed, choice, err);
    if (result != 0)
        return -1;
    choice->leaving =
        arena_array(tool->arena, choice->count + 1, sizeof *choice->leaving);
    if (choice->leaving == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < choice->count; i++)
        choice->leaving[i] = (struct leaving){.id = choice->rows[i].id,
                                              .queue_id = choice->rows[i].queue_id,
                                              .mail_from = choice->rows[i].mail_from,
                                              .held_at_us = choice->rows[i].held_at_us,
                                              .due_at_us = choice->rows[i].due_at_us,
                                              .state = HELD_WAITING};
    choice->wishes = handover_wishes(tool->arena, choice->leaving, choice->count);
    if (choice->wishes == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    return 0;
}

/* Deleting mail is for ever: a person says yes, or the command line did. */
static int confirm(struct tool *tool, const struct deed *deed,
                   const struct choice *choice, struct err *err)
{
    char answer[16] = "";
    if (!deed->is_drop || deed->is_confirmed)
        return 0;
    if (!isatty(STDIN_FILENO))
        return err_set(err, ERR_USAGE, "drop deletes mail: say --yes");
    for (size_t i = 0; i < choice->count && i < 10; i++)
        fprintf(stderr, "  %lld  %s  %s  %s\n", (long long)choice->rows[i].id,
                print_escape(tool->arena, choice->rows[i].queue_id),
                print_escape(tool->arena, choice->rows[i].sender),
                print_escape(tool->arena, choice->rows[i].subject));
    if (choice->count > 10)
        fprintf(stderr, "  ... and %zu more\n", choice->count - 10);
    fprintf(stderr, "delete %zu held message%s for good? [y/N] ", choice->count,
            choice->count == 1 ? "" : "s");
    if (fgets(answer, sizeof answer, stdin) != NULL &&
        (answer[0] == 'y' || answer[0] == 'Y'))
        return 0;
    return err_set(err, ERR_NOT_FOUND, "nothing was deleted");
}

static void print_json(struct tool *tool, const struct held_row *row,
                       const struct mta_wish *wish, const char *word)
{
    struct buf out;
    struct json json;
    print_object_begin(tool->arena, 65536, &out, &json);
    json_int(&json, "id", row->id);
    json_text(&json, "queue_id", row->queue_id);
    json_text(&json, "sender", row->sender);
    json_bool(&json, "done", wish->answer == MTA_DONE);
    json_text(&json, "became", span_of(word));
    print_object_end(&json);
}

static size_t print_all(struct tool *tool, const struct deed *deed,
                        const struct choice *choice)
{
    size_t done = 0;
    for (size_t i = 0; i < choice->count; i++) {
        const struct mta_wish *wish = &choice->wishes[i];
        const char *word = wish->answer != MTA_DONE ? mta_answer_text(wish->answer)
                           : deed->is_drop          ? "deleted"
                                                    : "released";
        done += wish->answer == MTA_DONE;
        if (tool->json)
            print_json(tool, &choice->rows[i], wish, word);
        else
            printf("%lld  %s  %s: %s\n", (long long)choice->rows[i].id,
                   print_escape(tool->arena, wish->queue_id),
                   print_escape(tool->arena, choice->rows[i].sender), word);
    }
    return done;
}

/* With the lock held. */
static int ask_and_record(struct tool *tool, const struct deed *deed,
                          const struct mta_tools *tools, struct choice *choice,
                          struct err *err)
{
    const char *by = tool_who(tool);
    enum held_state what = deed->is_drop ? HELD_DROPPED : HELD_RELEASED;
    struct err why;
    if (handover_ask(tool, choice->leaving, choice->count, what, by, err) != 0)
        return -1;
    int result =
        deed->is_drop
            ? mta_drop(tools, tool->arena, choice->wishes, choice->count, &why)
            : mta_release(tools, tool->arena, choice->wishes, choice->count, &why);
    /* what was done before a failure is recorded all the same */
    if (handover_record(tool, choice->leaving, choice->wishes, choice->count, what, by,
                        result == 0, err) != 0)
        return err_prefix(err, "done in the hold queue, but not recorded in the log");
    if (result != 0)
        *err = why;
    return result;
}

static int hand_over(struct tool *tool, const struct deed *deed,
                     struct mta_tools *tools, struct choice *choice, struct err *err)
{
    int lock;
    mta_prepare(tools, tool->arena);
    if (handover_lock(tool, &lock, err) != 0)
        return -1;
    int result = ask_and_record(tool, deed, tools, choice, err);
    close(lock);
    return result;
}

int deed_run(struct tool *tool, const struct deed *deed, struct err *err)
{
    struct choice choice;
    struct mta_tools tools;
    if (check_choice(tool, deed, err) != 0 || tool_open(tool, DB_WRITE, err) != 0 ||
        choose(tool, deed, &choice, err) != 0)
        return -1;
    if (choice.count == 0) {
        if (!tool->json)
            puts("nothing waits that is meant");
        return EXIT_FINE;
    }
    if (mta_may_act(err) != 0 || mta_open(&tools, tool->settings, err) != 0 ||
        confirm(tool, deed, &choice, err) != 0 ||
        hand_over(tool, deed, &tools, &choice, err) != 0)
        return -1;
    size_t done = print_all(tool, deed, &choice);
    return done == choice.count ? EXIT_FINE : EXIT_FOUND;
}
