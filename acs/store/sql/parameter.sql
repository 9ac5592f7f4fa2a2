-- What devices say about their parameters.

-- name: intern
-- rows: path text
INSERT INTO path (path) SELECT rows.path FROM {rows} WHERE TRUE ON CONFLICT (path) DO NOTHING;

-- name: ids
-- only: sqlite
SELECT path, id FROM path WHERE path IN (SELECT value FROM json_each(:paths));

-- name: ids
-- only: postgresql
SELECT path, id FROM path WHERE path IN (SELECT json_array_elements_text(CAST(:paths AS json)));

-- Before the new values are written: what they replace. A row without a subject is no news (a counter, a clock). Among
-- values that are no secrets those are sealed that held a login.
-- name: note_changes
-- rows: device_id bigint, fence bigint, path_id bigint, subject text, value text, shown text, is_secret boolean, at float8
INSERT INTO history (device_id, at, kind, subject, old, new)
SELECT rows.device_id, rows.at, 'value', rows.subject,
    CASE WHEN rows.is_secret THEN rows.shown WHEN SUBSTR(parameter.value, 1, 7) = 'sealed:' THEN '********'
        ELSE SUBSTR(parameter.value, 1, 1024) END,
    rows.shown
FROM {rows}
JOIN parameter ON parameter.device_id = rows.device_id AND parameter.path_id = rows.path_id
WHERE parameter.value IS DISTINCT FROM rows.value AND parameter.value IS NOT NULL AND rows.value IS NOT NULL
    AND (rows.fence IS NULL OR rows.fence = (SELECT fence FROM contact WHERE contact.device_id = rows.device_id))
RETURNING device_id, subject;

-- name: record
-- only: sqlite
-- rows: device_id bigint, fence bigint, path_id bigint, value text, type text, writable boolean, at float8
INSERT INTO parameter (device_id, path_id, value, type, writable, updated)
SELECT rows.device_id, rows.path_id, rows.value, rows.type, rows.writable, rows.at
FROM {rows}
WHERE rows.fence IS NULL OR rows.fence = (SELECT fence FROM contact WHERE contact.device_id = rows.device_id)
ON CONFLICT (device_id, path_id) DO UPDATE SET
    value = COALESCE(excluded.value, value),
    type = COALESCE(excluded.type, type),
    writable = COALESCE(excluded.writable, writable),
    updated = excluded.updated
WHERE (excluded.value IS NOT NULL AND excluded.value IS DISTINCT FROM value)
    OR (excluded.type IS NOT NULL AND excluded.type IS DISTINCT FROM type)
    OR (excluded.writable IS NOT NULL AND excluded.writable IS DISTINCT FROM writable);

-- Unchanged rows are joined out first: a DO UPDATE that is skipped locks its row all the same.
-- name: record
-- only: postgresql
-- rows: device_id bigint, fence bigint, path_id bigint, value text, type text, writable boolean, at float8
INSERT INTO parameter (device_id, path_id, value, type, writable, updated)
SELECT rows.device_id, rows.path_id, rows.value, rows.type, rows.writable, rows.at
FROM {rows}
LEFT JOIN parameter AS known ON known.device_id = rows.device_id AND known.path_id = rows.path_id
WHERE (rows.fence IS NULL OR rows.fence = (SELECT fence FROM contact WHERE contact.device_id = rows.device_id))
    AND (known.device_id IS NULL
        OR (rows.value IS NOT NULL AND rows.value IS DISTINCT FROM known.value)
        OR (rows.type IS NOT NULL AND rows.type IS DISTINCT FROM known.type)
        OR (rows.writable IS NOT NULL AND rows.writable IS DISTINCT FROM known.writable))
ORDER BY rows.device_id, rows.path_id
ON CONFLICT (device_id, path_id) DO UPDATE SET
    value = COALESCE(excluded.value, parameter.value),
    type = COALESCE(excluded.type, parameter.type),
    writable = COALESCE(excluded.writable, parameter.writable),
    updated = excluded.updated;

-- name: forget
-- rows: device_id bigint
DELETE FROM parameter WHERE device_id IN (SELECT rows.device_id FROM {rows});

-- name: forget_below
-- rows: device_id bigint, fence bigint, low text, high text
DELETE FROM parameter WHERE (device_id, path_id) IN (
    SELECT gone.device_id, gone.path_id FROM {rows}
    JOIN parameter AS gone ON gone.device_id = rows.device_id
    JOIN path ON path.id = gone.path_id AND path.path >= rows.low AND path.path < rows.high
    WHERE rows.fence = (SELECT fence FROM contact WHERE contact.device_id = rows.device_id)
);

-- name: known
-- only: sqlite
SELECT path.path, parameter.value, parameter.type, parameter.writable, parameter.updated
FROM path JOIN parameter ON parameter.path_id = path.id AND parameter.device_id = :device_id
WHERE path.path IN (SELECT value FROM json_each(:paths));

-- name: known
-- only: postgresql
SELECT path.path, parameter.value, parameter.type, parameter.writable, parameter.updated
FROM path JOIN parameter ON parameter.path_id = path.id AND parameter.device_id = :device_id
WHERE path.path IN (SELECT json_array_elements_text(CAST(:paths AS json)));

-- name: below
SELECT path.path, parameter.value, parameter.type, parameter.writable, path.id
FROM parameter JOIN path ON path.id = parameter.path_id
WHERE parameter.device_id = :device_id AND path.path >= :low AND path.path < :high
ORDER BY path.path LIMIT :most;

-- name: count
SELECT COUNT(*) FROM parameter WHERE device_id = :device_id;

-- name: objects
-- only: sqlite
SELECT DISTINCT wanted.value
FROM parameter JOIN path ON path.id = parameter.path_id
JOIN json_each(:objects) AS wanted ON SUBSTR(path.path, 1, LENGTH(wanted.value)) = wanted.value
WHERE parameter.device_id = :device_id;

-- name: objects
-- only: postgresql
SELECT DISTINCT wanted.value
FROM parameter JOIN path ON path.id = parameter.path_id
JOIN json_array_elements_text(CAST(:objects AS json)) AS wanted (value) ON STARTS_WITH(path.path, wanted.value)
WHERE parameter.device_id = :device_id;

-- A device has 50,000 parameters at most: all of them are looked at, and what is wanted is put in order.
-- name: list
-- parts: where, order, value
SELECT parameter.path_id, path.path, parameter.value, parameter.type, parameter.writable, parameter.updated, {value}
FROM parameter JOIN path ON path.id = parameter.path_id
WHERE {where} ORDER BY {order} LIMIT :row_limit OFFSET :row_offset;

-- name: list_count
-- parts: where
SELECT COUNT(*) FROM parameter JOIN path ON path.id = parameter.path_id WHERE {where};
