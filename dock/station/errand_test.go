package station

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"berth/dock"
	"berth/dock/journal"
)

// idle are errands in a bubble, whose clock stands still.
func idle() *errands { return newErrands(func() time.Duration { return 0 }, func() {}) }

func TestALateErrandThatEndsInDoubtEndsTheStation(t *testing.T) {
	for _, late := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			es, kernel := idle(), make(chan struct{})
			e := es.begin(func() error {
				<-kernel
				return fmt.Errorf("end the docking: %w", journal.ErrCommit)
			})
			if !late { // it ends in the moment in which nobody waits any longer
				close(kernel)
				synctest.Wait()
			}
			es.abandon(e, "bay A1: reading")
			if late {
				close(kernel)
			}
			if err := es.run(t.Context()); !errors.Is(err, journal.ErrCommit) {
				t.Errorf("late %v: run ended with %v", late, err)
			}
			if left := es.settle(time.Hour); len(left) > 0 {
				t.Errorf("late %v: still waiting for %v", late, left)
			}
		})
	}
}

func TestWhatIsLateIsNamedUntilItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		es, kernel := idle(), make(chan struct{})
		e := es.begin(func() error { <-kernel; return nil })
		es.abandon(e, "bay A1: reading")
		if left := es.settle(time.Minute); len(left) != 1 || left[0].what != "bay A1: reading" {
			t.Errorf("late: %v", left)
		}
		close(kernel)
		<-e.done
		synctest.Wait()
		if left := es.open(); len(left) != 0 {
			t.Errorf("late after its end: %v", left)
		}
	})
}

func TestOurOwnDiskIsWaitedForHoweverLongItTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		es, disk, now := idle(), make(chan struct{}), time.Now()
		y := &stay{lookout: &lookout{now: func() time.Duration { return time.Since(now) }}}
		e := es.begin(func() error {
			y.lookout.begin("reading")
			y.lookout.end()
			<-disk
			return nil
		})
		given := make(chan bool, 1)
		go func() { given <- y.waitWhileOurs(e, goneGrace) }()
		<-time.After(time.Hour)
		select {
		case <-given:
			t.Fatal("work on our own disk was given up")
		default:
		}
		close(disk)
		if !<-given {
			t.Error("work that ended counts as late")
		}
	})
}

func TestWhoeverIsNoLongerServedChangesNothingThatIsShown(t *testing.T) {
	h := newHouse(t, "A1")
	h.start()
	b := newBay(h.station, Bay{Name: "A1"})
	old, present := &stay{bay: b}, &stay{bay: b}
	b.isServing(present)
	old.show(func(s *dock.BayStatus) { s.Doing = "haunting" })
	present.show(func(s *dock.BayStatus) { s.State = dock.BayStored })
	if s := b.status(0); s.Doing != "" || s.State != dock.BayStored {
		t.Errorf("shown: %+v", s)
	}
}

func TestAPortIsLeftOnThoughTheStationStops(t *testing.T) {
	inBubble(t, func(h *house, r *usbRack) {
		h.start()
		r.stuck = make(chan struct{})
		running, stop := context.WithCancel(h.t.Context())
		b, ended := newBay(h.station, Bay{Name: "A1"}), make(chan error, 1)
		go func() { ended <- b.cycle(running, usbCamera("a")) }()
		synctest.Wait()
		stop()
		if err := <-ended; !errors.Is(err, errSwitching) {
			t.Errorf("the stop waits for the port: %v", err)
		}
		close(r.stuck)
		<-b.switching.done
		if r.cycled() != 1 || r.lastCycle != nil {
			t.Errorf("switching the port was broken off half way: %v", r.lastCycle)
		}
	}, "A1")
}

func TestACameraThatAnswersIsNotCutOffByAStop(t *testing.T) {
	inBubble(t, func(h *house, r *usbRack) {
		slow := h.healthyOne("slow")
		slow.hangs = func(string) bool {
			<-time.After(stopGrace - time.Second)
			return false
		}
		r.plug("A1", slow)
		h.start()
		h.wait("A1", "reading", func(b dock.BayStatus) bool { return b.Doing == "securing recordings" })
		h.stop()
		if r.cycled() > 0 {
			t.Error("a camera that answers was cut off")
		}
	}, "A1")
}
