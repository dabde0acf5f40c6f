-- SPDX-License-Identifier: BSD-2-Clause
-- The border layout: who sent a message, carried from the first pass to the second.

CREATE TABLE ticket (
    mark       TEXT NOT NULL PRIMARY KEY,
    made_us    INTEGER NOT NULL,
    message    INTEGER,
    class      TEXT NOT NULL,
    path       TEXT NOT NULL,
    sender     TEXT NOT NULL,
    client_ip  TEXT NOT NULL,
    digest     TEXT NOT NULL,
    recipients TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ticket_made ON ticket (made_us);
