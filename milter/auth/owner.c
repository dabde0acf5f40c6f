/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/owner.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "auth/owner_table.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "store/db.h"

#define LOOK_US INT64_C(1000000) /* between two looks at the file. chosen */
#define FRESH_S 2 /* a file changed so lately may change again within its own tick */

/* What tells one state of a file from another. */
struct stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

/* A table in use by messages and, while it is the newest, by its owner. */
struct shared_table {
    struct owner_table *table;
    unsigned references; /* under the owner's lock */
};

struct owner {
    struct owner_options options;
    const char *path; /* without "postfix:" or "sqlite:" */
    bool is_sqlite, is_postfix;

    pthread_mutex_t lock; /* what follows */
    pthread_cond_t free;  /* is_busy became false */
    bool is_busy;         /* a thread reads the file, or has the connection */
    struct shared_table *table;
    struct stamp stamp;
    int64_t look_at_us;           /* clock_elapsed_us of the next look at the file */
    char trouble[ERR_TEXT_BYTES]; /* the last that was told, "" none */

    struct db *db; /* of the thread that made is_busy true */
};

/* ---- what is told ---- */

/* Under the lock: say it once, and that it is over. */
static void tell(struct owner *owner, const char *trouble)
{
    if (strcmp(owner->trouble, trouble) == 0)
        return;
    if (trouble[0] != '\0')
        troubles_say(owner->options.troubles, "[mail] senders_map: %s", trouble);
    else
        troubles_say(owner->options.troubles, "[mail] senders_map: %s is well again",
                     owner->path);
    memcpy(owner->trouble, trouble, strlen(trouble) + 1);
}

/* ---- the file ---- */

static bool take_stamp(const char *path, struct stamp *out)
{
    struct stat st;
    memset(out, 0, sizeof *out);
    if (stat(path, &st) < 0)
        return false;
    *out = (struct stamp){st.st_dev, st.st_ino, st.st_size, st.st_mtim};
    return true;
}

static bool is_same_stamp(const struct stamp *a, const struct stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec &&
           a->changed.tv_nsec == b->changed.tv_nsec;
}

static struct shared_table *share(struct owner_table *table)
{
    struct shared_table *shared = calloc(1, sizeof *shared);
    if (shared != NULL)
        *shared = (struct shared_table){table, 1};
    return shared;
}

static void let_go(struct shared_table *shared)
{
    if (shared == NULL || --shared->references > 0)
        return;
    owner_table_free(&shared->table);
    free(shared);
}

static int read_table(struct owner *owner, struct shared_table **out, struct err *err)
{
    struct owner_table *table;
    if (owner_table_read(&table, owner->path, owner->is_postfix, err) < 0)
        return -1;
    *out = share(table);
    if (*out != NULL)
        return 0;
    owner_table_free(&table);
    return err_set(err, ERR_MEMORY, "%s: no memory for the map", owner->path);
}

/* Under the lock, and let go of it to read. */
static void read_anew(struct owner *owner, const struct stamp *stamp)
{
    struct shared_table *fresh = NULL;
    struct err err = {.text = ""};
    owner->is_busy = true;
    pthread_mutex_unlock(&owner->lock);
    int result = read_table(owner, &fresh, &err);
    pthread_mutex_lock(&owner->lock);
    owner->is_busy = false;
    owner->stamp = *stamp;
    if (time(NULL) - stamp->changed.tv_sec < FRESH_S)
        owner->stamp.size = -1; /* look again */
    if (result == 0) {
        let_go(owner->table);
        owner->table = fresh;
    }
    tell(owner, err.text);
}

/* Under the lock. A file that is gone or broken leaves the old table in force. */
static void look_at_file(struct owner *owner)
{
    struct stamp stamp;
    if (owner->is_busy || clock_elapsed_us() < owner->look_at_us)
        return;
    owner->look_at_us = clock_elapsed_us() + LOOK_US;
    if (!take_stamp(owner->path, &stamp)) {
        char text[ERR_TEXT_BYTES];
        struct err err;
        err_set(&err, ERR_IO, "%s: %s: what was read before stays in force",
                owner->path, strerror(errno));
        memcpy(text, err.text, sizeof text);
        tell(owner, text);
    } else if (!is_same_stamp(&stamp, &owner->stamp)) {
        read_anew(owner, &stamp);
    }
}

/* ---- SQLite ---- */

static int prepare(struct owner *owner, struct err *err)
{
    struct query *query = db_query(owner->db, owner->options.query, err);
    if (query == NULL)
        return -1;
    if (!query_is_reading(query))
        return err_set(err, ERR_CONFIG, "senders_query: it would write");
    if (query_parameter(query, ":address") == 0 &&
        query_parameter(query, ":domain") == 0)
        return err_set(err, ERR_CONFIG,
                       "senders_query: it asks for neither :address nor :domain");
    return 0;
}

static int connect_db(struct owner *owner, struct err *err)
{
    if (owner->db != NULL && db_is_sound(owner->db))
        return 0;
    db_close(&owner->db);
    if (db_open_foreign(&owner->db, owner->path, err) == 0 && prepare(owner, err) == 0)
        return 0;
    db_close(&owner->db);
    return -1;
}

static void bind(struct query *query, const char *name, struct span value)
{
    int at = query_parameter(query, name);
    if (at > 0)
        query_bind_text(query, at, value);
}

/* 1: the address is the identity's, 0: it is not, -1: err. */
static int ask_db(struct owner *owner, struct span identity, struct span address,
                  struct err *err)
{
    struct span kind, login;
    struct query *query = db_query(owner->db, owner->options.query, err);
    if (query == NULL)
        return -1;
    span_cut(identity, ':', &kind, &login);
    bind(query, ":identity", identity);
    bind(query, ":login", login);
    bind(query, ":address", address);
    bind(query, ":domain", address_domain(address));
    int rc = query_step(query, err);
    if (rc > 0) {
        struct span value = query_text(query, 0);
        rc = value.len > 0 && !span_eq(value, SPAN("0"));
    }
    query_reset(query);
    return rc;
}

/* The one connection, or false after the deadline. */
static bool acquire(struct owner *owner, int64_t deadline_us)
{
    struct timespec until = {.tv_sec = deadline_us / 1000000,
                             .tv_nsec = deadline_us % 1000000 * 1000};
    int rc = 0;
    pthread_mutex_lock(&owner->lock);
    while (owner->is_busy && rc == 0)
        rc = pthread_cond_timedwait(&owner->free, &owner->lock, &until);
    bool is_mine = !owner->is_busy;
    owner->is_busy = true;
    pthread_mutex_unlock(&owner->lock);
    return is_mine;
}

static void release(struct owner *owner, const char *trouble)
{
    pthread_mutex_lock(&owner->lock);
    owner->is_busy = false;
    tell(owner, trouble);
    pthread_cond_signal(&owner->free);
    pthread_mutex_unlock(&owner->lock);
}

/* ---- open and close ---- */

static int open_map(struct owner *owner, struct err *err)
{
    if (owner->is_sqlite)
        return connect_db(owner, err);
    take_stamp(owner->path, &owner->stamp);
    if (read_table(owner, &owner->table, err) < 0)
        return -1;
    owner->look_at_us = clock_elapsed_us() + LOOK_US;
    return 0;
}

int owner_open(struct owner **out, const struct owner_options *options, struct err *err)
{
    struct owner *owner = calloc(1, sizeof *owner);
    *out = NULL;
    if (owner == NULL)
        return err_set(err, ERR_MEMORY, "no memory for the map of senders");
    pthread_mutex_init(&owner->lock, NULL);
    clock_cond_init(&owner->free);
    owner->options = *options;
    owner->is_sqlite = strncmp(options->map, "sqlite:", 7) == 0;
    owner->is_postfix = strncmp(options->map, "postfix:", 8) == 0;
    owner->path = options->map + (owner->is_sqlite ? 7 : owner->is_postfix ? 8 : 0);
    int result;
    if (owner->path[0] != '/')
        result = err_set(err, ERR_CONFIG,
                         "write /path, postfix:/path or sqlite:/path, not \"%s\"",
                         options->map);
    else
        result = open_map(owner, err);
    if (result < 0) {
        owner_close(&owner);
        err->code = err->code == ERR_STORE ? ERR_CONFIG : err->code;
        return err_prefix(err, "[mail] senders_map");
    }
    *out = owner;
    return 0;
}

void owner_close(struct owner **owner)
{
    if (*owner == NULL)
        return;
    let_go((*owner)->table);
    db_close(&(*owner)->db);
    pthread_cond_destroy(&(*owner)->free);
    pthread_mutex_destroy(&(*owner)->lock);
    free(*owner);
    *owner = NULL;
}

/* ---- the check ---- */

/* One message's question, answered address by address. */
struct asking {
    struct owner *owner;
    struct shared_table *table; /* of a file */
    struct span identity;
    bool is_login;
    bool is_local; /* a program on this host: it may write for people */
    struct arena *arena;
    struct owner_answer *out;
    size_t asked, unknown;
};

static bool is_own(const struct asking *in, struct span address)
{
    struct span kind, login;
    span_cut(in->identity, ':', &kind, &login);
    return in->owner->options.owns_own && in->is_login && span_eq(login, address);
}

static enum owner_match match(struct asking *in, struct span address)
{
    struct err err;
    if (in->table != NULL)
        return owner_table_match(in->table->table, in->identity, address, in->arena);
    int rc = ask_db(in->owner, in->identity, address, &err);
    if (rc >= 0)
        return rc > 0 ? OWNER_OWNS : OWNER_UNKNOWN;
    in->out->result = AUTH_TEMPERROR;
    in->out->problem = span_dup(in->arena, span_of(err.text));
    return OWNER_UNKNOWN;
}

static void ask(struct asking *in, struct span address)
{
    if (in->out->result != AUTH_PASS || address.len == 0)
        return;
    in->asked++;
    struct span normal = address_normalise(in->arena, address, true);
    if (is_own(in, normal))
        return;
    enum owner_match found = match(in, normal);
    if (found == OWNER_OWNS || in->out->result == AUTH_TEMPERROR)
        return;
    if (in->is_login || found == OWNER_NOT || (found == OWNER_OTHER && !in->is_local)) {
        in->out->result = AUTH_FAIL;
        in->out->address = normal;
    } else {
        in->unknown++;
    }
}

/* Every mailbox of every From: field, each once when it comes twice in a row; more than
 * anybody needs are nobody's. */
static void ask_all(struct asking *in, const struct message *msg,
                    const struct envelope *env)
{
    const struct header_field *field;
    struct span last = SPAN("");
    for (size_t n = 0; (field = message_field(msg, "From", n)) != NULL; n++) {
        size_t count;
        struct mailbox *boxes = address_list(in->arena, field->raw, &count);
        for (size_t i = 0; i < count; i++) {
            if (span_ieq(boxes[i].address, last))
                continue;
            last = boxes[i].address;
            ask(in, last);
            if (in->asked <= BOUND_OWNER_ADDRESSES || in->out->result != AUTH_PASS)
                continue;
            in->out->result = AUTH_FAIL;
            in->out->address = last;
        }
    }
    if (!env->is_null_sender && !span_ieq(env->mail_from, last))
        ask(in, env->mail_from);
}

static void conclude(struct asking *in)
{
    if (in->out->result == AUTH_PASS && (in->asked == 0 || in->unknown > 0))
        in->out->result = AUTH_NONE;
}

static void check_file(struct asking *in, const struct message *msg,
                       const struct envelope *env)
{
    struct owner *owner = in->owner;
    pthread_mutex_lock(&owner->lock);
    look_at_file(owner);
    in->table = owner->table;
    in->table->references++;
    pthread_mutex_unlock(&owner->lock);
    ask_all(in, msg, env);
    pthread_mutex_lock(&owner->lock);
    let_go(in->table);
    pthread_mutex_unlock(&owner->lock);
}

static void check_db(struct asking *in, const struct message *msg,
                     const struct envelope *env, int64_t deadline_us)
{
    struct err err = {.text = ""};
    char trouble[ERR_TEXT_BYTES] = "";
    if (!acquire(in->owner, deadline_us)) {
        in->out->result = AUTH_TEMPERROR;
        in->out->problem = SPAN("the map of senders is busy");
        return;
    }
    if (connect_db(in->owner, &err) < 0) {
        in->out->result = AUTH_TEMPERROR;
        in->out->problem = span_dup(in->arena, span_of(err.text));
    } else {
        db_deadline(in->owner->db, deadline_us);
        ask_all(in, msg, env);
        db_deadline(in->owner->db, 0);
    }
    if (in->out->result == AUTH_TEMPERROR)
        text_escape(in->out->problem, trouble, sizeof trouble);
    release(in->owner, trouble);
}

/* Sieve, vacation, cron, web forms: what the map does not name by its identity sends in
 * the name of whoever it serves. */
static bool is_local_program(struct span identity)
{
    return span_starts(identity, SPAN("uid:")) ||
           span_starts(identity, SPAN("script:")) ||
           span_starts(identity, SPAN("host:"));
}

void owner_check(struct owner *owner, struct span identity, const struct message *msg,
                 const struct envelope *env, int64_t deadline_us,
                 struct owner_answer *out)
{
    struct asking asking = {.owner = owner,
                            .identity = identity,
                            .is_login = span_starts(identity, SPAN("sasl_user:")),
                            .is_local = is_local_program(identity),
                            .arena = msg->arena,
                            .out = out};
    *out = (struct owner_answer){
        .result = AUTH_NONE, .address = SPAN(""), .problem = SPAN("")};
    if (owner == NULL)
        return;
    out->result = AUTH_PASS;
    if (owner->is_sqlite)
        check_db(&asking, msg, env, deadline_us);
    else
        check_file(&asking, msg, env);
    conclude(&asking);
}
