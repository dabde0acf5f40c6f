-- SPDX-License-Identifier: BSD-2-Clause
-- Bounces and complaints, tied to what caused them.

CREATE TABLE feedback (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us       INTEGER NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('bounce', 'complaint')),
    message     INTEGER,
    sender      TEXT NOT NULL,
    recipient   TEXT NOT NULL,
    status      TEXT NOT NULL,
    reason      TEXT NOT NULL,
    is_counted  INTEGER NOT NULL,
    reporter    TEXT NOT NULL,
    detail      TEXT NOT NULL,
    tied_by     TEXT NOT NULL,
    source_hash TEXT NOT NULL
) STRICT;

CREATE INDEX feedback_at ON feedback (at_us);
CREATE INDEX feedback_sender ON feedback (sender, at_us);
CREATE INDEX feedback_message ON feedback (message) WHERE message IS NOT NULL;
CREATE UNIQUE INDEX feedback_source ON feedback (source_hash, recipient);

-- A bounce comes back to the envelope sender.
CREATE INDEX message_mail_from ON message (mail_from, at_us);
