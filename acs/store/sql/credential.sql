-- Passwords, sealed for the row named by their uuid.

-- name: by_username
SELECT credential.id, credential.purpose, credential.device_id, credential.type_id, credential.username,
    credential.password, credential.is_confirmed, credential.uuid,
    COALESCE(device_type.manufacturer, ''), COALESCE(device_type.oui, ''), COALESCE(device_type.product_class, ''),
    COALESCE(device_type.serial_prefix, '')
FROM credential LEFT JOIN device_type ON device_type.id = credential.type_id
WHERE credential.username = :username AND credential.purpose = 'cwmp'
    AND (credential.type_id IS NULL OR device_type.onboarding_enabled)
ORDER BY credential.id LIMIT 100;

-- name: of_device
SELECT id, purpose, device_id, type_id, username, password, is_confirmed, uuid FROM credential
WHERE device_id = :device_id AND purpose = :purpose ORDER BY is_confirmed DESC;

-- name: put
-- rows: uuid text, purpose text, device_id bigint, type_id bigint, username text, password text, is_confirmed boolean, at float8
INSERT INTO credential (uuid, purpose, device_id, type_id, username, password, is_confirmed, created)
SELECT rows.uuid, rows.purpose, rows.device_id, rows.type_id, rows.username, rows.password, rows.is_confirmed, rows.at
FROM {rows} WHERE TRUE
RETURNING uuid, id;

-- name: drop_of_device
-- rows: device_id bigint, purpose text, is_confirmed boolean
DELETE FROM credential WHERE id IN (
    SELECT old.id FROM {rows} JOIN credential AS old ON old.device_id = rows.device_id AND old.purpose = rows.purpose
        AND (rows.is_confirmed IS NULL OR old.is_confirmed = rows.is_confirmed)
);

-- The device has shown that it took the pushed one.
-- name: confirm
-- rows: device_id bigint, uuid text
UPDATE credential SET is_confirmed = TRUE FROM {rows}
WHERE credential.device_id = rows.device_id AND credential.uuid = rows.uuid AND NOT credential.is_confirmed
RETURNING credential.device_id, credential.uuid;

-- A few, to see whether the keys open them.
-- name: some
SELECT uuid, password FROM credential WHERE id > 0 ORDER BY id LIMIT 8;
