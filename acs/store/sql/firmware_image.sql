-- Firmware images.

-- name: create
-- rows: name text, version text, file_name text, file_type text, applicability text, size bigint, sha256 text, file_key text, at float8
INSERT INTO firmware_image (name, version, file_name, file_type, applicability, size, sha256, file_key, created)
SELECT rows.name, rows.version, rows.file_name, rows.file_type, rows.applicability, rows.size, rows.sha256, rows.file_key, rows.at
FROM {rows} WHERE TRUE
RETURNING name, id;

-- name: update
-- rows: id bigint, name text, version text, file_name text, file_type text, applicability text
UPDATE firmware_image SET name = rows.name, version = rows.version, file_name = rows.file_name,
    file_type = rows.file_type, applicability = rows.applicability
FROM {rows}
WHERE firmware_image.id = rows.id
RETURNING firmware_image.id;

-- Transfers that have ended let go of it; one that is open still needs it.
-- name: delete
-- rows: id bigint
DELETE FROM firmware_image WHERE id IN (SELECT rows.id FROM {rows})
    AND NOT EXISTS (SELECT 1 FROM device_type WHERE device_type.firmware_image_id = firmware_image.id)
    AND NOT EXISTS (SELECT 1 FROM device WHERE device.firmware_image_id = firmware_image.id)
    AND NOT EXISTS (
        SELECT 1 FROM transfer WHERE transfer.firmware_image_id = firmware_image.id AND transfer.state = 'open'
    )
RETURNING id;

-- name: references
SELECT 'device_type' WHERE EXISTS (SELECT 1 FROM device_type WHERE device_type.firmware_image_id = :id)
UNION ALL
SELECT 'device' WHERE EXISTS (SELECT 1 FROM device WHERE device.firmware_image_id = :id)
UNION ALL
SELECT 'transfer' WHERE EXISTS (
    SELECT 1 FROM transfer WHERE transfer.firmware_image_id = :id AND transfer.state = 'open'
);

-- name: by_id
SELECT id, name, version, file_name, file_type, applicability, size, sha256, file_key, created FROM firmware_image
WHERE id = :id;

-- name: by_name
SELECT id, name, version, file_name, file_type, applicability, size, sha256, file_key, created FROM firmware_image
WHERE name = :name;

-- What a device is, for an image that is for some devices.
-- name: candidate
SELECT COALESCE(device_type.short_name, ''), device.manufacturer, device.oui, device.product_class,
    device.hardware_version, device.software_version
FROM device LEFT JOIN device_type ON device_type.id = device.type_id
WHERE device.id = :device_id;

-- name: list
-- parts: where, order, value
SELECT id, name, version, file_name, file_type, applicability, size, sha256, file_key, created, {value}
FROM firmware_image
WHERE {where} ORDER BY {order} LIMIT :row_limit OFFSET :row_offset;

-- name: list_count
-- parts: where
SELECT COUNT(*) FROM firmware_image WHERE {where};
