package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"berth/cmd/internal/agency"
	"berth/config"
	"berth/dock"
	"berth/dock/journal"
	"berth/dock/kiosk"
	"berth/dock/station"
	"berth/ingest"
	"berth/ingest/seal"
	"berth/offload"
	"berth/offload/queue"
)

const (
	// pollBays is how often a directory bay is looked at: an undock is noticed
	// within a second, and a share is not worn out.
	pollBays = 500 * time.Millisecond
	// settleTime is how long a camera must be quiet between two listings.
	settleTime = time.Second
	// relistEvery finds what an officer copied onto a docked camera later.
	relistEvery = 5 * time.Second
	// spoolReserve stays free on the spool's disk, so that journal and receipts
	// can always be written.
	spoolReserve = 256 << 20
)

// appliance is one assembled station with everything that must be closed.
type appliance struct {
	config  *config.Config
	log     *slog.Logger
	spool   *ingest.Spool
	journal *journal.Journal
	puller  *ingest.Puller
	bus     *buses
	api     *kiosk.Server
	front   front
}

// front is the station that answers people: the real one, or safe mode.
type front interface {
	kiosk.Station
	Run(context.Context) error
}

func journalPath(data string) string { return filepath.Join(data, "journal", "journal.db") }

// witnessPath is outside of the journal's directory, whose loss it tells.
func witnessPath(data string) string { return filepath.Join(data, "journal.head") }

// tryOut says that this is the demo, whose agency key lies beside the station.
type tryOut bool

// wiring is what the config does not say.
type wiring struct {
	demo     tryOut
	thorough bool // the last run could not be believed: look at the whole journal, and hash the whole spool
}

// assemble builds the station that cfg describes. A private key of a recipient
// on the station puts it into safe mode, except in a try-out. Its errors say
// what safe mode would say of them.
func assemble(ctx context.Context, cfg *config.Config, log *slog.Logger, w wiring) (*appliance, error) {
	recipients, err := loadRecipients(cfg)
	if err != nil {
		return nil, unable{err, dock.ProblemOf("keys", err.Error())}
	}
	if err := os.MkdirAll(cfg.Station.Data, 0o700); err != nil {
		return nil, unable{fmt.Errorf("make the data directory: %w", err), dock.ProblemOf("data", "the data directory cannot be made: "+err.Error())}
	}
	a := &appliance{config: cfg, log: log}
	if a.bus, err = newBuses(ctx, cfg, log); err != nil {
		return nil, err
	}
	if found := findPrivateKey(cfg, recipients); found != "" && !w.demo {
		a.front = station.NewSafe(dock.StationID(cfg.Station.ID), agency.Version(), privateKeyProblem(found), bays(cfg), a.bus, log)
	} else if a.front, err = a.full(ctx, recipients, w); err != nil {
		return nil, errors.Join(err, a.close())
	}
	if a.api, err = kiosk.Listen(cfg.Station.Data, a.front, log); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// full builds the station proper.
func (a *appliance) full(ctx context.Context, recipients []seal.Recipient, w wiring) (*station.Station, error) {
	cfg, id := a.config, dock.StationID(a.config.Station.ID)
	clock, err := station.NewSystemClock()
	if err != nil {
		return nil, err
	}
	keys, err := a.openData(ctx, clock, w)
	if err != nil {
		return nil, err
	}
	a.puller = ingest.NewPuller(ingest.PullerOptions{
		Spool: a.spool, Journal: a.journal, Station: id, Agency: cfg.Station.Agency,
		Recipients: recipients, Signer: seal.NewSigner(cfg.Station.ID, keys.signing),
		Turns: ingest.NewTurns(ingest.TurnsPerThread*runtime.GOMAXPROCS(0), clock), Clock: clock,
		Location: cfg.Metadata.LocationOn(), Copies: cfg.Copies, Rehash: w.thorough, Log: a.log,
	})
	targets, err := openStores(cfg)
	if err != nil {
		return nil, unable{err, dock.ProblemOf("stores", err.Error())}
	}
	drivers, err := a.bus.drivers(cfg, a.log)
	if err != nil {
		return nil, agency.Usage(err)
	}
	forwarding := queue.New(queue.Options{
		Journal: a.journal, Targets: targets, Sealed: a.spool.Sealed, ReleaseSpool: a.spool.Release,
		Copies: cfg.Copies, Clock: clock, Log: a.log,
	})
	return station.New(station.Options{
		ID: id, Version: agency.Version(), Bays: bays(cfg),
		Erasing: station.Erasing{
			Copies: cfg.Copies, After: dock.EraseAfter(cfg.Erase.After), Grace: time.Duration(cfg.Erase.Grace),
		},
		Bus: a.bus, Drivers: drivers, Power: a.bus, Stall: cfg.USB.Stall.Duration(),
		Journal: a.journal, Puller: a.puller, Queue: forwarding, Spool: a.spool, Clock: clock, Log: a.log,
		Standing: append(a.bus.trouble, advice(cfg, a.spool, w.demo)...), Settle: settleTime, Relist: relistEvery,
	}), nil
}

// openData takes up what lies in the data directory: keys, journal and spool.
func (a *appliance) openData(ctx context.Context, clock dock.Clock, w wiring) (keys stationKeys, err error) {
	data := a.config.Station.Data
	if keys, err = loadOrMakeKeys(data); err != nil {
		return keys, unable{err, dock.ProblemOf("keys", err.Error())}
	}
	a.journal, err = journal.OpenOrBegin(ctx, journal.Options{
		Path: journalPath(data), Witness: witnessPath(data), Station: dock.StationID(a.config.Station.ID),
		DataKey: keys.data, Clock: clock, Rooms: []journal.Room{queue.Room()}, Log: a.log, Thorough: w.thorough,
	})
	if err != nil {
		return keys, unable{err, dock.ProblemOf("journal", err.Error())}
	}
	if a.spool, err = ingest.OpenSpool(filepath.Join(data, "spool"), spoolReserve); err != nil {
		return keys, unable{err, dock.ProblemOf("spool", err.Error())}
	}
	return keys, nil
}

// run serves until ctx ends.
func (a *appliance) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	if a.api != nil {
		group.Go(func() error { return a.api.Run(ctx) })
	}
	group.Go(func() error { return a.front.Run(ctx) })
	err := group.Wait()
	if errors.Is(err, context.Canceled) && !station.Doubtful(err) {
		return nil
	}
	return err
}

// close gives everything back, the journal last.
func (a *appliance) close() error {
	var errs []error
	if a.bus != nil {
		errs = append(errs, a.bus.close())
	}
	if a.puller != nil {
		errs = append(errs, a.puller.Close())
	}
	if a.spool != nil {
		errs = append(errs, a.spool.Close())
	}
	if a.journal != nil {
		errs = append(errs, a.journal.Close())
	}
	return errors.Join(errs...)
}

func bays(cfg *config.Config) []station.Bay {
	var list []station.Bay
	for _, b := range cfg.Bays {
		list = append(list, station.Bay{Name: dock.BayName(b.Name), Priority: b.Priority == config.PriorityHigh})
	}
	return list
}

// openStores makes the configured stores; reaching them is the queue's work.
func openStores(cfg *config.Config) ([]queue.Target, error) {
	spoolDevice, err := offload.DeviceOf(cfg.Station.Data)
	if err != nil {
		return nil, fmt.Errorf("find the disk of %s: %w", cfg.Station.Data, err)
	}
	var targets []queue.Target
	for _, s := range cfg.Stores {
		var store offload.Store = offload.NewDirectory(s.Name, s.Path, s.SharesDevice, spoolDevice)
		if s.Rate > 0 {
			store = offload.WithRate(store, int64(s.Rate))
		}
		targets = append(targets, queue.Target{Name: s.Name, Store: store})
	}
	return targets, nil
}
