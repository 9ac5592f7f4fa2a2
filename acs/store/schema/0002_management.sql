-- What the management API asks of operations. The organization is that of the device, kept here so that a list for some
-- organizations need not look at every device; it follows the device when that moves. ``bulk_id`` is the request for many
-- devices that this is a part of. ``notification`` says who is to be told of the end, as JSON, and ``notified`` which state
-- they were told of.

ALTER TABLE operation ADD COLUMN organization_id BIGINT;
ALTER TABLE operation ADD COLUMN bulk_id BIGINT;
ALTER TABLE operation ADD COLUMN actor TEXT NOT NULL DEFAULT '';
ALTER TABLE operation ADD COLUMN notification TEXT NOT NULL DEFAULT '';
ALTER TABLE operation ADD COLUMN notified TEXT NOT NULL DEFAULT '';
UPDATE operation SET organization_id = (SELECT device.organization_id FROM device WHERE device.id = operation.device_id);
