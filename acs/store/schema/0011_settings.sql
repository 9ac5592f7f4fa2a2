-- Raised by each change of what a device is to have: what a session has done says nothing of a wish that came after it
-- had looked.

ALTER TABLE contact ADD COLUMN settings_revision BIGINT NOT NULL DEFAULT 0;
