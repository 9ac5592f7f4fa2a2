-- Who changed what.

-- What the same commit has made is found by what is unique of it.
-- name: add
-- rows: at float8, actor text, address text, action text, resource text, resource_id text, organization_id bigint, before text, after text, found_by text, request_key text
INSERT INTO audit (at, actor, address, action, resource, resource_id, organization_id, before, after, request_key)
SELECT rows.at, rows.actor, rows.address, rows.action, rows.resource,
    CASE WHEN rows.resource_id <> '' THEN rows.resource_id ELSE COALESCE(CASE rows.resource
        WHEN 'device' THEN (SELECT CAST(device.id AS TEXT) FROM device WHERE device.uuid = rows.found_by)
        WHEN 'device_type' THEN (SELECT CAST(device_type.id AS TEXT) FROM device_type WHERE device_type.name = rows.found_by)
        WHEN 'firmware_image' THEN (SELECT CAST(firmware_image.id AS TEXT) FROM firmware_image WHERE firmware_image.name = rows.found_by)
        WHEN 'location' THEN (SELECT CAST(location.id AS TEXT) FROM location WHERE location.name = rows.found_by)
        WHEN 'organization' THEN (SELECT CAST(organization.id AS TEXT) FROM organization WHERE organization.name = rows.found_by)
        WHEN 'token' THEN (SELECT CAST(token.id AS TEXT) FROM token WHERE token.hash = rows.found_by)
    END, '') END,
    rows.organization_id, rows.before, rows.after, rows.request_key
FROM {rows};

-- A deletion that others stood in the way of did not take place.
-- name: add_if_gone
-- rows: at float8, actor text, address text, action text, resource text, resource_id text, organization_id bigint, before text, after text, found_by text, request_key text
INSERT INTO audit (at, actor, address, action, resource, resource_id, organization_id, before, after, request_key)
SELECT rows.at, rows.actor, rows.address, rows.action, rows.resource, rows.resource_id, rows.organization_id, rows.before,
    rows.after, rows.request_key
FROM {rows}
WHERE NOT CASE rows.resource
    WHEN 'device_type' THEN EXISTS (SELECT 1 FROM device_type WHERE device_type.id = CAST(rows.resource_id AS BIGINT))
    WHEN 'firmware_image' THEN EXISTS (SELECT 1 FROM firmware_image WHERE firmware_image.id = CAST(rows.resource_id AS BIGINT))
    WHEN 'location' THEN EXISTS (SELECT 1 FROM location WHERE location.id = CAST(rows.resource_id AS BIGINT))
    WHEN 'organization' THEN EXISTS (SELECT 1 FROM organization WHERE organization.id = CAST(rows.resource_id AS BIGINT))
    WHEN 'token' THEN EXISTS (
        SELECT 1 FROM token WHERE token.id = CAST(rows.resource_id AS BIGINT) AND token.revoked_at IS NULL
    )
    ELSE FALSE END;

-- An operation that was not queued was not asked for.
-- name: add_queued
-- rows: at float8, actor text, address text, action text, resource text, resource_id text, organization_id bigint, before text, after text, found_by text, request_key text
INSERT INTO audit (at, actor, address, action, resource, resource_id, organization_id, before, after, request_key)
SELECT rows.at, rows.actor, rows.address, rows.action, rows.resource, rows.resource_id, rows.organization_id, rows.before,
    rows.after, rows.request_key
FROM {rows} JOIN operation ON operation.public_id = rows.found_by;

-- An operation that has begun is not cancelled. Until it is, no other worker may begin it.
-- name: add_if_cancellable
-- only: sqlite
-- rows: at float8, actor text, address text, action text, resource text, resource_id text, organization_id bigint, before text, after text, found_by text, request_key text
INSERT INTO audit (at, actor, address, action, resource, resource_id, organization_id, before, after, request_key)
SELECT rows.at, rows.actor, rows.address, rows.action, rows.resource, rows.resource_id, rows.organization_id, rows.before,
    rows.after, rows.request_key
FROM {rows} JOIN operation ON operation.public_id = rows.resource_id
WHERE operation.state IN ('scheduled', 'queued') AND operation.attempts = 0 AND operation.progress = '';

-- name: add_if_cancellable
-- only: postgresql
-- rows: at float8, actor text, address text, action text, resource text, resource_id text, organization_id bigint, before text, after text, found_by text, request_key text
INSERT INTO audit (at, actor, address, action, resource, resource_id, organization_id, before, after, request_key)
SELECT rows.at, rows.actor, rows.address, rows.action, rows.resource, rows.resource_id, rows.organization_id, rows.before,
    rows.after, rows.request_key
FROM {rows} JOIN operation ON operation.public_id = rows.resource_id
WHERE operation.state IN ('scheduled', 'queued') AND operation.attempts = 0 AND operation.progress = ''
FOR UPDATE OF operation;

-- A delivery that is still on its way is not sent again; in front of the step that does so.
-- name: add_if_delivered
-- rows: at float8, actor text, address text, action text, resource text, resource_id text, organization_id bigint, before text, after text, found_by text, request_key text
INSERT INTO audit (at, actor, address, action, resource, resource_id, organization_id, before, after, request_key)
SELECT rows.at, rows.actor, rows.address, rows.action, rows.resource, rows.resource_id, rows.organization_id, rows.before,
    rows.after, rows.request_key
FROM {rows} JOIN delivery ON delivery.public_id = rows.resource_id AND delivery.ended IS NOT NULL;

-- Of a device that is there; before it is deleted.
-- name: add_of_device
-- rows: at float8, actor text, address text, action text, resource text, resource_id text, organization_id bigint, before text, after text, found_by text, request_key text
INSERT INTO audit (at, actor, address, action, resource, resource_id, organization_id, before, after, request_key)
SELECT rows.at, rows.actor, rows.address, rows.action, rows.resource, rows.resource_id, rows.organization_id, rows.before,
    rows.after, rows.request_key
FROM {rows} JOIN device ON device.id = CAST(rows.resource_id AS BIGINT);

-- The rows of a page are picked from an index alone: what is passed over on the way to a deep page is not read.
-- name: list
-- parts: where, order, value
SELECT audit.id, audit.at, audit.actor, audit.address, audit.action, audit.resource, audit.resource_id,
    audit.organization_id, audit.before, audit.after, {value}
FROM (SELECT audit.id FROM audit WHERE {where} ORDER BY {order} LIMIT :row_limit OFFSET :row_offset) AS page
JOIN audit ON audit.id = page.id
ORDER BY {order};

-- name: list_count
-- parts: where
SELECT COUNT(*) FROM audit WHERE {where};

-- name: to_prune
SELECT id FROM audit WHERE at < :before ORDER BY at LIMIT :most;

-- name: prune
-- rows: id bigint
DELETE FROM audit WHERE id IN (SELECT rows.id FROM {rows}) RETURNING id;

-- What a request with a key of its own has changed, if it came that far.
-- name: of_request
SELECT resource, resource_id FROM audit
WHERE request_key = :request_key AND request_key <> '' AND at >= :since ORDER BY id LIMIT 1;
