-- Devices as the management API shows them. The columns are those of acs.store.device_list.

-- The rows of the page are found first, by what an index knows; only for them the rest is looked up.
-- name: list
-- parts: where, order, value, key, source
SELECT device.id, device.uuid, device.name, device.oui, device.product_class, device.serial_number, device.customer_id,
    device.is_active, device.type_id, device.description, device.organization_id, device.location_id,
    device.location_name, device.latitude, device.longitude, device.tags, device.debug, device.update_frequency,
    device.firmware_image_id, device.firmware_image_is_pending, device.username,
    device.serial_number_alt, device.manufacturer, device.software_version, device.hardware_version,
    device.cwmp_version, device.created, device.last_change,
    contact.is_up, contact.status_change, contact.last_inform, contact.last_configuration, contact.address,
    contact.connection_request_url, contact.settings_due,
    device_type.short_name, location.name, location.short_name, location.latitude, location.longitude, {value}
FROM (
    SELECT {key} AS id FROM {source}
    WHERE {where} ORDER BY {order} LIMIT :row_limit OFFSET :row_offset
) AS page
JOIN device ON device.id = page.id
JOIN contact ON contact.device_id = device.id
LEFT JOIN device_type ON device_type.id = device.type_id
LEFT JOIN location ON location.id = device.location_id
ORDER BY {order};

-- name: list_count
-- parts: where, counted
SELECT COUNT(*) FROM {counted} WHERE {where};

-- Those with a text in what they are searched by: the ids as a JSON array, and how many these are.
-- name: matching
-- only: sqlite
SELECT COUNT(*), json_group_array(device_id) FROM (
    SELECT device_id FROM device_text
    WHERE text LIKE :search ESCAPE '\' OR address LIKE :search ESCAPE '\' LIMIT :most
);

-- name: matching
-- only: postgresql
SELECT COUNT(*), CAST(COALESCE(json_agg(device_id), '[]') AS text) FROM (
    SELECT device_id FROM device_text
    WHERE text LIKE :search ESCAPE '\' OR address LIKE :search ESCAPE '\' LIMIT :most
) AS found;

-- name: count_matching
SELECT COUNT(*) FROM device_text WHERE text LIKE :search ESCAPE '\' OR address LIKE :search ESCAPE '\';

-- name: by_id
SELECT device.id, device.uuid, device.name, device.oui, device.product_class, device.serial_number, device.customer_id,
    device.is_active, device.type_id, device.description, device.organization_id, device.location_id,
    device.location_name, device.latitude, device.longitude, device.tags, device.debug, device.update_frequency,
    device.firmware_image_id, device.firmware_image_is_pending, device.username,
    device.serial_number_alt, device.manufacturer, device.software_version, device.hardware_version,
    device.cwmp_version, device.created, device.last_change,
    contact.is_up, contact.status_change, contact.last_inform, contact.last_configuration, contact.address,
    contact.connection_request_url, contact.settings_due,
    device_type.short_name, location.name, location.short_name, location.latitude, location.longitude
FROM device
JOIN contact ON contact.device_id = device.id
LEFT JOIN device_type ON device_type.id = device.type_id
LEFT JOIN location ON location.id = device.location_id
WHERE device.id = :id;

-- What is open for the devices of a page.
-- name: open_kinds
-- only: sqlite
SELECT DISTINCT operation.device_id, operation.kind
FROM json_each(:devices) AS devices JOIN operation ON operation.device_id = devices.value
    AND operation.state IN ('scheduled', 'queued', 'in_progress');

-- name: open_kinds
-- only: postgresql
SELECT DISTINCT operation.device_id, operation.kind FROM operation
WHERE operation.device_id = ANY (SELECT CAST(json_array_elements_text(CAST(:devices AS json)) AS bigint))
    AND operation.state IN ('scheduled', 'queued', 'in_progress');
