-- SPDX-License-Identifier: BSD-2-Clause
-- What an administrator orders beside the config.

CREATE TABLE limit_override (
    limit_name TEXT NOT NULL,
    key        TEXT NOT NULL,
    sentence   TEXT NOT NULL,
    amount     INTEGER NOT NULL CHECK (amount > 0),
    window_us  INTEGER NOT NULL CHECK (window_us > 0),
    burst      INTEGER NOT NULL,
    since_us   INTEGER NOT NULL,
    until_us   INTEGER,
    reason     TEXT NOT NULL,
    by         TEXT NOT NULL,
    PRIMARY KEY (limit_name, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE exemption (
    key        TEXT NOT NULL,
    limit_name TEXT NOT NULL,
    since_us   INTEGER NOT NULL,
    until_us   INTEGER,
    reason     TEXT NOT NULL,
    by         TEXT NOT NULL,
    PRIMARY KEY (key, limit_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE brake (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    since_us INTEGER NOT NULL,
    until_us INTEGER,
    reason   TEXT NOT NULL,
    by       TEXT NOT NULL
) STRICT;

-- What holds it: 'score', 'limit', 'brake' or 'block'; '' in rows of before.
ALTER TABLE held_message ADD COLUMN cause TEXT NOT NULL DEFAULT '';

-- Who asked the MTA to let it go or delete it, and when: committed before the MTA hears
-- it, so that a crash in between loses and repeats nothing. NULL, '': nobody.
ALTER TABLE held_message ADD COLUMN asked_at_us INTEGER;
ALTER TABLE held_message ADD COLUMN asked_for TEXT NOT NULL DEFAULT '';
ALTER TABLE held_message ADD COLUMN asked_by TEXT NOT NULL DEFAULT '';
