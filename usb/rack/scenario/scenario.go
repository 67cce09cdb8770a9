package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"berth/usb/rack"
)

// Scenario is one thing that happens to a station.
type Scenario struct {
	Name    string // short, in lower case, with dashes
	Promise string // what holds if nothing is said
	// Station says that it needs the station's program; the others look at what
	// the kernel and the rack themselves do.
	Station bool
	// Apart says why it does not run with the others: it runs only if the
	// expression names it in full.
	Apart string
	// Limit ends it: a scenario that waits for ever has failed.
	Limit time.Duration
	Run   func(ctx context.Context, t *Trial) error
}

// Trial is one run of one scenario.
type Trial struct {
	*Stage
	Name string
	Dir  string // on the host, for cards and for what comes out of the stores

	bays  map[string]string // bays beside the usual ones, by name
	began int               // number of the last device event before it
}

// All is every scenario, in the order in which they run.
func All() []Scenario {
	var all []Scenario
	for _, some := range [][]Scenario{kernelScenarios(), attackerScenarios(), emulatedScenarios(), pullScenarios(), yankScenarios(), againScenarios(), damageScenarios(), powerScenarios()} {
		all = append(all, some...)
	}
	return all
}

// NeedStation says whether one of the scenarios whose name matches needs the
// station's program.
func NeedStation(only *regexp.Regexp) bool {
	return slices.ContainsFunc(All(), func(s Scenario) bool { return s.Station && s.asked(only) })
}

// asked says whether an expression names the scenario.
func (s Scenario) asked(only *regexp.Regexp) bool {
	found := only.FindString(s.Name)
	return only.MatchString(s.Name) && (s.Apart == "" || found == s.Name)
}

// Run runs the scenarios whose name matches, prints a line for each, and returns
// an error if one of them failed or none matched. What failed leaves its files
// below keep.
func Run(ctx context.Context, stage *Stage, only *regexp.Regexp, keep string, out io.Writer) error {
	ran, failed := 0, 0
	for _, s := range All() {
		if !s.asked(only) {
			if only.MatchString(s.Name) {
				fmt.Fprintf(out, "LEFT OUT        %-22s %s; runs by its name only: %s\n", s.Name, s.Promise, s.Apart)
			}
			continue
		}
		ran++
		start := time.Now()
		err := one(ctx, stage, s)
		took := time.Since(start).Round(100 * time.Millisecond)
		if err == nil {
			fmt.Fprintf(out, "ok    %8s  %-22s %s\n", took, s.Name, s.Promise)
			continue
		}
		failed++
		fmt.Fprintf(out, "FAIL  %8s  %-22s %s\n      %v\n", took, s.Name, s.Promise, err)
		if kept, err := stage.keep(s.Name, keep); err != nil {
			fmt.Fprintf(out, "      what it left could not be kept: %v\n", err)
		} else {
			fmt.Fprintf(out, "      what it left is in %s\n", kept)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	switch {
	case ran == 0:
		return errors.New("no scenario has such a name")
	case failed > 0:
		return fmt.Errorf("%d of %d scenarios failed", failed, ran)
	}
	return nil
}

// one runs a scenario on a guest that is up, with empty bays.
func one(ctx context.Context, stage *Stage, s Scenario) (err error) {
	ctx, cancel := context.WithTimeout(ctx, s.Limit)
	defer cancel()
	t := &Trial{Stage: stage, Name: s.Name, Dir: filepath.Join(stage.dir, "trial-"+s.Name)}
	if err := errors.Join(os.RemoveAll(t.Dir), os.MkdirAll(t.Dir, 0o755)); err != nil {
		return fmt.Errorf("making a scenario's directory: %w", err)
	}
	defer func() {
		if err == nil {
			err = os.RemoveAll(t.Dir)
		}
	}()
	if err := stage.boot(ctx); err != nil {
		return err
	}
	events, err := stage.Rack.Guest.Events(ctx, 0)
	if err != nil {
		return err
	}
	if len(events) > 0 {
		t.began = events[len(events)-1].Number
	}
	if err := s.Run(ctx, t); err != nil {
		return err
	}
	return stage.settle(ctx)
}

// Card is the image of a card that no camera has touched yet.
func (t *Trial) Card(ctx context.Context, name string, card rack.Card) (string, error) {
	path := filepath.Join(t.Dir, name+".img")
	return path, card.Make(ctx, t.cache, t.Rack, path)
}
