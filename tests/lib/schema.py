#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# schema - databases of earlier versions, for tests of the migration.
#
#   schema.py build FILE VERSION ROWS STEP...   made from the first VERSION steps, with
#                                               ROWS messages and rows in every table
#   schema.py dump FILE                         every row, by table and column, sorted
#   schema.py lost OLD NEW                      rows and values of dump OLD that NEW lacks
#   schema.py check FILE VERSION                what is wrong with a migrated database
import json
import re
import sqlite3
import sys
import time


def tables(db):
    return [name for (name,) in db.execute(
        "select name from sqlite_schema where type = 'table' and "
        "name not like 'sqlite_%' order by rowid")]


def columns(db, table):
    return [(name, kind, notnull) for _, name, kind, notnull, _, _ in
            db.execute('pragma table_info("%s")' % table)]


def fill_messages(db, rows):
    """What the first version's daemon wrote."""
    now = int(time.time()) * 10**6
    actions = ["accept", "accept", "slow", "hold", "defer", "reject"]
    for i in range(1, rows + 1):
        action = actions[i % 6]
        db.execute(
            "insert into message (id, at_us, class, path, sender, identified_by, "
            "queue_id, message_id, message_id_local, client_ip, client_name, helo, "
            "mail_from, header_from, from_domain, subject, x_mailer, script, recipients, "
            "rcpt_to, size_bytes, score, action, meant, reason, reply, incident, "
            "is_shadow, elapsed_us) values (?, ?, 'outbound', 'smtp', ?, 'sasl_user', ?, "
            "?, ?, '198.51.100.7', '', 'pc', ?, ?, 'here.example', ?, '', '', ?, "
            "'ann@there.example', 2000, ?, ?, ?, 'because', '', ?, 0, 500)",
            (i, now - i * 60 * 10**6, "sasl_user:user%d" % (i % 7), "4q%06d" % i,
             "m%d@here.example" % i, "m%d" % i, "user%d@here.example" % (i % 7),
             "user%d@here.example" % (i % 7), "subject %d \u00e9" % i, i % 5 + 1,
             (i % 90) / 4 - 3, action, action, "" if i % 6 < 3 else "inc%d" % i))
        db.execute("insert into hit values (?, 'LINK_HEAVY', 1.5)", (i,))
        db.execute("insert into charge values (?, 'login', ?, 1, ?)",
                   (i, "sasl_user:user%d" % (i % 7), now))
        db.execute("insert into evidence values (?, '{\"spf\": \"pass\"}', ?, ?)",
                   (i, "Subject: x\n", b"\xff\xfe" if i % 2 else "body"))
        if action == "hold":
            db.execute("insert into held_message (message, queue_id, held_at_us, "
                       "due_at_us, state, state_at_us, state_by) values (?, ?, ?, ?, "
                       "'waiting', ?, '')", (i, "4q%06d" % i, now, now, now))


def value_of(sql, name, kind, at):
    """Something that the column's CHECK allows."""
    choice = re.search(r"CHECK \(%s (?:=|IN \() ?'([^']*)'" % name, sql)
    if choice:
        return choice.group(1)
    fixed = re.search(r"CHECK \(%s = (\d+)\)" % name, sql)
    if fixed:
        return int(fixed.group(1))
    if kind in ("TEXT", "ANY"):
        return "%s %d" % (name, at)
    return float(at) if kind == "REAL" else b"\x01" if kind == "BLOB" else at


def fill_rest(db):
    """One row in each table that has none; references point to row 1."""
    for table in tables(db):
        if db.execute('select count(*) from "%s"' % table).fetchone()[0] > 0:
            continue
        (sql,) = db.execute("select sql from sqlite_schema where name = ?", (table,)).fetchone()
        sql = re.sub(r"\s+", " ", sql)
        names = columns(db, table)
        db.execute('insert into "%s" (%s) values (%s)' % (
            table, ", ".join('"%s"' % n for n, _, _ in names),
            ", ".join("?" for _ in names)),
            [value_of(sql, n, kind, 1) for n, kind, _ in names])


def build(path, version, rows, steps):
    db = sqlite3.connect(path)
    db.execute("pragma journal_mode = wal")
    for step in steps[:version]:
        db.executescript(open(step, encoding="utf-8").read())
        if step == steps[0]:
            fill_messages(db, rows)
            db.commit()
    fill_rest(db)
    db.execute("pragma user_version = %d" % version)
    db.commit()
    faults = db.execute("pragma foreign_key_check").fetchall()
    if faults:
        sys.exit("a row of the test refers to nothing: %s" % faults)
    db.close()


def dump(path):
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    out = {"version": db.execute("pragma user_version").fetchone()[0], "tables": {}}
    for table in tables(db):
        if table in ("meta", "limit_in_force"):  # written anew at each start
            continue
        names = sorted(n for n, _, _ in columns(db, table))
        rows = db.execute('select %s from "%s"' % (
            ", ".join('"%s"' % n for n in names), table)).fetchall()
        out["tables"][table] = {"columns": names, "rows": sorted(repr(r) for r in rows)}
    json.dump(out, sys.stdout)


def lost(old_path, new_path):
    old, new = (json.load(open(p))["tables"] for p in (old_path, new_path))
    for table, was in old.items():
        if table not in new:
            print("table", table)
            continue
        places = [new[table]["columns"].index(c) if c in new[table]["columns"] else -1
                  for c in was["columns"]]
        if -1 in places:
            print("a column of", table)
            continue
        now = [eval(r) for r in new[table]["rows"]]
        left = {repr(tuple(r[p] for p in places)) for r in now}
        for row in was["rows"]:
            if row not in left:
                print("row of %s: %s" % (table, row[:100]))


def check(path, version):
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    found = db.execute("pragma user_version").fetchone()[0]
    if found != version:
        print("version", found)
    if db.execute("pragma integrity_check").fetchone()[0] != "ok":
        print("integrity")
    if db.execute("pragma foreign_key_check").fetchall():
        print("foreign keys")
    views = [n for (n,) in db.execute("select name from sqlite_schema where type = 'view'")]
    if len(views) < 7:
        print("views", views)
    for view in views:
        db.execute('select * from "%s"' % view).fetchall()
    if not db.execute("select count(*) from recent").fetchone()[0]:
        print("nothing is recent")


if __name__ == "__main__":
    command, words = sys.argv[1], sys.argv[2:]
    if command == "build":
        build(words[0], int(words[1]), int(words[2]), words[3:])
    elif command == "dump":
        dump(words[0])
    elif command == "lost":
        lost(words[0], words[1])
    elif command == "check":
        check(words[0], int(words[1]))
