package journal

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"berth/dock"
	"berth/hashing"
)

// testClock is a clock that moves only when it is told to.
type testClock struct {
	mu    sync.Mutex
	since time.Duration
}

func (c *testClock) Now() dock.Instant {
	c.mu.Lock()
	defer c.mu.Unlock()
	start := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	return dock.Instant{Wall: start.Add(c.since), Boot: "boot-1", SinceBoot: time.Minute + c.since}
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since += d
}

// station is a journal with what the tests do to it.
type station struct {
	*Journal
	t     testing.TB
	ctx   context.Context
	opts  Options
	clock *testClock
	next  dock.Generation
}

func testOptions(t testing.TB) (Options, *testClock) {
	clock := &testClock{}
	return Options{
		Path: filepath.Join(t.TempDir(), "data", "journal.db"), Station: "hq-dock-1",
		DataKey: [32]byte{1, 2, 3}, Clock: clock,
	}, clock
}

func newStation(t testing.TB) *station {
	t.Helper()
	opts, clock := testOptions(t)
	return openStation(t, opts, clock)
}

func openStation(t testing.TB, opts Options, clock *testClock) *station {
	t.Helper()
	j, err := Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	s := &station{Journal: j, t: t, ctx: t.Context(), opts: opts, clock: clock}
	t.Cleanup(func() { s.Journal.Close() })
	return s
}

// reopen is a restart of the station.
func (s *station) reopen() {
	s.t.Helper()
	s.must(s.Close())
	s.openAgain()
}

// openAgain opens a journal that was closed.
func (s *station) openAgain() {
	s.t.Helper()
	j, err := Open(s.ctx, s.opts)
	s.must(err)
	s.Journal = j
}

func (s *station) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// dock begins a docking of a camera in a bay.
func (s *station) dock(camera dock.CameraID) Docking {
	s.t.Helper()
	s.next++
	d := Docking{
		ID: dock.NewDockingID(), Began: s.clock.Now(),
		Attachment: dock.Attachment{Bay: "A1", Generation: s.next, Port: "bays/A1"},
		Info:       dock.CameraInfo{ID: camera, Basis: "folder-name"},
	}
	s.must(s.BeginDocking(s.ctx, d))
	return d
}

func (s *station) undock(d Docking) {
	s.t.Helper()
	s.must(s.EndDocking(s.ctx, d.ID, "unplugged"))
}

func (s *station) reconcile(d Docking, l dock.Listing) Reconciled {
	s.t.Helper()
	r, err := s.Reconcile(s.ctx, d.ID, l, true, 2)
	s.must(err)
	return r
}

func (s *station) add(d Docking, id dock.RecordingID, bodies ...dock.FactBody) {
	s.t.Helper()
	for _, body := range bodies {
		s.must(s.Append(s.ctx, dock.Fact{Recording: id, Docking: d.ID, Body: body}))
	}
}

func (s *station) recording(id dock.RecordingID) dock.Recording {
	s.t.Helper()
	var r dock.Recording
	s.must(s.Read(s.ctx, func(tx *Tx) (err error) {
		r, err = tx.Recording(id)
		return err
	}))
	return r
}

func (s *station) events(kind string) (found []line) {
	s.t.Helper()
	s.must(s.Read(s.ctx, func(tx *Tx) error {
		rows, err := tx.Query(`SELECT line FROM events ORDER BY seq`)
		if err != nil {
			return err
		}
		texts, err := column[[]byte](rows)
		for _, text := range texts {
			l, err := parseLine(text)
			if err != nil {
				return err
			}
			if kind == "" || l.Kind == kind {
				found = append(found, l)
			}
		}
		return err
	}))
	return found
}

func (s *station) count(query string, args ...any) (n int) {
	s.t.Helper()
	s.must(s.Read(s.ctx, func(tx *Tx) error { return tx.QueryRow(query, args...).Scan(&n) }))
	return n
}

// verify checks the whole chain.
func (s *station) verify() hashing.Chain {
	s.t.Helper()
	chain, err := s.VerifyChain(s.ctx)
	s.must(err)
	return chain
}

var shot = time.Date(2026, 2, 28, 22, 15, 0, 0, time.UTC)

func file(name string, size int64) dock.Entry {
	return dock.Entry{
		Handle: dock.Handle("h:" + name), Name: dock.RawName(name), SizeBytes: size, Modified: shot,
		Identity: dock.ObjectIdentity(fmt.Sprintf("inode-of-%x", hashing.Sum([]byte(name)))),
	}
}

func listing(entries ...dock.Entry) dock.Listing {
	return dock.Listing{Entries: entries, UsedBytes: -1, Clean: true}
}

const (
	nas   = dock.StoreID("11111111-1111-4111-8111-111111111111")
	cloud = dock.StoreID("22222222-2222-4222-8222-222222222222")
)

func policy() dock.Policy {
	return dock.Policy{Copies: 2, After: dock.EraseAfterCopies, Stores: []dock.StoreID{nas, cloud}}
}

func contentOf(e dock.Entry) hashing.Digest { return hashing.Sum([]byte("content of " + e.Name)) }
func sealedOf(e dock.Entry) hashing.Digest  { return hashing.Sum([]byte("sealed " + e.Name)) }

func intentOf(e dock.Entry) dock.SpoolIntent {
	return dock.SpoolIntent{
		Key: "hq-dock-1/2026/03/01/" + sealedOf(e).String() + ".sealed", SHA256: contentOf(e), SizeBytes: e.SizeBytes,
		Sealed: sealedOf(e), SealedBytes: e.SizeBytes + 12288, Object: e.Identity, DirectIO: true, Media: dock.Media{Status: "unknown"},
	}
}

func receipt(e dock.Entry, store dock.StoreID) dock.ReceiptEarned {
	return dock.ReceiptEarned{Receipt: dock.ReceiptRecord{
		Store: store, Key: intentOf(e).Key, SealedSHA256: sealedOf(e), SizeBytes: intentOf(e).SealedBytes,
		Grade: dock.GradeRehashed, Device: "disk of " + string(store),
	}}
}

// store brings a recording to where only its second read is missing.
func (s *station) store(d Docking, p dock.Planned) {
	s.t.Helper()
	s.add(d, p.Recording, intentOf(p.Entry), dock.Spooled{Sealed: sealedOf(p.Entry)}, receipt(p.Entry, nas), receipt(p.Entry, cloud))
}

func (s *station) secondRead(d Docking, p dock.Planned) {
	s.t.Helper()
	s.add(d, p.Recording, dock.SecondRead{SHA256: contentOf(p.Entry), SizeBytes: p.Entry.SizeBytes, Object: p.Entry.Identity})
}

func request(d Docking, p dock.Planned) ClearRequest {
	return ClearRequest{Docking: d.ID, Recording: p.Recording, Entry: p.Entry, Policy: policy()}
}
