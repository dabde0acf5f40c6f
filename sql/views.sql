-- SPDX-License-Identifier: BSD-2-Clause
-- For a person with sqlite3 alone. Times: ISO 8601, UTC. Columns: sql/README.md.

-- The last 100 decisions, newest first.
CREATE VIEW recent AS
SELECT id,
       strftime('%Y-%m-%dT%H:%M:%S', at_us / 1000000, 'unixepoch')
           || printf('.%03dZ', at_us / 1000 % 1000) AS at,
       class, sender, recipients, score, action, reason, limit_name,
       strftime('%Y-%m-%dT%H:%M:%SZ', due_at_us / 1000000, 'unixepoch') AS due_at,
       queue_id, message_id, client_ip, mail_from, header_from, subject
FROM message
ORDER BY id DESC
LIMIT 100;

-- Who sent most in the last 24 hours: the first hour's end from the log, whole hours
-- from their sums.
CREATE VIEW top_senders AS
WITH clock AS (
    SELECT CAST((julianday('now') - 2440587.5) * 86400e6 AS INTEGER) - 86400000000
               AS since_us
), part AS (
    SELECT sender, 1 AS messages, recipients, size_bytes,
           CAST(round(max(score, 0) * 1000) AS INTEGER) AS points,
           CAST(round(score * 1000) AS INTEGER) AS worst,
           action = 'slow' AS slow, action = 'hold' AS hold, action = 'defer' AS defer,
           action = 'reject' AS reject, at_us AS last_us
    FROM clock CROSS JOIN message
    WHERE at_us > since_us AND at_us < (since_us / 3600000000 + 1) * 3600000000
    UNION ALL
    SELECT sender, messages, recipients, bytes, points, worst, slow, hold, defer,
           reject, last_us
    FROM clock CROSS JOIN summary_sender
    WHERE hour > since_us / 3600000000
)
SELECT sender,
       sum(messages) AS messages,
       sum(recipients) AS recipients,
       sum(size_bytes) AS size_bytes,
       sum(points) / 1000.0 AS points,
       max(worst) / 1000.0 AS worst_score,
       sum(slow) AS slow,
       sum(hold) AS hold,
       sum(defer) AS defer,
       sum(reject) AS reject,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(last_us) / 1000000, 'unixepoch') AS last_at
FROM part
GROUP BY sender
ORDER BY recipients DESC, sender;

-- Which rules hit in the last 24 hours.
CREATE VIEW top_rules AS
SELECT hit.rule,
       count(*) AS messages,
       round(sum(hit.score), 3) AS points,
       count(DISTINCT message.sender) AS senders,
       sum(message.action <> 'accept') AS stopped,
       strftime('%Y-%m-%dT%H:%M:%SZ', max(message.at_us) / 1000000, 'unixepoch')
           AS last_at
FROM message JOIN hit ON hit.message = message.id
WHERE message.at_us > (julianday('now') - 2440587.5) * 86400e6 - 86400e6
GROUP BY hit.rule
ORDER BY messages DESC, hit.rule;

-- What waits in the MTA's hold queue: what is due first, then what needs a person.
CREATE VIEW held AS
SELECT held_message.message AS id,
       held_message.queue_id,
       strftime('%Y-%m-%dT%H:%M:%SZ', held_at_us / 1000000, 'unixepoch') AS held_at,
       strftime('%Y-%m-%dT%H:%M:%SZ', held_message.due_at_us / 1000000, 'unixepoch')
           AS due_at,
       sender, recipients, score, cause, reason, mail_from, header_from, subject
FROM held_message JOIN message ON message.id = held_message.message
WHERE state = 'waiting'
ORDER BY held_message.due_at_us IS NULL, held_message.due_at_us, held_at_us,
         held_message.message;

-- Who is locked at this moment.
CREATE VIEW blocked AS
SELECT sender,
       strftime('%Y-%m-%dT%H:%M:%SZ', since_us / 1000000, 'unixepoch') AS since,
       strftime('%Y-%m-%dT%H:%M:%SZ', until_us / 1000000, 'unixepoch') AS until,
       reason, by, refused,
       strftime('%Y-%m-%dT%H:%M:%SZ', last_refused_us / 1000000, 'unixepoch')
           AS last_refused_at
FROM blocked_sender
WHERE until_us IS NULL OR until_us > (julianday('now') - 2440587.5) * 86400e6
ORDER BY since_us DESC;

-- What each limit in force has used of its window that ends now, fullest first, with
-- the amount that holds for the key (override, or the sender's own past). Slots have the
-- times of the limit clock: wall clock minus limit_offset_us.
CREATE VIEW limits_now AS
WITH clock AS (
    SELECT CAST((julianday('now') - 2440587.5) * 86400e6 AS INTEGER) AS wall_us,
           coalesce((SELECT CAST(value AS INTEGER) FROM meta
                     WHERE name = 'limit_offset_us'), 0) AS offset_us
), counted AS (
    SELECT DISTINCT limit_name, key FROM limit_slot WHERE part = 0
), standing AS (
    SELECT counted.limit_name, counted.key, unit, wall_us - offset_us AS now_us, offset_us,
           coalesce(limit_override.window_us, limit_in_force.window_us) AS window_us,
           coalesce(limit_override.amount,
                    CASE WHEN learned_milli = 0 THEN limit_in_force.amount
                    ELSE min(CASE ceiling WHEN 0 THEN 1000000000000000 ELSE ceiling END,
                             max(limit_in_force.amount, coalesce(
                        (SELECT max(CASE unit WHEN 'messages' THEN messages
                                    WHEN 'recipients' THEN recipients
                                    WHEN 'new_recipients' THEN new_recipients
                                    WHEN 'bytes' THEN bytes ELSE points END)
                         FROM sender_hour WHERE sender =
                             (SELECT id FROM sender_seen WHERE sender = counted.key)
                         AND hour BETWEEN wall_us / 3600000000 - 672
                                      AND wall_us / 3600000000 - 25)
                        * learned_milli / 1000, 0))) END) AS amount,
           CASE WHEN limit_override.key IS NULL THEN limit_in_force.sentence
                ELSE limit_override.sentence || ' (overridden)' END AS sentence
    FROM clock JOIN counted JOIN limit_in_force ON name = counted.limit_name
         LEFT JOIN limit_override ON limit_override.limit_name = counted.limit_name
              AND limit_override.key = counted.key
              AND (until_us IS NULL OR until_us > wall_us)
    WHERE is_in_force
), state AS (
    SELECT standing.limit_name, standing.key, standing.amount AS amount, unit, sentence,
           sum(CASE WHEN at_us <= now_us THEN limit_slot.amount ELSE 0 END) AS used,
           sum(CASE WHEN at_us > now_us THEN limit_slot.amount ELSE 0 END) AS reserved,
           max(CASE WHEN at_us > now_us THEN at_us + offset_us END) AS last_due_us
    FROM standing JOIN limit_slot ON limit_slot.limit_name = standing.limit_name
         AND limit_slot.key = standing.key
    WHERE part = 0 AND at_us + width_us > now_us - window_us
    GROUP BY standing.limit_name, standing.key
)
SELECT limit_name, key,
       CASE unit WHEN 'points' THEN used / 1000.0 ELSE used END AS used,
       CASE unit WHEN 'points' THEN amount / 1000.0 ELSE amount END AS amount,
       unit,
       round(100.0 * used / amount, 1) AS used_percent,
       CASE unit WHEN 'points' THEN reserved / 1000.0 ELSE reserved END AS reserved,
       strftime('%Y-%m-%dT%H:%M:%SZ', last_due_us / 1000000, 'unixepoch')
           AS last_due_at,
       sentence
FROM state
ORDER BY used_percent DESC, limit_name, key;

-- Hour by hour, the last 7 days, newest first.
CREATE VIEW timeline AS
SELECT strftime('%Y-%m-%dT%H:00:00Z', hour * 3600, 'unixepoch') AS hour,
       sum(messages) AS messages,
       sum(recipients) AS recipients,
       sum(messages * (action = 'accept')) AS accept,
       sum(messages * (action = 'slow')) AS slow,
       sum(messages * (action = 'hold')) AS hold,
       sum(messages * (action = 'defer')) AS defer,
       sum(messages * (action = 'reject')) AS reject,
       sum(points) / 1000.0 AS points
FROM summary_hour
WHERE summary_hour.hour >= CAST((julianday('now') - 2440587.5) * 24 AS INTEGER) - 168
GROUP BY summary_hour.hour
ORDER BY summary_hour.hour DESC;

-- How much of a From: domain's mail the receiver can tell to be its own, day by day:
-- of the messages whose answer is known, the share with an aligned SPF or DKIM pass.
CREATE VIEW authentication_by_domain AS
SELECT date(day * 86400, 'unixepoch') AS day,
       domain AS from_domain,
       messages,
       round(1.0 * aligned / nullif(messages - unknown, 0), 3) AS aligned_share,
       round(1.0 * spf_aligned / nullif(messages - unknown, 0), 3) AS spf_aligned_share,
       round(1.0 * dkim_aligned / nullif(messages - unknown, 0), 3)
           AS dkim_aligned_share,
       dmarc_pass, dmarc_fail, unknown
FROM summary_domain
ORDER BY summary_domain.day DESC, messages DESC, domain;
