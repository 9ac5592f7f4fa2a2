-- The record of the steps that made the tables.

-- name: newest
SELECT MAX(number) FROM migration;

-- Changes nothing, and fails where nothing could be changed.
-- name: probe
-- rows: number bigint
UPDATE migration SET name = migration.name FROM {rows}
WHERE migration.number = rows.number AND rows.number < 0 RETURNING migration.number;
