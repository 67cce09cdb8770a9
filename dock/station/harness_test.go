package station

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"berth/dock"
	"berth/dock/journal"
	"berth/ingest"
	"berth/ingest/seal"
	"berth/offload"
	"berth/offload/queue"
	"berth/usb/filetree"
	"berth/usb/sim"
)

// house is a whole station on real files: real journal, spool, stores and
// directory bays. Only time runs faster than in life.
type house struct {
	t        *testing.T
	dir      string
	bays     []string
	stores   []string
	profiles []filetree.Profile
	erasing  Erasing
	key      seal.PrivateKey
	clock    dock.Clock
	sealTo   seal.Recipient
	rack     *usbRack // in place of the directory bays, where it is set
	stall    time.Duration
	waits    time.Duration // how long a wait may take

	station *Station
	journal *journal.Journal
	stop    func()
}

func newHouse(t *testing.T, bays ...string) *house {
	t.Helper()
	h := &house{
		t: t, dir: t.TempDir(), bays: bays, stores: []string{"one", "two"},
		erasing: Erasing{Copies: 2, After: dock.EraseAfterCopies}, waits: time.Minute,
	}
	private, public, err := seal.GenerateKeyPair()
	h.must(err)
	h.key, err = seal.ParsePrivateKey(private)
	h.must(err)
	h.sealTo, err = seal.ParseRecipient(public)
	h.must(err)
	h.clock, err = NewSystemClock()
	h.must(err)
	for _, b := range bays {
		h.must(os.MkdirAll(h.path("bays", b), 0o755))
	}
	for _, s := range h.stores {
		h.must(os.MkdirAll(h.path("stores", s), 0o755))
		_, err := offload.NewDirectory(s, h.path("stores", s), true, "").Commission(t.Context())
		h.must(err)
	}
	h.must(os.MkdirAll(h.path("cameras"), 0o755))
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) path(elem ...string) string {
	return filepath.Join(append([]string{h.dir}, elem...)...)
}

// start brings the station up; the test's end, or halt, takes it down.
func (h *house) start() {
	h.t.Helper()
	var err error
	h.journal, err = journal.OpenOrBegin(h.t.Context(), journal.Options{
		Path: h.path("data", "journal", "journal.db"), Station: "test-dock", DataKey: [32]byte{1}, Clock: h.clock,
		Rooms: []journal.Room{queue.Room()},
	})
	h.must(err)
	spool, err := ingest.OpenSpool(h.path("data", "spool"), 1<<20)
	h.must(err)
	_, signing, err := ed25519.GenerateKey(rand.Reader)
	h.must(err)
	log := slog.New(slog.NewTextHandler(h.t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
	puller := ingest.NewPuller(ingest.PullerOptions{
		Spool: spool, Journal: h.journal, Station: "test-dock", Recipients: []seal.Recipient{h.sealTo},
		Signer: seal.NewSigner("test-dock", signing), Turns: ingest.NewTurns(4, h.clock), Clock: h.clock,
		Location: true, Log: log,
	})
	var targets []queue.Target
	for _, s := range h.stores {
		targets = append(targets, queue.Target{Name: s, Store: offload.NewDirectory(s, h.path("stores", s), true, "")})
	}
	var slots []sim.Bay
	var bays []Bay
	for _, b := range h.bays {
		slots = append(slots, sim.Bay{Name: dock.BayName(b), Directory: h.path("bays", b)})
		bays = append(bays, Bay{Name: dock.BayName(b)})
	}
	options := Options{
		ID: "test-dock", Version: "test", Bays: bays, Erasing: h.erasing, Stall: h.stall,
		Journal: h.journal, Puller: puller,
		Queue: queue.New(queue.Options{
			Journal: h.journal, Targets: targets, Sealed: spool.Sealed, ReleaseSpool: spool.Release,
			Copies: h.erasing.Copies, Clock: h.clock, Log: log,
		}),
		Spool: spool, Clock: h.clock, Log: log, Settle: 20 * time.Millisecond, Relist: 100 * time.Millisecond,
	}
	closeBus := h.plugIn(&options, slots)
	h.station = New(options)
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.station.Run(ctx) }()
	h.stop = func() {
		cancel()
		h.must(<-ended)
		closeBus()
		h.must(puller.Close())
		h.must(spool.Close())
		h.must(h.journal.Close())
		h.stop = func() {}
	}
	h.t.Cleanup(func() { h.stop() })
}

// plugIn gives the station its bus and drivers.
func (h *house) plugIn(o *Options, slots []sim.Bay) (closeBus func()) {
	h.t.Helper()
	if h.rack != nil {
		o.Bus, o.Drivers, o.Power = h.rack, []dock.Driver{h.rack}, h.rack
		return func() {}
	}
	driver, err := sim.NewDriver(h.profiles)
	h.must(err)
	bus, err := sim.New(slots, 10*time.Millisecond)
	h.must(err)
	o.Bus, o.Drivers = bus, []dock.Driver{driver}
	return func() { bus.Close() }
}

// camera makes an undocked camera with the given files.
func (h *house) camera(name string, files map[string][]byte) {
	h.t.Helper()
	for file, content := range files {
		path := h.path("cameras", name, file)
		h.must(os.MkdirAll(filepath.Dir(path), 0o755))
		h.must(os.WriteFile(path, content, 0o644))
	}
}

func (h *house) dock(camera, bay string) {
	h.t.Helper()
	h.must(os.Rename(h.path("cameras", camera), h.path("bays", bay, camera)))
}

func (h *house) undock(camera, bay string) {
	h.t.Helper()
	h.must(os.Rename(h.path("bays", bay, camera), h.path("cameras", camera)))
}

// wait waits until the bay's status satisfies what, and returns it.
func (h *house) wait(bay, what string, is func(dock.BayStatus) bool) dock.BayStatus {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), h.waits)
	defer cancel()
	var last dock.BayStatus
	for {
		changed := h.station.Changed()
		status := h.station.Status(ctx)
		for _, b := range status.Bays {
			if b.Bay == dock.BayName(bay) {
				last = b
			}
		}
		if is(last) {
			return last
		}
		select {
		case <-changed:
		case <-ctx.Done():
			h.t.Fatalf("bay %s never became %s: %+v", bay, what, last)
		}
	}
}

func (h *house) waitState(bay string, state dock.BayState) dock.BayStatus {
	h.t.Helper()
	return h.wait(bay, string(state), func(b dock.BayStatus) bool { return b.State == state })
}

func (h *house) rows(f journal.Filter) []journal.Row {
	h.t.Helper()
	rows, err := h.journal.Recordings(h.t.Context(), f)
	h.must(err)
	return rows
}

// opened returns the content of the sealed file that a store holds of the row.
func (h *house) opened(store string, row journal.Row) []byte {
	h.t.Helper()
	sealed, err := os.ReadFile(h.path("stores", store, filepath.FromSlash(row.Key)))
	h.must(err)
	r, err := seal.Open(h.t.Context(), bytes.NewReader(sealed), int64(len(sealed)), h.key)
	h.must(err)
	var content bytes.Buffer
	h.must(r.Content(h.t.Context(), &content))
	return content.Bytes()
}

// checkStored shows that every store holds exactly these contents under these names.
func (h *house) checkStored(rows []journal.Row, want map[string][]byte) {
	h.t.Helper()
	if len(rows) != len(want) {
		h.t.Errorf("%d recordings, want %d", len(rows), len(want))
	}
	for _, row := range rows {
		for _, store := range h.stores {
			if got := h.opened(store, row); !bytes.Equal(got, want[string(row.Name)]) {
				h.t.Errorf("store %s holds other bytes for %s", store, row.Name)
			}
		}
	}
}

// onCamera lists the regular files that a docked camera still has.
func (h *house) onCamera(camera, bay string) []string {
	h.t.Helper()
	return h.below(h.path("bays", bay, camera))
}

// files lists the regular files of a camera in a rack.
func (h *house) files(camera string) []string {
	h.t.Helper()
	return h.below(h.path("cameras", camera))
}

func (h *house) below(root string) []string {
	h.t.Helper()
	var left []string
	h.must(filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			left = append(left, path[len(root)+1:])
		}
		return err
	}))
	return left
}

func random(n int) []byte {
	b := make([]byte, n)
	_, err := io.ReadFull(rand.Reader, b)
	if err != nil {
		panic(fmt.Sprint("crypto/rand never fails: ", err))
	}
	return b
}
