package journal

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

var roomName = regexp.MustCompile(`^[a-z][a-z_]{0,29}$`)

// ownRoom is the name of the journal's own tables; they are migrated first.
const ownRoom = "journal"

func withOwnRoom(rooms []Room) ([]Room, error) {
	own, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	all := append([]Room{{Name: ownRoom, Migrations: own}}, rooms...)
	names := map[string]bool{}
	for _, room := range all {
		if !roomName.MatchString(room.Name) || names[room.Name] {
			return nil, fmt.Errorf("room %q: a room needs a name of its own of a-z and '_'", room.Name)
		}
		names[room.Name] = true
	}
	return all, nil
}

func (r Room) versionTable() string { return r.Name + "_version" }

func (r Room) provider(db *sql.DB) (*goose.Provider, error) {
	p, err := goose.NewProvider(goose.DialectSQLite3, db, r.Migrations,
		goose.WithTableName(r.versionTable()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read migrations of %s: %w", r.Name, err)
	}
	return p, nil
}

// newest is the version that this program brings the room to.
func (r Room) newest(p *goose.Provider) int64 {
	sources := p.ListSources()
	return sources[len(sources)-1].Version // a provider has at least one
}

// version is what the database is at; 0 if the room was never migrated.
func (r Room) version(ctx context.Context, db *sql.DB) (version int64, err error) {
	var exists bool
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)`, r.versionTable()).Scan(&exists)
	if err == nil && exists {
		// The name is a checked constant of the program and no one's input.
		err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM `+r.versionTable()).Scan(&version)
	}
	if err != nil {
		return 0, fmt.Errorf("read version of %s: %w", r.Name, err)
	}
	return version, nil
}

// migrate brings every room to the version of this program. No room is touched
// if one of them is newer.
func migrate(ctx context.Context, db *sql.DB, rooms []Room) error {
	if err := checkVersions(ctx, db, rooms); err != nil && !errors.Is(err, ErrOlder) {
		return err
	}
	for _, room := range rooms {
		p, err := room.provider(db)
		if err != nil {
			return err
		}
		if err := room.makeVersionTable(ctx, db); err != nil {
			return fmt.Errorf("make the version table of %s: %w", room.Name, err)
		}
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrate %s: %w", room.Name, err)
		}
	}
	return nil
}

// makeVersionTable makes the table that goose would make, but tries only once:
// goose begins again after a failed commit, and what the disk acknowledges
// after a failed sync is worth nothing.
func (r Room) makeVersionTable(ctx context.Context, db *sql.DB) error {
	store, err := database.NewStore(database.DialectSQLite3, r.versionTable())
	if err != nil {
		return err
	}
	var exists bool
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)`, r.versionTable()).Scan(&exists)
	if err != nil || exists {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := store.CreateVersionTable(ctx, tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := store.Insert(ctx, tx, database.InsertRequest{Version: 0}); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// checkVersions compares every room with this program, newer ones first of all.
func checkVersions(ctx context.Context, db *sql.DB, rooms []Room) error {
	var older error
	for _, room := range rooms {
		p, err := room.provider(db)
		if err != nil {
			return err
		}
		version, err := room.version(ctx, db)
		switch newest := room.newest(p); {
		case err != nil:
			return err
		case version > newest:
			return fmt.Errorf("%w: %s is at version %d, this program knows %d; install the version of berth that ran last, or a later one", ErrNewer, room.Name, version, newest)
		case version < newest:
			older = fmt.Errorf("%w: %s is at version %d, this program needs %d; start the station once", ErrOlder, room.Name, version, newest)
		}
	}
	return older
}
