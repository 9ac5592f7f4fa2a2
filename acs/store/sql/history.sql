-- What happened to devices.

-- name: add
-- rows: device_id bigint, at float8, kind text, subject text, old text, new text, actor text
INSERT INTO history (device_id, at, kind, subject, old, new, actor)
SELECT rows.device_id, rows.at, rows.kind, rows.subject, rows.old, rows.new, COALESCE(rows.actor, '')
FROM {rows} JOIN device ON device.id = rows.device_id;

-- Of operations that the same commit has queued.
-- name: add_queued
-- rows: device_id bigint, at float8, kind text, subject text, old text, new text, actor text
INSERT INTO history (device_id, at, kind, subject, old, new, actor)
SELECT rows.device_id, rows.at, rows.kind, rows.subject, rows.old, rows.new, COALESCE(rows.actor, '')
FROM {rows} JOIN operation ON operation.public_id = rows.subject;

-- What a session has to tell; nothing when another one has begun.
-- name: add_in_session
-- rows: device_id bigint, fence bigint, at float8, kind text, subject text, old text, new text, actor text
INSERT INTO history (device_id, at, kind, subject, old, new, actor)
SELECT rows.device_id, rows.at, rows.kind, rows.subject, rows.old, rows.new, COALESCE(rows.actor, '')
FROM {rows} JOIN contact ON contact.device_id = rows.device_id AND contact.fence = rows.fence;

-- Of the devices that have just been marked down; one that was heard at the last moment was not.
-- name: add_down
-- rows: device_id bigint, at float8
INSERT INTO history (device_id, at, kind, old, new)
SELECT rows.device_id, rows.at, 'status', 'Up', 'Down'
FROM {rows} JOIN contact ON contact.device_id = rows.device_id AND NOT contact.is_up AND contact.status_change = rows.at;

-- Before a helper's finding is written: of the devices that are not Up yet, or not Down yet.
-- name: add_found
-- rows: device_id bigint, at float8
INSERT INTO history (device_id, at, kind, old, new)
SELECT rows.device_id, rows.at, 'status', 'Down', 'Up'
FROM {rows} JOIN contact ON contact.device_id = rows.device_id AND NOT contact.is_up;

-- name: add_missed
-- rows: device_id bigint, at float8, since float8
INSERT INTO history (device_id, at, kind, old, new)
SELECT rows.device_id, rows.at, 'status', 'Up', 'Down'
FROM {rows} JOIN contact ON contact.device_id = rows.device_id AND contact.is_up
    AND (contact.last_inform IS NULL OR contact.last_inform <= rows.since);

-- name: of_device
SELECT id, device_id, at, kind, subject, old, new, actor FROM history
WHERE device_id = :device_id AND id < :before ORDER BY id DESC LIMIT :most;

-- name: to_prune
SELECT device_id, id FROM history WHERE at < :before ORDER BY at LIMIT :most;

-- name: prune
-- rows: device_id bigint, id bigint
DELETE FROM history WHERE id IN (SELECT rows.id FROM {rows}) RETURNING device_id, id;
