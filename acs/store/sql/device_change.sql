-- What operators say of devices. The columns are those of acs.store.device_changes.

-- name: create
-- rows: uuid text, name text, oui text, product_class text, serial_number text, customer_id text, is_active boolean, type_id bigint, description text, organization_id bigint, location_id bigint, location_name text, latitude text, longitude text, tags text, debug boolean, update_frequency bigint, username text, at float8
INSERT INTO device (uuid, name, oui, product_class, serial_number, customer_id, is_active, type_id, description,
    organization_id, location_id, location_name, latitude, longitude, tags, debug, update_frequency, username, created,
    last_change)
SELECT rows.uuid, rows.name, rows.oui, rows.product_class, rows.serial_number, rows.customer_id, rows.is_active,
    rows.type_id, rows.description, rows.organization_id, rows.location_id, rows.location_name, rows.latitude,
    rows.longitude, rows.tags, rows.debug, rows.update_frequency, rows.username, rows.at, rows.at
FROM {rows}
WHERE TRUE
RETURNING uuid, id;

-- name: create_login
-- rows: device_uuid text, uuid text, username text, password text, at float8
INSERT INTO credential (uuid, purpose, device_id, username, password, is_confirmed, created)
SELECT rows.uuid, 'cwmp', device.id, rows.username, rows.password, TRUE, rows.at
FROM {rows} JOIN device ON device.uuid = rows.device_uuid;

-- name: create_history
-- rows: uuid text, at float8, actor text
INSERT INTO history (device_id, at, kind, new, actor)
SELECT device.id, rows.at, 'device', 'created', rows.actor FROM {rows} JOIN device ON device.uuid = rows.uuid;

-- NULL stands for what stays as it is, 0 for no type, organization, location, image or frequency.
-- name: change
-- rows: device_id bigint, name text, oui text, product_class text, serial_number text, customer_id text, is_active boolean, type_id bigint, description text, organization_id bigint, location_id bigint, location_name text, latitude text, longitude text, tags text, debug boolean, update_frequency bigint, username text, firmware_image_id bigint, firmware_image_is_pending boolean, at float8
UPDATE device SET
    name = COALESCE(rows.name, device.name),
    oui = COALESCE(rows.oui, device.oui),
    product_class = COALESCE(rows.product_class, device.product_class),
    serial_number = COALESCE(rows.serial_number, device.serial_number),
    customer_id = COALESCE(rows.customer_id, device.customer_id),
    is_active = COALESCE(rows.is_active, device.is_active),
    type_id = CASE WHEN rows.type_id IS NULL THEN device.type_id ELSE NULLIF(rows.type_id, 0) END,
    description = COALESCE(rows.description, device.description),
    organization_id = CASE WHEN rows.organization_id IS NULL THEN device.organization_id ELSE NULLIF(rows.organization_id, 0) END,
    location_id = CASE WHEN rows.location_id IS NULL THEN device.location_id ELSE NULLIF(rows.location_id, 0) END,
    location_name = COALESCE(rows.location_name, device.location_name),
    latitude = COALESCE(rows.latitude, device.latitude),
    longitude = COALESCE(rows.longitude, device.longitude),
    tags = COALESCE(rows.tags, device.tags),
    debug = COALESCE(rows.debug, device.debug),
    update_frequency = CASE WHEN rows.update_frequency IS NULL THEN device.update_frequency ELSE NULLIF(rows.update_frequency, 0) END,
    username = COALESCE(rows.username, device.username),
    firmware_image_id = CASE WHEN rows.firmware_image_id IS NULL THEN device.firmware_image_id ELSE NULLIF(rows.firmware_image_id, 0) END,
    firmware_image_is_pending = COALESCE(rows.firmware_image_is_pending, device.firmware_image_is_pending),
    revision = device.revision + 1,
    last_change = rows.at
FROM {rows}
WHERE device.id = rows.device_id
RETURNING device.id;

-- The password stays: it is sealed for the row's uuid, not for the name.
-- name: rename_login
-- rows: device_id bigint, username text
UPDATE credential SET username = rows.username FROM {rows}
WHERE credential.device_id = rows.device_id AND credential.purpose = 'cwmp';

-- Operations belong to whom their device belongs.
-- name: move_operations
-- rows: device_id bigint, organization_id bigint
UPDATE operation SET organization_id = rows.organization_id FROM {rows} WHERE operation.device_id = rows.device_id;

-- And so does what is told of their ends.
-- name: move_deliveries
-- rows: device_id bigint, organization_id bigint
UPDATE delivery SET organization_id = rows.organization_id
FROM {rows} JOIN operation ON operation.device_id = rows.device_id AND operation.notification <> ''
WHERE delivery.subject = 'operation' AND delivery.subject_id = operation.public_id;
