package ingest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"berth/dock"
	"berth/hashing"
	"berth/ingest/seal"
)

// cutShort pulls until the camera fails at a byte of the content.
func cutShort(t *testing.T, r *rig, camera *fakeCamera, pull Pull, at int64, fault error) {
	t.Helper()
	camera.breakAt, camera.fault = at, fault
	if _, err := r.puller.Pull(t.Context(), pull); !errors.Is(err, fault) {
		t.Fatalf("want %v, got %v", fault, err)
	}
	camera.breakAt, camera.read, camera.opened = -1, 0, nil
}

// elsewhere is the same camera in another bay, in a docking of its own.
func elsewhere(r *rig, camera *fakeCamera, pull Pull) Pull {
	pull.Docking = r.dock(camera, "B7")
	pull.Entry.Handle, pull.Entry.Identity = "other handle", "object as that attachment has it"
	return pull
}

func TestAPullThatWasCutOffGoesOnInAnotherBayAndReadsOnlyTheRest(t *testing.T) {
	const size = 6*seal.SegmentPlain + 1234
	for _, fault := range []error{dock.ErrGone, errCable} {
		for _, at := range []int64{seal.SegmentPlain, 3*seal.SegmentPlain + 5, size - 1, size} {
			t.Run(fmt.Sprint(fault, " at ", at), func(t *testing.T) {
				bothMedia(t, func(t *testing.T, r *rig) {
					content := footage(size)
					camera := newCamera("cam", content)
					pull := r.see(camera, "A1")
					cutShort(t, r, camera, pull, at, fault)
					intent, err := r.puller.Pull(t.Context(), elsewhere(r, camera, pull))
					must(t, err)
					r.holds(pull.Recording, content)
					verified := at / seal.SegmentPlain
					if at == size {
						verified = seal.Segments(size)
					}
					from := (verified - 1) * seal.SegmentPlain
					if !slices.Equal(camera.opened, []int64{from}) || camera.read != size-from {
						t.Errorf("opened at %d and read %d bytes, want %d from %d", camera.opened, camera.read, size-from, from)
					}
					if intent.Resumed != 1 || intent.SHA256 != hashing.Sum(content) || intent.Object != "object as that attachment has it" {
						t.Errorf("intent %+v", intent)
					}
					if len(r.temps()) > 0 {
						t.Errorf("left: %q", r.temps())
					}
				})
			})
		}
	}
}

func TestAPullCanBeCutOffAgainAndAgain(t *testing.T) {
	r := newRig(t)
	content := footage(5 * seal.SegmentPlain)
	camera := newCamera("cam", content)
	pull := r.see(camera, "A1")
	for i := range int64(4) {
		cutShort(t, r, camera, pull, (i+1)*seal.SegmentPlain+i, dock.ErrGone)
		cutShort(t, r, camera, pull, i*seal.SegmentPlain, dock.ErrGone) // while the last segment is compared
	}
	intent, err := r.puller.Pull(t.Context(), pull)
	must(t, err)
	r.holds(pull.Recording, content)
	if intent.Resumed != 4 {
		t.Errorf("resumed %d times", intent.Resumed)
	}
}

func TestAPullBeginsAgainUnlessItIsTheSameRecording(t *testing.T) {
	const size = 4 * seal.SegmentPlain
	for name, change := range map[string]func(*fakeCamera, *Pull){
		"last verified segment differs": func(c *fakeCamera, _ *Pull) { c.content[2*seal.SegmentPlain-1] ^= 1 },
		"ends within that segment":      func(c *fakeCamera, _ *Pull) { c.breakAt = seal.SegmentPlain + 5; c.fault = nil },
		"another camera":                func(_ *fakeCamera, p *Pull) { p.Docking.Info.ID = "other" },
		"another basis":                 func(_ *fakeCamera, p *Pull) { p.Docking.Info.Basis = "folder-name" },
		"another name":                  func(_ *fakeCamera, p *Pull) { p.Entry.Name = "other" },
		"another time":                  func(_ *fakeCamera, p *Pull) { p.Entry.Modified = p.Entry.Modified.Add(1) },
		"another size": func(c *fakeCamera, p *Pull) {
			c.content = c.content[:size-1]
			p.Entry.SizeBytes--
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			camera := newCamera("cam", footage(size))
			pull := r.see(camera, "A1")
			cutShort(t, r, camera, pull, 2*seal.SegmentPlain+9, dock.ErrGone)
			change(camera, &pull)
			intent, err := r.puller.Pull(t.Context(), pull)
			if camera.breakAt >= 0 {
				if !errors.Is(err, dock.ErrChanged) {
					t.Fatalf("want ErrChanged, got %v", err)
				}
				r.nothingLeft()
				return
			}
			must(t, err)
			r.holds(pull.Recording, camera.content)
			if camera.opened[len(camera.opened)-1] != 0 || intent.Resumed != 0 || len(r.temps()) > 0 {
				t.Errorf("opened at %v, resumed %d times, left %q", camera.opened, intent.Resumed, r.temps())
			}
		})
	}
}

func TestWhatWasVerifiedIsNotBelievedIfTheDiskLostItMeanwhile(t *testing.T) {
	r := newRig(t)
	content := footage(4 * seal.SegmentPlain)
	camera := newCamera("cam", content)
	pull := r.see(camera, "A1")
	cutShort(t, r, camera, pull, 3*seal.SegmentPlain, dock.ErrGone)
	must(t, flip(r.temps()[0], 4096+2*seal.SegmentBytes+5))
	if _, err := r.puller.Pull(t.Context(), pull); !errors.Is(err, seal.ErrIntegrity) {
		t.Fatalf("want ErrIntegrity, got %v", err)
	}
	r.nothingLeft()
}

func TestAnUndockingThatEndsTheContextKeepsWhatWasVerified(t *testing.T) {
	r := newRig(t)
	content := footage(6 * seal.SegmentPlain)
	camera := newCamera("cam", content)
	pull := r.see(camera, "A1")
	ctx, cancel := context.WithCancel(t.Context())
	pull.Progress = func(done int64) {
		if done == 2*seal.SegmentPlain {
			cancel()
		}
	}
	if _, err := r.puller.Pull(ctx, pull); !errors.Is(err, context.Canceled) {
		t.Fatalf("want Canceled, got %v", err)
	}
	pull.Progress, camera.opened = nil, nil
	intent, err := r.puller.Pull(t.Context(), pull)
	must(t, err)
	r.holds(pull.Recording, content)
	if intent.Resumed != 1 || camera.opened[0] < seal.SegmentPlain {
		t.Errorf("resumed %d times at %v", intent.Resumed, camera.opened)
	}
}

func TestAnUndockingAfterTheLastByteThrowsNothingAway(t *testing.T) {
	r := newRig(t)
	content := footage(1000)
	pull := r.see(newCamera("cam", content), "A1")
	ctx, cancel := context.WithCancel(t.Context())
	pull.Progress = func(int64) { cancel() }
	_, err := r.puller.Pull(ctx, pull)
	must(t, err)
	r.holds(pull.Recording, content)
}

func TestPullsThatWereCutOffAreBoundedAndGiveTheirSpaceBack(t *testing.T) {
	r := newRig(t)
	r.puller.parked.most = 2
	cameras, pulls := make([]*fakeCamera, 3), make([]Pull, 3)
	for i := range cameras {
		cameras[i] = newCamera(fmt.Sprint("cam", i), footage(3*seal.SegmentPlain))
		pulls[i] = r.see(cameras[i], "A1")
		cutShort(t, r, cameras[i], pulls[i], 2*seal.SegmentPlain, dock.ErrGone)
	}
	if n := len(r.temps()); n != 2 {
		t.Errorf("%d temp files, at most 2 are kept", n)
	}
	for i, want := range []int64{0, seal.SegmentPlain, seal.SegmentPlain} {
		_, err := r.puller.Pull(t.Context(), pulls[i])
		must(t, err)
		if cameras[i].opened[0] != want {
			t.Errorf("camera %d was opened at %d, want %d", i, cameras[i].opened[0], want)
		}
	}
	cutShort(t, r, cameras[0], r.see(cameras[0], "A1"), 2*seal.SegmentPlain, dock.ErrGone)
	must(t, r.puller.Close())
	if len(r.temps()) > 0 || r.spool.claimed != 0 {
		t.Errorf("after Close: %q, %d bytes claimed", r.temps(), r.spool.claimed)
	}
}

func TestACutOffPullMakesRoomForOneThatIsHereNow(t *testing.T) {
	r := newRig(t)
	const size = 5 * seal.SegmentPlain
	const capacity = size + size/2 // the second one fits only without the first
	r.disk.space = func() int64 {
		free := int64(capacity)
		for _, path := range append(r.temps(), r.finals()...) {
			info, err := os.Stat(path)
			must(t, err)
			free -= info.Size()
		}
		return free
	}
	gone := newCamera("gone", footage(size))
	cutShort(t, r, gone, r.see(gone, "A1"), seal.SegmentPlain, dock.ErrGone)
	here := newCamera("here", footage(size))
	pull := r.see(here, "A2")
	_, err := r.puller.Pull(t.Context(), pull)
	must(t, err)
	r.holds(pull.Recording, here.content)
	if len(r.temps()) > 0 {
		t.Errorf("left %q", r.temps())
	}
	var none *ErrNoSpace
	if _, err := r.puller.Pull(t.Context(), r.see(gone, "A1")); !errors.As(err, &none) {
		t.Errorf("there is no room without anything to give up: %v", err)
	}
}
