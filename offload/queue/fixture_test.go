package queue_test

import (
	"context"
	"crypto/fips140"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"berth/dock"
	"berth/dock/journal"
	"berth/hashing"
	"berth/offload/queue"
	"berth/offload/storetest"
)

// bubble runs a test in a bubble of its own, in which time passes only while
// everybody waits: what takes days outside takes no time, and nothing races.
func bubble(t *testing.T, test func(*testing.T, *station)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal.db")
	if fips140.Enabled() && fips140.Version() == "latest" {
		// Go's own module gathers entropy from the jitter of time, and in a
		// bubble time does not jitter.
		cryptotest.SetGlobalRandom(t, 1)
	}
	synctest.Test(t, func(t *testing.T) {
		s := &station{
			t: t, path: path, clock: &clock{start: time.Now(), boot: "boot-1"},
			a: storetest.NewMemory("uuid-a"), b: storetest.NewMemory("uuid-b"),
			spool: &spool{content: map[hashing.Digest][]byte{}}, copies: 2,
		}
		s.targets = []queue.Target{{Name: "nas", Store: s.a}, {Name: "cloud", Store: s.b}}
		s.boot()
		defer func() { s.stop(); s.journal.Close() }()
		test(t, s)
	})
}

// station is a journal, a spool and a queue in front of two stores.
type station struct {
	t       *testing.T
	path    string
	clock   *clock
	journal *journal.Journal
	spool   *spool
	a, b    *storetest.Memory
	targets []queue.Target
	copies  int
	queue   *queue.Queue
	cancel  context.CancelFunc
	ended   chan error // nil while the queue does not run
	made    uint64
}

// clock is the bubble's.
type clock struct {
	mu    sync.Mutex
	start time.Time
	boot  dock.BootID
}

func (c *clock) Now() dock.Instant {
	c.mu.Lock()
	defer c.mu.Unlock()
	return dock.Instant{Wall: time.Now(), Boot: c.boot, SinceBoot: time.Since(c.start)}
}

func (c *clock) reboot(boot dock.BootID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.start, c.boot = time.Now(), boot
}

// spool is what lies sealed on the station.
type spool struct {
	mu      sync.Mutex
	content map[hashing.Digest][]byte
	failure error  // of release
	slow    func() // called by release, if set before the queue runs
}

func (s *spool) sealed(intent dock.SpoolIntent) dock.Sealed {
	s.mu.Lock()
	defer s.mu.Unlock()
	sealed := storetest.Seal(s.content[intent.Sealed])
	sealed.Key, sealed.Digest, sealed.SizeBytes = intent.Key, intent.Sealed, intent.SealedBytes
	return sealed
}

func (s *spool) release(digest hashing.Digest) error {
	if s.slow != nil {
		s.slow()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil {
		return s.failure
	}
	if _, ok := s.content[digest]; !ok {
		return fs.ErrNotExist
	}
	delete(s.content, digest)
	return nil
}

func (s *spool) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = err
}

func (s *spool) files() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.content)
}

// boot opens the journal and prepares the queue.
func (s *station) boot() {
	s.t.Helper()
	j, err := journal.Open(s.t.Context(), journal.Options{
		Path: s.path, Station: "hq-dock-1", Clock: s.clock, Rooms: []journal.Room{queue.Room()},
	})
	s.must(err)
	s.journal = j
	s.queue = queue.New(queue.Options{
		Journal: j, Targets: s.targets, Sealed: s.spool.sealed, ReleaseSpool: s.spool.release,
		Copies: s.copies, Clock: s.clock,
	})
}

// start runs the queue until there is nothing to do without waiting.
func (s *station) start() {
	s.t.Helper()
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(s.t.Context())
	s.ended = make(chan error, 1)
	q, ended := s.queue, s.ended
	go func() { ended <- q.Run(ctx) }()
	synctest.Wait()
}

func (s *station) stop() {
	if s.ended == nil {
		return
	}
	s.cancel()
	if err := <-s.ended; err != nil {
		s.t.Errorf("Run: %v", err)
	}
	s.ended = nil
}

// restart is what a killed station does.
func (s *station) restart() {
	s.t.Helper()
	s.stop()
	s.must(s.journal.Close())
	s.boot()
	s.start()
}

// later lets time pass in the bubble.
func (s *station) later(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (s *station) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// seal puts count recordings on the spool, in one transaction.
func (s *station) seal(count int) []dock.RecordingID {
	s.t.Helper()
	var ids []dock.RecordingID
	var facts []dock.Fact
	for range count {
		id := dock.NewRecordingID()
		ids = append(ids, id)
		facts = append(facts, dock.Fact{Recording: id, Body: dock.Seen{Name: "clip.mp4", SizeBytes: 4000, Copies: s.copies}})
		facts = append(facts, s.spoolFacts(id)...)
	}
	s.must(s.journal.Append(s.t.Context(), facts...))
	return ids
}

// sealAgain puts a recording on the spool once more, sealed with another key.
func (s *station) sealAgain(id dock.RecordingID) {
	s.t.Helper()
	s.must(s.journal.Append(s.t.Context(), s.spoolFacts(id)...))
}

// spoolFacts writes a sealed file and says what is to be journalled.
func (s *station) spoolFacts(id dock.RecordingID) []dock.Fact {
	s.made++
	content := storetest.Content(s.made, 5000)
	sealed := storetest.Seal(content)
	s.spool.mu.Lock()
	defer s.spool.mu.Unlock()
	s.spool.content[sealed.Digest] = content
	return []dock.Fact{
		{Recording: id, Body: dock.SpoolIntent{
			Key: sealed.Key, SHA256: hashing.Sum(content[:4000]), SizeBytes: 4000,
			Sealed: sealed.Digest, SealedBytes: sealed.SizeBytes,
		}},
		{Recording: id, Body: dock.Spooled{Sealed: sealed.Digest}},
	}
}

// spooled is seal and the hint that follows it.
func (s *station) spooled(count int) []dock.RecordingID {
	s.t.Helper()
	ids := s.seal(count)
	s.queue.Wake()
	synctest.Wait()
	return ids
}

func (s *station) recording(id dock.RecordingID) dock.Recording {
	s.t.Helper()
	var r dock.Recording
	s.must(s.journal.Read(s.t.Context(), func(tx *journal.Tx) (err error) {
		r, err = tx.Recording(id)
		return err
	}))
	return r
}

func (s *station) key(id dock.RecordingID) string {
	intent, _ := s.recording(id).Spooled()
	return intent.Key
}

// facts counts the recording's facts of a kind.
func (s *station) facts(id dock.RecordingID, kind dock.FactKind) int {
	count := 0
	for _, fact := range s.recording(id).Facts {
		if fact.Body.Kind() == kind {
			count++
		}
	}
	return count
}

// stores names the stores that gave receipts which hold, sorted.
func (s *station) stores(id dock.RecordingID) []dock.StoreID {
	var stores []dock.StoreID
	for _, confirmation := range s.recording(id).Receipts() {
		stores = append(stores, confirmation.Receipt.Record().Store)
	}
	slices.Sort(stores)
	return stores
}

// expectStores checks who gave receipts, each named as often as it gave one.
func (s *station) expectStores(ids []dock.RecordingID, want ...dock.StoreID) {
	s.t.Helper()
	for _, id := range ids {
		var got []dock.StoreID
		for _, fact := range s.recording(id).Facts {
			if earned, ok := fact.Body.(dock.ReceiptEarned); ok {
				got = append(got, earned.Receipt.Store)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			s.t.Errorf("%s: receipts of %v, want %v", id, got, want)
		}
	}
}

// status is that of one store.
func (s *station) status(name string) dock.StoreStatus {
	s.t.Helper()
	all, err := s.queue.Status(s.t.Context())
	s.must(err)
	for _, status := range all {
		if status.Store == name {
			return status
		}
	}
	s.t.Fatalf("no status of %s in %+v", name, all)
	return dock.StoreStatus{}
}
