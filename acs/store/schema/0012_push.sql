-- How far the push of what a device is to have is, sealed: a device may bear so few requests in a session that one
-- alone settles nothing.

ALTER TABLE contact ADD COLUMN settings_progress TEXT NOT NULL DEFAULT '';
