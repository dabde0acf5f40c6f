/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/forget.h"

#include <string.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "store/history.h"

enum {
    READ_ROWS = 2000,       /* of the log, looked at in one statement */
    WRITE_ROWS = 200,       /* changed in one transaction */
    STEP_ROWS = 1000,       /* of another table, in one transaction */
    STEP_HOURS = 24,        /* of the summaries */
    BATCH_BYTES = 64 << 20, /* memory for READ_ROWS rows' new texts */
};

/* ---- which text names the person ---- */

static bool is_address_char(char c)
{
    return ascii_is_alnum(c) || c == '.' || c == '-' || c == '_' || c == '+' ||
           c == '=' || (unsigned char)c > 0x7f;
}

/* "bob@a.example." ends a sentence, "bob@a.example.org" is another one. */
static bool ends_here(struct span rest)
{
    if (rest.len == 0 || !is_address_char(rest.at[0]))
        return true;
    return rest.at[0] == '.' && (rest.len == 1 || !ascii_is_alnum(rest.at[1]));
}

bool forget_names(struct span text, struct span address)
{
    ptrdiff_t at;
    if (address.len == 0)
        return false;
    for (char before = ' '; (at = span_ifind(text, address)) >= 0;) {
        if (at > 0)
            before = text.at[at - 1];
        struct span rest = span_from(text, (size_t)at + address.len);
        if (!is_address_char(before) && ends_here(rest))
            return true;
        before = text.at[at];
        text = span_from(text, (size_t)at + 1);
    }
    return false;
}

/* ---- the log ---- */

enum role { ROLE_NONE = 0, ROLE_SENDER, ROLE_RECIPIENT, ROLE_MENTION };

/* A row that names the person. */
struct named_row {
    int64_t id;
    enum role role;
    struct span rcpt_to; /* without the person */
    bool is_in_subject, is_in_evidence, is_in_facts, is_in_reason;
};

struct work {
    struct db *db;
    struct arena *arena; /* of one batch */
    const struct forget_person *person;
    bool is_dry;
    int64_t hash; /* of the address, as the history has it */
    int64_t roles[ROLE_MENTION + 1];
    struct named_row *rows;
    size_t row_count;
    struct forget_result *out;
    struct err *err;
};

static bool has_key(const struct forget_person *person, struct span sender)
{
    for (size_t i = 0; i < person->key_count; i++)
        if (span_eq(person->keys[i], sender))
            return true;
    return false;
}

static bool is_client(const struct forget_person *person, struct span client_ip)
{
    const struct span kind = SPAN("client_ip:");
    for (size_t i = 0; i < person->key_count && client_ip.len > 0; i++)
        if (span_starts(person->keys[i], kind) &&
            span_ieq(span_from(person->keys[i], kind.len), client_ip))
            return true;
    return false;
}

/* The list without the person: "a, (forgotten), c". */
static struct span without(struct work *work, struct span list, bool *is_in)
{
    struct buf out;
    struct span item;
    *is_in = false;
    buf_init(&out, work->arena, 2 * (BOUND_RCPT_TO_BYTES + 1024));
    while (list.len > 0) {
        span_cut(list, ',', &item, &list);
        item = span_trim(item);
        bool is_person =
            work->person->address.len > 0 && span_ieq(item, work->person->address);
        *is_in |= is_person;
        if (out.len > 0)
            buf_add_span(&out, SPAN(", "));
        buf_add_span(&out, is_person ? SPAN("(forgotten)") : item);
    }
    return buf_span(&out);
}

#define SCAN_SQL                                                                       \
    "SELECT id, sender, mail_from, header_from, client_ip, rcpt_to, subject, reason, " \
    "facts, headers, body, (SELECT state FROM held_message WHERE "                     \
    "held_message.message = message.id) FROM message LEFT JOIN evidence ON "           \
    "evidence.message = message.id WHERE id > ?1 AND id <= ?2 ORDER BY id"

static void note_other(struct work *work, struct span sender)
{
    struct forget_result *out = work->out;
    if (has_key(work->person, sender) || span_eq(sender, SPAN("forgotten")) ||
        sender.len >= FORGET_KEY_BYTES || out->other_count == FORGET_OTHERS)
        return;
    for (size_t i = 0; i < out->other_count; i++)
        if (span_eq(span_of(out->others[i]), sender))
            return;
    char *into = out->others[out->other_count++];
    memcpy(into, sender.at, sender.len);
    into[sender.len] = '\0';
}

static void look_at(struct work *work, struct query *query)
{
    const struct forget_person *person = work->person;
    struct span address = person->address;
    bool is_recipient;
    struct named_row row = {.id = query_int(query, 0)};
    row.rcpt_to = without(work, query_text(query, 5), &is_recipient);
    row.is_in_subject = forget_names(query_text(query, 6), address);
    row.is_in_reason = forget_names(query_text(query, 7), address);
    row.is_in_facts = forget_names(query_text(query, 8), address);
    row.is_in_evidence = forget_names(query_text(query, 9), address) ||
                         forget_names(query_text(query, 10), address);
    if (has_key(person, query_text(query, 1)) ||
        is_client(person, query_text(query, 4)) ||
        (address.len > 0 && (span_ieq(query_text(query, 2), address) ||
                             span_ieq(query_text(query, 3), address))))
        row.role = ROLE_SENDER;
    else if (is_recipient)
        row.role = ROLE_RECIPIENT;
    else if (row.is_in_subject || row.is_in_evidence || row.is_in_facts ||
             row.is_in_reason)
        row.role = ROLE_MENTION;
    if (row.role == ROLE_NONE)
        return;
    if (span_eq(query_text(query, 11), SPAN("waiting"))) { /* its release needs it */
        work->out->waiting++;
        return;
    }
    if (row.role == ROLE_SENDER)
        note_other(work, query_text(query, 1));
    work->rows[work->row_count++] = row;
}

static int run_with(struct work *work, const char *sql, int64_t id, struct span text)
{
    struct query *query = db_query(work->db, sql, work->err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, id);
    if (query_parameter_count(query) >= 2)
        query_bind_text(query, 2, text);
    return query_run(query, work->err);
}

/* Time, size, score, action and the rules that hit stay: they count. */
static int blank_sent(struct work *work, const struct named_row *row)
{
    static const char *const sql[] = {
        "UPDATE message SET sender = 'forgotten', message_id = '', message_id_local = "
        "'', client_ip = '', client_name = '', helo = '', mail_from = '', header_from "
        "= '', subject = '', x_mailer = '', script = '', rcpt_to = ?2, reason = '', "
        "authentication = '', "
        "limit_key = iif(limit_key IS NULL, NULL, ''), reply = '' WHERE id = ?1",
        "DELETE FROM evidence WHERE message = ?1",
        "DELETE FROM charge WHERE message = ?1",
    };
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++)
        if (run_with(work, sql[i], row->id, SPAN("")) != 0)
            return -1;
    return 0;
}

static int blank_named(struct work *work, const struct named_row *row)
{
    int rc = row->role == ROLE_RECIPIENT
                 ? run_with(work, "UPDATE message SET rcpt_to = ?2 WHERE id = ?1",
                            row->id, row->rcpt_to)
                 : 0;
    if (rc == 0 && row->is_in_subject)
        rc = run_with(work, "UPDATE message SET subject = ?2 WHERE id = ?1", row->id,
                      SPAN(""));
    if (rc == 0 && row->is_in_reason)
        rc = run_with(work, "UPDATE message SET reason = ?2, reply = ?2 WHERE id = ?1",
                      row->id, SPAN(""));
    if (rc == 0 && row->is_in_facts)
        rc = run_with(work, "UPDATE evidence SET facts = ?2 WHERE message = ?1",
                      row->id, SPAN("{}"));
    /* a recipient may stand in the mail in any encoding */
    if (rc == 0 && (row->is_in_evidence || row->role == ROLE_RECIPIENT))
        rc = run_with(work,
                      "UPDATE evidence SET headers = ?2, body = ?2 WHERE message = ?1",
                      row->id, SPAN(""));
    return rc;
}

static int write_rows(struct work *work, size_t from)
{
    if (db_begin(work->db, work->err) != 0)
        return -1;
    for (size_t i = from; i < work->row_count && i < from + WRITE_ROWS; i++) {
        const struct named_row *row = &work->rows[i];
        if ((row->role == ROLE_SENDER ? blank_sent(work, row)
                                      : blank_named(work, row)) != 0) {
            db_rollback(work->db);
            return -1;
        }
    }
    if (db_commit(work->db, work->err) == 0)
        return 0;
    db_rollback(work->db);
    return -1;
}

static int read_rows(struct work *work, int64_t after, int64_t until)
{
    arena_reset(work->arena);
    work->row_count = 0;
    work->rows = arena_array(work->arena, READ_ROWS + 1, sizeof *work->rows);
    if (work->rows == NULL)
        return err_set(work->err, ERR_MEMORY, "out of memory");
    struct query *query = db_query(work->db, SCAN_SQL, work->err);
    if (query == NULL)
        return -1;
    query_bind_int(query, 1, after);
    query_bind_int(query, 2, until);
    int step;
    while ((step = query_step(query, work->err)) == 1)
        look_at(work, query);
    if (arena_is_capped(work->arena) || arena_is_broken(work->arena))
        return err_set(work->err, ERR_MEMORY, "out of memory");
    return step;
}

static int read_range(struct work *work, const char *sql, int64_t *low, int64_t *high)
{
    struct query *query = db_query(work->db, sql, work->err);
    if (query == NULL || query_step(query, work->err) < 0)
        return -1;
    *low = query_int(query, 0);
    *high = query_int(query, 1);
    query_reset(query);
    return 0;
}

static void add_part(struct work *work, const char *what, int64_t rows)
{
    struct forget_result *out = work->out;
    for (size_t i = 0; i < out->part_count; i++)
        if (out->parts[i].what == what) {
            out->parts[i].rows += rows;
            return;
        }
    if (out->part_count < FORGET_PARTS)
        out->parts[out->part_count++] = (struct forget_part){what, rows};
}

static int forget_log(struct work *work, forget_progress *progress, void *arg)
{
    int64_t first;
    int64_t last;
    if (read_range(work,
                   "SELECT coalesce((SELECT min(id) FROM message), 1), "
                   "coalesce((SELECT max(id) FROM message), 0)",
                   &first, &last) != 0)
        return -1;
    for (int64_t at = first - 1; at < last; at += READ_ROWS) {
        if (read_rows(work, at, at + READ_ROWS) != 0)
            return -1;
        for (size_t i = 0; i < work->row_count; i++)
            work->roles[work->rows[i].role]++;
        for (size_t i = 0; i < work->row_count && !work->is_dry; i += WRITE_ROWS)
            if (write_rows(work, i) != 0)
                return -1;
        if (progress != NULL)
            progress(arg, (uint64_t)(at - first + 1), (uint64_t)(last - first + 1));
    }
    add_part(work, "messages sent", work->roles[ROLE_SENDER]);
    add_part(work, "messages received", work->roles[ROLE_RECIPIENT]);
    add_part(work, "messages that mention the address", work->roles[ROLE_MENTION]);
    return 0;
}

/* ---- all else ---- */

/* One statement. ?1 the key, ?2 the address, ?3 and ?4 the range, ?5 rows at most,
 * ?6 what the history keeps of the address.
 * What has a range goes through it in steps; what has not goes on while it finds. */
struct blanking {
    const char *what, *sql;
    const char *range; /* "SELECT low, high"; NULL: none */
    int64_t step;
    bool by_address; /* once for the address, not for each key */
    bool is_order;   /* with_orders alone */
    bool is_once;    /* needs no repeat */
};

#define FEEDBACK_RANGE                                                                 \
    "SELECT coalesce((SELECT min(id) FROM feedback), 1), coalesce((SELECT max(id) "    \
    "FROM feedback), 0)"
#define HOURS                                                                          \
    "SELECT coalesce((SELECT min(hour) FROM summary_sender), 1), coalesce((SELECT "    \
    "max(hour) FROM summary_sender), 0)"
#define OF_SENDER "(SELECT id FROM sender_seen WHERE sender = ?1)"
#define IN_KEY    "instr('+' || key || '+', '+' || ?1 || '+') > 0"

#define WITH_HASH                                                                      \
    "recipient = ?6 AND sender IN (SELECT id FROM sender_seen WHERE id BETWEEN ?3 "    \
    "AND "                                                                             \
    "?4)"
#define WORD_IN(column)                                                                \
    "instr(' ' || replace(replace(" column                                             \
    ", ',', ' '), '+', ' ') || ' ', ' ' || ?1 || ' ') > 0"

static const struct blanking blankings[] = {
    {.what = "hours summed up",
     .sql =
         "INSERT INTO summary_sender (hour, sender, messages, recipients, points, "
         "stopped, bytes, worst, slow, hold, defer, reject, last_us) SELECT hour, "
         "'forgotten', messages, recipients, points, stopped, bytes, worst, slow, "
         "hold, defer, reject, last_us FROM summary_sender WHERE hour BETWEEN ?3 AND "
         "?4 AND sender = ?1 ON CONFLICT (hour, sender) DO UPDATE SET messages = "
         "messages + excluded.messages, recipients = recipients + "
         "excluded.recipients, points = points + excluded.points, stopped = stopped "
         "+ excluded.stopped, bytes = bytes + excluded.bytes, worst = max(worst, "
         "excluded.worst), slow = slow + excluded.slow, hold = hold + excluded.hold, "
         "defer = defer + excluded.defer, reject = reject + excluded.reject, last_us "
         "= max(last_us, excluded.last_us)",
     .range = HOURS,
     .step = STEP_HOURS},
    {.what = NULL, /* in the same transaction as the one above */
     .sql = "DELETE FROM summary_sender WHERE hour BETWEEN ?3 AND ?4 AND sender = ?1"},
    {.what = "bounces and complaints",
     .sql = "UPDATE feedback SET sender = 'forgotten', detail = '' WHERE id IN (SELECT "
            "id FROM feedback WHERE sender = ?1 LIMIT ?5)"},
    {.what = "bounces and complaints",
     .sql = "UPDATE feedback SET recipient = iif(recipient = ?2, 'forgotten:' || id, "
            "recipient), detail = '' WHERE id BETWEEN ?3 AND ?4 AND (recipient = ?2 OR "
            "instr(lower(detail), ?2) > 0)",
     .range = FEEDBACK_RANGE,
     .step = STEP_ROWS,
     .by_address = true},
    {.what = "provider's reports",
     .sql = "UPDATE provider_report SET sender = 'forgotten', message_id = "
            "'forgotten:' || id WHERE id IN (SELECT id FROM provider_report WHERE "
            "sender = ?1 LIMIT ?5)"},
    {.what = "known recipients (hashes)",
     .sql = "DELETE FROM sender_recipient WHERE sender = " OF_SENDER
            " AND recipient IN (SELECT recipient FROM sender_recipient WHERE sender "
            "= " OF_SENDER " LIMIT ?5)"},
    {.what = "known recipients (hashes)",
     .sql =
         "UPDATE sender_seen SET known_recipients = known_recipients - 1 WHERE id IN "
         "(SELECT sender FROM sender_recipient WHERE " WITH_HASH ")",
     .range = "SELECT coalesce((SELECT min(id) FROM sender_seen), 1), coalesce((SELECT "
              "max(id) FROM sender_seen), 0)",
     .step = STEP_ROWS,
     .by_address = true},
    {.what = NULL, .sql = "DELETE FROM sender_recipient WHERE " WITH_HASH},
    {.what = "hours of history",
     .sql = "DELETE FROM sender_hour WHERE sender = " OF_SENDER
            " AND hour IN (SELECT hour FROM sender_hour WHERE sender = " OF_SENDER
            " LIMIT ?5)"},
    {.what = "traits",
     .sql = "DELETE FROM sender_trait WHERE sender = " OF_SENDER
            " AND (kind, value) IN (SELECT kind, value FROM sender_trait WHERE sender "
            "= " OF_SENDER " LIMIT ?5)"},
    {.what = "traits",
     .sql = "DELETE FROM sender_trait WHERE lower(value) = ?2",
     .by_address = true,
     .is_once = true},
    {.what = "history",
     .sql = "DELETE FROM sender_seen WHERE sender = ?1",
     .is_once = true},
    {.what = "campaigns",
     .sql = "UPDATE campaign SET subject = '' WHERE subject <> '' AND id IN (SELECT "
            "campaign FROM campaign_sender WHERE sender = ?1)",
     .is_once = true},
    {.what = "campaigns",
     .sql = "UPDATE campaign SET subject = '' WHERE instr(lower(subject), ?2) > 0",
     .by_address = true,
     .is_once = true},
    {.what = "campaigns",
     .sql = "UPDATE campaign_sender SET sender = 'forgotten:' || campaign || ':' || "
            "messages WHERE sender = ?1",
     .is_once = true},
    {.what = "incidents",
     .sql = "UPDATE incident SET key = 'forgotten:' || id, what = '', sender = '' "
            "WHERE " WORD_IN("key") " OR " WORD_IN("what"),
     .is_once = true},
    {.what = "incidents",
     .sql =
         "UPDATE incident SET key = 'forgotten:' || id, what = '', sender = '' WHERE "
         "instr(lower(key), ?2) > 0 OR instr(lower(what), ?2) > 0",
     .by_address = true,
     .is_once = true},
    {.what = "forwarded mail",
     .sql = "UPDATE border_message SET forwarded_by = '' WHERE message BETWEEN ?3 AND "
            "?4 AND lower(forwarded_by) = ?2",
     .range = "SELECT coalesce((SELECT min(message) FROM border_message), 1), "
              "coalesce((SELECT max(message) FROM border_message), 0)",
     .step = STEP_ROWS,
     .by_address = true},
    {.what = "days of SNDS",
     .sql = "UPDATE snds_day SET sample_mail_from = '' WHERE lower(sample_mail_from) = "
            "?2",
     .by_address = true,
     .is_once = true},
    {.what = "blocks",
     .sql = "DELETE FROM blocked_sender WHERE sender = ?1",
     .is_order = true,
     .is_once = true},
    {.what = "exemptions and limits of its own",
     .sql = "DELETE FROM exemption WHERE key = ?1",
     .is_order = true,
     .is_once = true},
    {.what = "exemptions and limits of its own",
     .sql = "DELETE FROM limit_override WHERE " IN_KEY,
     .is_order = true,
     .is_once = true},
    {.what = "the state of limits",
     .sql = "DELETE FROM limit_slot WHERE (limit_name, key, part, at_us) IN (SELECT "
            "limit_name, key, part, at_us FROM limit_slot WHERE " IN_KEY " LIMIT ?5)",
     .is_order = true},
};
enum { BLANKING_COUNT = sizeof blankings / sizeof *blankings };

static int run_one(struct work *work, const char *sql, struct span key, int64_t low,
                   int64_t high, int64_t *rows)
{
    struct query *query = db_query(work->db, sql, work->err);
    if (query == NULL)
        return -1;
    int count = query_parameter_count(query);
    query_bind_text(query, 1, key);
    if (count >= 2)
        query_bind_text(query, 2, work->person->address);
    if (count >= 4) {
        query_bind_int(query, 3, low);
        query_bind_int(query, 4, high);
    }
    if (count >= 5)
        query_bind_int(query, 5, STEP_ROWS);
    if (count >= 6)
        query_bind_int(query, 6, work->hash);
    if (query_run(query, work->err) != 0)
        return -1;
    *rows = db_changes(work->db);
    return 0;
}

/* The statement, and those after it that belong to its transaction. */
static int run_step(struct work *work, size_t at, struct span key, int64_t low,
                    int64_t high, int64_t *rows)
{
    int64_t more;
    if (db_begin(work->db, work->err) != 0)
        return -1;
    int rc = run_one(work, blankings[at].sql, key, low, high, rows);
    for (size_t i = at + 1; rc == 0 && i < BLANKING_COUNT && blankings[i].what == NULL;
         i++)
        rc = run_one(work, blankings[i].sql, key, low, high, &more);
    if (rc == 0 && !work->is_dry && db_commit(work->db, work->err) == 0)
        return 0;
    db_rollback(work->db);
    return rc == 0 && work->is_dry ? 0 : -1;
}

static int run_blanking(struct work *work, size_t at, struct span key)
{
    const struct blanking *blanking = &blankings[at];
    int64_t low = 0;
    int64_t high = 0;
    int64_t rows = 0;
    int64_t sum = 0;
    if (blanking->range != NULL && read_range(work, blanking->range, &low, &high) != 0)
        return -1;
    if (blanking->range == NULL) {
        do { /* a dry run undoes each step: one tells that there is something */
            if (run_step(work, at, key, 0, 0, &rows) != 0)
                return -1;
            sum += rows;
        } while (rows > 0 && !blanking->is_once && !work->is_dry);
    }
    for (; blanking->range != NULL && low <= high; low += blanking->step) {
        if (run_step(work, at, key, low, low + blanking->step - 1, &rows) != 0)
            return -1;
        sum += rows;
    }
    add_part(work, blanking->what, sum);
    return 0;
}

static int forget_rest(struct work *work)
{
    const struct forget_person *person = work->person;
    for (size_t i = 0; i < BLANKING_COUNT; i++) {
        const struct blanking *blanking = &blankings[i];
        if (blanking->what == NULL || (blanking->is_order && !person->with_orders))
            continue;
        if (blanking->by_address) {
            if (person->address.len > 0 && run_blanking(work, i, SPAN("")) != 0)
                return -1;
            continue;
        }
        for (size_t k = 0; k < person->key_count; k++)
            if (run_blanking(work, i, person->keys[k]) != 0)
                return -1;
    }
    return 0;
}

int forget_run(struct db *db, const struct forget_person *person, bool is_dry,
               forget_progress *progress, void *arg, struct forget_result *out,
               struct err *err)
{
    struct work work = {.db = db,
                        .arena = arena_new(BATCH_BYTES),
                        .person = person,
                        .is_dry = is_dry,
                        .out = out,
                        .err = err};
    *out = (struct forget_result){0};
    if (work.arena == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    if (person->address.len > 0)
        work.hash = history_recipient(work.arena, person->address);
    int rc = db_exec(db, "PRAGMA secure_delete = ON", err);
    if (rc == 0)
        rc = forget_log(&work, progress, arg);
    if (rc == 0)
        rc = forget_rest(&work);
    arena_free(&work.arena);
    return rc;
}
