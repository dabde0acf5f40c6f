-- SPDX-License-Identifier: BSD-2-Clause
-- Marks of the probes that `outgate doctor` sends through the MTA: the gate holds such a
-- message, records it, and does nothing else with it.

CREATE TABLE probe (
    mark    TEXT NOT NULL PRIMARY KEY,
    made_us INTEGER NOT NULL,
    used_us INTEGER,
    message INTEGER
) STRICT, WITHOUT ROWID;
