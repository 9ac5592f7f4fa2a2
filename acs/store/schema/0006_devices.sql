-- What the management API keeps of a device beside what the engine needs. ``location_name`` is the operator's own word for
-- where it stands; ``username`` is the login's name while there is no password for it.

ALTER TABLE device ADD COLUMN location_name TEXT NOT NULL DEFAULT '';
ALTER TABLE device ADD COLUMN username TEXT NOT NULL DEFAULT '';
