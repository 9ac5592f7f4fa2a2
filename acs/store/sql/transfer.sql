-- Files on their way to and from devices. The columns are those of acs.store.transfers.

-- name: open
-- rows: device_id bigint, operation_id bigint, direction text, command_key text, file_type text, file_name text, firmware_image_id bigint, version text, size bigint, sha256 text, file_key text, expires_at float8, at float8
INSERT INTO transfer (device_id, operation_id, direction, state, command_key, file_type, file_name, firmware_image_id,
    version, ran_before, size, sha256, file_key, expires_at, created, updated)
SELECT rows.device_id, rows.operation_id, rows.direction, 'open', rows.command_key, rows.file_type, rows.file_name,
    rows.firmware_image_id, rows.version,
    rows.version <> '' AND EXISTS (
        SELECT 1 FROM device WHERE device.id = rows.device_id AND device.software_version = rows.version
    ),
    rows.size, rows.sha256, rows.file_key, rows.expires_at, rows.at, rows.at
FROM {rows} WHERE TRUE
ON CONFLICT (operation_id) DO UPDATE SET updated = excluded.updated
RETURNING device_id, id, operation_id;

-- name: by_id
SELECT id, device_id, operation_id, direction, state, command_key, file_type, file_name, firmware_image_id, version,
    size, sha256, file_key, content_type, content_encoding, received_at, reported, expires_at, created, ran_before,
    EXISTS (
        SELECT 1 FROM contact WHERE contact.device_id = transfer.device_id AND contact.booted_at > transfer.created
    )
FROM transfer WHERE id = :id;

-- name: open_of_device
SELECT id, device_id, operation_id, direction, state, command_key, file_type, file_name, firmware_image_id, version,
    size, sha256, file_key, content_type, content_encoding, received_at, reported, expires_at, created, ran_before,
    EXISTS (
        SELECT 1 FROM contact WHERE contact.device_id = transfer.device_id AND contact.booted_at > transfer.created
    )
FROM transfer WHERE device_id = :device_id AND state = 'open' ORDER BY id LIMIT :most;

-- Those that the device may still prove, also when they have ended because it took too long.
-- name: unproven_of_device
SELECT transfer.id, transfer.device_id, operation_id, direction, transfer.state, transfer.command_key, file_type,
    file_name, firmware_image_id, version, size, sha256, file_key, content_type, content_encoding, received_at, reported,
    transfer.expires_at, transfer.created, ran_before,
    EXISTS (
        SELECT 1 FROM contact WHERE contact.device_id = transfer.device_id AND contact.booted_at > transfer.created
    )
FROM operation JOIN transfer ON transfer.operation_id = operation.id
WHERE operation.device_id = :device_id AND operation.phase <> ''
    AND operation.state IN ('in_progress', 'unknown', 'failed')
ORDER BY transfer.id DESC LIMIT :most;

-- name: of_operation
SELECT id, device_id, operation_id, direction, state, command_key, file_type, file_name, firmware_image_id, version,
    size, sha256, file_key, content_type, content_encoding, received_at, reported, expires_at, created, ran_before,
    EXISTS (
        SELECT 1 FROM contact WHERE contact.device_id = transfer.device_id AND contact.booted_at > transfer.created
    )
FROM transfer WHERE operation_id = :operation_id;

-- name: receive
-- rows: id bigint, size bigint, sha256 text, file_name text, file_key text, content_type text, content_encoding text, at float8
UPDATE transfer SET size = rows.size, sha256 = rows.sha256, file_name = rows.file_name, file_key = rows.file_key,
    content_type = rows.content_type, content_encoding = rows.content_encoding, received_at = rows.at, updated = rows.at
FROM {rows}
WHERE transfer.id = rows.id AND transfer.state = 'open' AND transfer.direction = 'upload'
RETURNING transfer.id;

-- name: report
-- rows: device_id bigint, fence bigint, id bigint, reported text, at float8
UPDATE transfer SET reported = rows.reported, updated = rows.at
FROM {rows}
WHERE transfer.id = rows.id AND transfer.device_id = rows.device_id
    AND (rows.fence IS NULL OR rows.fence = (SELECT fence FROM contact WHERE contact.device_id = rows.device_id));

-- An operation that waits for a transfer has its answer: what the device reported, the file, or the new version.
-- name: settle_operation
-- rows: device_id bigint, operation_id bigint, state text, outcome text, fault text, at float8
UPDATE operation SET state = rows.state, phase = '', outcome = rows.outcome, fault = rows.fault, proof_by = NULL,
    completed_at = rows.at, updated = rows.at
FROM {rows}
WHERE operation.id = rows.operation_id AND operation.device_id = rows.device_id AND operation.phase <> ''
    AND operation.state IN ('in_progress', 'unknown', 'failed')
RETURNING operation.device_id, operation.id, public_id;

-- name: to_close
SELECT transfer.device_id, transfer.id FROM transfer JOIN operation ON operation.id = transfer.operation_id
WHERE transfer.state = 'open' AND transfer.expires_at <= :at AND operation.state <> 'in_progress' LIMIT :most;

-- name: end
-- rows: device_id bigint, fence bigint, id bigint, at float8
UPDATE transfer SET state = 'ended', updated = rows.at FROM {rows}
WHERE transfer.id = rows.id AND transfer.device_id = rows.device_id AND transfer.state = 'open'
    AND (rows.fence IS NULL OR rows.fence = (SELECT fence FROM contact WHERE contact.device_id = rows.device_id))
RETURNING transfer.device_id, transfer.id;

-- name: public_id
SELECT public_id FROM operation WHERE id = :operation_id;

-- Which of these files a record names.
-- name: named_files
-- only: sqlite
SELECT file_key FROM transfer WHERE file_key <> '' AND file_key IN (SELECT value FROM json_each(:keys))
UNION
SELECT file_key FROM firmware_image WHERE file_key IN (SELECT value FROM json_each(:keys));

-- name: named_files
-- only: postgresql
SELECT file_key FROM transfer
WHERE file_key <> '' AND file_key IN (SELECT json_array_elements_text(CAST(:keys AS json)))
UNION
SELECT file_key FROM firmware_image WHERE file_key IN (SELECT json_array_elements_text(CAST(:keys AS json)));
