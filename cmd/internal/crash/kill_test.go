package crash

import (
	"fmt"
	"os"
	"testing"
)

// checkEvery is after how many crashes everything is let come to rest.
const checkEvery = 25

// rigs is how many stations there are at most side by side, because a station
// mostly waits: for a camera to be quiet, for a bay to be looked at.
const rigs = 4

// TestNothingIsLostToKills kills the station with kill -9 at moments that
// nobody chose, again and again, and looks each time at what it left.
func TestNothingIsLostToKills(t *testing.T) {
	t.Parallel()
	program, n, from := build(t), crashes(t), seed(t)
	for i := range stations(n) {
		t.Run(fmt.Sprint("station ", i+1), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, program, from+uint64(i), places{})
			for k := range share(n, i) {
				r.killed()
				if k%checkEvery == checkEvery-1 {
					r.rest()
				}
			}
			r.rest()
			t.Logf("%d kills: %d originals, %d events in the journal, nothing lost", share(n, i), len(r.originals), len(r.events))
		})
	}
}

// stations is how many share n crashes.
func stations(n int) int { return min(rigs, 1+n/4) }

// share is how many of n crashes fall to the station i.
func share(n, i int) int {
	of := stations(n)
	return (n + of - 1 - i) / of
}

// killed is one life of a station.
func (r *rig) killed() {
	r.t.Helper()
	r.shuffle()
	giveBack := r.takeStore()
	p := start(r.t, r.program, r.config())
	defer p.kill(r.t)
	r.await(p, r.someMoment())
	if !p.kill(r.t) {
		r.t.Fatalf("the station ended before it was killed: %v\n%s", p.err, p.log.end())
	}
	giveBack()
	r.check()
}

// takeStore takes a store away for every third life, as a share that is not
// mounted: what is erased meanwhile was erased too early.
func (r *rig) takeStore() (giveBack func()) {
	r.t.Helper()
	if r.random.IntN(3) > 0 {
		return func() {}
	}
	store := r.stores[r.random.IntN(len(r.stores))]
	if err := os.Rename(store, store+".away"); err != nil {
		r.t.Fatal(err)
	}
	return func() {
		r.t.Helper()
		if err := os.Rename(store+".away", store); err != nil {
			r.t.Fatal(err)
		}
	}
}
