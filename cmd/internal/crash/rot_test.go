package crash

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"berth/dock"
	"berth/dock/journal"
)

// rotten is a station with one camera in its first bay, which holds one
// original of some segments.
func rotten(t *testing.T, at places) (*rig, *camera, *original) {
	t.Helper()
	r := newRig(t, build(t), seed(t), at)
	c := r.cameras[0]
	o := c.record(t, r.random, 2_500_000)
	r.originals = append(r.originals, o)
	c.move(t, filepath.Join(r.bay(0), c.name), bayName(0))
	return r, c, o
}

// firstBay is the state of the bay that the camera is in.
func firstBay(want dock.BayState) func(dock.Status) (string, bool) {
	return func(s dock.Status) (string, bool) {
		b := s.Bays[0]
		return fmt.Sprintf("%s: %s %s", b.State, b.Doing, b.Attention), b.State == want
	}
}

// only is the one recording that the journal knows.
func (r *rig) only() journal.Row {
	r.t.Helper()
	j := r.reads(filepath.Join(r.data, "journal", "journal.db"))
	if j == nil {
		r.t.Fatal("there is no journal")
	}
	defer j.Close()
	rows, err := j.Recordings(r.t.Context(), journal.Filter{})
	if err != nil || len(rows) != 1 {
		r.t.Fatalf("%d recordings: %v", len(rows), err)
	}
	return rows[0]
}

func (r *rig) mustHave(c *camera, o *original) {
	r.t.Helper()
	if !c.has(r.t, o) {
		r.t.Fatal("ERASED although a copy is rotten")
	}
}

// TestRotInSpoolIsFoundBeforeForwarding: what waits for its stores rots. It is
// read by its name, so that no store gets it.
func TestRotInSpoolIsFoundBeforeForwarding(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	r, c, o := rotten(t, places{data: newDisk(t), spool: d})
	for _, store := range r.stores {
		if err := os.Rename(store, store+".away"); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, r.program, r.config())
	defer p.kill(t)
	r.until(p, "the camera is secured", firstBay(dock.BaySecured))
	row := r.only()
	name := row.SealedSHA256.String() + ".sealed"
	d.flip(filepath.Join(r.spool(), name), 1_500_000)
	for _, store := range r.stores {
		if err := os.Rename(store+".away", store); err != nil {
			t.Fatal(err)
		}
	}
	named := func(s dock.StoreStatus) bool {
		return s.Queued > 0 && strings.Contains(s.WaitingFor, "expected "+row.SealedSHA256.String())
	}
	status := r.until(p, "the stores say what is wrong", func(s dock.Status) (string, bool) {
		return fmt.Sprintf("%+v", s.Stores), named(s.Stores[0]) && named(s.Stores[1])
	})
	t.Logf("named: %s", status.Stores[0].WaitingFor)
	status = r.until(p, "a person is asked for", firstBay(dock.BayAttention))
	if row := r.only(); row.State != dock.StateHeld || !strings.Contains(row.HeldReason, string(dock.HoldSpoolDiffers)) {
		t.Errorf("the recording is %s (%s); bay: %s", row.State, row.HeldReason, status.Bays[0].Attention)
	}
	for _, store := range r.stores {
		if found := r.wholeFiles(store); len(found) > 0 {
			t.Fatalf("a rotten file came into a store: %v", found)
		}
	}
	r.mustHave(c, o)
}

// TestRotInStoreRevokesItsReceipt: a copy rots after its receipt and before the
// camera is emptied. It is found by reading it back, and the camera keeps what
// it has.
func TestRotInStoreRevokesItsReceipt(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	r, c, o := rotten(t, places{data: newDisk(t), stores: d})
	r.configure("never")
	p := start(t, r.program, r.config())
	defer p.kill(t)
	r.until(p, "the camera is stored", firstBay(dock.BayStored))
	p.kill(t)
	row := r.only()
	if len(row.Receipts) != 2 {
		t.Fatalf("%d receipts", len(row.Receipts))
	}
	d.flip(filepath.Join(r.stores[0], filepath.FromSlash(row.Key)), 1_500_000)
	d.again()
	r.configure("copies")
	p = start(t, r.program, r.config())
	defer p.kill(t)
	status := r.until(p, "the store's rot is named", func(s dock.Status) (string, bool) {
		return fmt.Sprintf("%+v %+v", s.Stores, s.Bays[0]), s.Stores[0].WaitingFor != "" && s.Stores[0].Queued > 0
	})
	t.Logf("named: %s; bay %s: %s %s", status.Stores[0].WaitingFor, status.Bays[0].State, status.Bays[0].Doing, status.Bays[0].Attention)
	if row = r.only(); len(row.Receipts) != 1 {
		t.Errorf("%d receipts still hold", len(row.Receipts))
	}
	if !strings.Contains(p.log.String(), "receipt revoked") {
		t.Errorf("the log does not say that a receipt is revoked:\n%s", p.log.end())
	}
	r.mustHave(c, o)
}

// TestRotInJournalLocksErasing: the journal rots while the station is off. It
// is set aside, and nothing is erased by what it said.
func TestRotInJournalLocksErasing(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	r, c, o := rotten(t, places{data: d})
	r.configure("never")
	p := start(t, r.program, r.config())
	defer p.kill(t)
	r.until(p, "the camera is stored", firstBay(dock.BayStored))
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil { // so that all is in one file
		t.Fatal(err)
	}
	<-p.ended
	path := filepath.Join(r.data, "journal", "journal.db")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.LastIndex(string(content), r.only().SealedSHA256.String())
	if at < 0 {
		t.Fatal("the journal's file does not have the digest")
	}
	d.flip(path, int64(at)+7)
	d.again()
	r.configure("copies")
	p = start(t, r.program, r.config())
	defer p.kill(t)
	t.Logf("named: %s", r.distrusts(p))
	r.mustHave(c, o)
}

// distrusts waits until the station says that it does not believe its journal:
// it locks erasing or does not start.
func (r *rig) distrusts(p *process) string {
	r.t.Helper()
	select {
	case <-p.ended:
		if said := p.log.end(); strings.Contains(said, "journal cannot be trusted") && !p.command.ProcessState.Success() {
			return said
		}
		r.t.Fatalf("the station ended without a word about its journal: %v\n%s", p.err, p.log.end())
	case <-p.log.up:
	}
	status := r.until(p, "erasing is locked and the camera read", func(s dock.Status) (string, bool) {
		return fmt.Sprintf("%s %+v %+v", s.Mode, s.Problems, s.Bays[0]),
			s.Mode != dock.ModeNormal && !s.Healthy && (s.Mode == dock.ModeSafe || s.Bays[0].Stored == 1)
	})
	text := ""
	for _, problem := range status.Problems {
		if strings.Contains(problem.Text, "journal") {
			text += problem.Code + ": " + problem.Text
		}
	}
	if text == "" {
		r.t.Fatalf("no problem names the journal: %+v", status.Problems)
	}
	return text
}

// TestRotOnCameraIsFoundBySecondRead: what the camera's card gives the second
// time is not what it gave the first time. Nobody knows which is right.
func TestRotOnCameraIsFoundBySecondRead(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	r, c, o := rotten(t, places{cameras: d})
	r.configure("never")
	p := start(t, r.program, r.config())
	defer p.kill(t)
	r.until(p, "the camera is stored", firstBay(dock.BayStored))
	p.kill(t)
	d.settle()
	d.flip(filepath.Join(c.folder, o.name), 1_500_000)
	d.again()
	r.configure("copies")
	p = start(t, r.program, r.config())
	defer p.kill(t)
	status := r.until(p, "a person is asked for", firstBay(dock.BayAttention))
	t.Logf("named: %s", status.Bays[0].Attention)
	row := r.only()
	if row.State != dock.StateHeld || row.HeldReason == "" || row.SHA256 != o.digest {
		t.Errorf("the recording is %s (%s)", row.State, row.HeldReason)
	}
	out, err := exec.Command(r.program, "recordings", "--state", "held", "--json", "--config", r.config()).CombinedOutput()
	if err != nil || !strings.Contains(string(out), row.HeldReason) {
		t.Errorf("berth recordings does not say why it is held: %v\n%s", err, out)
	}
	r.mustHave(c, o)
	r.nothingLost()
}
