package journal

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"berth/dock"
	"berth/hashing"
)

// readers is how many reads may run at once.
const readers = 4

// Options say which journal to open and for whom.
type Options struct {
	Path    string         // of the database file; its directory is made if missing
	Station dock.StationID // named in every custody event
	DataKey [32]byte       // seals the personal fields
	Clock   dock.Clock
	Rooms   []Room       // other packages' tables
	Log     *slog.Logger // nil for silence
	// Witness is the file that remembers how far the journal has come; empty
	// for one beside it. In another directory it also tells that one's loss.
	Witness string
	// Thorough makes Open look at the whole database and not only at its end:
	// the last run ended because it could not be believed.
	Thorough bool
}

func (o Options) witnessPath(path string) string {
	if o.Witness != "" {
		return o.Witness
	}
	return path + ".head"
}

// Room is another package's own tables in the journal's database, with a
// version table of its own. Its package reaches them through Tx.
type Room struct {
	Name       string // 1 to 30 of a-z and '_', different from every other room's
	Migrations fs.FS  // goose migrations *.sql at its top
}

// The ways in which a journal cannot be opened or used.
var (
	// ErrLocked: another process has this journal open for writing.
	ErrLocked = errors.New("journal is in use by another station process")
	// ErrNewer: a newer version of Berth has migrated this journal.
	ErrNewer = errors.New("journal was written by a newer version of berth")
	// ErrOlder: opened read-only, before a station of this version migrated it.
	ErrOlder = errors.New("journal was written by an older version of berth")
	// ErrKey: the data key is not the one that the journal was begun with.
	ErrKey = errors.New("data key is not the one of this journal")
	// ErrBroken: the custody chain or a pragma is not as it must be.
	ErrBroken = errors.New("journal cannot be trusted")
	// ErrCommit: the database could not make a transaction durable. What it
	// holds is unknown until it is opened again: the process must end.
	ErrCommit = errors.New("journal cannot commit")
	// ErrUnknown: there is no such recording, docking or exception.
	ErrUnknown = errors.New("unknown to the journal")
)

// Journal is an open journal. All methods are safe for concurrent use.
type Journal struct {
	opts   Options
	keys   keys
	reader *sql.DB
	writer *writer // nil if it is open for reading only

	witness *witness      // for the holder of the writer's turn
	end     hashing.Chain // the last commit; for the holder of the writer's turn

	doubts      sync.Mutex
	epoch       Epoch         // guarded by doubts
	unwitnessed error         // guarded by doubts; why the witness could not be written
	witnessNext time.Duration // guarded by doubts; since boot, when that is tried again
	timing      timing        // guarded by doubts
}

// Open opens the journal for writing, makes or migrates it where needed, checks
// the pragmas and the end of the chain, and ends the dockings that an earlier
// process left open. The caller must Close it.
func Open(ctx context.Context, o Options) (*Journal, error) { return open(ctx, o, nil) }

// open begins a new epoch if anew says after what.
func open(ctx context.Context, o Options, anew *began) (*Journal, error) {
	j, err := prepare(o)
	if err != nil {
		return nil, err
	}
	if j.writer, err = openWriter(ctx, j.opts); err != nil {
		return nil, fmt.Errorf("open journal %s: %w", o.Path, err)
	}
	j.reader = openDatabase(j.opts.Path, readerKeys, readerPragmas, readers)
	if err := j.start(ctx, anew); err != nil {
		return nil, fmt.Errorf("open journal %s: %w", o.Path, errors.Join(err, j.Close()))
	}
	return j, nil
}

// OpenReadOnly opens an existing journal for queries only, also beside a
// running station. Its Write always fails. fs.ErrNotExist if there is none.
func OpenReadOnly(ctx context.Context, o Options) (*Journal, error) {
	j, err := prepare(o)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(j.opts.Path); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	j.reader = openDatabase(j.opts.Path, readerKeys, readerPragmas, readers)
	err = checkVersions(ctx, j.reader, j.opts.Rooms)
	if err == nil {
		err = j.Read(ctx, (*Tx).checkKey)
	}
	if err != nil {
		return nil, fmt.Errorf("open journal %s: %w", o.Path, errors.Join(err, j.Close()))
	}
	return j, nil
}

// Close waits for running transactions and closes the database.
func (j *Journal) Close() error {
	var errs []error
	if j.reader != nil {
		errs = append(errs, j.reader.Close())
	}
	if j.writer != nil {
		j.lastWitness()
		errs = append(errs, j.writer.close())
	}
	return errors.Join(errs...)
}

// prepare checks the options; nothing is opened yet.
func prepare(o Options) (*Journal, error) {
	path, err := filepath.Abs(o.Path)
	if err != nil || o.Path == "" {
		return nil, fmt.Errorf("open journal: no usable path: %w", err)
	}
	o.Path = path
	if err := o.Station.Validate(); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if o.Clock == nil {
		return nil, errors.New("open journal: no clock")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Rooms, err = withOwnRoom(o.Rooms); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	derived, err := deriveKeys(o.DataKey)
	if err != nil {
		return nil, err
	}
	return &Journal{opts: o, keys: derived}, nil
}

// start makes sure that what is there can be built upon.
func (j *Journal) start(ctx context.Context, anew *began) (err error) {
	if j.witness, err = openWitness(j.opts.witnessPath(j.opts.Path)); err != nil {
		return err
	}
	if j.opts.Thorough && anew == nil {
		if err := j.checkAll(ctx); err != nil {
			return err
		}
	}
	return j.Write(ctx, func(tx *Tx) error {
		tx.weighty = true
		if err := tx.begin(); err != nil {
			return err
		}
		if err := errors.Join(tx.checkTail(), tx.checkCaches()); err != nil {
			return err
		}
		if err := tx.takeUpEpoch(anew); err != nil {
			return err
		}
		return tx.endLeftOpen()
	})
}

// begin writes the one row of a new journal, or checks that of an old one.
func (tx *Tx) begin() error {
	_, err := tx.exec(`INSERT INTO journal (one, key_check, seq, head) VALUES (1, ?, 0, ?) ON CONFLICT DO NOTHING`,
		tx.j.keys.check(), make([]byte, hashing.Size))
	if err != nil {
		return fmt.Errorf("begin journal: %w", err)
	}
	return tx.checkKey()
}

func (tx *Tx) checkKey() error {
	var kept []byte
	if err := tx.QueryRow(`SELECT key_check FROM journal`).Scan(&kept); err != nil {
		return fmt.Errorf("check the data key: %w", err)
	}
	if !hmac.Equal(kept, tx.j.keys.check()) {
		return ErrKey
	}
	return nil
}
