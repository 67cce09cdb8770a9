package crash

import (
	"context"
	"fmt"
	"time"

	"berth/dock"
	"berth/dock/kiosk"
)

// moment is when a crash comes.
type moment struct {
	changes int           // so many changes of the status after the station was up; -1: not even that is waited for
	delay   time.Duration // and then so much later
	disturb int           // the change at which somebody takes or brings a camera; -1: none
}

// someMoment is in the start-up for every fourth crash, else in the midst of work.
func (r *rig) someMoment() moment {
	m := moment{changes: -1, disturb: -1, delay: time.Duration(r.random.IntN(120)) * time.Millisecond}
	if r.random.IntN(4) > 0 {
		m.changes, m.delay = r.random.IntN(60), time.Duration(r.random.IntN(40))*time.Millisecond
	}
	if r.random.IntN(3) == 0 {
		m.disturb = r.random.IntN(30)
	}
	return m
}

// longest is how long the harness waits for changes that may never come.
const longest = 4 * time.Second

// await returns at the moment, or when the station has ended by itself.
func (r *rig) await(p *process, m moment) {
	if m.changes >= 0 {
		late := time.NewTimer(longest)
		defer late.Stop()
		select {
		case <-p.log.up:
			r.watch(m)
		case <-p.ended:
			return
		case <-late.C:
		}
	}
	p.endsWithin(m.delay)
}

// watch counts changes of the status.
func (r *rig) watch(m moment) {
	ctx, cancel := context.WithTimeout(r.t.Context(), longest)
	defer cancel()
	changes := 0
	for status, err := range kiosk.NewClient(r.data).Watch(ctx) {
		if err != nil || changes >= m.changes {
			return
		}
		if changes == m.disturb {
			r.disturb()
		}
		if _, rests := r.rests(status); rests {
			return
		}
		changes++
	}
}

// rests reports whether nothing is left to do, or else why not.
func (r *rig) rests(status dock.Status) (string, bool) {
	docked := r.docked()
	for _, b := range status.Bays {
		want := dock.BayEmpty
		if docked[b.Bay] != nil {
			want = dock.BayReady
		}
		if b.State != want {
			return fmt.Sprintf("bay %s is %s, not %s: %s %s", b.Bay, b.State, want, b.Doing, b.Attention), false
		}
	}
	for _, s := range status.Stores {
		if !s.Reachable || s.Queued > 0 {
			return fmt.Sprintf("store %s: %d queued, reachable %t: %s", s.Store, s.Queued, s.Reachable, s.WaitingFor), false
		}
	}
	return "", true
}

// settle lets the station come to rest, and it must.
func (r *rig) settle() {
	r.t.Helper()
	p := start(r.t, r.program, r.config())
	defer p.kill(r.t)
	r.until(p, "everything is at rest", func(status dock.Status) (string, bool) {
		if status.Mode != dock.ModeNormal {
			r.t.Fatalf("the station is %s: %+v", status.Mode, status.Problems)
		}
		return r.rests(status)
	})
}

// until waits for a status that says what it must; is says what is missing.
func (r *rig) until(p *process, what string, is func(dock.Status) (string, bool)) dock.Status {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 90*time.Second)
	defer cancel()
	select {
	case <-p.log.up:
	case <-p.ended:
		r.t.Fatalf("the station does not start: %v\n%s", p.err, p.log.end())
	case <-ctx.Done():
		r.t.Fatalf("the station does not come up\n%s", p.log.end())
	}
	why := "no status came"
	for status, err := range kiosk.NewClient(r.data).Watch(ctx) {
		if err != nil {
			r.t.Fatalf("watch the station: %v\n%s", err, p.log.end())
		}
		var enough bool
		if why, enough = is(status); enough {
			return status
		}
	}
	r.t.Fatalf("waited in vain until %s: %s\n%s", what, why, p.log.end())
	return dock.Status{}
}

// rest lets everything come to rest and checks all of it.
func (r *rig) rest() {
	r.t.Helper()
	r.settle()
	r.check()
	r.everyOriginalIsHome()
	r.nothingShows()
}
