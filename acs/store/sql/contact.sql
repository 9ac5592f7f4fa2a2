-- What an Inform touches.

-- name: meet
-- rows: device_id bigint, at float8, down_after float8, events text, address text, inform_interval bigint, connection_request_url text, session_key text, lease_until float8, snapshot text, booted_at float8, times bigint
UPDATE contact SET
    fence = contact.fence + 1,
    status_change = CASE WHEN contact.is_up THEN contact.status_change ELSE rows.at END,
    is_up = TRUE,
    down_after = rows.down_after,
    last_inform = rows.at,
    informs = contact.informs + rows.times,
    events = rows.events,
    address = rows.address,
    inform_interval = COALESCE(rows.inform_interval, contact.inform_interval),
    connection_request_url = COALESCE(rows.connection_request_url, contact.connection_request_url),
    session_key = rows.session_key,
    lease_until = rows.lease_until,
    snapshot = rows.snapshot,
    booted_at = COALESCE(rows.booted_at, contact.booted_at)
FROM {rows}
WHERE contact.device_id = rows.device_id
RETURNING
    contact.device_id,
    contact.fence,
    (SELECT device.revision FROM device WHERE device.id = contact.device_id),
    EXISTS (
        SELECT 1 FROM operation
        WHERE operation.device_id = contact.device_id AND operation.state IN ('scheduled', 'queued', 'in_progress')
    ),
    contact.settings_due,
    contact.credentials_due,
    contact.booted_at;

-- Before the new values are written: where one differs from what was known, a wish may hold no more. That outlasts the
-- session, which may end before anything is done about it.
-- name: look_again_at_wishes
-- rows: device_id bigint, path_id bigint, value text
UPDATE contact SET settings_due = TRUE
FROM {rows} LEFT JOIN parameter ON parameter.device_id = rows.device_id AND parameter.path_id = rows.path_id
WHERE contact.device_id = rows.device_id AND contact.has_settings
    AND parameter.value IS DISTINCT FROM rows.value AND rows.value IS NOT NULL
RETURNING contact.device_id;

-- Only for a device that was down, or that is now to be heard sooner.
-- name: expect
-- rows: device_id bigint, at float8, down_after float8
UPDATE contact SET down_at = rows.at + rows.down_after
FROM {rows}
WHERE contact.device_id = rows.device_id
    AND (contact.down_at IS NULL OR contact.down_at > rows.at + rows.down_after);

-- Another interval than the last Inform told: the device was given it, or shows it. It was heard at this moment, so its
-- silence counts from here.
-- name: set_inform_interval
-- rows: device_id bigint, fence bigint, inform_interval bigint, down_after float8, at float8
UPDATE contact SET
    inform_interval = rows.inform_interval,
    down_after = rows.at - contact.last_inform + rows.down_after,
    down_at = CASE WHEN contact.down_at > rows.at + rows.down_after THEN rows.at + rows.down_after ELSE contact.down_at END
FROM {rows}
WHERE contact.device_id = rows.device_id AND contact.fence = rows.fence
    AND (contact.inform_interval IS NULL OR contact.inform_interval <> rows.inform_interval);

-- The device stands still until the transaction ends, so that all steps of a session's unit find the same fence. Nothing
-- comes back when another session has begun; else whether an operation waits.
-- name: lock
-- only: sqlite
-- rows: device_id bigint, fence bigint
SELECT contact.device_id, EXISTS (
    SELECT 1 FROM operation WHERE operation.device_id = contact.device_id AND operation.state IN ('scheduled', 'queued')
)
FROM {rows} JOIN contact ON contact.device_id = rows.device_id AND contact.fence = rows.fence;

-- name: lock
-- only: postgresql
-- rows: device_id bigint, fence bigint
SELECT contact.device_id, EXISTS (
    SELECT 1 FROM operation WHERE operation.device_id = contact.device_id AND operation.state IN ('scheduled', 'queued')
)
FROM {rows} JOIN contact ON contact.device_id = rows.device_id AND contact.fence = rows.fence
ORDER BY contact.device_id FOR NO KEY UPDATE OF contact;

-- The device stands still until the transaction ends, whoever has its session.
-- name: stand_still
-- only: sqlite
-- rows: device_id bigint
SELECT contact.device_id FROM {rows} JOIN contact ON contact.device_id = rows.device_id;

-- name: stand_still
-- only: postgresql
-- rows: device_id bigint
SELECT contact.device_id FROM {rows} JOIN contact ON contact.device_id = rows.device_id
ORDER BY contact.device_id FOR NO KEY UPDATE OF contact;

-- A session goes on: its snapshot and how long it may be silent. Nothing comes back when another session has begun.
-- name: hold
-- rows: device_id bigint, fence bigint, lease_until float8, snapshot text
UPDATE contact SET lease_until = rows.lease_until, snapshot = rows.snapshot
FROM {rows}
WHERE contact.device_id = rows.device_id AND contact.fence = rows.fence
RETURNING contact.device_id;

-- Another worker goes on with a session: the fence is raised, so the one that had it can write nothing more.
-- name: take_over
-- rows: device_id bigint, fence bigint, at float8
UPDATE contact SET fence = contact.fence + 1
FROM {rows}
WHERE contact.device_id = rows.device_id AND contact.fence = rows.fence AND contact.lease_until > rows.at
RETURNING contact.device_id, contact.fence;

-- name: session
SELECT fence, snapshot, booted_at FROM contact
WHERE device_id = :device_id AND session_key = :session_key AND lease_until > :at;

-- name: settings_pushed
SELECT settings_revision, settings_progress FROM contact WHERE device_id = :device_id;

-- name: credentials_due
SELECT credentials_due FROM contact WHERE device_id = :device_id;

-- Of wishes that were changed since the session looked at them nothing is known.
-- name: settle_flags
-- rows: device_id bigint, fence bigint, settings_due boolean, settings_revision bigint, settings_progress text, credentials_due boolean, last_configuration float8, batches text
UPDATE contact SET
    settings_due = CASE WHEN contact.settings_revision = rows.settings_revision
        THEN COALESCE(rows.settings_due, contact.settings_due) ELSE contact.settings_due END,
    settings_progress = CASE WHEN contact.settings_revision = rows.settings_revision
        THEN COALESCE(rows.settings_progress, contact.settings_progress) ELSE contact.settings_progress END,
    credentials_due = COALESCE(rows.credentials_due, contact.credentials_due),
    last_configuration = COALESCE(rows.last_configuration, contact.last_configuration),
    batches = COALESCE(rows.batches, contact.batches)
FROM {rows}
WHERE contact.device_id = rows.device_id AND contact.fence = rows.fence
RETURNING contact.device_id;

-- name: want_credentials
-- rows: device_id bigint
UPDATE contact SET credentials_due = TRUE FROM {rows} WHERE contact.device_id = rows.device_id;

-- name: record_reach
-- rows: device_id bigint, kind text, at float8, latency float8, detail text
UPDATE contact SET reach = rows.kind, reach_at = rows.at, reach_latency = rows.latency, reach_detail = rows.detail
FROM {rows}
WHERE contact.device_id = rows.device_id;

-- Devices not heard of for too long; a few at a time.
-- name: overdue
SELECT device_id, last_inform + down_after FROM contact WHERE down_at IS NOT NULL AND down_at < :at ORDER BY down_at LIMIT :most;

-- One that a helper had found Down stays so since then.
-- name: mark_down
-- rows: device_id bigint, at float8
UPDATE contact SET is_up = FALSE, down_at = NULL,
    status_change = CASE WHEN contact.is_up THEN rows.at ELSE contact.status_change END
FROM {rows}
WHERE contact.device_id = rows.device_id AND contact.down_at IS NOT NULL
    AND contact.last_inform + contact.down_after < rows.at
RETURNING contact.device_id;

-- name: to_check
SELECT contact.is_up, contact.last_inform, contact.down_after, contact.address, contact.connection_request_url,
    device_type.helpers
FROM contact JOIN device ON device.id = contact.device_id LEFT JOIN device_type ON device_type.id = device.type_id
WHERE contact.device_id = :device_id;

-- A helper has found the device, and perhaps heard it. The next sweep says when to look again.
-- name: mark_found
-- rows: device_id bigint, at float8, heard_at float8, down_after float8
UPDATE contact SET
    is_up = TRUE,
    status_change = CASE WHEN contact.is_up THEN contact.status_change ELSE rows.at END,
    last_inform = CASE WHEN rows.heard_at < contact.last_inform THEN contact.last_inform
        ELSE COALESCE(rows.heard_at, contact.last_inform) END,
    down_after = COALESCE(contact.down_after, rows.down_after),
    down_at = COALESCE(contact.down_at, rows.at)
FROM {rows}
WHERE contact.device_id = rows.device_id;

-- No helper has found the device, nor was it heard while they looked. ``down_at`` stays: an Inform that comes before it
-- need not move it.
-- name: mark_missed
-- rows: device_id bigint, at float8, since float8
UPDATE contact SET is_up = FALSE, status_change = rows.at
FROM {rows}
WHERE contact.device_id = rows.device_id AND contact.is_up
    AND (contact.last_inform IS NULL OR contact.last_inform <= rows.since)
RETURNING contact.device_id;

-- It was heard in time: when to look again.
-- name: look_again
-- rows: device_id bigint, down_at float8
UPDATE contact SET down_at = rows.down_at FROM {rows}
WHERE contact.device_id = rows.device_id AND contact.down_at IS NOT NULL AND contact.down_at < rows.down_at;

-- name: of_device
SELECT device_id, fence, is_up, status_change, last_inform, last_configuration, informs, events, address,
    inform_interval, connection_request_url, settings_due, reach, reach_at, reach_latency, reach_detail
FROM contact WHERE device_id = :device_id;
