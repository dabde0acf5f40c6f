/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/schema.h"

enum {
    BUSY_MS = 5000,
    QUERIES_LEAST = 128,   /* places for statements, twice as many as there are */
    DEADLINE_STEPS = 1000, /* of SQLite's machine between two looks at the clock */
};

struct query {
    struct db *db;
    const char *sql; /* the caller's constant: its address is the key */
    sqlite3_stmt *stmt;
    int bind_rc; /* the first bind that failed */
};

struct db {
    sqlite3 *handle;
    char *path;
    dev_t device; /* of the file that was opened */
    ino_t inode;
    bool is_file;
    bool is_broken;
    int64_t deadline_us;    /* of clock_elapsed_us; 0: none */
    struct query **queries; /* hashed by the address of their text */
    size_t query_count, query_room;
};

/* ---- errors ---- */

/* After these the connection, or the file under it, must not be trusted. */
static bool breaks(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
        return true;
    default:
        return false;
    }
}

static int fail(struct db *db, int rc, const char *doing, struct err *err)
{
    db->is_broken |= breaks(rc);
    bool is_memory = (rc & 0xff) == SQLITE_NOMEM;
    return err_set(
        err, is_memory ? ERR_MEMORY : ERR_STORE, "database %s: %s: %s", db->path, doing,
        db->handle != NULL ? sqlite3_errmsg(db->handle) : sqlite3_errstr(rc));
}

/* ---- open and close ---- */

static bool is_file_path(const char *path)
{
    return path[0] != ':' && path[0] != '\0';
}

/* The mode of -wal and -shm follows the file's: group members may read and write. */
static int create_file(const char *path, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
    if (fd < 0)
        return errno == EEXIST
                   ? 0
                   : err_set(err, ERR_STORE, "database %s: cannot create: %s", path,
                             strerror(errno));
    int rc = fchmod(fd, 0660);
    int saved = errno;
    close(fd);
    return rc == 0 ? 0
                   : err_set(err, ERR_STORE, "database %s: %s", path, strerror(saved));
}

/* SQLite counts the memory of the whole process under a lock that all threads share;
 * nobody asks for the sums. Too late once a connection is open, which is no matter. */
static void set_up_process(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int open_handle(struct db *db, enum db_mode mode, struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up_process);
    int flags = mode == DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    if (mode == DB_DAEMON && db->is_file && create_file(db->path, err) != 0)
        return -1;
    int rc = sqlite3_open_v2(db->path, &db->handle,
                             flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc != SQLITE_OK)
        return fail(db, rc, "cannot open", err);
    sqlite3_busy_timeout(db->handle, BUSY_MS);
    struct stat st;
    if (db->is_file && stat(db->path, &st) == 0) {
        db->device = st.st_dev;
        db->inode = st.st_ino;
    }
    return 0;
}

static int pragma_int(struct db *db, const char *sql, int64_t *value, struct err *err)
{
    struct query *query = db_query(db, sql, err);
    int rc = query != NULL ? query_step(query, err) : -1;
    if (rc < 0)
        return -1;
    *value = rc == 1 ? query_int(query, 0) : 0;
    query_reset(query);
    return 0;
}

/* FULL: a commit is on the disk when it returns, so that not even a power cut lets a
 * sender spend a limit twice. Shared commits make it cheap (tests/bench/bench_store).
 * 2000 pages: a page that each decision changes is moved once for all of them, but a
 * slow disk must not stop the writer for long. Measured. */
static int set_up_daemon(struct db *db, struct err *err)
{
    struct query *query = db_query(db, "PRAGMA journal_mode = WAL", err);
    int rc = query != NULL ? query_step(query, err) : -1;
    if (rc != 1)
        return -1;
    bool is_wal = span_eq(query_text(query, 0), SPAN("wal"));
    query_reset(query);
    if (!is_wal && db->is_file)
        return err_set(err, ERR_STORE, "database %s: this file system cannot do WAL",
                       db->path);
    return db_exec(db,
                   "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 2000;"
                   "PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32000;"
                   "PRAGMA secure_delete = FAST",
                   err);
}

static int set_up(struct db *db, enum db_mode mode, struct err *err)
{
    if (db_exec(db,
                "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
                "PRAGMA temp_store = MEMORY",
                err) != 0)
        return -1;
    if (mode == DB_DAEMON)
        return set_up_daemon(db, err);
    /* only the daemon's connection checkpoints, not even the last tool that closes */
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return db_exec(db, "PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL", err);
}

/* ---- schema ---- */

static int check_version(struct db *db, enum db_mode mode, int64_t version,
                         struct err *err)
{
    if (version > schema_version())
        return err_set(err, ERR_STORE,
                       "database %s: its schema is number %d, this program knows up to "
                       "%d: install the newer outgate",
                       db->path, (int)version, schema_version());
    if (mode != DB_DAEMON && version < schema_version())
        return err_set(err, ERR_STORE,
                       "database %s: its schema is number %d, this program needs %d: "
                       "start outgate-milter once, it brings it up to date",
                       db->path, (int)version, schema_version());
    int64_t tables = 0;
    if (version > 0)
        return 0;
    if (pragma_int(db, "SELECT count(*) FROM sqlite_schema", &tables, err) != 0)
        return -1;
    return tables == 0 ? 0
                       : err_set(err, ERR_STORE,
                                 "database %s: this is some other program's database",
                                 db->path);
}

static int apply_steps(struct db *db, int version, struct err *err)
{
    const struct schema_step *step;
    while ((step = schema_step_after(version)) != NULL) {
        char done[48];
        version = step->number;
        snprintf(done, sizeof done, "PRAGMA user_version = %d", version);
        if (db_exec(db, step->sql, err) != 0 || db_exec(db, done, err) != 0)
            return err_prefix(err, "schema step %s", step->name);
    }
    return 0;
}

static int drop_views(struct db *db, struct err *err)
{
    for (;;) {
        struct query *query = db_query(
            db, "SELECT name FROM sqlite_schema WHERE type = 'view' LIMIT 1", err);
        int rc = query != NULL ? query_step(query, err) : -1;
        if (rc <= 0)
            return rc;
        struct span name = query_text(query, 0);
        char *sql = sqlite3_mprintf("DROP VIEW \"%.*w\"", (int)name.len, name.at);
        query_reset(query);
        rc = sql != NULL ? db_exec(db, sql, err)
                         : err_set(err, ERR_MEMORY, "no memory to drop a view");
        sqlite3_free(sql);
        if (rc != 0)
            return -1;
    }
}

static int apply_views(struct db *db, struct err *err)
{
    char mark[24];
    schema_views_mark(mark);
    struct query *query =
        db_query(db, "SELECT 1 FROM meta WHERE name = 'views' AND value = ?1", err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(mark));
    int rc = query_step(query, err);
    query_reset(query);
    if (rc != 0)
        return rc == 1 ? 0 : -1;
    if (drop_views(db, err) != 0 || db_exec(db, outgate_schema_views, err) != 0)
        return -1;
    query = db_query(
        db, "INSERT OR REPLACE INTO meta (name, value) VALUES ('views', ?1)", err);
    if (query == NULL)
        return -1;
    query_bind_text(query, 1, span_of(mark));
    return query_run(query, err);
}

static int migrate(struct db *db, struct err *err)
{
    int64_t version;
    if (db_begin(db, err) != 0)
        return -1;
    if (pragma_int(db, "PRAGMA user_version", &version, err) != 0 ||
        apply_steps(db, (int)version, err) != 0 || apply_views(db, err) != 0) {
        db_rollback(db);
        return -1;
    }
    return db_commit(db, err);
}

static int prepare(struct db *db, enum db_mode mode, struct err *err)
{
    int64_t version;
    if (open_handle(db, mode, err) != 0 ||
        pragma_int(db, "PRAGMA user_version", &version, err) != 0 ||
        check_version(db, mode, version, err) != 0 || set_up(db, mode, err) != 0)
        return -1;
    return mode == DB_DAEMON ? migrate(db, err) : 0;
}

static struct db *new_db(const char *path, struct err *err)
{
    struct db *db = calloc(1, sizeof *db);
    if (db != NULL)
        db->path = strdup(path);
    if (db != NULL && db->path != NULL) {
        db->is_file = is_file_path(path);
        return db;
    }
    free(db);
    err_set(err, ERR_MEMORY, "no memory to open %s", path);
    return NULL;
}

int db_open(struct db **out, const char *path, enum db_mode mode, struct err *err)
{
    *out = NULL;
    struct db *db = new_db(path, err);
    if (db == NULL)
        return -1;
    if (prepare(db, mode, err) != 0) {
        db_close(&db);
        return -1;
    }
    *out = db;
    return 0;
}

int db_open_foreign(struct db **out, const char *path, struct err *err)
{
    *out = NULL;
    struct db *db = new_db(path, err);
    if (db == NULL)
        return -1;
    if (open_handle(db, DB_READ, err) != 0 ||
        db_exec(db, "PRAGMA trusted_schema = OFF; PRAGMA query_only = ON", err) != 0) {
        db_close(&db);
        return -1;
    }
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    *out = db;
    return 0;
}

/* SQLite asks now and then: not 0 ends the statement. */
static int is_late(void *arg)
{
    const struct db *db = arg;
    return clock_elapsed_us() > db->deadline_us;
}

void db_deadline(struct db *db, int64_t deadline_us)
{
    int64_t left_ms = (deadline_us - clock_elapsed_us()) / 1000;
    db->deadline_us = deadline_us;
    sqlite3_progress_handler(db->handle, deadline_us != 0 ? DEADLINE_STEPS : 0, is_late,
                             db);
    if (deadline_us == 0 || left_ms > BUSY_MS)
        left_ms = BUSY_MS;
    sqlite3_busy_timeout(db->handle, left_ms > 0 ? (int)left_ms : 0);
}

void db_close(struct db **db)
{
    if (*db == NULL)
        return;
    for (size_t i = 0; i < (*db)->query_room; i++)
        if ((*db)->queries[i] != NULL) {
            sqlite3_finalize((*db)->queries[i]->stmt);
            free((*db)->queries[i]);
        }
    free((*db)->queries);
    sqlite3_close_v2((*db)->handle);
    free((*db)->path);
    free(*db);
    *db = NULL;
}

bool db_is_sound(const struct db *db)
{
    struct stat st;
    if (db->is_broken)
        return false;
    return !db->is_file || (stat(db->path, &st) == 0 && st.st_dev == db->device &&
                            st.st_ino == db->inode);
}

/* ---- transactions ---- */

int db_exec(struct db *db, const char *sql, struct err *err)
{
    int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : fail(db, rc, "cannot run a statement", err);
}

static int run_constant(struct db *db, const char *sql, struct err *err)
{
    struct query *query = db_query(db, sql, err);
    return query != NULL ? query_run(query, err) : -1;
}

int db_begin(struct db *db, struct err *err)
{
    return run_constant(db, "BEGIN IMMEDIATE", err);
}

int db_begin_read(struct db *db, struct err *err)
{
    return run_constant(db, "BEGIN", err);
}

int db_commit(struct db *db, struct err *err)
{
    return run_constant(db, "COMMIT", err);
}

void db_rollback(struct db *db)
{
    if (db_is_open(db))
        run_constant(db, "ROLLBACK", NULL);
}

int db_end(struct db *db, int result, struct err *err)
{
    if (result == 0 && db_commit(db, err) == 0)
        return 0;
    db_rollback(db);
    return -1;
}

bool db_is_open(const struct db *db)
{
    return sqlite3_get_autocommit(db->handle) == 0;
}

int db_savepoint(struct db *db, struct err *err)
{
    return run_constant(db, "SAVEPOINT part", err);
}

int db_savepoint_release(struct db *db, struct err *err)
{
    return run_constant(db, "RELEASE part", err);
}

int db_savepoint_rollback(struct db *db, struct err *err)
{
    if (run_constant(db, "ROLLBACK TO part", err) != 0)
        return -1;
    return run_constant(db, "RELEASE part", err);
}

int db_checkpoint(struct db *db, bool truncate, struct err *err)
{
    /* a reader in the way is no reason to stop all mail for five seconds */
    sqlite3_busy_timeout(db->handle, 50);
    int rc = sqlite3_wal_checkpoint_v2(
        db->handle, NULL,
        truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    sqlite3_busy_timeout(db->handle, BUSY_MS);
    if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY)
        return 0;
    return fail(db, rc, "cannot checkpoint", err);
}

int64_t db_wal_bytes(const struct db *db)
{
    char path[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s-wal", db->path);
    return db->is_file && stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* ---- health ---- */

enum db_health db_check(struct db *db, unsigned timeout_ms, char *problem, size_t size)
{
    struct err err;
    int64_t deadline_us = clock_elapsed_us() + (int64_t)timeout_ms * 1000;
    enum db_health health = DB_HEALTH_SICK;
    db_deadline(db, deadline_us);
    struct query *query = db_query(db, "PRAGMA quick_check(1)", &err);
    int found = query != NULL ? query_step(query, &err) : -1;
    if (found == 1 && span_eq(query_text(query, 0), SPAN("ok")))
        health = DB_HEALTH_SOUND;
    else if (found == 1)
        text_escape(query_text(query, 0), problem, size);
    else if (clock_elapsed_us() > deadline_us)
        health = DB_HEALTH_UNKNOWN;
    else
        text_escape(span_of(err.text), problem, size);
    if (query != NULL)
        query_reset(query);
    db_deadline(db, 0);
    return health;
}

/* ---- queries ---- */

/* Where the statement stands, or would: room is a power of two, some of it free. */
static struct query **place_of(struct query **places, size_t room, const char *sql)
{
    size_t i = (size_t)((uint64_t)(uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15) >> 32);
    for (i &= room - 1; places[i] != NULL && places[i]->sql != sql;)
        i = (i + 1) & (room - 1);
    return &places[i];
}

static int make_room(struct db *db, struct err *err)
{
    size_t room = db->query_room > 0 ? db->query_room * 2 : QUERIES_LEAST;
    if (db->query_count * 2 < db->query_room)
        return 0;
    struct query **more = calloc(room, sizeof *more);
    if (more == NULL)
        return err_set(err, ERR_MEMORY, "no memory for a statement");
    for (size_t i = 0; i < db->query_room; i++)
        if (db->queries[i] != NULL)
            *place_of(more, room, db->queries[i]->sql) = db->queries[i];
    free(db->queries);
    db->queries = more;
    db->query_room = room;
    return 0;
}

static struct query *prepare_query(struct db *db, const char *sql, struct err *err)
{
    if (make_room(db, err) != 0)
        return NULL;
    struct query *query = calloc(1, sizeof *query);
    if (query == NULL) {
        err_set(err, ERR_MEMORY, "no memory for a statement");
        return NULL;
    }
    query->db = db;
    query->sql = sql;
    int rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                &query->stmt, NULL);
    if (rc != SQLITE_OK) {
        free(query);
        fail(db, rc, "cannot prepare a statement", err);
        return NULL;
    }
    db->query_count++;
    return *place_of(db->queries, db->query_room, sql) = query;
}

struct query *db_query(struct db *db, const char *sql, struct err *err)
{
    struct query *query =
        db->query_room > 0 ? *place_of(db->queries, db->query_room, sql) : NULL;
    if (query == NULL)
        return prepare_query(db, sql, err);
    query_reset(query);
    sqlite3_clear_bindings(query->stmt);
    query->bind_rc = SQLITE_OK;
    return query;
}

struct query *db_query_of(struct db *db, const char *sql, int64_t id, struct err *err)
{
    struct query *query = db_query(db, sql, err);
    if (query != NULL)
        query_bind_int(query, 1, id);
    return query;
}

static void note(struct query *query, int rc)
{
    if (query->bind_rc == SQLITE_OK)
        query->bind_rc = rc;
}

static bool is_storable(struct span text)
{
    return (text.len == 0 || memchr(text.at, '\0', text.len) == NULL) &&
           utf8_is_valid(text);
}

/* Bytes that are not UTF-8, and NUL, become U+FFFD: three bytes for one at most. */
static char *repair(struct span text, size_t *len)
{
    char *out = malloc(text.len * 3 + 1);
    *len = 0;
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < text.len;) {
        uint32_t cp = utf8_next(text, &i);
        *len += utf8_put(cp != 0 ? cp : 0xfffd, out + *len);
    }
    return out;
}

void query_bind_text(struct query *query, int i, struct span text)
{
    if (is_storable(text)) {
        note(query, sqlite3_bind_text64(query->stmt, i, text.len > 0 ? text.at : "",
                                        text.len, SQLITE_TRANSIENT, SQLITE_UTF8));
        return;
    }
    size_t len;
    char *repaired = repair(text, &len);
    if (repaired == NULL)
        note(query, SQLITE_NOMEM);
    else
        note(query,
             sqlite3_bind_text64(query->stmt, i, repaired, len, free, SQLITE_UTF8));
}

void query_bind_bytes(struct query *query, int i, struct span bytes)
{
    if (is_storable(bytes))
        query_bind_text(query, i, bytes);
    else
        note(query, sqlite3_bind_blob64(query->stmt, i, bytes.at, bytes.len,
                                        SQLITE_TRANSIENT));
}

void query_bind_int(struct query *query, int i, int64_t value)
{
    note(query, sqlite3_bind_int64(query->stmt, i, value));
}

void query_bind_double(struct query *query, int i, double value)
{
    note(query, sqlite3_bind_double(query->stmt, i, value));
}

void query_bind_null(struct query *query, int i)
{
    note(query, sqlite3_bind_null(query->stmt, i));
}

int query_parameter_count(struct query *query)
{
    return sqlite3_bind_parameter_count(query->stmt);
}

int query_parameter(struct query *query, const char *name)
{
    return sqlite3_bind_parameter_index(query->stmt, name);
}

bool query_is_reading(struct query *query)
{
    return sqlite3_stmt_readonly(query->stmt) != 0;
}

int query_step(struct query *query, struct err *err)
{
    if (query->bind_rc != SQLITE_OK)
        return fail(query->db, query->bind_rc, "cannot bind a value", err);
    int rc = sqlite3_step(query->stmt);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE) {
        sqlite3_reset(query->stmt);
        return 0;
    }
    fail(query->db, rc, "cannot run a statement", err);
    sqlite3_reset(query->stmt);
    return -1;
}

int query_run(struct query *query, struct err *err)
{
    int rc;
    do
        rc = query_step(query, err);
    while (rc == 1);
    return rc;
}

int64_t query_int(struct query *query, int i)
{
    return sqlite3_column_int64(query->stmt, i);
}

double query_double(struct query *query, int i)
{
    return sqlite3_column_double(query->stmt, i);
}

struct span query_text(struct query *query, int i)
{
    const char *at = sqlite3_column_type(query->stmt, i) == SQLITE_BLOB
                         ? sqlite3_column_blob(query->stmt, i)
                         : (const char *)sqlite3_column_text(query->stmt, i);
    if (at == NULL)
        return SPAN("");
    return (struct span){at, (size_t)sqlite3_column_bytes(query->stmt, i)};
}

bool query_is_null(struct query *query, int i)
{
    return sqlite3_column_type(query->stmt, i) == SQLITE_NULL;
}

void query_reset(struct query *query)
{
    sqlite3_reset(query->stmt);
}

int64_t db_last_id(struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

int64_t db_changes(struct db *db)
{
    return sqlite3_changes64(db->handle);
}
