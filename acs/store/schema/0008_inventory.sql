-- The audit log is read newest first, all of it or what one filter leaves: each such list is an index by itself.

DROP INDEX audit_by_age;
DROP INDEX audit_of_resource;
DROP INDEX audit_of_organization;
CREATE INDEX audit_by_age ON audit (at, id);
CREATE INDEX audit_of_resource ON audit (resource, resource_id, at, id);
CREATE INDEX audit_of_resources ON audit (resource, at, id);
CREATE INDEX audit_of_organization ON audit (organization_id, at, id) WHERE organization_id IS NOT NULL;
CREATE INDEX audit_of_actor ON audit (actor, at, id);
CREATE INDEX audit_of_action ON audit (action, at, id);
