//go:build linux && amd64

package faults

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"testing/fstest"
	"time"

	"berth/dock"
	"berth/dock/journal"
	"berth/dock/station"
	"berth/offload/queue"
)

// years is by how much a clock is wrong.
const years = 20 * 365 * 24 * time.Hour

// erasesNothing waits until everything is stored, and no camera is emptied
// for this reason.
func (s *site) erasesNothing(p *serving, code string) {
	s.t.Helper()
	p.until("everything is stored and erasing locked", func(status dock.Status) bool {
		return status.Mode == dock.ModeEraseLocked && hasProblem(status, code) && bothAre(dock.BayStored)(status)
	})
	s.keepsAll()
}

// clockJumps while the station runs: it goes on, erases nothing, and erases
// when the clock is right again.
func (s *site) clockJumps(by time.Duration) {
	s.storesAway()
	p := s.serve()
	p.until("both cameras are secured", bothAre(dock.BaySecured))
	p.setClock(by)
	s.storesBack()
	s.erasesNothing(p, "clock")
	p.setClock(0)
	p.empties()
}

// clockOfThePast at the start is no clock of any station.
func (s *site) clockOfThePast() {
	p := s.prepare()
	p.setClock(-years)
	p.start()
	s.erasesNothing(p, "clock")
	p.setClock(0)
	p.empties()
}

// clockOfTheFuture in an earlier run: nobody can tell which of the two was
// wrong, but a person.
func (s *site) clockOfTheFuture() {
	s.storesAway()
	p := s.prepare()
	p.setClock(years)
	p.start()
	p.until("both cameras are secured", bothAre(dock.BaySecured))
	p.stop()
	s.storesBack()
	p = s.serve()
	s.erasesNothing(p, "clock")
	s.released(p, "clock")
	p.empties()
}

// newerJournal: a journal that a newer version wrote is left alone, and the
// station says which version it needs.
func (s *site) newerJournal() {
	s.storesAway()
	p := s.serve()
	p.until("both cameras are secured", bothAre(dock.BaySecured))
	p.stop()
	if err := s.openAsNewer(); err != nil {
		s.t.Fatal(err)
	}
	before, err := os.ReadFile(s.path("data", "journal", "journal.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.saysSafe(s.serve(), "journal-newer")
	if after, err := os.ReadFile(s.path("data", "journal", "journal.db")); err != nil || !bytes.Equal(after, before) {
		s.t.Errorf("it touched the journal: %v", err)
	}
}

// openAsNewer opens the journal once as a version does that knows one step more.
func (s *site) openAsNewer() error {
	clock, err := station.NewSystemClock()
	if err != nil {
		return err
	}
	room := queue.Room()
	later := fstest.MapFS{"99999_later.sql": {Data: []byte("-- +goose Up\nCREATE TABLE later (a INTEGER) STRICT;\n")}}
	err = fs.WalkDir(room.Migrations, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(room.Migrations, path)
		later[path] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		return err
	}
	room.Migrations = later
	options := journalOptions(s.path("data", "journal"), clock)
	options.Witness, options.Rooms, options.Log = s.path("data", "journal.head"), []journal.Room{room}, slog.New(slog.DiscardHandler)
	j, err := journal.Open(s.t.Context(), options)
	if err != nil {
		return err
	}
	return j.Close()
}
