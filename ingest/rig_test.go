package ingest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"berth/dock"
	"berth/dock/journal"
	"berth/hashing"
	"berth/ingest/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testStation = dock.StationID("hq-dock-1")

// rig is a station's ingest side on a real disk, with a real journal, that can
// be started again and again.
type rig struct {
	t       testing.TB
	dir     string
	clock   *tick
	disk    *scripted
	reserve int64
	key     seal.PrivateKey
	signer  *seal.Signer
	options func(*PullerOptions)

	spool   *Spool
	journal *journal.Journal
	puller  *Puller
	plugged dock.Generation
}

func newRig(t testing.TB) *rig {
	t.Helper()
	private, _, err := seal.GenerateKeyPair()
	must(t, err)
	key, err := seal.ParsePrivateKey(private)
	must(t, err)
	signing, err := seal.GenerateStationKey()
	must(t, err)
	r := &rig{t: t, dir: t.TempDir(), clock: &tick{}, disk: &scripted{}, key: key, signer: seal.NewSigner(string(testStation), signing)}
	r.start()
	t.Cleanup(r.stop)
	return r
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r *rig) start() {
	r.t.Helper()
	var err error
	r.spool, err = openSpool(r.spoolDir(), r.reserve, r.disk)
	must(r.t, err)
	r.journal, err = journal.Open(r.t.Context(), journal.Options{
		Path: filepath.Join(r.dir, "journal.db"), Station: testStation, Clock: r.clock, Log: slog.New(slog.DiscardHandler),
	})
	must(r.t, err)
	o := PullerOptions{
		Spool: r.spool, Journal: r.journal, Station: testStation, Agency: "Springfield PD",
		Recipients: []seal.Recipient{r.key.Recipient()}, Signer: r.signer, Turns: NewTurns(2, r.clock),
		Clock: r.clock, Location: true, Copies: 1, Log: slog.New(slog.DiscardHandler),
	}
	if r.options != nil {
		r.options(&o)
	}
	r.puller = NewPuller(o)
}

// crash ends the process as far as the disk can tell: nothing is tidied up.
func (r *rig) crash() {
	if r.spool == nil {
		return
	}
	for w := r.puller.parked.takeOldest(); w != nil; w = r.puller.parked.takeOldest() {
		_ = w.temp.close()
	}
	must(r.t, r.spool.Close())
	must(r.t, r.journal.Close())
	r.spool = nil
}

func (r *rig) stop() {
	if r.spool != nil {
		must(r.t, r.puller.Close())
		r.crash()
	}
}

// restart is a crash and a start on a sound disk.
func (r *rig) restart() {
	r.t.Helper()
	r.crash()
	r.disk = &scripted{}
	r.start()
}

func (r *rig) spoolDir() string { return filepath.Join(r.dir, "spool") }

// dock begins a docking of the camera.
func (r *rig) dock(c *fakeCamera, bay string) journal.Docking {
	r.t.Helper()
	r.plugged++
	d := journal.Docking{
		ID: dock.NewDockingID(), Attachment: dock.Attachment{Bay: dock.BayName(bay), Generation: r.plugged},
		Info: c.info, Began: r.clock.Now(),
	}
	must(r.t, r.journal.BeginDocking(context.Background(), d))
	return d
}

// see docks the camera and journals its one recording.
func (r *rig) see(c *fakeCamera, bay string) Pull {
	r.t.Helper()
	pull := Pull{
		Docking: r.dock(c, bay), Recording: dock.NewRecordingID(), Camera: c,
		Entry: dock.Entry{
			Handle: "h", Name: dock.RawName("DCIM/\xff\n" + bay), SizeBytes: int64(len(c.content)),
			Modified: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Identity: "object-1",
		},
	}
	must(r.t, r.journal.Append(context.Background(), dock.Fact{
		Recording: pull.Recording, Docking: pull.Docking.ID,
		Body: dock.Seen{Name: pull.Entry.Name, SizeBytes: pull.Entry.SizeBytes, Copies: 2},
	}))
	return pull
}

func (r *rig) recording(id dock.RecordingID) dock.Recording {
	r.t.Helper()
	var recording dock.Recording
	must(r.t, r.journal.Read(context.Background(), func(tx *journal.Tx) (err error) {
		recording, err = tx.Recording(id)
		return err
	}))
	return recording
}

// finals lists the sealed files by name, temps those without one.
func (r *rig) finals() []string { return r.glob("*.sealed") }
func (r *rig) temps() []string  { return r.glob("tmp/*") }
func (r *rig) setAside() []string {
	return r.glob("damaged/*")
}

func (r *rig) glob(pattern string) []string {
	r.t.Helper()
	found, err := filepath.Glob(filepath.Join(r.spoolDir(), pattern))
	must(r.t, err)
	return found
}

// nothingLeft: an attempt that failed left no file and no claim.
func (r *rig) nothingLeft() {
	r.t.Helper()
	if left := append(r.finals(), r.temps()...); len(left) > 0 {
		r.t.Errorf("left behind: %q", left)
	}
	if r.spool.claimed != 0 {
		r.t.Errorf("%d bytes are still claimed", r.spool.claimed)
	}
}

// holds checks that the recording is spooled, exactly once, and that the file
// opens with the agency's key to exactly content.
func (r *rig) holds(id dock.RecordingID, content []byte) *seal.Reader {
	r.t.Helper()
	intent, ok := r.recording(id).Spooled()
	if !ok {
		r.t.Fatalf("recording %s is not spooled", id)
	}
	if intent.SHA256 != hashing.Sum(content) || intent.SizeBytes != int64(len(content)) {
		r.t.Errorf("spooled as %s of %d bytes, the camera has %s of %d", intent.SHA256, intent.SizeBytes, hashing.Sum(content), len(content))
	}
	path := filepath.Join(r.spoolDir(), intent.Sealed.String()+".sealed")
	file, err := os.ReadFile(path)
	must(r.t, err)
	if hashing.Sum(file) != intent.Sealed || int64(len(file)) != intent.SealedBytes {
		r.t.Errorf("%s holds %s of %d bytes", path, hashing.Sum(file), len(file))
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		r.t.Errorf("mode of the sealed file: %v %v", info.Mode(), err)
	}
	reader, err := seal.Open(r.t.Context(), bytes.NewReader(file), int64(len(file)), r.key)
	must(r.t, err)
	var opened bytes.Buffer
	must(r.t, reader.Content(r.t.Context(), &opened))
	if !bytes.Equal(opened.Bytes(), content) {
		r.t.Errorf("the sealed file opens to %d other bytes", opened.Len())
	}
	return reader
}

// footage returns n bytes that are like no others.
func footage(n int) []byte {
	var seed [32]byte
	copy(seed[:], fmt.Sprint("footage ", n))
	b := make([]byte, n)
	_, _ = rand.NewChaCha8(seed).Read(b)
	return b
}

// bothMedia runs the test with direct I/O and as if there were none.
func bothMedia(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Run("direct", func(t *testing.T) {
		r := newRig(t)
		if !r.spool.direct {
			t.Skip("this filesystem has no direct I/O")
		}
		test(t, r)
	})
	t.Run("buffered", func(t *testing.T) {
		r := newRig(t)
		r.spool.direct = false
		test(t, r)
	})
}
