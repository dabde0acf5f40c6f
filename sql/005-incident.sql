-- SPDX-License-Identifier: BSD-2-Clause
-- What somebody should know of, once each.

CREATE TABLE incident (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    kind           TEXT NOT NULL,
    key            TEXT NOT NULL,
    opened_us      INTEGER NOT NULL,
    last_us        INTEGER NOT NULL,
    closed_us      INTEGER,
    times          INTEGER NOT NULL,
    message        INTEGER,
    what           TEXT NOT NULL,
    told_us        INTEGER,
    told_times     INTEGER NOT NULL,
    tell_at_us     INTEGER
) STRICT;

CREATE UNIQUE INDEX incident_open ON incident (kind, key) WHERE closed_us IS NULL;
CREATE INDEX incident_tell ON incident (tell_at_us) WHERE tell_at_us IS NOT NULL;
CREATE INDEX incident_last ON incident (last_us);

-- Marks of outgate's own notices, each good once: such a notice is neither scored nor
-- counted when it passes the gate.
CREATE TABLE notice (
    mark     TEXT NOT NULL PRIMARY KEY,
    made_us  INTEGER NOT NULL,
    used_us  INTEGER
) STRICT, WITHOUT ROWID;
