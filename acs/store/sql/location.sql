-- Locations.

-- name: create
-- rows: name text, short_name text, organization_id bigint, latitude text, longitude text, at float8
INSERT INTO location (name, short_name, organization_id, latitude, longitude, created)
SELECT rows.name, rows.short_name, rows.organization_id, rows.latitude, rows.longitude, rows.at FROM {rows} WHERE TRUE
RETURNING name, id;

-- name: update
-- rows: id bigint, name text, short_name text, organization_id bigint, latitude text, longitude text
UPDATE location SET name = rows.name, short_name = rows.short_name, organization_id = rows.organization_id,
    latitude = rows.latitude, longitude = rows.longitude
FROM {rows}
WHERE location.id = rows.id
RETURNING location.id;

-- name: delete
-- rows: id bigint
DELETE FROM location WHERE id IN (SELECT rows.id FROM {rows})
    AND NOT EXISTS (SELECT 1 FROM device WHERE device.location_id = location.id)
RETURNING id;

-- name: references
SELECT 'device' WHERE EXISTS (SELECT 1 FROM device WHERE device.location_id = :id);

-- name: used_by_others
SELECT 1 FROM device WHERE device.location_id = :id AND device.organization_id <> :organization_id LIMIT 1;

-- name: by_id
SELECT id, name, short_name, organization_id, latitude, longitude, created FROM location WHERE id = :id;

-- name: list
-- parts: where, order, value
SELECT id, name, short_name, organization_id, latitude, longitude, created, {value} FROM location
WHERE {where} ORDER BY {order} LIMIT :row_limit OFFSET :row_offset;

-- name: list_count
-- parts: where
SELECT COUNT(*) FROM location WHERE {where};
