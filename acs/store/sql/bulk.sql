-- Requests for many devices. A change is one unit: its first statement gives the request a new version if it still has
-- the one that was read, the others do something only where that has just happened.

-- name: create
-- rows: public_id text, version bigint, kind text, request text, actor text, notification text, scheduled_for float8, targets bigint, at float8
INSERT INTO bulk (public_id, version, kind, state, request, actor, notification, scheduled_for, next_at, due_at, targets,
    created, updated)
SELECT rows.public_id, rows.version, rows.kind, 'scheduled', rows.request, rows.actor, rows.notification,
    rows.scheduled_for, rows.scheduled_for, rows.scheduled_for, rows.targets, rows.at, rows.at
FROM {rows}
WHERE TRUE
RETURNING public_id, id;

-- name: create_organization
-- rows: public_id text, organization_id bigint
INSERT INTO bulk_organization (bulk_id, organization_id)
SELECT bulk.id, rows.organization_id FROM {rows} JOIN bulk ON bulk.public_id = rows.public_id;

-- name: advance
-- rows: bulk_id bigint, version bigint, new_version bigint, state text, next_at float8, due_at float8, executions bigint, completed_at float8, at float8
UPDATE bulk SET version = rows.new_version, state = rows.state, next_at = rows.next_at, due_at = rows.due_at,
    executions = rows.executions, completed_at = rows.completed_at, updated = rows.at
FROM {rows}
WHERE bulk.id = rows.bulk_id AND bulk.version = rows.version
RETURNING bulk.id;

-- name: begin
-- rows: bulk_id bigint, version bigint, number bigint, at float8
INSERT INTO bulk_execution (bulk_id, number, state, started_at)
SELECT rows.bulk_id, rows.number, 'in_progress', rows.at
FROM {rows} JOIN bulk ON bulk.id = rows.bulk_id AND bulk.version = rows.version;

-- name: count
-- rows: bulk_id bigint, version bigint, id bigint, state text, stop text, is_taken boolean, place bigint, total bigint, in_flight bigint, completed bigint, failed bigint, dropped bigint, errors text, completed_at float8
UPDATE bulk_execution SET state = rows.state, stop = rows.stop, is_taken = rows.is_taken, place = rows.place,
    total = rows.total, in_flight = rows.in_flight, completed = rows.completed, failed = rows.failed,
    dropped = rows.dropped, errors = rows.errors, completed_at = rows.completed_at
FROM {rows} JOIN bulk ON bulk.id = rows.bulk_id AND bulk.version = rows.version
WHERE bulk_execution.id = rows.id;

-- name: take
-- rows: bulk_id bigint, version bigint, execution_id bigint, device_id bigint, organization_id bigint, name text, serial_number text
INSERT INTO bulk_device (execution_id, device_id, organization_id, name, serial_number, state)
SELECT rows.execution_id, rows.device_id, rows.organization_id, rows.name, rows.serial_number, 'waiting'
FROM {rows} JOIN bulk ON bulk.id = rows.bulk_id AND bulk.version = rows.version;

-- name: add_organization
-- rows: bulk_id bigint, version bigint, organization_id bigint
INSERT INTO bulk_organization (bulk_id, organization_id)
SELECT rows.bulk_id, rows.organization_id
FROM {rows} JOIN bulk ON bulk.id = rows.bulk_id AND bulk.version = rows.version
WHERE TRUE
ON CONFLICT (bulk_id, organization_id) DO NOTHING;

-- name: move
-- rows: bulk_id bigint, version bigint, id bigint, state text, operation text, error text, detail text, until float8, started_at float8, completed_at float8
UPDATE bulk_device SET state = rows.state, operation = COALESCE(rows.operation, bulk_device.operation), error = rows.error,
    detail = rows.detail, until = rows.until, started_at = COALESCE(rows.started_at, bulk_device.started_at),
    completed_at = rows.completed_at
FROM {rows} JOIN bulk ON bulk.id = rows.bulk_id AND bulk.version = rows.version
WHERE bulk_device.id = rows.id;

-- The columns that follow the version are those of operation.queue, but for the last one.
-- name: queue
-- rows: key bigint, version bigint, public_id text, device_id bigint, kind text, origin text, state text, priority bigint, request text, command_key text, max_attempts bigint, retry_delay float8, wakes boolean, wake_at float8, scheduled_at float8, expires_at float8, bulk_id bigint, actor text, notification text, at float8
INSERT INTO operation (public_id, device_id, organization_id, kind, origin, state, priority, request, command_key,
    max_attempts, retry_delay, wakes, wake_at, scheduled_at, ready_at, expires_at, bulk_id, actor, notification, created,
    updated)
SELECT rows.public_id, rows.device_id, device.organization_id, rows.kind, rows.origin, rows.state, rows.priority,
    rows.request, rows.command_key, rows.max_attempts, rows.retry_delay, rows.wakes, rows.wake_at, rows.scheduled_at,
    rows.scheduled_at, rows.expires_at, rows.bulk_id, rows.actor, rows.notification, rows.at, rows.at
FROM {rows}
JOIN bulk ON bulk.id = rows.key AND bulk.version = rows.version
JOIN device ON device.id = rows.device_id;

-- name: note
-- rows: bulk_id bigint, version bigint, device_id bigint, public_id text, what text, actor text, at float8
INSERT INTO history (device_id, at, kind, subject, new, actor)
SELECT rows.device_id, rows.at, 'operation', rows.public_id, rows.what, rows.actor
FROM {rows}
JOIN bulk ON bulk.id = rows.bulk_id AND bulk.version = rows.version
JOIN device ON device.id = rows.device_id;

-- What devices were asked for and said of themselves; what is missing stays.
-- name: describe
-- rows: bulk_id bigint, version bigint, device_id bigint, serial_number_alt text, software_version text, hardware_version text, at float8
UPDATE device SET
    serial_number_alt = COALESCE(rows.serial_number_alt, device.serial_number_alt),
    software_version = COALESCE(rows.software_version, device.software_version),
    hardware_version = COALESCE(rows.hardware_version, device.hardware_version),
    revision = device.revision + 1,
    last_change = rows.at
FROM {rows} JOIN bulk ON bulk.id = rows.bulk_id AND bulk.version = rows.version
WHERE device.id = rows.device_id
    AND (COALESCE(rows.serial_number_alt, device.serial_number_alt) <> device.serial_number_alt
        OR COALESCE(rows.software_version, device.software_version) <> device.software_version
        OR COALESCE(rows.hardware_version, device.hardware_version) <> device.hardware_version);

-- name: cancel
-- rows: bulk_id bigint, version bigint, new_version bigint, at float8
UPDATE bulk SET version = rows.new_version, state = 'cancelled', next_at = NULL,
    due_at = CASE WHEN bulk.state = 'in_progress' THEN rows.at END, completed_at = rows.at, updated = rows.at
FROM {rows}
WHERE bulk.id = rows.bulk_id AND bulk.version = rows.version AND bulk.state IN ('scheduled', 'in_progress')
RETURNING bulk.id;

-- name: stop
-- rows: bulk_id bigint, version bigint
UPDATE bulk_execution SET stop = CASE WHEN bulk_execution.stop = '' THEN 'cancelled' ELSE bulk_execution.stop END
FROM {rows} JOIN bulk ON bulk.id = rows.bulk_id AND bulk.version = rows.version
WHERE bulk_execution.bulk_id = bulk.id AND bulk_execution.number = bulk.executions
    AND bulk_execution.state = 'in_progress';

-- A cancellation that came too late is not noted.
-- name: note_cancelled
-- rows: bulk_id bigint, version bigint, at float8, actor text, address text, resource_id text, organization_id bigint, before text, after text
INSERT INTO audit (at, actor, address, action, resource, resource_id, organization_id, before, after)
SELECT rows.at, rows.actor, rows.address, 'cancel', 'bulk', rows.resource_id, rows.organization_id, rows.before, rows.after
FROM {rows} JOIN bulk ON bulk.id = rows.bulk_id AND bulk.version = rows.version;

-- name: one
-- parts: where
SELECT bulk.id, bulk.public_id, bulk.version, bulk.kind, bulk.state, bulk.request, bulk.actor, bulk.notification,
    bulk.scheduled_for, bulk.next_at, bulk.executions, bulk.targets, bulk.created, bulk.updated, bulk.completed_at,
    bulk_execution.id, bulk_execution.number, bulk_execution.state, bulk_execution.stop, bulk_execution.is_taken,
    bulk_execution.place, bulk_execution.total, bulk_execution.in_flight, bulk_execution.completed,
    bulk_execution.failed, bulk_execution.dropped, bulk_execution.errors, bulk_execution.started_at,
    bulk_execution.completed_at
FROM bulk LEFT JOIN bulk_execution ON bulk_execution.bulk_id = bulk.id AND bulk_execution.number = bulk.executions
WHERE {where};

-- name: upcoming
SELECT id FROM bulk WHERE due_at IS NOT NULL AND next_at > :at AND id > :after ORDER BY id LIMIT :most;

-- name: due
SELECT id FROM bulk WHERE due_at IS NOT NULL AND due_at <= :at AND id > :after ORDER BY id LIMIT :most;

-- name: organizations
SELECT organization_id FROM bulk_organization WHERE bulk_id = :bulk_id ORDER BY organization_id;

-- The device may have proven it since.
-- name: doubtful
SELECT bulk_device.id, bulk_execution.bulk_id, bulk_device.execution_id, bulk_device.error, operation.completed_at
FROM bulk_device
JOIN bulk_execution ON bulk_execution.id = bulk_device.execution_id
LEFT JOIN operation ON operation.public_id = bulk_device.operation AND operation.state = 'completed'
WHERE bulk_device.error IN ('unknown_outcomes', 'unproven') AND bulk_device.id > :after
ORDER BY bulk_device.id LIMIT :most;

-- name: targets
-- parts: where
SELECT device.id, device.organization_id, device.name, device.serial_number
FROM device JOIN contact ON contact.device_id = device.id
WHERE device.id > :after AND {where} ORDER BY device.id LIMIT :most;

-- name: count_targets
-- parts: where
SELECT device.organization_id, COUNT(*) FROM device JOIN contact ON contact.device_id = device.id
WHERE {where} GROUP BY device.organization_id;

-- Which of some names and serial numbers are those of devices; whose they are.
-- name: named
-- only: sqlite
SELECT names.value, device.organization_id FROM json_each(:names) AS names JOIN device ON device.name = names.value
UNION
SELECT names.value, device.organization_id FROM json_each(:names) AS names
JOIN device ON device.serial_number = names.value;

-- name: named
-- only: postgresql
SELECT names.value, device.organization_id FROM json_array_elements_text(CAST(:names AS json)) AS names(value)
JOIN device ON device.name = names.value
UNION
SELECT names.value, device.organization_id FROM json_array_elements_text(CAST(:names AS json)) AS names(value)
JOIN device ON device.serial_number = names.value;

-- name: types
-- only: sqlite
SELECT short_name FROM device_type WHERE short_name IN (SELECT value FROM json_each(:names));

-- name: types
-- only: postgresql
SELECT short_name FROM device_type WHERE short_name IN (SELECT json_array_elements_text(CAST(:names AS json)));

-- name: waiting
SELECT bulk_device.id, bulk_device.device_id, device.id IS NOT NULL, bulk_device.state,
    EXISTS (
        SELECT 1 FROM path JOIN parameter ON parameter.path_id = path.id AND parameter.device_id = bulk_device.device_id
        WHERE path.path IN ('InternetGatewayDevice.DeviceInfo.SoftwareVersion',
            'InternetGatewayDevice.DeviceInfo.HardwareVersion', 'InternetGatewayDevice.ManagementServer.ParameterKey')
    )
FROM bulk_device LEFT JOIN device ON device.id = bulk_device.device_id
WHERE bulk_device.execution_id = :execution_id AND bulk_device.state = 'waiting'
ORDER BY bulk_device.device_id LIMIT :most;

-- name: checking
SELECT bulk_device.id, bulk_device.device_id, device.id IS NOT NULL, bulk_device.state,
    EXISTS (
        SELECT 1 FROM path JOIN parameter ON parameter.path_id = path.id AND parameter.device_id = bulk_device.device_id
        WHERE path.path IN ('InternetGatewayDevice.DeviceInfo.SoftwareVersion',
            'InternetGatewayDevice.DeviceInfo.HardwareVersion', 'InternetGatewayDevice.ManagementServer.ParameterKey')
    )
FROM bulk_device LEFT JOIN device ON device.id = bulk_device.device_id
WHERE bulk_device.execution_id = :execution_id AND bulk_device.state = 'checking' AND bulk_device.until <= :until
ORDER BY bulk_device.device_id LIMIT :most;

-- What of it has ended, whichever way and in whichever process.
-- name: ended
SELECT bulk_device.id, bulk_device.device_id, bulk_device.started_at, operation.public_id, operation.state,
    operation.phase, operation.fault, operation.outcome, contact.reach, contact.reach_at, device.serial_number
FROM bulk_device
LEFT JOIN operation ON operation.public_id = bulk_device.operation
LEFT JOIN device ON device.id = bulk_device.device_id
LEFT JOIN contact ON contact.device_id = bulk_device.device_id
WHERE bulk_device.execution_id = :execution_id AND bulk_device.state = 'running'
    AND (operation.id IS NULL OR operation.state NOT IN ('scheduled', 'queued', 'in_progress'))
ORDER BY bulk_device.device_id LIMIT :most;

-- name: not_begun
SELECT operation.public_id FROM bulk_device JOIN operation ON operation.public_id = bulk_device.operation
WHERE bulk_device.execution_id = :execution_id AND bulk_device.state = 'running'
    AND operation.state IN ('scheduled', 'queued') AND operation.attempts = 0 AND operation.progress = ''
ORDER BY bulk_device.device_id LIMIT :most;

-- name: devices
-- parts: where, order, value
SELECT bulk_device.device_id, bulk_device.id, COALESCE(device.name, bulk_device.name),
    COALESCE(device.serial_number, bulk_device.serial_number),
    CASE WHEN device.id IS NULL THEN bulk_device.organization_id ELSE device.organization_id END,
    bulk_device.state, bulk_device.operation, bulk_device.error, bulk_device.detail, bulk_device.started_at,
    bulk_device.completed_at, {value}
FROM bulk_device LEFT JOIN device ON device.id = bulk_device.device_id
WHERE {where} ORDER BY {order} LIMIT :row_limit OFFSET :row_offset;

-- name: devices_count
-- parts: where
SELECT COUNT(*) FROM bulk_device LEFT JOIN device ON device.id = bulk_device.device_id WHERE {where};

-- The devices of executions of long ago, then the executions, then what they were executions of.
-- name: devices_to_prune
SELECT bulk_device.id FROM bulk_execution JOIN bulk_device ON bulk_device.execution_id = bulk_execution.id
WHERE bulk_execution.completed_at IS NOT NULL AND bulk_execution.completed_at < :before LIMIT :most;

-- name: prune_devices
-- rows: id bigint
DELETE FROM bulk_device WHERE id IN (SELECT rows.id FROM {rows}) RETURNING id;

-- name: executions_to_prune
SELECT bulk_execution.id FROM bulk_execution
WHERE bulk_execution.completed_at IS NOT NULL AND bulk_execution.completed_at < :before
    AND NOT EXISTS (SELECT 1 FROM bulk_device WHERE bulk_device.execution_id = bulk_execution.id)
LIMIT :most;

-- name: prune_executions
-- rows: id bigint
DELETE FROM bulk_execution WHERE id IN (SELECT rows.id FROM {rows}) RETURNING id;

-- name: to_prune
SELECT bulk.id FROM bulk WHERE bulk.completed_at IS NOT NULL AND bulk.completed_at < :before AND bulk.due_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM bulk_execution WHERE bulk_execution.bulk_id = bulk.id)
LIMIT :most;

-- name: prune
-- rows: id bigint
DELETE FROM bulk WHERE id IN (SELECT rows.id FROM {rows}) AND completed_at IS NOT NULL RETURNING id;
