//go:build linux && amd64

package faults

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"berth/dock"
	"berth/dock/journal"
	"berth/dock/station"
	"berth/ingest"
	"berth/ingest/seal"
	"berth/offload"
	"berth/offload/queue"
	"berth/usb/sim"
)

// How a station's process ends by itself.
const (
	exitAtRest = 0 // both bays are ready, and it was closed
	exitFailed = 1 // the station gave up
	exitBusy   = 3 // its time was over before that, and it ended without an error; it was not closed
)

const stationID = "faults-dock"

// stoppingName is a file by which the station's process says that it is at rest
// and ends.
const stoppingName = "stopping"

// names of the parts of a house.
func bayNames() []string   { return []string{"left", "right"} }
func storeNames() []string { return []string{"one", "two"} }

// inhabit is the child's main: a whole station in the house dir.
func inhabit(dir string) int {
	if err := stopAt(calls()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	time.AfterFunc(2*restTime, func() { os.Exit(exitBusy) }) // it does not even end when it is told to
	switch err := serve(dir); {
	case errors.Is(err, errBusy):
		return exitBusy
	case err != nil:
		fmt.Fprintln(os.Stderr, "station:", err)
		return exitFailed
	}
	return exitAtRest
}

// errBusy: the station was told to end before it was at rest, and had no reason
// of its own to end.
var errBusy = errors.New("still busy")

// parts is what must be closed, the journal last.
type parts struct {
	journal *journal.Journal
	spool   *ingest.Spool
	puller  *ingest.Puller
	bus     *sim.Bus
}

// serve ends when the station is at rest, or cannot go on, or SIGUSR1 says that
// it had time enough.
func serve(dir string) (err error) {
	late := make(chan os.Signal, 1)
	signal.Notify(late, syscall.SIGUSR1)
	var p parts
	defer func() {
		if !errors.Is(err, errBusy) {
			err = errors.Join(err, p.close())
		}
	}()
	s, err := p.assemble(dir)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	end := func() error {
		err := os.WriteFile(filepath.Join(dir, stoppingName), nil, 0o600)
		cancel()
		return errors.Join(err, <-ended)
	}
	for {
		changed := s.Changed()
		if atRest(s.Status(ctx)) {
			return end()
		}
		select {
		case <-late:
			if err := end(); err != nil && (!errors.Is(err, context.Canceled) || station.Doubtful(err)) {
				return err
			}
			return errBusy
		case err := <-ended:
			return errors.Join(errors.New("ended before its bays were ready"), err)
		case <-changed:
		}
	}
}

func atRest(status dock.Status) bool {
	for _, b := range status.Bays {
		if b.State != dock.BayReady {
			return false
		}
	}
	return len(status.Bays) > 0
}

func (p *parts) close() error {
	var errs []error
	if p.bus != nil {
		errs = append(errs, p.bus.Close())
	}
	if p.puller != nil {
		errs = append(errs, p.puller.Close())
	}
	if p.spool != nil {
		errs = append(errs, p.spool.Close())
	}
	if p.journal != nil {
		errs = append(errs, p.journal.Close())
	}
	return errors.Join(errs...)
}

func journalOptions(dir string, clock dock.Clock) journal.Options {
	return journal.Options{
		Path: filepath.Join(dir, "journal.db"), Station: stationID, DataKey: [32]byte{1}, Clock: clock,
		Rooms: []journal.Room{queue.Room()},
	}
}

// assemble builds the station as the program does; only time runs faster.
func (p *parts) assemble(dir string) (*station.Station, error) {
	clock, err := station.NewSystemClock()
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	options := journalOptions(filepath.Join(dir, "data", "journal"), clock)
	options.Log = log
	if p.journal, err = journal.Open(context.Background(), options); err != nil {
		return nil, err
	}
	if p.spool, err = ingest.OpenSpool(filepath.Join(dir, "data", "spool"), 1<<20); err != nil {
		return nil, err
	}
	public, err := os.ReadFile(filepath.Join(dir, "agency.pem"))
	if err != nil {
		return nil, err
	}
	recipient, err := seal.ParseRecipient(public)
	if err != nil {
		return nil, err
	}
	p.puller = ingest.NewPuller(ingest.PullerOptions{
		Spool: p.spool, Journal: p.journal, Station: stationID, Recipients: []seal.Recipient{recipient},
		Signer: seal.NewSigner(stationID, ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))),
		Turns:  ingest.NewTurns(4, clock), Clock: clock, Copies: len(storeNames()), Log: log,
	})
	var targets []queue.Target
	for _, s := range storeNames() {
		targets = append(targets, queue.Target{Name: s, Store: offload.NewDirectory(s, filepath.Join(dir, "stores", s), true, "")})
	}
	var slots []sim.Bay
	var bays []station.Bay
	for _, b := range bayNames() {
		slots = append(slots, sim.Bay{Name: dock.BayName(b), Directory: filepath.Join(dir, "bays", b)})
		bays = append(bays, station.Bay{Name: dock.BayName(b)})
	}
	driver, err := sim.NewDriver(nil)
	if err != nil {
		return nil, err
	}
	if p.bus, err = sim.New(slots, 10*time.Millisecond); err != nil {
		return nil, err
	}
	erasing := station.Erasing{Copies: len(targets), After: dock.EraseAfterCopies}
	return station.New(station.Options{
		ID: stationID, Version: "test", Bays: bays, Erasing: erasing, Bus: p.bus,
		Drivers: []dock.Driver{driver}, Journal: p.journal, Puller: p.puller,
		Queue: queue.New(queue.Options{
			Journal: p.journal, Targets: targets, Sealed: p.spool.Sealed, ReleaseSpool: p.spool.Release,
			Copies: erasing.Copies, Clock: clock, Log: log,
		}),
		Spool: p.spool, Clock: clock, Log: log, Settle: 20 * time.Millisecond, Relist: 100 * time.Millisecond,
	}), nil
}
