-- A change that a request with a key of its own asked for names that key, in the commit of the change: so it can be told
-- after a crash whether it took place.

ALTER TABLE audit ADD COLUMN request_key TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_of_request ON audit (request_key) WHERE request_key <> '';
