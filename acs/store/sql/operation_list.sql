-- Operations as people page through them. Which rows is found in an index; what they hold is looked up for one page.

-- name: list
-- parts: where, order, value
SELECT operation.id, operation.public_id, operation.device_id, operation.kind, operation.origin, operation.state,
    operation.phase, operation.priority, operation.request, operation.progress, operation.outcome, operation.fault,
    operation.command_key, operation.attempts, operation.max_attempts, operation.retry_delay, operation.wakes,
    operation.scheduled_at, operation.ready_at, operation.expires_at, operation.created, operation.started_at,
    operation.completed_at, operation.updated, operation.sent, operation.organization_id, operation.bulk_id,
    operation.actor, operation.notification, device.name, device.serial_number, page.value
FROM (
    SELECT operation.id, {value} AS value FROM operation WHERE {where}
    ORDER BY {order} LIMIT :row_limit OFFSET :row_offset
) AS page
JOIN operation ON operation.id = page.id JOIN device ON device.id = operation.device_id
ORDER BY {order};

-- name: list_count
-- parts: where
SELECT COUNT(*) FROM operation WHERE {where};

-- Single operations and requests for many devices: the latter are seen as operations with numbers below zero.
-- name: both
-- only: sqlite
-- parts: where, order, value, ours, theirs
SELECT id, CASE
    WHEN id > 0 THEN (SELECT operation.public_id FROM operation WHERE operation.id = page.id)
    ELSE (SELECT bulk.public_id FROM bulk WHERE bulk.id = -page.id) END, {value}
FROM (
    SELECT operation.id, {value} FROM operation WHERE {where} AND {ours}
    UNION ALL
    SELECT operation.id, {value} FROM (
        SELECT -bulk.id AS id, bulk.kind, bulk.state, bulk.created, NULL AS bulk_id FROM bulk WHERE {theirs}
    ) AS operation WHERE {where}
    ORDER BY {order} LIMIT :row_limit OFFSET :row_offset
) AS page
ORDER BY {order};

-- PostgreSQL does not merge two lists that are in order, but sorts both: each gives no more than is needed.
-- name: both
-- only: postgresql
-- parts: where, order, value, ours, theirs
SELECT id, CASE
    WHEN id > 0 THEN (SELECT operation.public_id FROM operation WHERE operation.id = page.id)
    ELSE (SELECT bulk.public_id FROM bulk WHERE bulk.id = -page.id) END, {value}
FROM (
    SELECT * FROM (
        SELECT operation.id, {value} FROM operation WHERE {where} AND {ours}
        ORDER BY {order} LIMIT CAST(:row_limit AS bigint) + CAST(:row_offset AS bigint)
    ) AS ours
    UNION ALL
    SELECT * FROM (
        SELECT operation.id, {value} FROM (
            SELECT -bulk.id AS id, bulk.kind, bulk.state, bulk.created, NULL AS bulk_id FROM bulk WHERE {theirs}
        ) AS operation WHERE {where}
        ORDER BY {order} LIMIT CAST(:row_limit AS bigint) + CAST(:row_offset AS bigint)
    ) AS theirs
    ORDER BY {order} LIMIT CAST(:row_limit AS bigint) OFFSET CAST(:row_offset AS bigint)
) AS page
ORDER BY {order};

-- name: both_count
-- parts: where, ours, theirs
SELECT (SELECT COUNT(*) FROM operation WHERE {where} AND {ours}) + (
    SELECT COUNT(*) FROM (
        SELECT -bulk.id AS id, bulk.kind, bulk.state, bulk.created, NULL AS bulk_id FROM bulk
        WHERE {theirs}
    ) AS operation WHERE {where}
);
