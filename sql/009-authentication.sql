-- SPDX-License-Identifier: BSD-2-Clause
-- What SPF, DKIM and DMARC came to, as the receiver will see it.

ALTER TABLE message ADD COLUMN spf TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN dkim TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN dmarc TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN authentication TEXT NOT NULL DEFAULT '';

CREATE TABLE summary_domain (
    day          INTEGER NOT NULL,
    domain       TEXT NOT NULL,
    messages     INTEGER NOT NULL,
    spf_aligned  INTEGER NOT NULL,
    dkim_aligned INTEGER NOT NULL,
    aligned      INTEGER NOT NULL,
    dmarc_pass   INTEGER NOT NULL,
    dmarc_fail   INTEGER NOT NULL,
    unknown      INTEGER NOT NULL,
    PRIMARY KEY (day, domain)
) STRICT, WITHOUT ROWID;
