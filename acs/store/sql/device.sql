-- Devices, as the engine knows them. The columns are those of acs.domain.device.ManagedDevice.

-- name: managed
-- parts: where
SELECT device.id, device.name, device.oui, device.product_class, device.serial_number, device.manufacturer,
    device.type_id, device.is_active, device.is_quarantined, device.is_registered, device.debug, device.software_version,
    device.hardware_version, device.cwmp_version, device.update_frequency, device.revision,
    device.firmware_image_id, device.firmware_image_is_pending, device.organization_id,
    device_type.update_frequency, device_type.quirks, device_type.managed,
    contact.fence, contact.inform_interval, contact.connection_request_url, contact.batches, contact.address,
    EXISTS (SELECT 1 FROM credential WHERE credential.device_id = device.id AND credential.purpose = 'cwmp'),
    EXISTS (
        SELECT 1 FROM credential
        WHERE credential.device_id = device.id AND credential.purpose = 'cwmp' AND credential.is_confirmed
    )
FROM device JOIN contact ON contact.device_id = device.id LEFT JOIN device_type ON device_type.id = device.type_id
WHERE {where}
ORDER BY device.id LIMIT 100;

-- name: create
-- rows: uuid text, name text, oui text, product_class text, serial_number text, manufacturer text, type_id bigint, organization_id bigint, is_registered boolean, debug boolean, update_frequency bigint, at float8
INSERT INTO device (uuid, name, oui, product_class, serial_number, manufacturer, type_id, organization_id, is_registered,
    debug, update_frequency, created, last_change)
SELECT rows.uuid, rows.name, rows.oui, rows.product_class, rows.serial_number, rows.manufacturer, rows.type_id,
    rows.organization_id, rows.is_registered, rows.debug, rows.update_frequency, rows.at, rows.at
FROM {rows}
WHERE TRUE
RETURNING uuid, id;

-- name: create_contact
-- rows: uuid text, at float8
INSERT INTO contact (device_id, status_change, has_settings, settings_due)
SELECT device.id, rows.at,
    EXISTS (SELECT 1 FROM setting WHERE setting.type_id = device.type_id),
    device.update_frequency IS NOT NULL OR device_type.update_frequency IS NOT NULL
        OR EXISTS (SELECT 1 FROM setting WHERE setting.type_id = device.type_id)
FROM {rows} JOIN device ON device.uuid = rows.uuid LEFT JOIN device_type ON device_type.id = device.type_id;

-- What a device says of itself, and the identity of one that was registered with its serial number alone.
-- name: describe
-- rows: device_id bigint, oui text, product_class text, manufacturer text, software_version text, hardware_version text, cwmp_version text, at float8
UPDATE device SET
    oui = rows.oui,
    product_class = rows.product_class,
    manufacturer = rows.manufacturer,
    software_version = COALESCE(rows.software_version, device.software_version),
    hardware_version = COALESCE(rows.hardware_version, device.hardware_version),
    cwmp_version = rows.cwmp_version,
    is_registered = TRUE,
    revision = device.revision + 1,
    last_change = rows.at
FROM {rows}
WHERE device.id = rows.device_id;

-- name: delete
-- rows: device_id bigint
DELETE FROM device WHERE id IN (SELECT rows.device_id FROM {rows}) RETURNING id;

-- name: revise
-- rows: device_id bigint, fence bigint
UPDATE device SET revision = device.revision + 1 FROM {rows}
WHERE device.id = rows.device_id AND (rows.fence IS NULL OR rows.fence = (SELECT fence FROM contact WHERE contact.device_id = rows.device_id));

-- name: set_quarantined
-- rows: device_id bigint, is_quarantined boolean, at float8
UPDATE device SET is_quarantined = rows.is_quarantined, revision = device.revision + 1, last_change = rows.at
FROM {rows}
WHERE device.id = rows.device_id
RETURNING device.id;

-- name: set_type
-- rows: device_id bigint, type_id bigint, at float8
UPDATE device SET type_id = rows.type_id, revision = device.revision + 1, last_change = rows.at
FROM {rows}
WHERE device.id = rows.device_id
RETURNING device.id;

-- A device has taken another interval: where one of its own is wanted, that is it from now on.
-- name: set_update_frequency
-- rows: device_id bigint, fence bigint, seconds bigint, at float8
UPDATE device SET update_frequency = rows.seconds, revision = device.revision + 1, last_change = rows.at
FROM {rows}
WHERE device.id = rows.device_id AND device.update_frequency IS NOT NULL AND device.update_frequency <> rows.seconds
    AND rows.fence = (SELECT fence FROM contact WHERE contact.device_id = rows.device_id);

-- The image that the device is to have is there.
-- name: firmware_arrived
-- rows: device_id bigint, fence bigint, firmware_image_id bigint, at float8
UPDATE device SET firmware_image_is_pending = FALSE, revision = device.revision + 1, last_change = rows.at
FROM {rows}
WHERE device.id = rows.device_id AND device.firmware_image_id = rows.firmware_image_id
    AND device.firmware_image_is_pending
    AND (rows.fence IS NULL OR rows.fence = (SELECT fence FROM contact WHERE contact.device_id = rows.device_id));

-- name: want_firmware
-- rows: device_id bigint, firmware_image_id bigint, is_pending boolean, at float8
UPDATE device SET firmware_image_id = rows.firmware_image_id, firmware_image_is_pending = rows.is_pending,
    revision = device.revision + 1, last_change = rows.at
FROM {rows}
WHERE device.id = rows.device_id
RETURNING device.id;

-- name: names_like
SELECT name FROM device WHERE name >= :low AND name < :high LIMIT 1000;
