-- Requests that bring a key of their own, so that they may be sent again. Status 0: not answered yet; the answer then is
-- a secret that it is going to tell, if there is one.

-- name: claim
-- rows: place text, owner text, key text, fingerprint text, at float8
INSERT INTO idempotency_key (owner, key, fingerprint, status, answer, created)
SELECT rows.owner, rows.key, rows.fingerprint, 0, '', rows.at FROM {rows} WHERE TRUE
ON CONFLICT (owner, key) DO NOTHING
RETURNING owner || ' ' || key;

-- name: by_key
SELECT fingerprint, status, answer, created FROM idempotency_key WHERE owner = :owner AND key = :key;

-- Whoever looks next sees by another time that somebody did.
-- name: take_over
-- rows: place text, owner text, key text, since float8, at float8
UPDATE idempotency_key SET created = rows.at FROM {rows}
WHERE idempotency_key.owner = rows.owner AND idempotency_key.key = rows.key AND status = 0
    AND idempotency_key.created = rows.since
RETURNING idempotency_key.owner || ' ' || idempotency_key.key;

-- By the commit of the change: nothing else keeps what only the answer tells.
-- name: keep_secret
-- rows: place text, owner text, key text, secret text
UPDATE idempotency_key SET answer = rows.secret FROM {rows}
WHERE idempotency_key.owner = rows.owner AND idempotency_key.key = rows.key AND status = 0;

-- name: answer
-- rows: place text, owner text, key text, status bigint, answer text
UPDATE idempotency_key SET status = rows.status, answer = rows.answer FROM {rows}
WHERE idempotency_key.owner = rows.owner AND idempotency_key.key = rows.key;

-- Only by whoever has it: another process may have taken it over.
-- name: release
-- rows: place text, owner text, key text, since float8
DELETE FROM idempotency_key
WHERE status = 0 AND (owner, key, created) IN (SELECT rows.owner, rows.key, rows.since FROM {rows});

-- name: to_prune
SELECT owner, key, created FROM idempotency_key WHERE created < :before ORDER BY created LIMIT :most;

-- name: prune
-- rows: owner text, key text, created float8
DELETE FROM idempotency_key WHERE (owner, key, created) IN (SELECT rows.owner, rows.key, rows.created FROM {rows})
RETURNING owner, key;
