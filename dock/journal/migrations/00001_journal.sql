-- +goose Up

-- What must be the same for the life of a journal.
CREATE TABLE journal (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    key_check  BLOB    NOT NULL,             -- tells a wrong data key from a right one
    seq        INTEGER NOT NULL,             -- the chain's last line
    head       BLOB    NOT NULL              -- and its SHA-256
) STRICT;

-- The custody log: one canonical JSON line each, see FORMAT.md.
CREATE TABLE events (
    seq  INTEGER PRIMARY KEY,
    line BLOB NOT NULL
) STRICT;

-- Values that events only carry commitments to, sealed under the data key.
CREATE TABLE personal (
    event  INTEGER NOT NULL REFERENCES events (seq),
    field  TEXT    NOT NULL,
    sealed BLOB    NOT NULL,
    PRIMARY KEY (event, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE dockings (
    number          INTEGER PRIMARY KEY,     -- seq of its docking-began event
    id              TEXT    NOT NULL UNIQUE,
    camera          TEXT    NOT NULL,
    bay             TEXT    NOT NULL,
    generation      INTEGER NOT NULL,
    began_wall      INTEGER NOT NULL,        -- nanoseconds since 1970
    clock_offset_ms INTEGER,                 -- camera minus station, null where unknown
    conflict        INTEGER NOT NULL,
    ended           INTEGER REFERENCES events (seq),
    settled         INTEGER NOT NULL DEFAULT 0, -- the latest listing is complete and nothing changes
    clean           INTEGER NOT NULL DEFAULT 0, -- its filesystem was clean then
    used            INTEGER,                 -- bytes in use then, null where unknown
    accounted       INTEGER NOT NULL DEFAULT 0, -- bytes of entries and exceptions then
    vanished        INTEGER NOT NULL DEFAULT 0, -- recordings that its listings no longer had
    listing         BLOB,                    -- keyed digest of the latest listing
    statement       BLOB                     -- digest of the latest statement
) STRICT;
CREATE INDEX dockings_of_camera ON dockings (camera, number);
CREATE INDEX dockings_open ON dockings (camera) WHERE ended IS NULL;

-- Where copies are: the distinct sets of stores that recordings have receipts of.
CREATE TABLE holdings (
    id     INTEGER PRIMARY KEY,
    copies TEXT NOT NULL UNIQUE              -- dock.Holding as JSON
) STRICT;

-- A recording's identity, and what dock makes of its facts, cached.
CREATE TABLE recordings (
    number     INTEGER PRIMARY KEY,          -- seq of its seen event
    id         TEXT    NOT NULL UNIQUE,
    camera     TEXT    NOT NULL,
    docking    TEXT    NOT NULL,             -- that saw it first; empty if adopted
    state      TEXT    NOT NULL,
    on_camera  INTEGER NOT NULL,             -- neither erased nor vanished
    unfinished INTEGER NOT NULL,             -- the station still has work with it
    ingested   INTEGER NOT NULL,             -- it was sealed and verified
    erasing    TEXT    NOT NULL,             -- docking of an erase intent without known outcome
    unconfirmed INTEGER NOT NULL,            -- and that it is not known is on record
    wanted     INTEGER NOT NULL,             -- copies asked for when it was seen
    holding    INTEGER NOT NULL REFERENCES holdings (id),
    sealed     BLOB                          -- SHA-256 of the sealed file
) STRICT;
CREATE INDEX recordings_on_camera ON recordings (camera, number) WHERE on_camera = 1;
CREATE INDEX recordings_of_camera ON recordings (camera, number);
CREATE INDEX recordings_in_state ON recordings (state, number);
CREATE INDEX recordings_unfinished ON recordings (number) WHERE unfinished = 1;
CREATE INDEX recordings_sealed ON recordings (sealed) WHERE sealed IS NOT NULL;

-- Which events are facts, and about which recording. The facts themselves
-- stand in the events.
CREATE TABLE facts (
    seq       INTEGER PRIMARY KEY REFERENCES events (seq),
    recording INTEGER NOT NULL REFERENCES recordings (number),
    kind      TEXT    NOT NULL
) STRICT;
CREATE INDEX facts_of_recording ON facts (recording, seq);

-- What the listings of a docking had. The last four columns repeat what is
-- known of the recording, so that one range of an index answers Clear.
CREATE TABLE docking_entries (
    docking   INTEGER NOT NULL REFERENCES dockings (number),
    recording INTEGER NOT NULL REFERENCES recordings (number),
    object    BLOB    NOT NULL,              -- identity in the latest listing
    handle    BLOB    NOT NULL,              -- token of the handle
    size      INTEGER NOT NULL,
    present   INTEGER NOT NULL,              -- in the latest listing
    on_camera INTEGER NOT NULL,
    wanted    INTEGER NOT NULL,              -- copies asked for when it was seen
    holding   INTEGER NOT NULL REFERENCES holdings (id),
    PRIMARY KEY (docking, recording)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_to_secure ON docking_entries (docking, wanted, holding) WHERE on_camera = 1;
CREATE INDEX entries_of_recording ON docking_entries (recording);

CREATE TABLE exceptions (
    number   INTEGER PRIMARY KEY,            -- seq of its exception event
    id       TEXT    NOT NULL UNIQUE,
    docking  INTEGER NOT NULL REFERENCES dockings (number),
    camera   TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    name     BLOB    NOT NULL,               -- token
    size     INTEGER NOT NULL,
    detail   TEXT    NOT NULL,
    blocking INTEGER NOT NULL,               -- may hold content and is not released
    released INTEGER REFERENCES events (seq)
) STRICT;
CREATE UNIQUE INDEX exceptions_of_docking ON exceptions (docking, kind, name, size);
CREATE INDEX exceptions_blocking ON exceptions (docking) WHERE blocking = 1;
CREATE INDEX exceptions_of_camera ON exceptions (camera, kind, name, size);

-- +goose StatementBegin
CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'custody events are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_never_go BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'custody events are never removed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER facts_never_change BEFORE UPDATE ON facts
BEGIN SELECT RAISE(ABORT, 'facts are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER facts_never_go BEFORE DELETE ON facts
BEGIN SELECT RAISE(ABORT, 'facts are never removed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER personal_never_changes BEFORE UPDATE ON personal
BEGIN SELECT RAISE(ABORT, 'personal values are kept or forgotten, never changed'); END;
-- +goose StatementEnd
