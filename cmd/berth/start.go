package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"berth/cmd/internal/agency"
	"berth/config"
	"berth/dock"
	"berth/dock/journal"
	"berth/dock/kiosk"
	"berth/dock/station"
)

// unable is a start that failed, and what status will say of it.
type unable struct {
	error
	problem dock.Problem
}

func (u unable) Unwrap() error { return u.error }

// serve runs the station until ctx ends or it fails. A start that fails is
// answered by safe mode, out of which a person can have it try again.
func serve(ctx context.Context, cfg *config.Config, log *slog.Logger) error {
	failures := station.NewFailures(log, cfg.Station.Data, os.Getenv("RUNTIME_DIRECTORY"))
	var released *station.Released
	for {
		a, err := begin(ctx, cfg, log, failures, released)
		if err != nil {
			return err
		}
		err = errors.Join(a.serve(ctx, failures), a.close())
		if errors.Is(err, station.ErrStart) && !station.Doubtful(err) {
			problem := dock.ProblemOf("start", err.Error())
			if a, err = safely(ctx, cfg, log, problem); err != nil {
				return err
			}
			err = errors.Join(a.serve(ctx, failures), a.close())
		}
		if released = nil; !errors.As(err, &released) {
			if err != nil {
				failures.Note(err)
			}
			return err
		}
		failures.Forget()
	}
}

// begin assembles the station, or one in safe mode where that fails.
func begin(ctx context.Context, cfg *config.Config, log *slog.Logger, failures *station.Failures, released *station.Released) (*appliance, error) {
	if why, yes := failures.TooMany(); yes {
		return safely(ctx, cfg, log, dock.ProblemOf("failing", "the station ended again and again, the last time because of this: "+why))
	}
	a, err := assemble(ctx, cfg, log, wiring{thorough: failures.Count() > 0})
	if err == nil && released != nil && a.journal != nil {
		if err = a.noteReleased(ctx, released); err != nil {
			err = errors.Join(err, a.close())
		}
	}
	switch {
	case err == nil:
		return a, nil
	case errors.Is(err, journal.ErrLocked), errors.Is(err, kiosk.ErrInUse):
		return nil, fmt.Errorf("%w: a station serves %s already; stop that one first (systemctl stop berth)", err, cfg.Station.Data)
	case ctx.Err() != nil:
		return nil, err
	}
	return safely(ctx, cfg, log, problemOf(err))
}

// problemOf is what a failed start says of itself.
func problemOf(err error) dock.Problem {
	var known unable
	switch {
	case errors.Is(err, journal.ErrNewer):
		return dock.ProblemOf("journal-newer", err.Error())
	case errors.Is(err, journal.ErrKey):
		return dock.ProblemOf("keys", err.Error())
	case errors.As(err, &known):
		return known.problem
	}
	return dock.ProblemOf("start", err.Error())
}

// safely makes a station in safe mode. Where even its socket cannot be made, it
// goes on without: the log says why.
func safely(ctx context.Context, cfg *config.Config, log *slog.Logger, why dock.Problem) (*appliance, error) {
	a := &appliance{config: cfg, log: log}
	var err error
	if a.bus, err = newBuses(ctx, cfg, log); err != nil {
		return nil, err
	}
	a.front = station.NewSafe(dock.StationID(cfg.Station.ID), agency.Version(), why, bays(cfg), a.bus, log)
	if a.api, err = kiosk.Listen(cfg.Station.Data, a.front, log); errors.Is(err, kiosk.ErrInUse) {
		return nil, errors.Join(fmt.Errorf("%w: stop that one first (systemctl stop berth)", err), a.close())
	} else if err != nil {
		log.Error("nobody can be answered: safe mode has no socket", "error", err)
	}
	return a, nil
}

// serve runs it, and forgets earlier failures once it ran well for long enough.
func (a *appliance) serve(ctx context.Context, failures *station.Failures) error {
	a.log.Info("station is up", "station", a.config.Station.ID, "version", agency.Version(), "bays", len(a.config.Bays), "stores", len(a.config.Stores))
	watching, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if a.journal != nil {
			failures.Watch(watching)
		}
	}()
	defer func() {
		stop()
		<-done
	}()
	return a.run(ctx)
}

// noteReleased puts into the custody log who ended safe mode.
func (a *appliance) noteReleased(ctx context.Context, r *station.Released) error {
	err := a.journal.Write(ctx, func(tx *journal.Tx) error {
		return tx.Event("safe-mode-released", map[string]any{"code": r.Code}, map[string]string{"by": r.By, "text": r.Reason})
	})
	if err != nil {
		return fmt.Errorf("journal that safe mode was released: %w", err)
	}
	return nil
}
