-- +goose Up

-- The UUID that a configured store is expected to have.
CREATE TABLE offload_stores (
    name TEXT PRIMARY KEY,                   -- in the config
    id   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What a store does not hold yet. A row goes in the transaction that records
-- the receipt.
CREATE TABLE offload_tasks (
    store     TEXT    NOT NULL,              -- name in the config
    recording TEXT    NOT NULL,
    spooled   INTEGER NOT NULL,              -- seq of its spooled fact: the oldest goes first
    size      INTEGER NOT NULL,              -- of the sealed file, in bytes
    attempts  INTEGER NOT NULL DEFAULT 0,    -- that failed
    reason    TEXT    NOT NULL DEFAULT '',   -- why the last one failed
    boot      TEXT    NOT NULL DEFAULT '',   -- boot that due belongs to; in any other it is due
    due       INTEGER NOT NULL DEFAULT 0,    -- nanoseconds since that boot
    PRIMARY KEY (store, recording)
) STRICT, WITHOUT ROWID;
CREATE INDEX offload_tasks_in_order ON offload_tasks (store, spooled, size);
CREATE INDEX offload_tasks_failed ON offload_tasks (store, spooled) WHERE attempts > 0;

-- Spool copies that the journal has released and that may still be there.
CREATE TABLE offload_releases (
    recording TEXT PRIMARY KEY,
    sealed    TEXT NOT NULL                  -- SHA-256 of the sealed file
) STRICT, WITHOUT ROWID;
