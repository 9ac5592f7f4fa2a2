-- Devices that called and were not let in.

-- A device that was set apart keeps the reason why: all that its next calls could say is that it waits.
-- name: record
-- rows: identity text, oui text, product_class text, serial_number text, manufacturer text, address text, username text, software_version text, reason text, device_id bigint, at float8, most bigint
INSERT INTO quarantine (oui, product_class, serial_number, manufacturer, address, username, software_version, reason,
    device_id, first_seen, last_seen)
SELECT rows.oui, rows.product_class, rows.serial_number, rows.manufacturer, rows.address, rows.username,
    rows.software_version, rows.reason, rows.device_id, rows.at, rows.at
FROM {rows}
WHERE (SELECT COUNT(*) FROM quarantine) < rows.most
    OR EXISTS (
        SELECT 1 FROM quarantine AS known
        WHERE known.oui = rows.oui AND known.product_class = rows.product_class
            AND known.serial_number = rows.serial_number
    )
ON CONFLICT (oui, product_class, serial_number) DO UPDATE SET
    manufacturer = excluded.manufacturer, address = excluded.address, username = excluded.username,
    software_version = excluded.software_version, device_id = excluded.device_id,
    reason = CASE WHEN (SELECT device.is_quarantined FROM device WHERE device.id = excluded.device_id)
        THEN quarantine.reason ELSE excluded.reason END,
    last_seen = excluded.last_seen, informs = quarantine.informs + 1;

-- name: all
SELECT id, oui, product_class, serial_number, manufacturer, address, username, software_version, reason, device_id,
    informs, first_seen, last_seen
FROM quarantine WHERE id > :after ORDER BY id LIMIT :most;

-- name: by_id
SELECT id, oui, product_class, serial_number, manufacturer, address, username, software_version, reason, device_id,
    informs, first_seen, last_seen
FROM quarantine WHERE id = :id;

-- name: drop
-- rows: id bigint
DELETE FROM quarantine WHERE id IN (SELECT rows.id FROM {rows}) RETURNING id;

