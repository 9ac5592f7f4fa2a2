-- Who changed what.

-- name: add
-- rows: at float8, actor text, address text, action text, resource text, resource_id text, organization_id bigint, before text, after text
INSERT INTO audit (at, actor, address, action, resource, resource_id, organization_id, before, after)
SELECT rows.at, rows.actor, rows.address, rows.action, rows.resource, rows.resource_id, rows.organization_id,
    rows.before, rows.after
FROM {rows};

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
