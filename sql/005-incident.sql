-- SPDX-License-Identifier: BSD-2-Clause
-- What somebody should know of, once each.

CREATE TABLE incident (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    kind           TEXT NOT NULL,
    key            TEXT NOT NULL,
    sender         TEXT NOT NULL,
    level          INTEGER NOT NULL,
    opened_us      INTEGER NOT NULL,
    last_us        INTEGER NOT NULL,
    closed_us      INTEGER,
    times          INTEGER NOT NULL,
    message        INTEGER,
    what           TEXT NOT NULL,
    logged_level   INTEGER,
    told_us        INTEGER,
    told_level     INTEGER NOT NULL,
    told_times     INTEGER NOT NULL,
    tell_at_us     INTEGER,
    tried_times    INTEGER NOT NULL,
    told_ways      INTEGER NOT NULL,
    sender_told_us INTEGER
) STRICT;

CREATE UNIQUE INDEX incident_open ON incident (kind, key) WHERE closed_us IS NULL;
CREATE INDEX incident_log ON incident (id)
    WHERE logged_level IS NULL OR level > logged_level;
CREATE INDEX incident_tell ON incident (tell_at_us)
    WHERE tell_at_us IS NOT NULL
    AND (told_us IS NULL OR level > told_level OR last_us > told_us);
CREATE INDEX incident_last ON incident (last_us);
CREATE INDEX incident_key ON incident (kind, key);

-- Marks of outgate's own notices, each good once: such a notice is neither scored nor
-- counted when it passes the gate.
CREATE TABLE notice (
    mark     TEXT NOT NULL PRIMARY KEY,
    made_us  INTEGER NOT NULL,
    used_us  INTEGER,
    purpose  TEXT NOT NULL CHECK (purpose IN ('incident', 'digest', 'sender')),
    incident INTEGER,
    is_sent  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX notice_made ON notice (made_us);
