-- What operators want of one device. A device that is no more is passed over.

-- name: drop_others
-- only: sqlite
-- rows: device_id bigint, kept text
DELETE FROM setting WHERE id IN (
    SELECT old.id FROM {rows} JOIN setting AS old ON old.device_id = rows.device_id
        AND old.path NOT IN (SELECT value FROM json_each(rows.kept))
);

-- name: drop_others
-- only: postgresql
-- rows: device_id bigint, kept text
DELETE FROM setting WHERE id IN (
    SELECT old.id FROM {rows} JOIN setting AS old ON old.device_id = rows.device_id
        AND old.path NOT IN (SELECT json_array_elements_text(CAST(rows.kept AS json)))
);

-- name: put
-- rows: device_id bigint, path text, value text, value_type text, uuid text, at float8
INSERT INTO setting (device_id, path, value, value_type, uuid, updated)
SELECT rows.device_id, rows.path, rows.value, rows.value_type, rows.uuid, rows.at
FROM {rows} JOIN device ON device.id = rows.device_id
WHERE TRUE
ON CONFLICT (device_id, path) WHERE device_id IS NOT NULL
DO UPDATE SET value = excluded.value, value_type = excluded.value_type, uuid = excluded.uuid, updated = excluded.updated;

-- 0 stands for no frequency of its own.
-- name: want_update_frequency
-- rows: device_id bigint, seconds bigint, at float8
UPDATE device SET update_frequency = NULLIF(rows.seconds, 0), revision = device.revision + 1, last_change = rows.at
FROM {rows}
WHERE device.id = rows.device_id;
