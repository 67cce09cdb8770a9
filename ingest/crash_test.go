package ingest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"berth/dock"
	"berth/ingest/seal"
)

// faults are the ways in which one operation can go wrong: it was not done, or
// it was done and failed all the same; once, or from then on for good.
func faults(k int) map[string]func(*scripted) {
	return map[string]func(*scripted){
		"not done, once":       func(m *scripted) { m.before = failing(k, false) },
		"not done, for good":   func(m *scripted) { m.before = failing(k, true) },
		"done but failed":      func(m *scripted) { m.after = failing(k, false) },
		"done, then all fails": func(m *scripted) { m.after, m.before = failing(k, false), failing(k+1, true) },
	}
}

// TestAFaultAtEveryOperationLosesNothing stops a pull at its every operation
// on the disk, crashes, and starts again: the recording ends spooled exactly
// once, whole, with nothing beside it.
func TestAFaultAtEveryOperationLosesNothing(t *testing.T) {
	content := footage(seal.SegmentPlain + 100)
	steps := operationsOf(t, content)
	for k, step := range steps {
		for fault, plant := range faults(k) {
			t.Run(fmt.Sprintf("%02d %s %s", k, step, fault), func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				pull := r.see(newCamera("cam", content), "A1")
				r.disk.n = 0
				plant(r.disk)
				_, err := r.puller.Pull(t.Context(), pull)
				if err == nil && !strings.HasPrefix(step, "remove") {
					t.Error("the pull succeeded")
				}
				if syncing := strings.HasPrefix(step, "sync"); syncing != errors.Is(err, ErrSync) {
					t.Errorf("%s: ErrSync is %t: %v", step, !syncing, err)
				}
				if _, spooled := r.recording(pull.Recording).Spooled(); spooled {
					t.Error("the recording counts as spooled")
				}
				r.restart()
				r.settles(pull, content)
			})
		}
	}
}

// operationsOf lists what a pull does to the disk.
func operationsOf(t *testing.T, content []byte) []string {
	r := newRig(t)
	pull := r.see(newCamera("cam", content), "A1")
	r.disk.log = nil
	_, err := r.puller.Pull(t.Context(), pull)
	must(t, err)
	if len(r.disk.log) < 14 {
		t.Fatalf("a pull consists of %q", r.disk.log)
	}
	return r.disk.log
}

// settles: after a start and, if need be, another pull, there is exactly the
// one recording.
func (r *rig) settles(pull Pull, content []byte) {
	r.t.Helper()
	found := r.recovered()
	if len(found.Adopted)+len(found.Damaged)+len(found.Missing) > 0 {
		r.t.Errorf("found %+v", found)
	}
	if _, spooled := r.recording(pull.Recording).Spooled(); !spooled {
		_, err := r.puller.Pull(r.t.Context(), pull)
		must(r.t, err)
	}
	r.holds(pull.Recording, content)
	if len(r.finals()) != 1 || len(r.temps()) > 0 || len(r.setAside()) > 0 {
		r.t.Errorf("files %q, temps %q, set aside %q", r.finals(), r.temps(), r.setAside())
	}
	r.atRest()
}

// TestAFaultAtEveryOperationOfARecoveryLosesNothing does the same to the start
// that has an intent to complete, in both places where its file can be.
func TestAFaultAtEveryOperationOfARecoveryLosesNothing(t *testing.T) {
	content := footage(5000)
	for _, stopped := range []string{"rename", "syncdir"} {
		r, _ := halfDone(t, content, stopped)
		r.disk.log = nil
		r.recovered()
		steps := r.disk.log
		if len(steps) < 3 {
			t.Fatalf("a recovery consists of %q", steps)
		}
		for k, step := range steps {
			for fault, plant := range faults(k) {
				t.Run(fmt.Sprintf("%s %02d %s %s", stopped, k, step, fault), func(t *testing.T) {
					t.Parallel()
					r, pull := halfDone(t, content, stopped)
					r.disk.n = 0
					plant(r.disk)
					_, err := r.puller.Recover(t.Context())
					if syncing := strings.HasPrefix(step, "sync"); syncing != errors.Is(err, ErrSync) {
						t.Errorf("%s: ErrSync is %t: %v", step, !syncing, err)
					}
					r.restart()
					r.settles(pull, content)
				})
			}
		}
	}
}

// halfDone is a station that starts with a pull stopped after its intent.
func halfDone(t *testing.T, content []byte, stopped string) (*rig, Pull) {
	r := newRig(t)
	pull := r.see(newCamera("cam", content), "A1")
	r.disk.before = failOn(stopped)
	if _, err := r.puller.Pull(t.Context(), pull); err == nil {
		t.Fatal("the fault did not happen")
	}
	r.restart()
	return r, pull
}

func TestACutOffPullIsGoneAfterACrashAndItsRecordingIsNot(t *testing.T) {
	r := newRig(t)
	content := footage(4 * seal.SegmentPlain)
	camera := newCamera("cam", content)
	pull := r.see(camera, "A1")
	cutShort(t, r, camera, pull, 3*seal.SegmentPlain, dock.ErrGone)
	r.restart()
	if found := r.recovered(); found.Removed != 1 {
		t.Errorf("found %+v", found)
	}
	r.settles(pull, content)
	if camera.opened[0] != 0 {
		t.Errorf("the camera was opened at %v", camera.opened)
	}
}
