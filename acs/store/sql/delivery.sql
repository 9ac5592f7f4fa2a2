-- News on its way to those who are to be told.

-- Operations that have ended, with somebody to be told of it who was not told of this end yet.
-- name: untold
SELECT operation.id, operation.public_id, operation.kind, operation.state, operation.fault, operation.attempts,
    operation.created, operation.scheduled_at, operation.started_at, operation.completed_at, operation.notification,
    operation.organization_id, device.id, device.name, device.serial_number
FROM operation JOIN device ON device.id = operation.device_id
WHERE operation.notification <> '' AND operation.completed_at IS NOT NULL AND operation.notified <> operation.state
ORDER BY operation.id LIMIT :most;

-- Requests for many devices that were carried out, once for each time.
-- name: untold_executions
SELECT bulk_execution.id, bulk.public_id, bulk.kind, bulk_execution.state, bulk.notification, bulk_execution.number,
    bulk_execution.total, bulk_execution.completed, bulk_execution.failed, bulk_execution.errors, bulk.created,
    bulk_execution.started_at, bulk_execution.completed_at,
    (SELECT CASE WHEN COUNT(*) = 1 THEN NULLIF(MAX(bulk_organization.organization_id), 0) END
        FROM bulk_organization WHERE bulk_organization.bulk_id = bulk.id)
FROM bulk_execution JOIN bulk ON bulk.id = bulk_execution.bulk_id
WHERE bulk_execution.completed_at IS NOT NULL AND bulk_execution.notified <> bulk_execution.state
ORDER BY bulk_execution.id LIMIT :most;

-- Those that were cancelled before they began.
-- name: untold_bulks
SELECT bulk.id, bulk.public_id, bulk.kind, bulk.state, bulk.notification, bulk.executions, bulk.targets, 0, 0, '{}',
    bulk.created, NULL, COALESCE(bulk.completed_at, bulk.updated),
    (SELECT CASE WHEN COUNT(*) = 1 THEN NULLIF(MAX(bulk_organization.organization_id), 0) END
        FROM bulk_organization WHERE bulk_organization.bulk_id = bulk.id)
FROM bulk
WHERE bulk.state = 'cancelled' AND bulk.executions = 0 AND bulk.notified <> bulk.state
ORDER BY bulk.id LIMIT :most;

-- name: note_execution
-- rows: public_id text, id bigint, state text
UPDATE bulk_execution SET notified = rows.state FROM {rows}
WHERE bulk_execution.id = rows.id AND bulk_execution.state = rows.state;

-- name: note_bulk
-- rows: public_id text, id bigint, state text
UPDATE bulk SET notified = rows.state FROM {rows} WHERE bulk.id = rows.id AND bulk.state = rows.state;

-- The same news is put once, whoever finds it.
-- name: put
-- rows: subject_id text, public_id text, subject text, organization_id bigint, channel text, target text, event text, payload text, at float8
INSERT INTO delivery (public_id, subject, subject_id, organization_id, channel, target, event, payload, next_at, created)
SELECT rows.public_id, rows.subject, rows.subject_id, rows.organization_id, rows.channel, rows.target, rows.event,
    rows.payload, rows.at, rows.at
FROM {rows} WHERE TRUE
ON CONFLICT (public_id) DO NOTHING;

-- name: note
-- rows: public_id text, state text
UPDATE operation SET notified = rows.state FROM {rows}
WHERE operation.public_id = rows.public_id AND operation.state = rows.state;

-- name: due
SELECT id FROM delivery WHERE state = 'waiting' AND next_at <= :at ORDER BY next_at LIMIT :most;

-- Whoever moves ``next_at`` delivers, and nobody else until then; if that one is no more, another one does.
-- name: take
-- rows: id bigint, at float8, until float8
UPDATE delivery SET attempts = delivery.attempts + 1, next_at = rows.until
FROM {rows}
WHERE delivery.id = rows.id AND delivery.state = 'waiting' AND delivery.next_at <= rows.at
RETURNING delivery.id, delivery.public_id, delivery.subject, delivery.subject_id, delivery.organization_id,
    delivery.channel, delivery.target, delivery.event, delivery.payload, delivery.state, delivery.attempts,
    delivery.next_at, delivery.last_error, delivery.created, delivery.ended;

-- What came of an attempt; nothing is changed by one that was given up for lost.
-- name: settle
-- rows: id bigint, attempts bigint, state text, next_at float8, last_error text, ended float8
UPDATE delivery SET state = rows.state, next_at = rows.next_at, last_error = rows.last_error, ended = rows.ended
FROM {rows}
WHERE delivery.id = rows.id AND delivery.state = 'waiting' AND delivery.attempts = rows.attempts
RETURNING delivery.id;

-- name: by_public_id
SELECT id, public_id, subject, subject_id, organization_id, channel, target, event, payload, state, attempts, next_at,
    last_error, created, ended
FROM delivery WHERE public_id = :public_id;

-- name: list
-- parts: where, order, value
SELECT id, public_id, subject, subject_id, organization_id, channel, target, event, payload, state, attempts, next_at,
    last_error, created, ended, {value}
FROM delivery WHERE {where} ORDER BY {order} LIMIT :row_limit OFFSET :row_offset;

-- name: list_count
-- parts: where
SELECT COUNT(*) FROM delivery WHERE {where};

-- One that has ended is tried as if it had never been tried.
-- name: retry
-- rows: public_id text, at float8
UPDATE delivery SET state = 'waiting', attempts = 0, next_at = rows.at, last_error = '', ended = NULL
FROM {rows}
WHERE delivery.public_id = rows.public_id AND delivery.ended IS NOT NULL
RETURNING delivery.public_id;

-- name: count_waiting
SELECT COUNT(*) FROM delivery WHERE state = 'waiting';

-- name: to_prune
SELECT id FROM delivery WHERE ended IS NOT NULL AND ended < :before ORDER BY ended LIMIT :most;

-- name: prune
-- rows: id bigint
DELETE FROM delivery WHERE id IN (SELECT rows.id FROM {rows}) AND ended IS NOT NULL RETURNING id;
