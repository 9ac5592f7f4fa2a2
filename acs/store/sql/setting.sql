-- What devices are to have.

-- name: effective
SELECT setting.path, setting.value, setting.value_type, setting.uuid, setting.device_id IS NOT NULL,
    setting_state.state, setting_state.fault, setting_state.shown, setting.id, setting.updated,
    setting_state.updated
FROM setting
LEFT JOIN setting_state ON setting_state.device_id = :device_id AND setting_state.path = setting.path
    AND setting_state.uuid = setting.uuid
WHERE setting.device_id = :device_id
    OR (setting.type_id = (SELECT type_id FROM device WHERE device.id = :device_id)
        AND NOT EXISTS (
            SELECT 1 FROM setting AS own WHERE own.device_id = :device_id AND own.path = setting.path
        ))
ORDER BY setting.path;

-- name: put_of_device
-- rows: device_id bigint, path text, value text, value_type text, uuid text, at float8
INSERT INTO setting (device_id, path, value, value_type, uuid, updated)
SELECT rows.device_id, rows.path, rows.value, rows.value_type, rows.uuid, rows.at FROM {rows} WHERE TRUE
ON CONFLICT (device_id, path) WHERE device_id IS NOT NULL
DO UPDATE SET value = excluded.value, value_type = excluded.value_type, uuid = excluded.uuid, updated = excluded.updated
RETURNING device_id, id;

-- name: put_of_type
-- rows: type_id bigint, path text, value text, value_type text, uuid text, at float8
INSERT INTO setting (type_id, path, value, value_type, uuid, updated)
SELECT rows.type_id, rows.path, rows.value, rows.value_type, rows.uuid, rows.at FROM {rows} WHERE TRUE
ON CONFLICT (type_id, path) WHERE type_id IS NOT NULL
DO UPDATE SET value = excluded.value, value_type = excluded.value_type, uuid = excluded.uuid, updated = excluded.updated
WHERE setting.uuid <> excluded.uuid;

-- name: drop_of_device
-- rows: device_id bigint, path text
DELETE FROM setting WHERE id IN (
    SELECT old.id FROM {rows} JOIN setting AS old ON old.device_id = rows.device_id
        AND (rows.path IS NULL OR old.path = rows.path)
);

-- name: put_of_new_type
-- rows: name text, path text, value text, value_type text, uuid text, at float8
INSERT INTO setting (type_id, path, value, value_type, uuid, updated)
SELECT device_type.id, rows.path, rows.value, rows.value_type, rows.uuid, rows.at
FROM {rows} JOIN device_type ON device_type.name = rows.name;

-- All of a type's but some.
-- name: drop_others_of_type
-- only: sqlite
-- rows: type_id bigint, paths text
DELETE FROM setting WHERE id IN (
    SELECT old.id FROM {rows} JOIN setting AS old ON old.type_id = rows.type_id
        AND old.path NOT IN (SELECT value FROM json_each(rows.paths))
);

-- name: drop_others_of_type
-- only: postgresql
-- rows: type_id bigint, paths text
DELETE FROM setting WHERE id IN (
    SELECT old.id FROM {rows} JOIN setting AS old ON old.type_id = rows.type_id
        AND old.path NOT IN (SELECT json_array_elements_text(CAST(rows.paths AS json)))
);

-- name: of_types
-- only: sqlite
SELECT type_id, path, value, value_type, uuid FROM setting
WHERE type_id IN (SELECT value FROM json_each(:types));

-- name: of_types
-- only: postgresql
SELECT type_id, path, value, value_type, uuid FROM setting
WHERE type_id = ANY (SELECT CAST(json_array_elements_text(CAST(:types AS json)) AS bigint));

-- name: mark_due
-- rows: device_id bigint
UPDATE contact SET
    settings_due = TRUE,
    settings_revision = contact.settings_revision + 1,
    settings_progress = '',
    has_settings = EXISTS (
        SELECT 1 FROM setting JOIN device ON device.id = contact.device_id
        WHERE setting.device_id = device.id OR setting.type_id = device.type_id
    )
FROM {rows}
WHERE contact.device_id = rows.device_id
RETURNING contact.device_id;

-- name: record_states
-- rows: device_id bigint, fence bigint, path text, uuid text, state text, fault text, shown text, at float8
INSERT INTO setting_state (device_id, path, uuid, state, fault, shown, updated)
SELECT rows.device_id, rows.path, rows.uuid, rows.state, rows.fault, rows.shown, rows.at FROM {rows}
WHERE rows.fence = (SELECT fence FROM contact WHERE contact.device_id = rows.device_id)
ON CONFLICT (device_id, path) DO UPDATE SET
    uuid = excluded.uuid, state = excluded.state, fault = excluded.fault, shown = excluded.shown,
    updated = excluded.updated;

-- A device that was reset has nothing of what was applied; what it refused may be tried again.
-- name: forget_states
-- rows: device_id bigint
DELETE FROM setting_state WHERE device_id IN (SELECT rows.device_id FROM {rows});
