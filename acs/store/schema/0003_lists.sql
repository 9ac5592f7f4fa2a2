-- Lists of 100,000 devices and 1,000,000 operations: each common order and filter has an index, and what devices are
-- searched by is kept close together. What every Inform changes (when a device was heard) has no index: that would cost
-- each of them more than a walk through the narrow table costs a list. Text is compared octet by octet, A to Z in lower
-- case, the same on both databases; triggers keep it, whoever writes.

CREATE INDEX device_in_order_of_type ON device ((COALESCE(type_id, 0)), id);
CREATE INDEX device_in_order_of_organization ON device ((COALESCE(organization_id, 0)), id);
CREATE INDEX device_by_manufacturer ON device (manufacturer, id);
CREATE INDEX device_by_product_class ON device (product_class, id);
CREATE INDEX device_by_software_version ON device (software_version, id);
CREATE INDEX device_by_customer ON device (customer_id, id);
CREATE INDEX device_by_creation ON device (created, id);

CREATE TABLE device_text (
    device_id {key} REFERENCES device (id) ON DELETE CASCADE,
    text TEXT{by_octets} NOT NULL,
    address TEXT{by_octets} NOT NULL DEFAULT ''
);

-- only: sqlite
INSERT INTO device_text (device_id, text, address)
SELECT device.id, LOWER(device.name || char(10) || device.serial_number || char(10) || device.customer_id), LOWER(contact.address)
FROM device JOIN contact ON contact.device_id = device.id;

-- only: sqlite
CREATE TRIGGER device_text_begins AFTER INSERT ON device BEGIN
    INSERT INTO device_text (device_id, text) VALUES (NEW.id, LOWER(NEW.name || char(10) || NEW.serial_number || char(10) || NEW.customer_id)); END;

-- only: sqlite
CREATE TRIGGER device_text_follows AFTER UPDATE OF name, serial_number, customer_id ON device
WHEN OLD.name <> NEW.name OR OLD.serial_number <> NEW.serial_number OR OLD.customer_id <> NEW.customer_id BEGIN
    UPDATE device_text SET text = LOWER(NEW.name || char(10) || NEW.serial_number || char(10) || NEW.customer_id) WHERE device_id = NEW.id; END;

-- only: sqlite
CREATE TRIGGER device_text_has_address AFTER INSERT ON contact WHEN NEW.address <> '' BEGIN
    UPDATE device_text SET address = LOWER(NEW.address) WHERE device_id = NEW.device_id; END;

-- only: sqlite
CREATE TRIGGER device_text_moves AFTER UPDATE OF address ON contact WHEN OLD.address <> NEW.address BEGIN
    UPDATE device_text SET address = LOWER(NEW.address) WHERE device_id = NEW.device_id; END;

-- only: postgresql
INSERT INTO device_text (device_id, text, address)
SELECT device.id, LOWER((device.name || chr(10) || device.serial_number || chr(10) || device.customer_id) COLLATE "C"),
    LOWER(contact.address COLLATE "C")
FROM device JOIN contact ON contact.device_id = device.id;

-- only: postgresql
CREATE FUNCTION device_text_begins() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO device_text (device_id, text)
    VALUES (NEW.id, LOWER((NEW.name || chr(10) || NEW.serial_number || chr(10) || NEW.customer_id) COLLATE "C")); RETURN NULL; END $$;

-- only: postgresql
CREATE FUNCTION device_text_follows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE device_text SET text = LOWER((NEW.name || chr(10) || NEW.serial_number || chr(10) || NEW.customer_id) COLLATE "C")
    WHERE device_id = NEW.id; RETURN NULL; END $$;

-- only: postgresql
CREATE FUNCTION device_text_moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE device_text SET address = LOWER(NEW.address COLLATE "C") WHERE device_id = NEW.device_id; RETURN NULL; END $$;

-- only: postgresql
CREATE TRIGGER device_text_begins AFTER INSERT ON device FOR EACH ROW EXECUTE FUNCTION device_text_begins();

-- only: postgresql
CREATE TRIGGER device_text_follows AFTER UPDATE OF name, serial_number, customer_id ON device FOR EACH ROW
WHEN (OLD.name <> NEW.name OR OLD.serial_number <> NEW.serial_number OR OLD.customer_id <> NEW.customer_id)
EXECUTE FUNCTION device_text_follows();

-- only: postgresql
CREATE TRIGGER device_text_has_address AFTER INSERT ON contact FOR EACH ROW WHEN (NEW.address <> '')
EXECUTE FUNCTION device_text_moves();

-- only: postgresql
CREATE TRIGGER device_text_moves AFTER UPDATE OF address ON contact FOR EACH ROW WHEN (OLD.address <> NEW.address)
EXECUTE FUNCTION device_text_moves();

-- Operations are listed newest first, those that are no part of a request for many devices. Each index holds what else is
-- asked of an operation, so that one filter more costs no look at the rows; only one of them moves with the state, for
-- that costs every operation 15 us each time.
CREATE INDEX operation_listed ON operation (created, id, kind) WHERE bulk_id IS NULL;
CREATE INDEX operation_by_state ON operation (state, created, id, kind, organization_id) WHERE bulk_id IS NULL;
CREATE INDEX operation_of_organization ON operation (organization_id, created, id, kind) WHERE bulk_id IS NULL;
