-- Operations are listed newest first, those that are no part of a request for many devices: all of them, or those of
-- some organizations.

CREATE INDEX operation_listed ON operation (created, id) WHERE bulk_id IS NULL;
CREATE INDEX operation_of_organization ON operation (organization_id, created, id) WHERE bulk_id IS NULL;
