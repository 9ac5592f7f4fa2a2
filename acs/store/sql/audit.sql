-- Who changed what.

-- What the same commit has made is found by what is unique of it.
-- name: add
-- rows: at float8, actor text, address text, action text, resource text, resource_id text, organization_id bigint, before text, after text, found_by text
INSERT INTO audit (at, actor, address, action, resource, resource_id, organization_id, before, after)
SELECT rows.at, rows.actor, rows.address, rows.action, rows.resource,
    CASE WHEN rows.resource_id <> '' THEN rows.resource_id ELSE COALESCE(CASE rows.resource
        WHEN 'device' THEN (SELECT CAST(device.id AS TEXT) FROM device WHERE device.uuid = rows.found_by)
        WHEN 'device_type' THEN (SELECT CAST(device_type.id AS TEXT) FROM device_type WHERE device_type.name = rows.found_by)
        WHEN 'firmware_image' THEN (SELECT CAST(firmware_image.id AS TEXT) FROM firmware_image WHERE firmware_image.name = rows.found_by)
        WHEN 'location' THEN (SELECT CAST(location.id AS TEXT) FROM location WHERE location.name = rows.found_by)
        WHEN 'organization' THEN (SELECT CAST(organization.id AS TEXT) FROM organization WHERE organization.name = rows.found_by)
        WHEN 'token' THEN (SELECT CAST(token.id AS TEXT) FROM token WHERE token.hash = rows.found_by)
    END, '') END,
    rows.organization_id, rows.before, rows.after
FROM {rows};

-- A deletion that others stood in the way of did not take place.
-- name: add_if_gone
-- rows: at float8, actor text, address text, action text, resource text, resource_id text, organization_id bigint, before text, after text, found_by text
INSERT INTO audit (at, actor, address, action, resource, resource_id, organization_id, before, after)
SELECT rows.at, rows.actor, rows.address, rows.action, rows.resource, rows.resource_id, rows.organization_id, rows.before,
    rows.after
FROM {rows}
WHERE NOT CASE rows.resource
    WHEN 'device_type' THEN EXISTS (SELECT 1 FROM device_type WHERE device_type.id = CAST(rows.resource_id AS BIGINT))
    WHEN 'firmware_image' THEN EXISTS (SELECT 1 FROM firmware_image WHERE firmware_image.id = CAST(rows.resource_id AS BIGINT))
    WHEN 'location' THEN EXISTS (SELECT 1 FROM location WHERE location.id = CAST(rows.resource_id AS BIGINT))
    WHEN 'organization' THEN EXISTS (SELECT 1 FROM organization WHERE organization.id = CAST(rows.resource_id AS BIGINT))
    ELSE FALSE END;

-- An operation that was not queued was not asked for.
-- name: add_queued
-- rows: at float8, actor text, address text, action text, resource text, resource_id text, organization_id bigint, before text, after text, found_by text
INSERT INTO audit (at, actor, address, action, resource, resource_id, organization_id, before, after)
SELECT rows.at, rows.actor, rows.address, rows.action, rows.resource, rows.resource_id, rows.organization_id, rows.before,
    rows.after
FROM {rows} JOIN operation ON operation.public_id = rows.found_by;

-- name: page
SELECT id, at, actor, address, action, resource, resource_id, organization_id, before, after FROM audit
WHERE id < :before ORDER BY id DESC LIMIT :most;

-- The latest of each organization, and of these the latest: no walk over what others did.
-- name: of_organizations
-- only: sqlite
SELECT id, at, actor, address, action, resource, resource_id, organization_id, before, after FROM audit
WHERE id IN (
    SELECT latest.id FROM json_each(:organizations) AS organizations
    JOIN audit AS latest ON latest.id IN (
        SELECT own.id FROM audit AS own WHERE own.organization_id = organizations.value AND own.id < :before
        ORDER BY own.id DESC LIMIT :most
    )
)
ORDER BY id DESC LIMIT :most;

-- name: of_organizations
-- only: postgresql
SELECT latest.id, at, actor, address, action, resource, resource_id, organization_id, before, after
FROM (SELECT CAST(json_array_elements_text(CAST(:organizations AS json)) AS bigint) AS id) AS organizations
CROSS JOIN LATERAL (
    SELECT * FROM audit AS own WHERE own.organization_id = organizations.id AND own.id < :before
    ORDER BY own.id DESC LIMIT :most
) AS latest
ORDER BY latest.id DESC LIMIT :most;

-- name: of_resource
SELECT id, at, actor, address, action, resource, resource_id, organization_id, before, after FROM audit
WHERE resource = :resource AND resource_id = :resource_id AND id < :before ORDER BY id DESC LIMIT :most;

-- name: to_prune
SELECT id FROM audit WHERE at < :before ORDER BY at LIMIT :most;

-- name: prune
-- rows: id bigint
DELETE FROM audit WHERE id IN (SELECT rows.id FROM {rows}) RETURNING id;
