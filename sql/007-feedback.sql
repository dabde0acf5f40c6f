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

-- Nothing is asked by it, and each row paid for it.
DROP INDEX message_action;

-- What a provider said of single messages when it cut port 25.
CREATE TABLE provider_report (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us          INTEGER NOT NULL,
    blocked_ip     TEXT NOT NULL,
    destination_ip TEXT NOT NULL,
    message_id     TEXT NOT NULL,
    score          INTEGER,
    message        INTEGER,
    sender         TEXT NOT NULL,
    UNIQUE (blocked_ip, message_id)
) STRICT;

CREATE INDEX provider_report_message ON provider_report (message)
    WHERE message IS NOT NULL;
