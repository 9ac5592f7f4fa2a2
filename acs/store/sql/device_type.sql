-- Types of devices, and their logins.

-- name: create
-- rows: name text, short_name text, description text, onboarding_enabled boolean, manufacturer text, oui text, product_class text, serial_prefix text, update_frequency bigint, helpers text, managed text, quirks text, firmware_image_id bigint, at float8
INSERT INTO device_type (name, short_name, description, onboarding_enabled, manufacturer, oui, product_class,
    serial_prefix, update_frequency, helpers, managed, quirks, firmware_image_id, created, updated)
SELECT rows.name, rows.short_name, rows.description, rows.onboarding_enabled, rows.manufacturer, rows.oui,
    rows.product_class, rows.serial_prefix, rows.update_frequency, rows.helpers, rows.managed, rows.quirks,
    rows.firmware_image_id, rows.at, rows.at
FROM {rows} WHERE TRUE
RETURNING name, id;

-- name: create_login
-- rows: name text, uuid text, username text, password text, at float8
INSERT INTO credential (uuid, purpose, type_id, username, password, is_confirmed, created)
SELECT rows.uuid, 'cwmp', device_type.id, rows.username, rows.password, TRUE, rows.at
FROM {rows} JOIN device_type ON device_type.name = rows.name;

-- name: update
-- rows: id bigint, name text, short_name text, description text, onboarding_enabled boolean, manufacturer text, oui text, product_class text, serial_prefix text, update_frequency bigint, helpers text, managed text, quirks text, firmware_image_id bigint, at float8
UPDATE device_type SET name = rows.name, short_name = rows.short_name, description = rows.description,
    onboarding_enabled = rows.onboarding_enabled, manufacturer = rows.manufacturer, oui = rows.oui,
    product_class = rows.product_class, serial_prefix = rows.serial_prefix,
    update_frequency = rows.update_frequency, helpers = rows.helpers, managed = rows.managed, quirks = rows.quirks,
    firmware_image_id = rows.firmware_image_id, updated = rows.at, revision = device_type.revision + 1
FROM {rows}
WHERE device_type.id = rows.id
RETURNING device_type.id;

-- name: put_login
-- rows: id bigint, uuid text, username text, password text, at float8
INSERT INTO credential (uuid, purpose, type_id, username, password, is_confirmed, created)
SELECT rows.uuid, 'cwmp', device_type.id, rows.username, rows.password, TRUE, rows.at
FROM {rows} JOIN device_type ON device_type.id = rows.id
ON CONFLICT (type_id, purpose) WHERE type_id IS NOT NULL
DO UPDATE SET uuid = excluded.uuid, username = excluded.username, password = excluded.password,
    created = excluded.created
RETURNING type_id;

-- name: drop_login
-- rows: id bigint
DELETE FROM credential WHERE type_id IN (SELECT rows.id FROM {rows}) AND purpose = 'cwmp' RETURNING type_id;

-- name: logins
-- only: sqlite
SELECT type_id, username, password, uuid FROM credential
WHERE type_id IN (SELECT value FROM json_each(:types)) AND purpose = 'cwmp';

-- name: logins
-- only: postgresql
SELECT type_id, username, password, uuid FROM credential
WHERE type_id = ANY (SELECT CAST(json_array_elements_text(CAST(:types AS json)) AS bigint)) AND purpose = 'cwmp';

-- Its login and its settings go with it.
-- name: delete
-- rows: id bigint
DELETE FROM device_type WHERE id IN (SELECT rows.id FROM {rows})
    AND NOT EXISTS (SELECT 1 FROM device WHERE device.type_id = device_type.id)
RETURNING id;

-- name: references
SELECT 'device' WHERE EXISTS (SELECT 1 FROM device WHERE device.type_id = :id);

-- name: by_id
SELECT id, name, short_name, description, onboarding_enabled, manufacturer, oui, product_class, serial_prefix,
    update_frequency, helpers, managed, quirks, firmware_image_id, revision, created, updated
FROM device_type WHERE id = :id;

-- name: list
-- parts: where, order, value
SELECT id, name, short_name, description, onboarding_enabled, manufacturer, oui, product_class, serial_prefix,
    update_frequency, helpers, managed, quirks, firmware_image_id, revision, created, updated, {value}
FROM device_type WHERE {where} ORDER BY {order} LIMIT :row_limit OFFSET :row_offset;

-- name: list_count
-- parts: where
SELECT COUNT(*) FROM device_type WHERE {where};
