-- Times that are further off than any wait may be, for a clock that was ahead has set them. Each is looked for, and
-- changed only if it still is so: ``latest`` is how far off it may be.

-- name: late_deliveries
SELECT id FROM delivery WHERE state = 'waiting' AND next_at > :latest LIMIT :most;

-- name: hasten_deliveries
-- rows: id bigint, latest float8, at float8
UPDATE delivery SET next_at = rows.at FROM {rows}
WHERE delivery.id = rows.id AND delivery.state = 'waiting' AND delivery.next_at > rows.latest
RETURNING delivery.id;

-- What is to begin later by somebody's wish waits for that; what else is queued was put back. (The first condition is
-- that of the index.)
-- name: late_operations
SELECT device_id, id FROM operation
WHERE state IN ('scheduled', 'queued') AND state = 'queued' AND ready_at > :latest
    AND (scheduled_at <= :at OR scheduled_at <= created)
LIMIT :most;

-- name: hasten_operations
-- rows: device_id bigint, id bigint, latest float8, at float8
UPDATE operation SET ready_at = rows.at, wake_at = CASE WHEN operation.wake_at IS NOT NULL THEN rows.at END FROM {rows}
WHERE operation.id = rows.id AND operation.state = 'queued' AND operation.ready_at > rows.latest
    AND (operation.scheduled_at <= rows.at OR operation.scheduled_at <= operation.created)
RETURNING operation.device_id, operation.id;

-- name: late_wakes
SELECT device_id, id FROM operation
WHERE wake_at IS NOT NULL AND wake_at > :latest AND state = 'queued'
    AND (scheduled_at <= :at OR scheduled_at <= created)
LIMIT :most;

-- name: hasten_wakes
-- rows: device_id bigint, id bigint, latest float8, at float8
UPDATE operation SET wake_at = rows.at FROM {rows}
WHERE operation.id = rows.id AND operation.state = 'queued' AND operation.wake_at > rows.latest
    AND (operation.scheduled_at <= rows.at OR operation.scheduled_at <= operation.created)
RETURNING operation.device_id, operation.id;

-- name: late_proofs
SELECT device_id, id FROM operation
WHERE state = 'in_progress' AND proof_by IS NOT NULL AND proof_by > :latest LIMIT :most;

-- name: hasten_proofs
-- rows: device_id bigint, id bigint, latest float8, at float8
UPDATE operation SET proof_by = rows.latest FROM {rows}
WHERE operation.id = rows.id AND operation.state = 'in_progress' AND operation.proof_by > rows.latest
RETURNING operation.device_id, operation.id;

-- name: late_transfers
SELECT id FROM transfer WHERE state = 'open' AND expires_at > :latest LIMIT :most;

-- name: hasten_transfers
-- rows: id bigint, latest float8, at float8
UPDATE transfer SET expires_at = rows.latest FROM {rows}
WHERE transfer.id = rows.id AND transfer.state = 'open' AND transfer.expires_at > rows.latest
RETURNING transfer.id;

-- name: late_bulks
SELECT id FROM bulk WHERE due_at IS NOT NULL AND due_at > :latest AND state = 'in_progress' LIMIT :most;

-- name: hasten_bulks
-- rows: id bigint, latest float8, at float8
UPDATE bulk SET due_at = rows.at FROM {rows}
WHERE bulk.id = rows.id AND bulk.state = 'in_progress' AND bulk.due_at > rows.latest
RETURNING bulk.id;

-- name: late_checks
SELECT id FROM bulk_device
WHERE execution_id IN (
        SELECT bulk_execution.id FROM bulk JOIN bulk_execution ON bulk_execution.bulk_id = bulk.id
        WHERE bulk.due_at IS NOT NULL
    ) AND state = 'checking' AND until > :latest
LIMIT :most;

-- name: hasten_checks
-- rows: id bigint, latest float8, at float8
UPDATE bulk_device SET until = rows.at FROM {rows}
WHERE bulk_device.id = rows.id AND bulk_device.state = 'checking' AND bulk_device.until > rows.latest
RETURNING bulk_device.id;

-- Nobody was heard or has booted later than now, and no session goes on for longer than one may. There is no index by
-- which these are found.
-- name: late_contacts
SELECT device_id FROM contact
WHERE device_id > :after AND (last_inform > :at OR booted_at > :at OR lease_until > :lease_latest)
ORDER BY device_id LIMIT :most;

-- name: hasten_contacts
-- rows: device_id bigint, lease_latest float8, at float8
UPDATE contact SET
    last_inform = CASE WHEN contact.last_inform > rows.at THEN rows.at ELSE contact.last_inform END,
    booted_at = CASE WHEN contact.booted_at > rows.at THEN rows.at ELSE contact.booted_at END,
    down_at = CASE WHEN contact.down_at > rows.at + contact.down_after THEN rows.at + contact.down_after
        ELSE contact.down_at END,
    lease_until = CASE WHEN contact.lease_until > rows.lease_latest THEN rows.lease_latest ELSE contact.lease_until END
FROM {rows}
WHERE contact.device_id = rows.device_id
RETURNING contact.device_id;

-- What is to be done later, and was taken for due: not yet begun, it waits again.
-- name: early_operations
SELECT device_id, id FROM operation
WHERE state IN ('scheduled', 'queued') AND state = 'queued' AND ready_at > :at AND scheduled_at > :at
    AND scheduled_at > created AND attempts = 0 AND progress = ''
LIMIT :most;

-- name: put_back_operations
-- rows: device_id bigint, id bigint, at float8
UPDATE operation SET state = 'scheduled', ready_at = operation.scheduled_at,
    wake_at = CASE WHEN operation.wakes THEN operation.scheduled_at END, updated = rows.at
FROM {rows}
WHERE operation.id = rows.id AND operation.state = 'queued' AND operation.scheduled_at > rows.at
    AND operation.scheduled_at > operation.created AND operation.attempts = 0 AND operation.progress = ''
RETURNING operation.device_id, operation.id;

-- name: late_keys
SELECT owner || ' ' || key, owner, key FROM idempotency_key WHERE created > :latest LIMIT :most;

-- name: hasten_keys
-- rows: place text, owner text, key text, latest float8, at float8
UPDATE idempotency_key SET created = rows.at FROM {rows}
WHERE idempotency_key.owner = rows.owner AND idempotency_key.key = rows.key AND idempotency_key.created > rows.latest
RETURNING idempotency_key.owner || ' ' || idempotency_key.key;
