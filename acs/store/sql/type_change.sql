-- What of types has still to be told to their devices.

-- A type is changed anew: it is told from the first device on.
-- name: note
-- rows: type_id bigint, kind text
INSERT INTO type_change (type_id, kind)
SELECT device_type.id, rows.kind FROM {rows} JOIN device_type ON device_type.id = rows.type_id WHERE TRUE
ON CONFLICT (type_id, kind) DO UPDATE SET told_to = 0;

-- Before the type is changed: only if it matters to its devices.
-- name: note_if_it_matters
-- rows: type_id bigint, update_frequency bigint, managed text, quirks text
INSERT INTO type_change (type_id, kind)
SELECT device_type.id, 'device' FROM {rows} JOIN device_type ON device_type.id = rows.type_id
WHERE device_type.update_frequency IS DISTINCT FROM rows.update_frequency
    OR device_type.managed <> rows.managed OR device_type.quirks <> rows.quirks
ON CONFLICT (type_id, kind) DO UPDATE SET told_to = 0;

-- name: some
SELECT type_id, kind, told_to FROM type_change ORDER BY type_id, kind LIMIT :most;

-- name: next
SELECT id FROM device WHERE type_id = :type_id AND id > :told_to ORDER BY id LIMIT :most;

-- Another change that came in between has begun from the start: it goes on from there.
-- name: advance
-- rows: type_id bigint, kind text, told_to bigint, last bigint
UPDATE type_change SET told_to = rows.last FROM {rows}
WHERE type_change.type_id = rows.type_id AND type_change.kind = rows.kind AND type_change.told_to = rows.told_to;

-- name: finish
-- rows: type_id bigint, kind text, told_to bigint
DELETE FROM type_change
WHERE (type_id, kind, told_to) IN (SELECT rows.type_id, rows.kind, rows.told_to FROM {rows});

-- name: revise_devices
-- rows: type_id bigint, told_to bigint, last bigint
UPDATE device SET revision = device.revision + 1 FROM {rows}
WHERE device.type_id = rows.type_id AND device.id > rows.told_to AND device.id <= rows.last;

-- name: mark_settings_due
-- rows: type_id bigint, told_to bigint, last bigint
UPDATE contact SET
    settings_due = TRUE,
    settings_revision = contact.settings_revision + 1,
    settings_progress = '',
    has_settings = EXISTS (
        SELECT 1 FROM setting JOIN device ON device.id = contact.device_id
        WHERE setting.device_id = device.id OR setting.type_id = device.type_id
    )
FROM {rows} JOIN device ON device.type_id = rows.type_id AND device.id > rows.told_to AND device.id <= rows.last
WHERE contact.device_id = device.id;
