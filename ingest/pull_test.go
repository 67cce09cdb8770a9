package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"berth/dock"
	"berth/hashing"
	"berth/ingest/seal"
)

func TestPulledRecordingIsSealedDurableAndJournalled(t *testing.T) {
	sizes := []int{0, 1, 4095, seal.SegmentPlain - 1, seal.SegmentPlain, seal.SegmentPlain + 1, 3 * seal.SegmentPlain, 5*seal.SegmentPlain + 4096}
	bothMedia(t, func(t *testing.T, r *rig) {
		for i, size := range sizes {
			content := footage(size)
			camera := newCamera(fmt.Sprint("cam", i), content)
			pull := r.see(camera, "A1")
			var progress []int64
			pull.Progress = func(done int64) { progress = append(progress, done) }
			intent, err := r.puller.Pull(t.Context(), pull)
			must(t, err)
			reader := r.holds(pull.Recording, content)
			if want := fmt.Sprintf("hq-dock-1/2026/03/04/%s.sealed", intent.Sealed); intent.Key != want {
				t.Errorf("key %s, want %s", intent.Key, want)
			}
			if intent.DirectIO != r.spool.direct || intent.Resumed != 0 || intent.Object != pull.Entry.Identity {
				t.Errorf("intent %+v", intent)
			}
			if camera.read != int64(size) || camera.closed != 1 {
				t.Errorf("%d of %d bytes read, closed %d times", camera.read, size, camera.closed)
			}
			if int64(len(progress)) != seal.Segments(int64(size)) || size > 0 && progress[len(progress)-1] != int64(size) || !slices.IsSorted(progress) {
				t.Errorf("progress of %d bytes: %v", size, progress)
			}
			m, c := reader.Metadata(), reader.Closing()
			if m.Bay != "A1" || m.Camera != string(camera.info.ID) || m.CameraBasis != "usb-serial" || m.Docking != string(pull.Docking.ID) ||
				m.Recording != string(pull.Recording) || string(m.Name) != string(pull.Entry.Name) || m.ClockOffsetMillis != nil || !m.Modified.Equal(pull.Entry.Modified) {
				t.Errorf("metadata %+v", m)
			}
			if c.SHA256 != hashing.Sum(content) || c.SizeBytes != int64(size) {
				t.Errorf("closing %+v", c)
			}
		}
		if len(r.temps()) > 0 || r.spool.claimed != 0 {
			t.Errorf("left: %q, %d bytes claimed", r.temps(), r.spool.claimed)
		}
	})
}

func TestUnknownTimesStayUnknown(t *testing.T) {
	r := newRig(t)
	pull := r.see(newCamera("cam", footage(10)), "A1")
	pull.Entry.Modified = pull.Entry.Modified.AddDate(-5000, 0, 0)
	offset := int64(-1500)
	pull.Docking.ClockOffsetMillis = &offset
	_, err := r.puller.Pull(t.Context(), pull)
	must(t, err)
	m := r.holds(pull.Recording, footage(10)).Metadata()
	if m.Modified != nil || *m.ClockOffsetMillis != -1500 {
		t.Errorf("metadata %+v", m)
	}
}

func TestPlaintextNeverReachesTheDisk(t *testing.T) {
	bothMedia(t, func(t *testing.T, r *rig) {
		marker := []byte("THE OFFICER SAID SOMETHING PLAIN")
		content := bytes.Repeat(marker, 3*seal.SegmentPlain/len(marker)+7)
		pull := r.see(newCamera("cam", content), "A1")
		var scans atomic.Int64
		r.disk.after = func(_ int, op, _ string) error {
			scans.Add(1)
			return filepath.WalkDir(r.dir, func(path string, entry fs.DirEntry, err error) error {
				if err != nil || !entry.Type().IsRegular() {
					return err
				}
				b, err := os.ReadFile(path)
				if bytes.Contains(b, marker) {
					t.Errorf("after %s: plaintext in %s", op, path)
				}
				return err
			})
		}
		_, err := r.puller.Pull(t.Context(), pull)
		must(t, err)
		if scans.Load() < 10 {
			t.Errorf("only %d scans", scans.Load())
		}
		r.disk.after = nil
		r.holds(pull.Recording, content)
	})
}

// flip changes one bit of a file, on the medium and past what was written.
func flip(path string, at int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		return errors.Join(err, f.Close())
	}
	b[0] ^= 0x10
	_, err = f.WriteAt(b[:], at)
	return errors.Join(err, f.Sync(), f.Close())
}

func TestABitFlippedOnTheMediumIsFoundBeforeItIsBelieved(t *testing.T) {
	const size = 2*seal.SegmentPlain + 5000
	const header = 4096
	for name, at := range map[string]int64{
		"header":          100,
		"first segment":   header + 77,
		"second segment":  header + seal.SegmentBytes + seal.SegmentBytes - 1,
		"last segment":    header + 2*seal.SegmentBytes + 4000,
		"padding":         header + 2*seal.SegmentBytes + 8191,
		"closing record":  header + 2*seal.SegmentBytes + 8192 + 9,
		"signature block": header + 2*seal.SegmentBytes + 8192 + 4096 + 4000,
	} {
		t.Run(name, func(t *testing.T) {
			bothMedia(t, func(t *testing.T, r *rig) {
				content := footage(size)
				pull := r.see(newCamera("cam", content), "A1")
				var end int64
				r.disk.after = func(_ int, op, file string) error {
					// The writes come in order, whole, and each is checked only after.
					if op != "write" {
						return nil
					}
					before := end
					end = writtenUpTo(t, end, size, header)
					if before <= at && at < end {
						return flip(file, at)
					}
					return nil
				}
				_, err := r.puller.Pull(t.Context(), pull)
				var mismatch *hashing.Mismatch
				if !errors.Is(err, seal.ErrIntegrity) && !errors.As(err, &mismatch) {
					t.Fatalf("a flipped bit was not found: %v", err)
				}
				if _, spooled := r.recording(pull.Recording).Spooled(); spooled {
					t.Error("the recording counts as spooled")
				}
				r.nothingLeft()
				r.disk.after = nil
				_, err = r.puller.Pull(t.Context(), pull) // the next attempt begins afresh
				must(t, err)
				r.holds(pull.Recording, content)
			})
		})
	}
}

// writtenUpTo is where the write ends that begins at from.
func writtenUpTo(t *testing.T, from, size, header int64) int64 {
	t.Helper()
	whole := header + seal.SegmentBytes*(size/seal.SegmentPlain)
	switch {
	case from == 0:
		return header
	case from < whole:
		return from + seal.SegmentBytes
	case from == whole && size%seal.SegmentPlain > 0:
		return from + int64(seal.StoredBytes(int(size%seal.SegmentPlain)))
	}
	return from + seal.Block
}

func TestAReadBackThatReadsNothingProvesNothing(t *testing.T) {
	for _, size := range []int{0, 100, seal.SegmentPlain} {
		r := newRig(t)
		r.disk.asleep = true
		pull := r.see(newCamera("cam", footage(size)), "A1")
		if _, err := r.puller.Pull(t.Context(), pull); err == nil {
			t.Errorf("%d bytes are believed though nothing was read back", size)
		}
		r.nothingLeft()
	}
}

func TestARecordingOfAnotherLengthThanListedIsRefused(t *testing.T) {
	const listed = seal.SegmentPlain + 100
	for name, length := range map[string]int{"empty": 0, "shorter": listed - 1, "ends with a segment": seal.SegmentPlain, "longer": listed + 1} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			camera := newCamera("cam", footage(length))
			pull := r.see(camera, "A1")
			pull.Entry.SizeBytes = listed
			if _, err := r.puller.Pull(t.Context(), pull); !errors.Is(err, dock.ErrChanged) {
				t.Fatalf("want ErrChanged, got %v", err)
			}
			r.nothingLeft()
			if camera.closed != 1 {
				t.Errorf("the camera's reader was closed %d times", camera.closed)
			}
		})
	}
}

func TestADriversErrorsPassThrough(t *testing.T) {
	for _, fault := range []error{dock.ErrChanged, dock.ErrGone, errCable} {
		r := newRig(t)
		camera := newCamera("cam", footage(100))
		pull := r.see(camera, "A1")
		camera.openErr = fault
		if _, err := r.puller.Pull(t.Context(), pull); !errors.Is(err, fault) {
			t.Errorf("open: want %v, got %v", fault, err)
		}
		camera.openErr, camera.breakAt, camera.fault = nil, 50, fault
		if _, err := r.puller.Pull(t.Context(), pull); !errors.Is(err, fault) {
			t.Errorf("read: want %v, got %v", fault, err)
		}
		r.nothingLeft()
	}
}

func TestASparseClaimIsRefusedBeforeAnythingIsRead(t *testing.T) {
	for _, size := range []int64{1 << 40, 1 << 50, 1 << 62, 1<<63 - 1, -1} {
		r := newRig(t)
		r.disk.space = func() int64 { return 100 << 30 }
		camera := newCamera("cam", nil)
		pull := r.see(camera, "A1")
		pull.Entry.SizeBytes = size
		_, err := r.puller.Pull(t.Context(), pull)
		var none *ErrNoSpace
		if size > 0 && size < 1<<62 && !errors.As(err, &none) || err == nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		if none != nil && (none.NeedBytes < size || none.FreeBytes <= 0 || !strings.Contains(err.Error(), "the spool has no room")) {
			t.Errorf("said: %v", err)
		}
		if len(camera.opened) > 0 {
			t.Error("the camera was opened")
		}
		r.nothingLeft()
	}
}

func TestPullsBesideEachOther(t *testing.T) {
	r := newRig(t)
	var group sync.WaitGroup
	for i := range 4 {
		content := footage(4*seal.SegmentPlain + i)
		camera := newCamera(fmt.Sprint("cam", i), content)
		bay := fmt.Sprint("B", i)
		pulls := []Pull{r.see(camera, bay), r.see(camera, bay)} // the second one uses buffers again
		group.Go(func() {
			for _, pull := range pulls {
				pull.Priority = i == 0
				if _, err := r.puller.Pull(t.Context(), pull); err != nil {
					t.Error(err)
					return
				}
				r.holds(pull.Recording, content)
			}
		})
	}
	group.Wait()
	if n := len(r.puller.buffers.idle); n > keptBuffers || n == 0 {
		t.Errorf("%d idle buffers", n)
	}
}

func TestAHungCameraHoldsUpNobodyElse(t *testing.T) {
	r := newRig(t)
	r.options = func(o *PullerOptions) { o.Turns = NewTurns(1, r.clock) }
	r.restart()
	hung := newCamera("hung", footage(2*seal.SegmentPlain))
	hung.breakAt, hung.reached, hung.goOn = seal.SegmentPlain+10, make(chan struct{}), make(chan struct{})
	hung.fault = dock.ErrGone
	reached := hung.reached
	held := r.see(hung, "A1")
	outcome := make(chan error, 1)
	go func() {
		_, err := r.puller.Pull(t.Context(), held)
		outcome <- err
	}()
	<-reached
	content := footage(3 * seal.SegmentPlain)
	pull := r.see(newCamera("fine", content), "A2")
	_, err := r.puller.Pull(t.Context(), pull)
	must(t, err)
	r.holds(pull.Recording, content)
	close(hung.goOn)
	if err := <-outcome; !errors.Is(err, dock.ErrGone) {
		t.Errorf("the hung camera's pull ended with %v", err)
	}
}

func TestAFailedSyncEndsEverythingThatComesAfter(t *testing.T) {
	for _, op := range []string{"sync .part", "syncdir "} {
		r := newRig(t)
		pull := r.see(newCamera("cam", footage(100)), "A1")
		r.disk.before = func(_ int, o, file string) error {
			if fmt.Sprintf("%s %s", o, filepath.Ext(file)) == op {
				return errDisk
			}
			return nil
		}
		_, err := r.puller.Pull(t.Context(), pull)
		if !errors.Is(err, ErrSync) || !errors.Is(err, errDisk) {
			t.Errorf("%s: want ErrSync, got %v", op, err)
		}
		if _, spooled := r.recording(pull.Recording).Spooled(); spooled {
			t.Errorf("%s: the recording counts as spooled", op)
		}
		r.disk.before = nil
		other := r.see(newCamera("cam2", footage(100)), "A2")
		if _, err := r.puller.Pull(t.Context(), other); !errors.Is(err, ErrSync) {
			t.Errorf("%s: the spool is still believed after a failed sync: %v", op, err)
		}
	}
}

func TestTheFileIsDurableBeforeItsNameAndTheNameBeforeTheFact(t *testing.T) {
	r := newRig(t)
	pull := r.see(newCamera("cam", footage(100)), "A1")
	var seen []string
	r.disk.before = func(_ int, op, file string) error {
		recording := r.recording(pull.Recording)
		_, intended := recording.Intended()
		_, spooled := recording.Spooled()
		switch op {
		case "sync", "rename", "syncdir":
			seen = append(seen, fmt.Sprintf("%s intent=%t fact=%t", op, intended, spooled))
		}
		return nil
	}
	_, err := r.puller.Pull(t.Context(), pull)
	must(t, err)
	want := []string{"sync intent=false fact=false", "rename intent=true fact=false", "syncdir intent=true fact=false"}
	if !slices.Equal(seen, want) {
		t.Errorf("order:\n%s\nwant:\n%s", strings.Join(seen, "\n"), strings.Join(want, "\n"))
	}
}
