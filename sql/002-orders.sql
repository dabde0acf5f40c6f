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

-- What holds it: 'score', 'limit', 'brake', 'block' or 'alert'; '' in rows of before.
ALTER TABLE held_message ADD COLUMN cause TEXT NOT NULL DEFAULT '';

-- Who asked the MTA to let it go or delete it, and when: committed before the MTA hears
-- it, so that a crash in between loses and repeats nothing. NULL, '': nobody.
ALTER TABLE held_message ADD COLUMN asked_at_us INTEGER;
ALTER TABLE held_message ADD COLUMN asked_for TEXT NOT NULL DEFAULT '';
ALTER TABLE held_message ADD COLUMN asked_by TEXT NOT NULL DEFAULT '';

-- Of a learned limit: thousandths of the sender's busiest hour, and the most that comes
-- of it; 0 both in rows of before.
ALTER TABLE limit_in_force ADD COLUMN learned_milli INTEGER NOT NULL DEFAULT 0;
ALTER TABLE limit_in_force ADD COLUMN ceiling INTEGER NOT NULL DEFAULT 0;

-- Refusals at MAIL FROM leave no audit row: they are counted here.
ALTER TABLE blocked_sender ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE blocked_sender ADD COLUMN last_refused_us INTEGER;
-- 1: the key is client_ip:NETWORK and stands for every address in it.
ALTER TABLE blocked_sender ADD COLUMN is_network INTEGER NOT NULL DEFAULT 0;
CREATE INDEX blocked_sender_network ON blocked_sender (sender) WHERE is_network = 1;

-- A sender's slots of all limits lie side by side: one page to read and write, not one
-- for each limit.
CREATE TABLE limit_slot_by_key (
    key        TEXT NOT NULL,
    limit_name TEXT NOT NULL,
    part       INTEGER NOT NULL,
    at_us      INTEGER NOT NULL,
    width_us   INTEGER NOT NULL CHECK (width_us > 0),
    amount     INTEGER NOT NULL,
    PRIMARY KEY (key, limit_name, part, at_us)
) STRICT, WITHOUT ROWID;
INSERT INTO limit_slot_by_key (key, limit_name, part, at_us, width_us, amount)
    SELECT key, limit_name, part, at_us, width_us, amount FROM limit_slot
    ORDER BY key, limit_name, part, at_us;
DROP VIEW IF EXISTS limits_now;
DROP TABLE limit_slot;
ALTER TABLE limit_slot_by_key RENAME TO limit_slot;
