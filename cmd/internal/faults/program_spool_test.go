//go:build linux && amd64

package faults

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/dock/kiosk"
)

// sealedOnSpool are the spool's files that have their final name.
func (s *site) sealedOnSpool() []string {
	s.t.Helper()
	paths, err := filepath.Glob(s.path("data", "spool", "*.sealed"))
	if err != nil {
		s.t.Fatal(err)
	}
	return paths
}

// storesAway keeps everything on the spool until storesBack.
func (s *site) storesAway() {
	s.move("stores", "away")
}

func (s *site) storesBack() {
	s.move("away", "stores")
}

// failedSync: the station ends with the failure and says so. The next start
// believes nothing that lies on the spool, and reads it: what rotted meanwhile
// is found by its content, set aside, and taken from the camera once more.
func (s *site) failedSync(what, says string) {
	s.storesAway()
	p := s.serve(once(what, unix.EIO, 4, `^renameat2 data/spool/tmp/`)...)
	p.fails(says)
	sealed := s.sealedOnSpool()
	if len(sealed) == 0 || len(s.journal.rows) == 0 {
		s.t.Fatalf("%d files on the spool and %d recordings in the journal", len(sealed), len(s.journal.rows))
	}
	rotten := ""
	for _, row := range s.journal.rows {
		if row.Recording.OnSpool() {
			rotten = s.path("data", "spool", row.SealedSHA256.String()+".sealed")
		}
	}
	if err := flip(rotten); err != nil {
		s.t.Fatalf("no recording is journalled as spooled: %v", err)
	}
	p = s.serve()
	p.until("both cameras are secured", bothAre(dock.BaySecured))
	for _, path := range sealed {
		if !p.didRead(path) {
			s.t.Errorf("%s is believed unread", path)
		}
	}
	aside := s.path("data", "spool", "damaged", filepath.Base(rotten))
	if err := os.Remove(aside); err != nil {
		s.t.Errorf("what rotted was not set aside: %v", err)
	}
	s.storesBack()
	p.empties()
}

// failingAgainAndAgain: after three runs that ended like that the station stays
// up in safe mode, and tries again when a person says so.
func (s *site) failingAgainAndAgain() {
	for range 3 {
		s.serve(fails(`^fsync data/spool/tmp/`, unix.EIO, 1)).fails("did not acknowledge")
		s.keepsAll()
	}
	p := s.serve()
	s.saysSafe(p, "failing")
	if len(s.sealedOnSpool()) > 0 {
		s.t.Error("something was taken from a camera")
	}
	s.released(p, "safe-mode")
	p.empties()
}

// saysSafe waits for safe mode: the cameras are seen and keep what they have,
// and status and log say why.
func (s *site) saysSafe(p *serving, code string) {
	s.t.Helper()
	status := p.until("cameras are seen in safe mode", func(status dock.Status) bool {
		return status.Mode == dock.ModeSafe && bothAre(dock.BayAttention)(status)
	})
	if !hasProblem(status, code) || !strings.Contains(status.Problems[0].Text, "recordings stay on the cameras") {
		s.t.Errorf("it says %+v, not %s", status.Problems, code)
	}
	if !strings.Contains(p.said(), `"code":"`+code+`"`) {
		s.t.Errorf("the log does not say %s:\n%s", code, p.said())
	}
	s.keepsAll()
}

// released is what a person does who looked.
func (s *site) released(p *serving, what string) {
	s.t.Helper()
	if err := kiosk.NewClient(s.path("data")).Release(s.t.Context(), what, "a person", "looked"); err != nil {
		s.t.Fatalf("%v\n%s", err, p.said())
	}
}

// journalThatCannotBeMade: a start that fails leads to safe mode, not to an end.
func (s *site) journalThatCannotBeMade() {
	p := s.serve(fails(`sync data/journal`, unix.EIO, 0))
	s.saysSafe(p, "journal")
	p.lift()
	s.released(p, "safe-mode")
	p.empties()
}

// witnessless: without the journal's witness nothing is erased and all else
// goes on; nobody has to come when it can be written again.
func (s *site) witnessless() {
	p := s.serve(fails(`^fsync data/journal\.head\.new$`, unix.EIO, 0))
	s.erasesNothing(p, "witness")
	p.lift()
	p.empties()
}

// passing: an error that comes once or twice costs nothing but another try.
func (s *site) passing(what string, errno syscall.Errno) {
	r := fails(what, errno, 2)
	p := s.serve(r)
	p.empties()
	if p.met(r) != 2 {
		s.t.Errorf("%s failed %d times", what, p.met(r))
	}
}

// lasting: while the spool's disk gives only errors, the recordings stay where
// they are, a person is asked for, and it goes on by itself afterwards.
func (s *site) lasting(what string, errno syscall.Errno) {
	p := s.serve(fails(what, errno, 0))
	status := p.until("a person is asked for", bothAre(dock.BayAttention))
	if status.Bays[0].Attention == "" {
		s.t.Errorf("it does not say why: %+v", status.Bays)
	}
	s.keepsAll()
	p.lift()
	p.empties()
}

// unreadable: what the spool cannot read for forwarding stays on the camera and
// in the queue.
func (s *site) unreadable() {
	p := s.serve(fails(`^read data/spool/[0-9a-f]+\.sealed`, unix.EIO, 0))
	status := p.until("both stores wait", func(status dock.Status) bool {
		return bothAre(dock.BaySecured)(status) && status.Stores[0].WaitingFor != "" && status.Stores[1].WaitingFor != ""
	})
	if !strings.Contains(status.Stores[0].WaitingFor, "input/output error") || status.Healthy {
		s.t.Errorf("healthy %t, waiting for %q", status.Healthy, status.Stores[0].WaitingFor)
	}
	s.keepsAll()
	p.lift()
	p.empties()
}
