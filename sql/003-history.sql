-- SPDX-License-Identifier: BSD-2-Clause
-- What each sender did before: the ground of "unlike itself".

CREATE TABLE sender_seen (
    id               INTEGER PRIMARY KEY,
    sender           TEXT NOT NULL UNIQUE,
    first_us         INTEGER NOT NULL,
    last_us          INTEGER NOT NULL,
    messages         INTEGER NOT NULL,
    recipients       INTEGER NOT NULL,
    known_recipients INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE sender_trait (
    sender   INTEGER NOT NULL REFERENCES sender_seen (id) ON DELETE CASCADE,
    kind     TEXT NOT NULL
        -- a list after IN would be a table of its own, made for each row
        CHECK (kind = 'network' OR kind = 'country' OR kind = 'x_mailer'
            OR kind = 'header_from' OR kind = 'from_domain' OR kind = 'unsigned'),
    value    TEXT NOT NULL,
    first_us INTEGER NOT NULL,
    last_us  INTEGER NOT NULL,
    times    INTEGER NOT NULL,
    PRIMARY KEY (sender, kind, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE sender_hour (
    sender         INTEGER NOT NULL REFERENCES sender_seen (id) ON DELETE CASCADE,
    hour           INTEGER NOT NULL,
    messages       INTEGER NOT NULL,
    recipients     INTEGER NOT NULL,
    new_recipients INTEGER NOT NULL,
    bytes          INTEGER NOT NULL,
    points         INTEGER NOT NULL,
    PRIMARY KEY (sender, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE sender_recipient (
    sender    INTEGER NOT NULL REFERENCES sender_seen (id) ON DELETE CASCADE,
    recipient INTEGER NOT NULL,
    last_us   INTEGER NOT NULL,
    PRIMARY KEY (sender, recipient)
) STRICT, WITHOUT ROWID;

CREATE TABLE domain_seen (
    domain         TEXT NOT NULL PRIMARY KEY,
    first_us       INTEGER NOT NULL,
    last_us        INTEGER NOT NULL,
    signed         INTEGER NOT NULL,
    unsigned       INTEGER NOT NULL,
    last_signed_us INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX domain_seen_last ON domain_seen (last_us);
