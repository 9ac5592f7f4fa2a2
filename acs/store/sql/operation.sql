-- Operations. The columns are those of acs.store.operations.

-- One that must be alone is not queued for a device that is down, or that a user has another operation open for now.
-- name: queue
-- rows: public_id text, device_id bigint, kind text, origin text, state text, priority bigint, request text, command_key text, max_attempts bigint, retry_delay float8, wakes boolean, wake_at float8, scheduled_at float8, expires_at float8, bulk_id bigint, actor text, notification text, at float8, is_alone boolean
INSERT INTO operation (public_id, device_id, organization_id, kind, origin, state, priority, request, command_key,
    max_attempts, retry_delay, wakes, wake_at, scheduled_at, ready_at, expires_at, bulk_id, actor, notification, created,
    updated)
SELECT rows.public_id, rows.device_id, device.organization_id, rows.kind, rows.origin, rows.state, rows.priority,
    rows.request, rows.command_key, rows.max_attempts, rows.retry_delay, rows.wakes, rows.wake_at, rows.scheduled_at,
    rows.scheduled_at, rows.expires_at, rows.bulk_id, rows.actor, rows.notification, rows.at, rows.at
FROM {rows} JOIN device ON device.id = rows.device_id
WHERE NOT rows.is_alone OR (
    EXISTS (SELECT 1 FROM contact WHERE contact.device_id = rows.device_id AND contact.is_up)
    AND NOT EXISTS (
        SELECT 1 FROM operation AS other
        WHERE other.device_id = rows.device_id AND other.origin = 'user'
            AND other.state IN ('scheduled', 'queued', 'in_progress')
            AND (other.state <> 'scheduled' OR other.scheduled_at <= rows.at)
    )
)
RETURNING public_id, id;

-- What an earlier session left: a request that was sent and must not be repeated is unknown, all else is to be done
-- again.
-- name: recover
-- rows: device_id bigint, fence bigint, at float8, fault text
UPDATE operation SET
    state = CASE WHEN operation.sent <> '' THEN 'unknown'
        WHEN operation.attempts >= operation.max_attempts THEN 'failed' ELSE 'queued' END,
    phase = CASE WHEN operation.sent <> '' THEN operation.phase ELSE '' END,
    fault = CASE WHEN operation.sent <> '' OR operation.attempts >= operation.max_attempts THEN rows.fault ELSE operation.fault END,
    completed_at = CASE WHEN operation.sent <> '' OR operation.attempts >= operation.max_attempts THEN rows.at END,
    ready_at = CASE WHEN operation.ready_at < rows.at THEN rows.at ELSE operation.ready_at END,
    updated = rows.at
FROM {rows}
WHERE operation.device_id = rows.device_id AND operation.state = 'in_progress'
    AND operation.phase IN ('claimed', 'sent') AND operation.fence < rows.fence
    AND rows.fence = (SELECT fence FROM contact WHERE contact.device_id = rows.device_id)
RETURNING operation.device_id, public_id, state;

-- What was asked for at once is ready whatever the clock says: it may have been set back, or be another machine's.
-- name: claim
-- rows: device_id bigint, fence bigint, at float8
UPDATE operation SET
    state = 'in_progress',
    phase = 'claimed',
    wake_at = NULL,
    fence = rows.fence,
    attempts = operation.attempts + 1,
    started_at = COALESCE(operation.started_at, rows.at),
    updated = rows.at
FROM {rows}
WHERE operation.id = (
        SELECT next.id FROM operation AS next
        WHERE next.device_id = rows.device_id AND next.state IN ('scheduled', 'queued')
            AND (next.ready_at <= rows.at OR (next.ready_at = next.scheduled_at AND next.scheduled_at <= next.created))
            AND (next.expires_at IS NULL OR next.expires_at > rows.at)
        ORDER BY next.priority DESC, next.scheduled_at, next.id LIMIT 1
    )
    AND operation.state IN ('scheduled', 'queued')
    AND rows.fence = (SELECT contact.fence FROM contact WHERE contact.device_id = rows.device_id)
RETURNING operation.device_id, operation.id, public_id, kind, origin, priority, request, progress, command_key,
    attempts, max_attempts, retry_delay, scheduled_at, created, started_at;

-- Before the bytes of a request that must not be repeated leave.
-- name: mark_sent
-- rows: device_id bigint, fence bigint, id bigint, sent text, progress text, at float8
UPDATE operation SET phase = 'sent', sent = rows.sent, progress = rows.progress, updated = rows.at
FROM {rows}
WHERE operation.id = rows.id AND operation.state = 'in_progress' AND operation.fence = rows.fence
    AND rows.fence = (SELECT fence FROM contact WHERE contact.device_id = rows.device_id)
RETURNING operation.device_id, operation.id;

-- name: save
-- rows: device_id bigint, fence bigint, id bigint, progress text, at float8
UPDATE operation SET phase = 'claimed', sent = '', progress = rows.progress, updated = rows.at
FROM {rows}
WHERE operation.id = rows.id AND operation.state = 'in_progress' AND operation.fence = rows.fence
    AND rows.fence = (SELECT fence FROM contact WHERE contact.device_id = rows.device_id)
RETURNING operation.device_id, operation.id;

-- How an operation left a session: done, to be done again, or waiting for the device's proof.
-- name: settle
-- rows: device_id bigint, fence bigint, id bigint, state text, phase text, sent text, progress text, outcome text, fault text, ready_at float8, proof_by float8, completed_at float8, attempts bigint, at float8
UPDATE operation SET
    state = rows.state,
    phase = rows.phase,
    sent = rows.sent,
    progress = rows.progress,
    outcome = rows.outcome,
    fault = rows.fault,
    ready_at = COALESCE(rows.ready_at, operation.ready_at),
    wake_at = CASE WHEN operation.wakes AND rows.state = 'queued' THEN rows.ready_at END,
    proof_by = rows.proof_by,
    completed_at = rows.completed_at,
    attempts = rows.attempts,
    updated = rows.at
FROM {rows}
WHERE operation.id = rows.id AND operation.state = 'in_progress' AND operation.fence = rows.fence
    AND rows.fence = (SELECT fence FROM contact WHERE contact.device_id = rows.device_id)
RETURNING operation.device_id, operation.id;

-- The device itself says that a request was carried out. No command key stands for an event that names
-- none: it proves only what was begun lately. Of a transfer of ours it proves nothing: its report does.
-- name: prove
-- rows: device_id bigint, sent text, command_key text, since float8, at float8
UPDATE operation SET state = 'completed', phase = '', fault = '', proof_by = NULL, completed_at = rows.at, updated = rows.at
FROM {rows}
WHERE operation.device_id = rows.device_id AND operation.phase <> '' AND operation.sent = rows.sent
    AND ((rows.command_key IS NULL AND operation.started_at >= rows.since) OR operation.command_key = rows.command_key)
    AND (operation.kind = 'rpc' OR rows.sent IN ('Reboot', 'FactoryReset'))
    AND operation.state IN ('in_progress', 'unknown', 'failed')
RETURNING operation.device_id, operation.id, public_id, kind;

-- A session goes on elsewhere: so does what it had in hand. While a request is out, that is the operation it was sent
-- for, and not one that was taken after it had been answered.
-- name: adopt
-- rows: device_id bigint, fence bigint, new_fence bigint, id bigint
UPDATE operation SET fence = rows.new_fence FROM {rows}
WHERE operation.device_id = rows.device_id AND operation.phase <> '' AND operation.state = 'in_progress'
    AND operation.phase IN ('claimed', 'sent') AND operation.fence = rows.fence
    AND (rows.id IS NULL OR operation.id = rows.id)
    AND rows.new_fence = (SELECT contact.fence FROM contact WHERE contact.device_id = rows.device_id)
RETURNING operation.device_id, operation.id, public_id, kind, origin, priority, request, progress, command_key,
    attempts, max_attempts, retry_delay, scheduled_at, created, started_at;

-- name: prove_late
-- rows: device_id bigint, fence bigint, sent text, outcome text, at float8
UPDATE operation SET
    state = 'completed', phase = '', fault = '', outcome = rows.outcome, completed_at = rows.at, updated = rows.at
FROM {rows}
WHERE operation.device_id = rows.device_id AND operation.phase = 'sent' AND operation.phase <> ''
    AND operation.state = 'unknown' AND operation.sent = rows.sent AND operation.fence = rows.fence
RETURNING operation.device_id, operation.id;

-- What history says of a cancellation, in front of it. Until it is done, no other worker may begin the operation.
-- name: tell_cancel
-- only: sqlite
-- rows: public_id text, at float8, actor text
INSERT INTO history (device_id, at, kind, subject, old, new, actor)
SELECT operation.device_id, rows.at, 'operation', operation.public_id, operation.kind || ' ' || operation.state,
    operation.kind || ' cancelled', rows.actor
FROM {rows} JOIN operation ON operation.public_id = rows.public_id
WHERE operation.state IN ('scheduled', 'queued') AND operation.attempts = 0 AND operation.progress = '';

-- name: tell_cancel
-- only: postgresql
-- rows: public_id text, at float8, actor text
INSERT INTO history (device_id, at, kind, subject, old, new, actor)
SELECT operation.device_id, rows.at, 'operation', operation.public_id, operation.kind || ' ' || operation.state,
    operation.kind || ' cancelled', rows.actor
FROM {rows} JOIN operation ON operation.public_id = rows.public_id
WHERE operation.state IN ('scheduled', 'queued') AND operation.attempts = 0 AND operation.progress = ''
FOR UPDATE OF operation;

-- A session that the device bears no more of is no attempt, but what has progress has begun.
-- name: cancel
-- rows: public_id text, at float8
UPDATE operation SET state = 'cancelled', wake_at = NULL, completed_at = rows.at, updated = rows.at
FROM {rows}
WHERE operation.public_id = rows.public_id AND operation.state IN ('scheduled', 'queued') AND operation.attempts = 0
    AND operation.progress = ''
RETURNING operation.public_id, operation.kind;

-- name: by_public_id
SELECT id, public_id, device_id, kind, origin, state, phase, priority, request, progress, outcome, fault, command_key,
    attempts, max_attempts, retry_delay, wakes, scheduled_at, ready_at, expires_at, created, started_at, completed_at,
    updated, sent, organization_id, bulk_id, actor, notification
FROM operation WHERE public_id = :public_id;

-- name: of_device
SELECT id, public_id, device_id, kind, origin, state, phase, priority, request, progress, outcome, fault, command_key,
    attempts, max_attempts, retry_delay, wakes, scheduled_at, ready_at, expires_at, created, started_at, completed_at,
    updated, sent, organization_id, bulk_id, actor, notification
FROM operation WHERE device_id = :device_id AND id < :before ORDER BY id DESC LIMIT :most;

-- name: open_of_device
SELECT id, public_id, device_id, kind, origin, state, phase, priority, request, progress, outcome, fault, command_key,
    attempts, max_attempts, retry_delay, wakes, scheduled_at, ready_at, expires_at, created, started_at, completed_at,
    updated, sent, organization_id, bulk_id, actor, notification
FROM operation WHERE device_id = :device_id AND state IN ('scheduled', 'queued', 'in_progress')
ORDER BY priority DESC, scheduled_at, id LIMIT :most;

-- Whether the last that was heard of a device is that it was told to reset itself.
-- name: told_to_reset
SELECT 1 FROM operation JOIN contact ON contact.device_id = operation.device_id
WHERE operation.device_id = :device_id AND operation.sent = 'FactoryReset'
    AND operation.state IN ('in_progress', 'unknown', 'failed') AND operation.started_at >= contact.last_inform
LIMIT 1;

-- name: count_open
SELECT COUNT(*) FROM operation WHERE state IN ('scheduled', 'queued', 'in_progress');

-- What a device is to be called for; whoever clears it calls, and nobody else.
-- name: to_wake
SELECT device_id, id FROM operation WHERE wake_at IS NOT NULL AND wake_at <= :at ORDER BY wake_at LIMIT :most;

-- A device that may have a session, with whatever process, is looked at again: it may have left that without a word.
-- name: take_wake
-- rows: device_id bigint, id bigint, again_at float8, at float8
UPDATE operation SET wake_at = CASE WHEN EXISTS (
        SELECT 1 FROM contact WHERE contact.device_id = operation.device_id AND contact.lease_until > rows.at
    ) THEN rows.again_at END
FROM {rows}
WHERE operation.id = rows.id AND operation.wake_at <= rows.at AND operation.state IN ('scheduled', 'queued')
RETURNING operation.device_id, public_id;

-- Sessions that ended without a word (a crash, a worker gone): their lease has run out.
-- name: abandoned
SELECT DISTINCT operation.device_id, contact.fence FROM operation JOIN contact ON contact.device_id = operation.device_id
WHERE operation.phase <> '' AND operation.state = 'in_progress' AND operation.phase IN ('claimed', 'sent')
    AND (contact.lease_until IS NULL OR contact.lease_until < :at)
LIMIT :most;

-- name: abandon
-- rows: device_id bigint, fence bigint, at float8
UPDATE contact SET fence = contact.fence + 1, session_key = NULL, lease_until = NULL, snapshot = ''
FROM {rows}
WHERE contact.device_id = rows.device_id AND contact.fence = rows.fence
    AND (contact.lease_until IS NULL OR contact.lease_until < rows.at)
RETURNING contact.device_id, contact.fence;

-- name: to_start
SELECT device_id, id FROM operation
WHERE state IN ('scheduled', 'queued') AND state = 'scheduled' AND ready_at <= :at ORDER BY ready_at LIMIT :most;

-- name: start
-- rows: device_id bigint, id bigint, at float8
UPDATE operation SET state = 'queued', updated = rows.at FROM {rows}
WHERE operation.id = rows.id AND operation.state = 'scheduled' AND operation.ready_at <= rows.at
RETURNING operation.device_id, public_id;

-- What has attempts or progress was begun: it does not expire, it is given up.
-- name: to_expire
SELECT device_id, id FROM operation
WHERE state IN ('scheduled', 'queued') AND expires_at IS NOT NULL AND expires_at <= :at AND attempts = 0
    AND progress = ''
LIMIT :most;

-- name: expire
-- rows: device_id bigint, id bigint, fault text, at float8
UPDATE operation SET state = 'expired', phase = '', wake_at = NULL, fault = rows.fault, completed_at = rows.at, updated = rows.at
FROM {rows}
WHERE operation.id = rows.id AND operation.state IN ('scheduled', 'queued') AND operation.expires_at <= rows.at
    AND operation.attempts = 0 AND operation.progress = ''
RETURNING operation.device_id, public_id;

-- name: overdue
SELECT device_id, id, public_id, kind, origin, priority, request, progress, command_key, attempts, max_attempts,
    retry_delay, scheduled_at, created, started_at
FROM operation
WHERE state IN ('scheduled', 'queued') AND expires_at IS NOT NULL AND expires_at <= :at
    AND (attempts > 0 OR progress <> '')
LIMIT :most;

-- Only as it was looked at: a session may have gone on with it meanwhile.
-- name: give_up
-- rows: device_id bigint, id bigint, state text, outcome text, fault text, attempts bigint, progress text, at float8
UPDATE operation SET state = rows.state, phase = '', wake_at = NULL, outcome = rows.outcome, fault = rows.fault,
    completed_at = rows.at, updated = rows.at
FROM {rows}
WHERE operation.id = rows.id AND operation.state IN ('scheduled', 'queued') AND operation.expires_at <= rows.at
    AND operation.attempts = rows.attempts AND operation.progress = rows.progress
RETURNING operation.device_id, operation.id;

-- name: to_fail_unproven
SELECT device_id, id FROM operation
WHERE state = 'in_progress' AND proof_by IS NOT NULL AND proof_by <= :at LIMIT :most;

-- The device answered but its proof did not come in time. A proof that comes yet still counts.
-- name: fail_unproven
-- rows: device_id bigint, id bigint, fault text, at float8
UPDATE operation SET state = 'failed', fault = rows.fault, proof_by = NULL, completed_at = rows.at, updated = rows.at
FROM {rows}
WHERE operation.id = rows.id AND operation.state = 'in_progress' AND operation.proof_by <= rows.at
RETURNING operation.device_id, public_id;

-- name: to_prune
SELECT device_id, id FROM operation WHERE completed_at IS NOT NULL AND completed_at < :before
ORDER BY completed_at LIMIT :most;

-- name: prune
-- rows: device_id bigint, id bigint
DELETE FROM operation WHERE id IN (SELECT rows.id FROM {rows}) AND completed_at IS NOT NULL RETURNING device_id, id;
