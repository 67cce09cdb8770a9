//go:build linux && amd64

package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// restTime is how long a station without faults may need until it is at rest.
const restTime = 2 * time.Minute

// atOnce is how many houses are lived in at the same time: a station waits for
// something about half of its time.
func atOnce() int { return 2 * runtime.GOMAXPROCS(0) }

// trial is one life of one house: a station with a fault, after a crash one
// more that crashes while it recovers, and one that must bring it to its end.
type trial struct {
	fault    fault
	seed     uint64
	total    int // operations of a life without faults
	patience time.Duration
}

// outcome is what a trial came to, for the report.
type outcome struct {
	hit    operation // zero if the station was at rest before
	ending ending
}

// run leads the trial through; its error is a broken promise.
func (tr trial) run(ctx context.Context, h *house) (out outcome, err error) {
	w := &watcher{ctx: ctx, house: h, fault: tr.fault}
	if out.ending, err = h.live(w, tr.patience); err != nil {
		return out, err
	}
	out.hit = w.hit
	if err := errors.Join(w.err(), w.gaveUp(out.ending), h.afterwards(ctx)); err != nil {
		return out, fmt.Errorf("after the fault (%+v): %w\n%s", out.ending, err, w.around())
	}
	if tr.fault.crashes() {
		random := rand.New(rand.NewPCG(tr.seed, uint64(tr.fault.k)))
		again := fault{k: 1 + random.IntN(tr.total-min(tr.fault.k, tr.total-1)+40), mode: modes()[random.IntN(2)]}
		w := &watcher{ctx: ctx, house: h, fault: again}
		end, err := h.live(w, restTime)
		if err := errors.Join(err, w.err(), h.afterwards(ctx)); err != nil {
			return out, fmt.Errorf("after another crash (%s at operation %d, %s, %+v): %w", again.mode, again.k, w.hit, end, err)
		}
	}
	w = &watcher{ctx: ctx, house: h}
	end, err := h.live(w, restTime)
	if err == nil && end != (ending{code: exitAtRest}) {
		err = fmt.Errorf("the station ended with %+v", end)
	}
	if err := errors.Join(err, w.err(), h.afterwards(ctx), h.examineEnd(ctx)); err != nil {
		return out, fmt.Errorf("without faults, in the end: %w", err)
	}
	return out, nil
}

// gaveUp checks that a station whose spool or journal could not acknowledge
// ended by itself and said so. SQLite ignores that the journal's folder could
// not be synced: there it counts that somebody else did it afterwards, or that
// only the witness has its name there. Without the journal's witness nothing is
// erased, and nothing has to end.
func (w *watcher) gaveUp(end ending) error {
	for _, o := range w.refused {
		part := w.house.part(o.path)
		unsynced := maps.Clone(w.house.disks.names[o.path])
		delete(unsynced, "journal.db.head")
		if o.path == w.house.path("data/journal") && len(unsynced) == 0 || strings.HasSuffix(o.path, ".head.new") {
			continue
		}
		if o.kind == opSync && (part == "data/spool" || part == "data/journal") && end != (ending{code: exitFailed}) {
			return fmt.Errorf("%s failed, and the station went on until %+v", o, end)
		}
	}
	return nil
}

// afterwards looks at the house when the station is gone; after a power cut,
// when its disks are back.
func (h *house) afterwards(ctx context.Context) error {
	if h.power != nil {
		if err := h.power.back(); err != nil {
			return err
		}
	}
	return h.examine(ctx)
}

// builder makes a new house in an empty directory. It returns what there is of
// it also with an error.
type builder func(ctx context.Context, dir string, a agency) (*house, error)

// newHouse furnishes a house in a directory of its own.
func newHouse(ctx context.Context, dir string, a agency) (*house, error) {
	h, err := furnish(dir, a)
	if err == nil {
		err = h.commission(ctx)
	}
	return h, err
}

// countOperations is how many a station without faults needs.
func countOperations(t *testing.T, a agency, base string) int {
	t.Helper()
	dir, err := os.MkdirTemp(base, "berth-faults-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	h, err := newHouse(t.Context(), dir, a)
	if err != nil {
		t.Fatal(err)
	}
	w := &watcher{ctx: t.Context(), house: h}
	end, err := h.live(w, restTime)
	if err := errors.Join(err, w.err(), h.afterwards(t.Context()), h.examineEnd(t.Context())); err != nil || end != (ending{code: exitAtRest}) {
		t.Fatalf("a station without faults ended with %+v: %v%s", end, err, h.lastWords())
	}
	return w.count
}

// lastWords is the end of the stations' log.
func (h *house) lastWords() string {
	log, err := os.ReadFile(filepath.Join(h.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return "\n" + string(log[max(0, len(log)-6000):])
}

func TestNothingIsLostWhateverOperationFails(t *testing.T) {
	if testing.Short() {
		t.Skip("starts some hundred stations")
	}
	t.Parallel()
	a, base := newAgency(t), ground(t)
	s := sweep{
		name: "operation", agency: a, base: base, build: newHouse, patience: *flagPatience, atOnce: atOnce(),
		total: countOperations(t, a, base), modes: modes(), about: sampled,
	}
	s.run(t)
}

// check runs the trial in a house of its own and reports what it broke.
func (s *sweep) check(t *testing.T, tr trial) {
	dir, err := os.MkdirTemp(s.base, "berth-faults-")
	if err != nil {
		t.Error(err)
		return
	}
	defer os.RemoveAll(dir)
	h, err := s.build(t.Context(), dir, s.agency)
	if h != nil && h.power != nil {
		defer func() {
			if err := h.power.disconnect(); err != nil {
				t.Error(err)
			}
		}()
	}
	if err != nil {
		t.Error(err)
		return
	}
	out, err := tr.run(t.Context(), h)
	where := strings.ReplaceAll(out.hit.String(), h.dir+"/", "")
	if err := s.results.add(s.result(tr, out, where, err)); err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Errorf("-faults.k %d -faults.mode %s -faults.seed %d: %s:\n%v%s", tr.fault.k, tr.fault.mode, tr.seed, where, err, h.lastWords())
	}
}

// After a failed sync the kernel forgets what it could not write, so that
// trying again succeeds and means nothing.
func TestAFailedSyncEndsTheStation(t *testing.T) {
	if testing.Short() {
		t.Skip("starts some stations")
	}
	a := newAgency(t)
	for _, f := range []fault{
		{k: 1, mode: modeLie, only: "fsync data/journal/journal.db-wal"}, // the first table
		{k: 9, mode: modeOnce, only: "fsync data/journal/journal.db-wal"},
		{k: 2, mode: modeOnce, only: "fsync data/spool/tmp/"}, // a recording's content
		{k: 2, mode: modeLie, only: "fsync data/spool"},
		{k: 1, mode: modeSticky, only: "fsync data/spool"},
		{k: 13, mode: modeOnce, only: "fsync data/spool"}, // a copy that is not needed any more
	} {
		t.Run(fmt.Sprintf("%s %d %s", f.only, f.k, f.mode), func(t *testing.T) {
			h, err := newHouse(t.Context(), t.TempDir(), a)
			if err != nil {
				t.Fatal(err)
			}
			out, err := trial{fault: f, patience: restTime}.run(t.Context(), h)
			if err != nil {
				t.Fatalf("%v%s", err, h.lastWords())
			}
			if out.hit == (operation{}) || out.ending != (ending{code: exitFailed}) {
				t.Errorf("the station ended with %+v after %q", out.ending, out.hit)
			}
		})
	}
}

// A store that changes a bit of what it took gets no receipt for it, so that
// nothing of the camera whose recording that is may be erased.
func TestACameraKeepsWhatAStoreSpoils(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a station")
	}
	h, err := newHouse(t.Context(), t.TempDir(), newAgency(t))
	if err != nil {
		t.Fatal(err)
	}
	w := &watcher{ctx: t.Context(), house: h, fault: fault{k: 1, mode: modeRot, only: "write stores/one/.berth/tmp"}}
	end, err := h.live(w, *flagPatience)
	if err := errors.Join(err, w.err(), h.examine(t.Context())); err != nil {
		t.Fatalf("%v%s", err, h.lastWords())
	}
	if w.hit == (operation{}) || end != (ending{code: exitBusy}) {
		t.Errorf("the station ended with %+v after %q", end, w.hit)
	}
	left := 0
	for _, o := range h.originals {
		if there, _ := h.onCamera(o); there {
			left++
		}
	}
	if left < 2 {
		t.Errorf("%d recordings are still on the cameras", left)
	}
}

// A camera may say that it could not erase what is gone all the same. That was
// cleared and is on record as erased, and no recording that went missing.
func TestWhatACameraErasedInSpiteOfItsErrorIsErased(t *testing.T) {
	if testing.Short() {
		t.Skip("starts some stations")
	}
	a := newAgency(t)
	for _, f := range []fault{
		{k: 1, mode: modeLie, only: "unlinkat bays"},
		{k: 1, mode: modeOnce, only: "fsync bays"},
		{k: 1, mode: modeOnce, only: "unlinkat bays"},
	} {
		t.Run(f.only+" "+f.mode, func(t *testing.T) {
			h, err := newHouse(t.Context(), t.TempDir(), a)
			if err != nil {
				t.Fatal(err)
			}
			out, err := trial{fault: f, patience: restTime}.run(t.Context(), h)
			if err != nil || out.hit == (operation{}) {
				t.Fatalf("after %q: %v%s", out.hit, err, h.lastWords())
			}
		})
	}
}
