-- SPDX-License-Identifier: BSD-2-Clause
-- Every column, its unit and its source: sql/README.md.

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE message (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us            INTEGER NOT NULL,
    class            TEXT NOT NULL,
    path             TEXT NOT NULL,
    sender           TEXT NOT NULL,
    identified_by    TEXT NOT NULL,
    queue_id         TEXT NOT NULL,
    message_id       TEXT NOT NULL,
    message_id_local TEXT NOT NULL,
    client_ip        TEXT NOT NULL,
    client_name      TEXT NOT NULL,
    helo             TEXT NOT NULL,
    mail_from        TEXT NOT NULL,
    header_from      TEXT NOT NULL,
    from_domain      TEXT NOT NULL,
    subject          TEXT NOT NULL,
    x_mailer         TEXT NOT NULL,
    script           TEXT NOT NULL,
    recipients       INTEGER NOT NULL,
    rcpt_to          TEXT NOT NULL,
    size_bytes       INTEGER NOT NULL,
    score            REAL NOT NULL,
    action           TEXT NOT NULL,
    meant            TEXT NOT NULL,
    reason           TEXT NOT NULL,
    limit_name       TEXT,
    limit_key        TEXT,
    due_at_us        INTEGER,
    reply            TEXT NOT NULL,
    incident         TEXT NOT NULL,
    is_shadow        INTEGER NOT NULL,
    elapsed_us       INTEGER NOT NULL
) STRICT;

CREATE INDEX message_at ON message (at_us);
CREATE INDEX message_sender ON message (sender, at_us);
CREATE INDEX message_action ON message (action, at_us);
CREATE INDEX message_queue_id ON message (queue_id);
CREATE INDEX message_message_id_local ON message (message_id_local);
CREATE INDEX message_incident ON message (incident) WHERE incident <> '';

CREATE TABLE hit (
    message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    rule    TEXT NOT NULL,
    score   REAL NOT NULL,
    PRIMARY KEY (message, rule)
) STRICT, WITHOUT ROWID;

CREATE TABLE charge (
    message    INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    limit_name TEXT NOT NULL,
    key        TEXT NOT NULL,
    amount     INTEGER NOT NULL,
    at_us      INTEGER,
    PRIMARY KEY (message, limit_name, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence (
    message INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
    facts   TEXT NOT NULL,
    headers ANY NOT NULL,
    body    ANY NOT NULL
) STRICT;

CREATE TABLE held_message (
    message     INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
    queue_id    TEXT NOT NULL,
    held_at_us  INTEGER NOT NULL,
    due_at_us   INTEGER,
    state       TEXT NOT NULL
        CHECK (state IN ('waiting', 'released', 'dropped', 'gone')),
    state_at_us INTEGER NOT NULL,
    state_by    TEXT NOT NULL
) STRICT;

CREATE INDEX held_message_waiting ON held_message (due_at_us, held_at_us)
    WHERE state = 'waiting';
CREATE INDEX held_message_queue_id ON held_message (queue_id);

CREATE TABLE blocked_sender (
    sender   TEXT NOT NULL PRIMARY KEY,
    since_us INTEGER NOT NULL,
    until_us INTEGER,
    reason   TEXT NOT NULL,
    by       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE limit_slot (
    limit_name TEXT NOT NULL,
    key        TEXT NOT NULL,
    part       INTEGER NOT NULL,
    at_us      INTEGER NOT NULL,
    width_us   INTEGER NOT NULL CHECK (width_us > 0),
    amount     INTEGER NOT NULL,
    PRIMARY KEY (limit_name, key, part, at_us)
) STRICT, WITHOUT ROWID;

CREATE TABLE limit_in_force (
    name        TEXT NOT NULL PRIMARY KEY,
    position    INTEGER NOT NULL,
    sentence    TEXT NOT NULL,
    amount      INTEGER NOT NULL,
    unit        TEXT NOT NULL,
    window_us   INTEGER NOT NULL,
    slot_us     INTEGER NOT NULL,
    burst       INTEGER NOT NULL,
    keys        TEXT NOT NULL,
    class       TEXT NOT NULL,
    action      TEXT NOT NULL,
    is_in_force INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
