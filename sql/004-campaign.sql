-- SPDX-License-Identifier: BSD-2-Clause
-- Near-identical bodies: one text, whoever sends it.

CREATE TABLE campaign (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    key        TEXT NOT NULL,
    sketch     TEXT NOT NULL,
    first_us   INTEGER NOT NULL,
    last_us    INTEGER NOT NULL,
    messages   INTEGER NOT NULL,
    recipients INTEGER NOT NULL,
    senders    INTEGER NOT NULL,
    subject    TEXT NOT NULL
) STRICT;

CREATE INDEX campaign_last ON campaign (last_us);

-- No foreign key: the rows of a campaign are found by its sketch.
CREATE TABLE campaign_band (
    band     INTEGER NOT NULL,
    value    INTEGER NOT NULL,
    campaign INTEGER NOT NULL,
    PRIMARY KEY (band, value, campaign)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign_sender (
    campaign INTEGER NOT NULL REFERENCES campaign (id) ON DELETE CASCADE,
    sender   TEXT NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (campaign, sender)
) STRICT, WITHOUT ROWID;

-- campaign.key; '' when the text is too short to tell, and in rows of before.
ALTER TABLE message ADD COLUMN campaign TEXT NOT NULL DEFAULT '';
CREATE INDEX message_campaign ON message (campaign, at_us) WHERE campaign <> '';
