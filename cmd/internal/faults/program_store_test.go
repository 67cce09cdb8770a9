//go:build linux && amd64

package faults

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"berth/dock"
)

// bad: one store that gives errors holds up nothing but itself and the
// erasing. It is named, and caught up with afterwards.
func (s *site) badStore(what string, errno syscall.Errno, says string) {
	p := s.serve(fails(what, errno, 0))
	s.oneStoreWaits(p, says)
	p.lift()
	p.empties()
}

// hungStore: a store whose disk does not answer at all is no worse.
func (s *site) hungStore() {
	p := s.serve(&rule{what: regexp.MustCompile(`^write stores/one/`), from: 1, park: true})
	s.oneStoreWaits(p, "")
	p.lift()
	p.empties()
}

// oneStoreWaits until the other one has everything; no camera is emptied.
func (s *site) oneStoreWaits(p *serving, says string) {
	s.t.Helper()
	status := p.until("the good store has everything", func(status dock.Status) bool {
		one, two := status.Stores[0], status.Stores[1]
		return bothAre(dock.BaySecured)(status) && one.Queued == 5 && two.Queued == 0 && (says == "" || one.WaitingFor != "")
	})
	if says != "" && (!strings.Contains(status.Stores[0].WaitingFor, says) || !hasProblem(status, "store")) {
		s.t.Errorf("it says %q and %+v", status.Stores[0].WaitingFor, status.Problems)
	}
	s.keepsAll()
	held, err := s.holdings(s.t.Context(), "two")
	if err != nil || len(held) != len(s.originals) {
		s.t.Errorf("the good store holds %d recordings: %v", len(held), err)
	}
}

// takenKey: a store has other bytes where one recording belongs. They are
// neither replaced nor taken for the recording.
func (s *site) takenKey() {
	s.rotten = true // such a file counts as nothing
	s.storesAway()
	p := s.serve()
	p.until("both cameras are secured", bothAre(dock.BaySecured))
	p.honest()
	row := s.journal.rows[0]
	foreign := strings.Repeat("other bytes ", int(row.Recording.Facts[0].Seq)+400)
	s.write(filepath.Join("away", "one", row.Key), foreign)
	s.storesBack()
	status := p.until("all but one is stored", func(status dock.Status) bool {
		return status.Stores[0].Queued == 1 && status.Stores[1].Queued == 0 && status.Stores[0].WaitingFor != ""
	})
	if !strings.Contains(status.Stores[0].WaitingFor, "not those of the sealed file") || !hasProblem(status, "store") || status.Healthy {
		s.t.Errorf("healthy %t, it says %q", status.Healthy, status.Stores[0].WaitingFor)
	}
	path := s.path("stores", "one", row.Key)
	if got, err := os.ReadFile(path); err != nil || string(got) != foreign {
		s.t.Errorf("what lay there was changed: %v", err)
	}
	left := 0
	for _, o := range s.originals {
		if there, err := s.onCamera(o); there && err == nil {
			left++
		}
	}
	if left < 2 {
		s.t.Errorf("%d recordings are still on the cameras", left)
	}
	if err := os.Remove(path); err != nil { // as a person may, who looked
		s.t.Fatal(err)
	}
	p.stop()
}
