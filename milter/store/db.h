/* SPDX-License-Identifier: BSD-2-Clause
 *
 * db - SQLite, behind one header: open, prepare once, bind, step, read.
 *
 * The only module that names sqlite3_. Text is always bound, never pasted into SQL.
 * Writes from the daemon go through one connection (store/writer); tools write in
 * short immediate transactions and never checkpoint (SQLite before 3.51.3 can corrupt
 * a WAL that two connections checkpoint).
 * Threads: a struct db is used by one thread at a time.
 * Source: https://sqlite.org/wal.html, https://sqlite.org/c3ref/intro.html
 */
#ifndef OUTGATE_STORE_DB_H
#define OUTGATE_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

enum db_mode {
    DB_MODE_UNKNOWN = 0,
    DB_DAEMON, /* create, migrate (schema steps), write, checkpoint */
    DB_WRITE,  /* a tool that writes: must exist with the known schema */
    DB_READ,   /* a tool that reads */
};

struct db;
struct query; /* a prepared statement, owned by the db */

/* db_open - mode as above; busy timeout 5 s. A newer schema than this program knows is
 * an error, an older one is migrated (DB_DAEMON) or an error that says so. The file is
 * created with mode 0660. */
int db_open(struct db **out, const char *path, enum db_mode mode, struct err *err);
void db_close(struct db **db);

/* db_open_foreign - some other program's database, to read only: no schema is asked
 * for, nothing of it is trusted to run (functions of its own schema, extensions). path:
 * a file that exists. */
int db_open_foreign(struct db **out, const char *path, struct err *err);

/* db_deadline - from now on statements fail (ERR_STORE, "interrupted" or "locked") once
 * clock_elapsed_us is past deadline_us: of a query that may be slow or wait. 0: none,
 * and the busy timeout of db_open. The connection stays sound. */
void db_deadline(struct db *db, int64_t deadline_us);

/* db_is_sound - false once the file was full, unreadable, read-only or corrupt, or when
 * another file (or none) stands at the path: close it and open it anew. */
bool db_is_sound(const struct db *db);

/* db_exec - run one or more statements without results. */
int db_exec(struct db *db, const char *sql, struct err *err);

/* db_begin (IMMEDIATE), db_begin_read (of one state of the database, seen by the first
 * statement), db_commit, db_rollback (never fails). */
int db_begin(struct db *db, struct err *err);
int db_begin_read(struct db *db, struct err *err);
int db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db);

/* db_end - end the transaction: commit when result is 0, else (and when that fails)
 * roll back. 0: committed; -1, err as result's owner or the commit left it. */
int db_end(struct db *db, int result, struct err *err);
bool db_is_open(const struct db *db); /* a transaction is open: some errors end it */

/* db_savepoint - a part of the open transaction that can be undone alone; one at a
 * time. */
int db_savepoint(struct db *db, struct err *err);
int db_savepoint_release(struct db *db, struct err *err);
int db_savepoint_rollback(struct db *db, struct err *err);

/* db_checkpoint - move the WAL into the database; truncate: and empty the file. Waits
 * 50 ms at most for readers; what they hold back is done next time. DB_DAEMON only.
 * db_wal_bytes: size of the WAL file. */
int db_checkpoint(struct db *db, bool truncate, struct err *err);
int64_t db_wal_bytes(const struct db *db);

/* db_check - read the whole file and see that it is sound (PRAGMA quick_check), for
 * timeout_ms at most. problem: what is wrong, cut at size; only when it is sick. */
enum db_health {
    DB_HEALTH_UNKNOWN = 0, /* it took too long */
    DB_HEALTH_SOUND,
    DB_HEALTH_SICK,
};
enum db_health db_check(struct db *db, unsigned timeout_ms, char *problem, size_t size);

/* db_query - the prepared statement for sql, reset and with bindings cleared; prepared
 * at first use and kept (sql must be a string constant). NULL with err set. */
struct query *db_query(struct db *db, const char *sql, struct err *err);

/* db_query_of - the same, its ?1 bound to id: what belongs to one row. */
struct query *db_query_of(struct db *db, const char *sql, int64_t id, struct err *err);

/* query_bind_* - parameter i, from 1. Text is copied. An empty span binds ''. In text
 * NUL and bytes that are not UTF-8 become U+FFFD; query_bind_bytes stores such a value
 * whole, as a BLOB (for columns of type ANY). A bind that fails makes query_step fail.
 */
void query_bind_text(struct query *query, int i, struct span text);
void query_bind_bytes(struct query *query, int i, struct span bytes);
void query_bind_int(struct query *query, int i, int64_t value);
void query_bind_double(struct query *query, int i, double value);
void query_bind_null(struct query *query, int i);

/* query_parameter_count - the largest number of a parameter in it. */
int query_parameter_count(struct query *query);

/* query_parameter - the number of a named parameter (":login"), 0 if it has none. */
int query_parameter(struct query *query, const char *name);

/* query_is_reading - it changes nothing in any database. */
bool query_is_reading(struct query *query);

/* query_step - 1: a row, 0: done, -1: err set. */
int query_step(struct query *query, struct err *err);

/* query_run - step to the end, ignoring rows; 0 or -1. */
int query_run(struct query *query, struct err *err);

/* query_* - column i, from 0. Text is valid until the next step or db_query of it. */
int64_t query_int(struct query *query, int i);
double query_double(struct query *query, int i);
struct span query_text(struct query *query, int i);
bool query_is_null(struct query *query, int i);
void query_reset(struct query *query);

int64_t db_last_id(struct db *db); /* rowid of the last insert */
int64_t db_changes(struct db *db); /* rows changed by the last statement */

#endif
