-- Organizations.

-- name: create
-- rows: name text, description text, at float8
INSERT INTO organization (name, description, created)
SELECT rows.name, rows.description, rows.at FROM {rows} WHERE TRUE
RETURNING name, id;

-- name: update
-- rows: id bigint, name text, description text
UPDATE organization SET name = rows.name, description = rows.description
FROM {rows}
WHERE organization.id = rows.id
RETURNING organization.id;

-- name: delete
-- rows: id bigint
DELETE FROM organization WHERE id IN (SELECT rows.id FROM {rows})
    AND NOT EXISTS (SELECT 1 FROM location WHERE location.organization_id = organization.id)
    AND NOT EXISTS (SELECT 1 FROM device WHERE device.organization_id = organization.id)
RETURNING id;

-- name: references
SELECT 'location' WHERE EXISTS (SELECT 1 FROM location WHERE location.organization_id = :id)
UNION ALL
SELECT 'device' WHERE EXISTS (SELECT 1 FROM device WHERE device.organization_id = :id);

-- name: by_id
SELECT id, name, description, created FROM organization WHERE id = :id;

-- name: by_name
SELECT id, name, description, created FROM organization WHERE name = :name;

-- name: known
-- only: sqlite
SELECT id FROM organization WHERE id IN (SELECT value FROM json_each(:organizations));

-- name: known
-- only: postgresql
SELECT id FROM organization
WHERE id = ANY (SELECT CAST(json_array_elements_text(CAST(:organizations AS json)) AS bigint));

-- name: list
-- parts: where, order, value
SELECT id, name, description, created, {value} FROM organization
WHERE {where} ORDER BY {order} LIMIT :row_limit OFFSET :row_offset;

-- name: list_count
-- parts: where
SELECT COUNT(*) FROM organization WHERE {where};
