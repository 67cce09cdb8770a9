package journal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"

	"berth/dock"
)

// What is wrong with a journal is said as it is: a person decides by that.
func TestEachWayInWhichAJournalIsNotTheLastIsSaid(t *testing.T) {
	s, _, _ := cleared(t)
	s.must(s.Close())
	own := s.backup()
	other := newStation(t)
	for range 20 {
		other.dock("cam-7")
	}
	other.must(other.Close())
	s.restore(other.backup())
	if _, err := Open(s.ctx, s.opts); !errors.Is(err, ErrWitness) || !strings.Contains(err.Error(), "it is of epoch") {
		t.Errorf("another journal: %v", err)
	}
	s.must(os.Remove(s.opts.Path))
	if _, err := Open(s.ctx, s.opts); !errors.Is(err, ErrWitness) || !strings.Contains(err.Error(), "it is lost") {
		t.Errorf("no journal: %v", err)
	}
	s.restore(own)
	s.openAgain()
}

func TestWhatLiftedALockIsWitnessedAtOnceAndOnRecord(t *testing.T) {
	s := newStation(t)
	s.must(s.Close())
	s.must(os.WriteFile(s.opts.witnessPath(s.opts.Path), []byte("{"), 0o600))
	s.orBegin()
	for kind, lift := range map[string]func() error{
		"epoch-released": func() error { return s.ReleaseEpoch(s.ctx, "Sgt. Lee", "looked") },
		"clock-accepted": func() error { return s.AcceptTime(s.ctx, "Sgt. Lee", "looked") },
	} {
		s.must(lift())
		events := s.events(kind)
		if len(events) != 1 || len(events[0].Commitments) != 2 {
			t.Fatalf("%s is journalled as %+v", kind, events)
		}
		if witnessed := readWitness(t, s.opts).Seq; witnessed < events[0].Seq {
			t.Errorf("%s is event %d, the witness has come to %d", kind, events[0].Seq, witnessed)
		}
	}
}

// A witness that knew more than the journal would have a sound journal set aside.
func TestAWitnessIsNeverAheadOfTheJournal(t *testing.T) {
	opts, clock := testOptions(t)
	opts.Rooms = []Room{queueRoom(map[string]string{"00001_jobs.sql": `-- +goose Up
CREATE TABLE queue_jobs (id INTEGER PRIMARY KEY, event INTEGER REFERENCES events (seq) DEFERRABLE INITIALLY DEFERRED) STRICT;
`})}
	s := openStation(t, opts, clock)
	err := s.Write(s.ctx, func(tx *Tx) error {
		_, err := tx.Exec(`INSERT INTO queue_jobs (event) VALUES (999999)`) // fails at COMMIT and not before
		return errors.Join(err, tx.Event("statement", nil, nil))
	})
	if !errors.Is(err, ErrCommit) {
		t.Fatalf("got %v", err)
	}
	s.reopen()
	if len(s.events("statement")) > 0 {
		t.Error("it was committed all the same")
	}
}

func TestTheCallersDoubtsReachTheRule(t *testing.T) {
	s, d, p := cleared(t)
	r := request(d, p)
	r.Health.Locks = []dock.Lock{{Code: "clock", Text: "moved"}}
	s.refused(r, "clock")
}

func TestSettingAsideIsRememberedBeforeItBegins(t *testing.T) {
	s := newStation(t)
	if _, err := setAside(s.opts, ErrBroken); !errors.Is(err, ErrLocked) || len(s.asideFolders()) > 0 {
		t.Fatalf("a journal in use is set aside: %v, %v", err, s.asideFolders())
	}
	s.must(s.Close())
	for range 2 { // at the same moment, as far as the clock can tell
		s.must(os.WriteFile(s.opts.Path, []byte("?"), 0o600))
		_, err := setAside(s.opts, ErrBroken)
		s.must(err)
	}
	if n := len(s.asideFolders()); n != 2 {
		t.Errorf("%d journals were set aside, want 2", n)
	}
	if kept := readWitness(t, s.opts); kept.SetAside == "" {
		t.Error("the witness does not say that it was begun")
	}
}

func TestTheDatabaseIsSetAsideLast(t *testing.T) {
	dir := t.TempDir()
	path, wal := filepath.Join(dir, "journal.db"), filepath.Join(dir, "journal.db-wal")
	for _, file := range []string{path, wal} {
		if err := os.WriteFile(file, []byte("?"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mount(wal, wal, "", unix.MS_BIND, ""); err != nil { // so that it cannot be moved
		t.Skipf("nothing can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(wal, unix.MNT_DETACH) })
	if _, err := moveAway(path, "now"); err == nil {
		t.Fatal("the fault did not happen")
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the database went first: %v", err)
	}
}

func TestAThoroughLookReadsWhatNoQueryMeets(t *testing.T) {
	s, _, _ := cleared(t)
	var page, size int64
	s.must(s.Read(s.ctx, func(tx *Tx) error {
		return errors.Join(
			tx.QueryRow(`SELECT rootpage FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'exceptions' LIMIT 1`).Scan(&page),
			tx.QueryRow(`PRAGMA page_size`).Scan(&size))
	}))
	s.must(s.Close())
	overwrite(t, s.opts.Path, (page-1)*size+3, []byte{0x7f, 0xff}) // more cells than a page can have
	s.openAgain()
	if _, err := s.VerifyChain(s.ctx); err != nil {
		t.Fatalf("the damage is met by a query: %v", err)
	}
	s.must(s.Close())
	s.opts.Thorough = true
	if _, err := Open(s.ctx, s.opts); !untrusted(err) {
		t.Errorf("a thorough look finds %v", err)
	}
}

func TestEachCachedValueIsCompared(t *testing.T) {
	for _, lie := range []string{`state = 'seen'`, `on_camera = 0`, `ingested = 0`, `erasing = 'd1'`} {
		s, _, _ := cleared(t)
		s.tamper(`UPDATE recordings SET ` + lie)
		if _, err := Open(s.ctx, s.opts); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v", lie, err)
		}
	}
}

func TestWhichErrorsOfTheDatabaseEndTheProcess(t *testing.T) {
	for code, fatal := range map[sqlite3.ErrNo]bool{
		sqlite3.ErrFull: true, sqlite3.ErrIoErr: true, sqlite3.ErrCorrupt: true, sqlite3.ErrNotADB: true,
		sqlite3.ErrBusy: false, sqlite3.ErrConstraint: false, sqlite3.ErrInterrupt: false,
	} {
		s := newStation(t)
		err := s.Write(s.ctx, func(*Tx) error { return sqlite3.Error{Code: code} })
		if errors.Is(err, ErrCommit) != fatal {
			t.Errorf("%v: %v", code, err)
		}
	}
}

func TestAReaderSaysThatACorruptJournalIsBroken(t *testing.T) {
	s := newStation(t)
	if err := s.Read(s.ctx, func(*Tx) error { return sqlite3.Error{Code: sqlite3.ErrCorrupt} }); !errors.Is(err, ErrBroken) {
		t.Errorf("got %v", err)
	}
}

func TestReadersAreRefusedWhatIsNotTheirs(t *testing.T) {
	s := newStation(t)
	other := s.opts
	other.DataKey[0] ^= 1
	if j, err := OpenReadOnly(s.ctx, other); !errors.Is(err, ErrKey) {
		t.Errorf("another data key: %v, %v", j, err)
	}
	s.tamper(`INSERT INTO journal_version (version_id, is_applied) VALUES (99, 1)`)
	if j, err := OpenReadOnly(s.ctx, s.opts); !errors.Is(err, ErrNewer) {
		t.Errorf("a newer journal: %v, %v", j, err)
	}
}

func TestADockingWithoutIdentityDoesNotBegin(t *testing.T) {
	s := newStation(t)
	whole := Docking{ID: "d1", Attachment: dock.Attachment{Bay: "A1", Generation: 1}, Info: dock.CameraInfo{ID: "cam-7"}, Began: s.clock.Now()}
	for what, lacks := range map[string]func(*Docking){
		"docking":    func(d *Docking) { d.ID = "" },
		"camera":     func(d *Docking) { d.Info.ID = "" },
		"attachment": func(d *Docking) { d.Attachment.Generation = 0 },
	} {
		d := whole
		if lacks(&d); s.BeginDocking(s.ctx, d) == nil {
			t.Errorf("it begins without its %s", what)
		}
	}
	s.must(s.BeginDocking(s.ctx, whole))
}

func TestClearGoesByTheLatestListing(t *testing.T) {
	s, d, p := cleared(t)
	moved := p
	moved.Entry.Identity = "moved"
	s.reconcile(d, listing(moved.Entry))
	var refusal *dock.Refusal
	if _, err := s.Clear(s.ctx, request(d, moved)); !errors.As(err, &refusal) || refusal.Has("unlisted") || !refusal.Has("changed") {
		t.Errorf("what is listed now: %v", err)
	}
}

func TestAnExceptionThatCanBeReadLetsGoOfNoOther(t *testing.T) {
	s, d, p := cleared(t)
	l := listing(p.Entry)
	l.Exceptions = []dock.Exception{unreadable("one.mp4", 9), unreadable("two.mp4", 9)}
	s.reconcile(d, l)
	l = listing(p.Entry, file("one.mp4", 9))
	l.Exceptions = []dock.Exception{unreadable("two.mp4", 9)}
	s.reconcile(d, l)
	if open := s.open(ExceptionFilter{Docking: d.ID, Blocking: true}); len(open) != 1 || open[0].Name != "two.mp4" {
		t.Errorf("what stops erasing: %+v", open)
	}
}

// Neither what a start ends nor what an orderly run wrote last goes unwitnessed.
func TestAStartAndAnEndAreWitnessed(t *testing.T) {
	s, _, _ := cleared(t)
	before := readWitness(t, s.opts).Seq
	s.dock("cam-8")
	if now := readWitness(t, s.opts).Seq; now != before {
		t.Fatalf("a docking alone is witnessed at once: %d after %d", now, before)
	}
	s.must(s.Close())
	closed := readWitness(t, s.opts).Seq
	if closed <= before {
		t.Errorf("after the end the witness stays at %d", closed)
	}
	s.openAgain()
	if now := readWitness(t, s.opts).Seq; now <= closed {
		t.Errorf("a start ended two dockings, and the witness stays at %d", now)
	}
}

func TestNothingThatACrashLeftOpenIsForgotten(t *testing.T) {
	digest := sealedOf(file("a", 1))
	intent := dock.SpoolIntent{Key: "k", Sealed: digest, SealedBytes: 1}
	for what, bodies := range map[string][]dock.FactBody{
		"an intent whose camera has it no more": {dock.Seen{Name: "a", Copies: 1}, intent, dock.Vanished{Reason: dock.VanishAbsent}},
		"an erase after the spool copy went":    {dock.Seen{Name: "a", Copies: 1}, intent, dock.Spooled{Sealed: digest}, dock.SpoolReleased{}, dock.EraseIntent{Generation: 1}},
	} {
		var facts []dock.Fact
		for i, body := range bodies {
			facts = append(facts, dock.Fact{Seq: int64(i + 1), Recording: "r", Docking: "d", Body: body})
		}
		if s := plainSummary(dock.Recording{ID: "r", Facts: facts}); !s.unfinished {
			t.Errorf("%s is forgotten", what)
		}
	}
}
