package journal

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"berth/dock"
)

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	s := newStation(t)
	s.dock("cam-7")
	dir := filepath.Dir(s.opts.Path)
	entries, err := os.ReadDir(dir)
	s.must(err)
	if len(entries) < 4 { // database, WAL, shared memory, lock
		t.Fatalf("only %d files", len(entries))
	}
	for _, e := range entries {
		info, err := e.Info()
		s.must(err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v", e.Name(), info.Mode())
		}
	}
	info, err := os.Stat(dir)
	s.must(err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("directory is %v", info.Mode())
	}
}

func TestModeOfAnExistingFileIsTightened(t *testing.T) {
	s := newStation(t)
	s.must(s.Close())
	s.must(os.Chmod(s.opts.Path, 0o644))
	s.openAgain()
	info, err := os.Stat(s.opts.Path)
	s.must(err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("database is %v", info.Mode())
	}
}

func TestSecondStationOnOneDirectoryIsRefused(t *testing.T) {
	s := newStation(t)
	if _, err := Open(s.ctx, s.opts); !errors.Is(err, ErrLocked) {
		t.Fatalf("got %v", err)
	}
	s.must(s.Close())
	s.openAgain()
}

func TestAnotherDataKeyIsRefused(t *testing.T) {
	s := newStation(t)
	s.must(s.Close())
	other := s.opts
	other.DataKey[31] ^= 1
	if _, err := Open(s.ctx, other); !errors.Is(err, ErrKey) {
		t.Fatalf("got %v", err)
	}
	if _, err := OpenReadOnly(s.ctx, other); !errors.Is(err, ErrKey) {
		t.Fatalf("read only: got %v", err)
	}
	s.openAgain()
}

func TestPragmasAreAskedForAndNotAssumed(t *testing.T) {
	s := newStation(t)
	for name := range writerPragmas {
		wrong := map[string]string{}
		for n, v := range writerPragmas {
			wrong[n] = v
		}
		wrong[name] = "something else"
		db := openDatabase(s.opts.Path, writerKeys, wrong, 1)
		if err := db.PingContext(s.ctx); !errors.Is(err, ErrBroken) {
			t.Errorf("pragma %s is not asked for: %v", name, err)
		}
		s.must(db.Close())
	}
	misspelt := map[string][]string{}
	for k, v := range writerKeys {
		misspelt[strings.Replace(k, "_synchronous", "_sync_hronous", 1)] = v
	}
	db := openDatabase(s.opts.Path, misspelt, writerPragmas, 1)
	defer db.Close()
	if err := db.PingContext(s.ctx); !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), "synchronous") {
		t.Errorf("a misspelt key went unnoticed: %v", err)
	}
}

func TestReadOnlyBesideARunningStation(t *testing.T) {
	s, d, p := cleared(t)
	ro, err := OpenReadOnly(s.ctx, s.opts)
	s.must(err)
	defer ro.Close()
	rows, err := ro.Recordings(s.ctx, Filter{ID: p.Recording})
	s.must(err)
	if len(rows) != 1 || rows[0].Name != p.Entry.Name {
		t.Fatalf("%+v", rows)
	}
	if err := ro.Append(s.ctx, dock.Fact{Recording: p.Recording, Body: dock.Release{}}); err == nil {
		t.Fatal("a read-only journal was written to")
	}
	s.undock(d) // the station goes on writing
	err = ro.Read(s.ctx, func(tx *Tx) error {
		rows, err := tx.Query(`DELETE FROM personal RETURNING event`)
		if err != nil {
			return err
		}
		_, err = column[int64](rows)
		return err
	})
	if err == nil || s.count(`SELECT count(*) FROM personal`) == 0 {
		t.Fatal("a read-only connection removed something")
	}
}

func TestReadOnlyAfterTheStationEnded(t *testing.T) {
	s, _, p := cleared(t)
	s.must(s.Close())
	ro, err := OpenReadOnly(s.ctx, s.opts)
	s.must(err)
	rows, err := ro.Recordings(s.ctx, Filter{})
	s.must(err)
	if len(rows) != 1 || rows[0].ID != p.Recording {
		t.Fatalf("%+v", rows)
	}
	s.must(ro.Close())
	s.openAgain()
}

func TestReadOnlyNeedsAJournal(t *testing.T) {
	opts, _ := testOptions(t)
	if _, err := OpenReadOnly(t.Context(), opts); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("got %v", err)
	}
	if _, err := os.Stat(filepath.Dir(opts.Path)); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal("reading made something")
	}
}

func queueRoom(files map[string]string) Room {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return Room{Name: "queue", Migrations: m}
}

const (
	jobs    = "-- +goose Up\nCREATE TABLE queue_jobs (id INTEGER PRIMARY KEY, due INTEGER NOT NULL) STRICT;\n"
	jobsToo = "-- +goose Up\nALTER TABLE queue_jobs ADD COLUMN why TEXT;\n"
)

func TestRoomsMigrateByThemselves(t *testing.T) {
	opts, clock := testOptions(t)
	opts.Rooms = []Room{queueRoom(map[string]string{"00001_jobs.sql": jobs})}
	s := openStation(t, opts, clock)
	s.must(s.Write(s.ctx, func(tx *Tx) error {
		_, err := tx.Exec(`INSERT INTO queue_jobs (due) VALUES (?)`, 7)
		return err
	}))
	s.must(s.Close())

	s.opts.Rooms = []Room{queueRoom(map[string]string{"00001_jobs.sql": jobs, "00002_why.sql": jobsToo})}
	if _, err := OpenReadOnly(s.ctx, s.opts); !errors.Is(err, ErrOlder) {
		t.Fatalf("read-only on an older journal: %v", err)
	}
	s.openAgain()
	if n := s.count(`SELECT count(*) FROM queue_jobs WHERE why IS NULL`); n != 1 {
		t.Fatalf("%d jobs after migrating", n)
	}
	s.must(s.Close())

	s.opts.Rooms = []Room{queueRoom(map[string]string{"00001_jobs.sql": jobs})}
	for _, open := range []func(context.Context, Options) (*Journal, error){Open, OpenReadOnly} {
		_, err := open(s.ctx, s.opts)
		if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "install") {
			t.Fatalf("a newer journal: %v", err)
		}
	}
}

func TestRoomsNeedNamesOfTheirOwn(t *testing.T) {
	for _, name := range []string{"", "journal", "queue", "Queue", "a-b", "x; DROP TABLE events"} {
		opts, _ := testOptions(t)
		opts.Rooms = []Room{queueRoom(nil), {Name: name, Migrations: fstest.MapFS{}}}
		if j, err := Open(t.Context(), opts); err == nil {
			j.Close()
			t.Errorf("room %q was accepted", name)
		}
	}
}

func TestDamagedFileIsNotAJournal(t *testing.T) {
	opts, _ := testOptions(t)
	if err := os.MkdirAll(filepath.Dir(opts.Path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(opts.Path, []byte(strings.Repeat("not a database. ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	if j, err := Open(t.Context(), opts); err == nil {
		j.Close()
		t.Fatal("it was opened")
	}
}

func TestDockingEndsOnce(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	s.undock(d)
	s.undock(d)
	if n := len(s.events("docking-ended")); n != 1 {
		t.Fatalf("it ended %d times", n)
	}
	if err := s.EndDocking(s.ctx, "d-none", "unplugged"); !errors.Is(err, ErrUnknown) {
		t.Fatalf("got %v", err)
	}
	if err := s.BeginDocking(s.ctx, d); err == nil {
		t.Fatal("it began again")
	}
}

func TestDockingsLeftOpenAreEnded(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	s.reopen()
	s.reopen()
	ended := s.events("docking-ended")
	if len(ended) != 1 || ended[0].Docking != d.ID {
		t.Fatalf("%+v", ended)
	}
}
