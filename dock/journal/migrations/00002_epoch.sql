-- +goose Up

-- The life of one journal: which it is, why a person must look before anything
-- is erased (empty: nobody must), and the latest time that could be believed.
ALTER TABLE journal ADD COLUMN epoch TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN locked TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN latest INTEGER NOT NULL DEFAULT 0; -- nanoseconds since 1970
