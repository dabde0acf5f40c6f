-- SPDX-License-Identifier: BSD-2-Clause
-- The border layout: who sent a message, carried from the first pass to the second.

CREATE TABLE ticket (
    mark            TEXT NOT NULL PRIMARY KEY,
    made_us         INTEGER NOT NULL,
    message         INTEGER,
    queue_id        TEXT NOT NULL,
    class           TEXT NOT NULL,
    path            TEXT NOT NULL,
    sender          TEXT NOT NULL,
    client_ip       TEXT NOT NULL,
    action          TEXT NOT NULL,
    is_notice       INTEGER NOT NULL,
    digest          TEXT NOT NULL,
    recipients      TEXT NOT NULL,
    passed_us       INTEGER,
    passed_queue_id TEXT NOT NULL,
    passed_count    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ticket_made ON ticket (message IS NULL, made_us);
CREATE INDEX ticket_message ON ticket (message) WHERE message IS NOT NULL;

-- One row a message that was decided at the border.
CREATE TABLE border_message (
    message        INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
    first_message  INTEGER,
    first_queue_id TEXT NOT NULL,
    first_path     TEXT NOT NULL,
    ticket         TEXT NOT NULL
        CHECK (ticket IN ('sound', 'none', 'unknown', 'changed')),
    forwarded_by   TEXT NOT NULL
) STRICT;

CREATE INDEX border_message_first ON border_message (first_message)
    WHERE first_message IS NOT NULL;
