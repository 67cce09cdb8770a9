package crash

import (
	"fmt"
	"testing"
	"time"
)

// TestNothingIsLostToPowerCuts takes the power from the filesystems below the
// station: what was not synced is lost. The cameras keep theirs. A sync of one
// file writes out much of what others forgot to sync on the same filesystem,
// so that journal, spool and stores also lie on filesystems of their own.
func TestNothingIsLostToPowerCuts(t *testing.T) {
	t.Parallel()
	program, n, from := build(t), crashes(t), seed(t)
	layouts := []struct {
		name string
		make func(t *testing.T) places
	}{
		{"all apart", func(t *testing.T) places { return places{data: newDisk(t), spool: newDisk(t), stores: newDisk(t)} }},
		{"data and stores on one", func(t *testing.T) places { d := newDisk(t); return places{data: d, stores: d} }},
		{"data only", func(t *testing.T) places { return places{data: newDisk(t)} }},
		{"all apart again", func(t *testing.T) places { return places{data: newDisk(t), spool: newDisk(t), stores: newDisk(t)} }},
	}
	for i, layout := range layouts[:stations(n)] {
		t.Run(fmt.Sprint(layout.name), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, program, from+uint64(i), layout.make(t))
			for k := range share(n, i) {
				r.powerCut()
				if k%checkEvery == checkEvery-1 {
					r.rest()
				}
			}
			r.rest()
			t.Logf("%d power cuts: %d originals, %d events in the journal, nothing lost", share(n, i), len(r.originals), len(r.events))
		})
	}
}

// powerCut is one life of a station that ends with the power of its disks.
func (r *rig) powerCut() {
	r.t.Helper()
	r.shuffle()
	p := start(r.t, r.program, r.config())
	defer p.kill(r.t)
	r.await(p, r.someMoment())
	select {
	case <-p.ended:
		r.t.Fatalf("the station ended before the power was cut: %v\n%s", p.err, p.log.end())
	default:
	}
	r.witness()
	for _, i := range r.random.Perm(len(r.disks)) {
		r.disks[i].cut()
	}
	if r.random.IntN(2) == 0 { // it lives on over dead disks: it may not believe anything now
		p.endsWithin(time.Duration(r.random.IntN(50)) * time.Millisecond)
	}
	p.kill(r.t)
	for _, d := range r.disks {
		d.again()
	}
	r.mounted++
	r.check()
}
