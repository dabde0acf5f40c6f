-- SPDX-License-Identifier: BSD-2-Clause
-- What the resolver of the daemon has done since it started.

CREATE TABLE dns_figure (
    name  TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
