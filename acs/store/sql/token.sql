-- Tokens of the management API; only their hashes are kept.

-- name: create
-- rows: hash text, name text, role text, organizations text, expires_at float8, at float8
INSERT INTO token (hash, name, role, organizations, expires_at, created)
SELECT rows.hash, rows.name, rows.role, rows.organizations, rows.expires_at, rows.at FROM {rows} WHERE TRUE
RETURNING hash, id;

-- name: create_first
-- rows: hash text, name text, role text, organizations text, expires_at float8, at float8
INSERT INTO token (hash, name, role, organizations, expires_at, created)
SELECT rows.hash, rows.name, rows.role, rows.organizations, rows.expires_at, rows.at FROM {rows}
WHERE NOT EXISTS (SELECT 1 FROM token)
RETURNING hash, id;

-- name: revoke
-- rows: id bigint, at float8
UPDATE token SET revoked_at = rows.at FROM {rows}
WHERE token.id = rows.id AND token.revoked_at IS NULL
RETURNING token.id;

-- name: touch
-- rows: id bigint, at float8, before float8
UPDATE token SET last_used = rows.at FROM {rows}
WHERE token.id = rows.id AND (token.last_used IS NULL OR token.last_used <= rows.before);

-- name: by_hash
SELECT id, name, role, organizations, created, expires_at, revoked_at, last_used FROM token WHERE hash = :hash;

-- name: by_id
SELECT id, name, role, organizations, created, expires_at, revoked_at, last_used FROM token WHERE id = :id;

-- What was taken back is shown no more.
-- name: list
-- parts: where, order, value
SELECT id, name, role, organizations, created, expires_at, revoked_at, last_used, {value} FROM token
WHERE revoked_at IS NULL AND {where} ORDER BY {order} LIMIT :row_limit OFFSET :row_offset;

-- name: list_count
-- parts: where
SELECT COUNT(*) FROM token WHERE revoked_at IS NULL AND {where};
