-- What has changed of a type, and up to which of its devices that was told: a type of many devices tells them a few at a
-- time. ``kind`` is ``device`` (what is known of them is to be read anew) or ``settings`` (theirs are due).
CREATE TABLE type_change (
    type_id BIGINT NOT NULL REFERENCES device_type (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    told_to BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (type_id, kind)
){without_rowid};
DROP INDEX device_by_type;
CREATE INDEX device_by_type ON device (type_id, id);

-- The audit log is read newest first, all of it or what one filter leaves: each such list is an index by itself. Two of
-- them hold what is most often asked beside, so that it is counted without a look at the rows.

DROP INDEX audit_by_age;
DROP INDEX audit_of_resource;
DROP INDEX audit_of_organization;
CREATE INDEX audit_by_age ON audit (at, id);
CREATE INDEX audit_of_resource ON audit (resource, resource_id, at, id);
CREATE INDEX audit_of_resources ON audit (resource, at, id, action);
CREATE INDEX audit_of_organization ON audit (organization_id, at, id, resource, action) WHERE organization_id IS NOT NULL;
CREATE INDEX audit_of_actor ON audit (actor, at, id);
CREATE INDEX audit_of_action ON audit (action, at, id);
