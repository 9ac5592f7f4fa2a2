-- The record of the steps that made the tables.

-- name: newest
SELECT MAX(number) FROM migration;
