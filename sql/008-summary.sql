-- SPDX-License-Identifier: BSD-2-Clause
-- What happened, hour by hour: so that no page reads the whole log.

CREATE TABLE summary_hour (
    hour       INTEGER NOT NULL,
    class      TEXT NOT NULL,
    action     TEXT NOT NULL,
    messages   INTEGER NOT NULL,
    recipients INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    points     INTEGER NOT NULL,
    PRIMARY KEY (hour, class, action)
) STRICT, WITHOUT ROWID;

CREATE TABLE summary_score (
    hour     INTEGER NOT NULL,
    score    INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (hour, score)
) STRICT, WITHOUT ROWID;

CREATE TABLE summary_rule (
    day      INTEGER NOT NULL,
    rule     TEXT NOT NULL,
    messages INTEGER NOT NULL,
    points   INTEGER NOT NULL,
    stopped  INTEGER NOT NULL,
    PRIMARY KEY (day, rule)
) STRICT, WITHOUT ROWID;

CREATE TABLE summary_sender (
    hour       INTEGER NOT NULL,
    sender     TEXT NOT NULL,
    messages   INTEGER NOT NULL,
    recipients INTEGER NOT NULL,
    points     INTEGER NOT NULL,
    stopped    INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    worst      INTEGER NOT NULL,
    slow       INTEGER NOT NULL,
    hold       INTEGER NOT NULL,
    defer      INTEGER NOT NULL,
    reject     INTEGER NOT NULL,
    last_us    INTEGER NOT NULL,
    PRIMARY KEY (hour, sender)
) STRICT, WITHOUT ROWID;

-- What Microsoft saw of an address on one day: its SNDS export.
CREATE TABLE snds_day (
    ip                TEXT NOT NULL,
    start_at          TEXT NOT NULL,
    end_at            TEXT NOT NULL,
    rcpt_commands     INTEGER,
    data_commands     INTEGER,
    recipients        INTEGER,
    filter_result     TEXT NOT NULL
        CHECK (filter_result IN ('GREEN', 'YELLOW', 'RED', '')),
    complaint_rate    TEXT NOT NULL,
    complaint_percent REAL,
    trap_start_at     TEXT NOT NULL,
    trap_end_at       TEXT NOT NULL,
    trap_hits         INTEGER,
    sample_helo       TEXT NOT NULL,
    sample_mail_from  TEXT NOT NULL,
    comments          TEXT NOT NULL,
    read_at_us        INTEGER NOT NULL,
    PRIMARY KEY (ip, start_at)
) STRICT, WITHOUT ROWID;

-- What an older version has logged already.
INSERT INTO summary_hour
SELECT at_us / 3600000000, class, action, count(*), sum(recipients), sum(size_bytes),
       sum(CAST(round(max(score, 0) * 1000) AS INTEGER))
FROM message GROUP BY 1, 2, 3;

INSERT INTO summary_score
SELECT at_us / 3600000000,
       min(30, max(-5, CAST(score AS INTEGER) - (score < CAST(score AS INTEGER)))),
       count(*)
FROM message GROUP BY 1, 2;

INSERT INTO summary_rule
SELECT at_us / 86400000000, rule, count(*), sum(CAST(round(hit.score * 1000) AS INTEGER)),
       sum(action NOT IN ('accept', 'slow'))
FROM message JOIN hit ON hit.message = message.id GROUP BY 1, 2;

INSERT INTO summary_sender
SELECT at_us / 3600000000, sender, count(*), sum(recipients),
       sum(CAST(round(max(score, 0) * 1000) AS INTEGER)),
       sum(action NOT IN ('accept', 'slow')), sum(size_bytes),
       max(CAST(round(score * 1000) AS INTEGER)), sum(action = 'slow'),
       sum(action = 'hold'), sum(action = 'defer'), sum(action = 'reject'), max(at_us)
FROM message GROUP BY 1, 2;

CREATE INDEX message_limit_name ON message (limit_name, at_us)
    WHERE limit_name IS NOT NULL;

CREATE INDEX summary_sender_sender ON summary_sender (sender, hour);
