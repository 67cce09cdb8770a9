package station

import (
	"crypto/fips140"
	"strings"
	"sync/atomic"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"berth/dock"
	"berth/dock/journal"
)

// inBubble runs a test of a rack where waiting takes no time, and which fails
// if any goroutine is left at its end.
func inBubble(t *testing.T, test func(h *house, r *usbRack), bays ...string) {
	t.Helper()
	if fips140.Enabled() && fips140.Version() == "latest" {
		// Go's own module gathers entropy from the jitter of time, and in a
		// bubble time does not jitter.
		cryptotest.SetGlobalRandom(t, 1)
	}
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, bays...)
		h.clock = bubbleClock{time.Now()}
		h.stall, h.waits = time.Minute, time.Hour
		h.erasing.After = dock.EraseAfterNever
		test(h, h.newRack())
		h.stop()
	})
}

// hangsOn is a camera with one recording that says nothing to op, times times.
func (h *house) hangsOn(name, op string, times int32) *toy {
	h.camera(name, map[string][]byte{"1.mp4": random(3 << 20)})
	var left atomic.Int32
	left.Store(times)
	return &toy{name: name, serial: "serial-" + name, hangs: func(asked string) bool {
		return asked == op && left.Add(-1) >= 0
	}}
}

const always = 1 << 30

func (h *house) healthyOne(name string) *toy { return h.hangsOn(name, "", 0) }

func stored(b dock.BayStatus) bool { return b.State == dock.BayStored }

func TestACameraThatHangsIsCutOffAndServedWhenItWorksAgain(t *testing.T) {
	for _, op := range []string{"open", "list", "read"} {
		t.Run(op, func(t *testing.T) {
			inBubble(t, func(h *house, r *usbRack) {
				r.plug("A1", h.hangsOn("sick", op, 2))
				r.plug("A2", h.healthyOne("well"))
				h.start()
				h.wait("A2", "stored beside it", stored)
				h.wait("A1", "stored in the end", stored)
				if n := r.cycled(); n != 2 {
					t.Errorf("the port was switched %d times", n)
				}
				if rows := h.rows(journal.Filter{}); len(rows) != 2 {
					t.Errorf("%d recordings", len(rows))
				}
			}, "A1", "A2")
		})
	}
}

func TestACameraThatHangsAgainAndAgainIsLeftToAPerson(t *testing.T) {
	inBubble(t, func(h *house, r *usbRack) {
		began := time.Now()
		sick := h.hangsOn("sick", "read", always)
		r.plug("A1", sick)
		h.start()
		b := h.wait("A1", "left to a person", func(b dock.BayStatus) bool {
			return b.State == dock.BayAttention && strings.Contains(b.Attention, "4 times")
		})
		if !strings.Contains(b.Attention, "take it out") {
			t.Errorf("said: %s", b.Attention)
		}
		if n, took := r.cycled(), time.Since(began); n != 4 || took < 4*time.Minute+335*time.Second {
			t.Errorf("switched %d times within %v", n, took)
		}
		r.pull("A1")
		h.waitState("A1", dock.BayEmpty)
		r.plug("A1", h.healthyOne("well"))
		h.wait("A1", "free for another", stored)
	}, "A1")
}

func TestWhatCannotBeSwitchedIsSaidAndTheBayGoesOnWithTheNext(t *testing.T) {
	inBubble(t, func(h *house, r *usbRack) {
		r.noPower = errSwitch
		sick := h.hangsOn("sick", "read", always)
		r.plug("A1", sick)
		h.start()
		h.wait("A1", "in need of a person", func(b dock.BayStatus) bool {
			return b.State == dock.BayAttention && strings.Contains(b.Attention, "cannot be cut off")
		})
		r.pull("A1")
		r.plug("A1", h.healthyOne("well"))
		h.wait("A1", "stored", stored)
	}, "A1")
}

func TestWhatTheKernelKeepsHoldsUpNeitherTheBayNorTheSameCameraElsewhereNorTheStop(t *testing.T) {
	inBubble(t, func(h *house, r *usbRack) {
		sick := h.hangsOn("sick", "read", 1)
		sick.kept = make(chan struct{})
		r.plug("A1", sick)
		h.start()
		h.wait("A1", "reading", func(b dock.BayStatus) bool { return b.Camera != "" && b.Doing == "securing recordings" })
		synctest.Wait()
		r.pull("A1")
		problem := h.problem("stuck", true)
		if !strings.Contains(problem.Text, "bay A1: reading") || problem.Do == "" {
			t.Errorf("said: %+v", problem)
		}
		r.plug("A1", h.healthyOne("well"))
		r.plug("A2", sick)
		h.wait("A1", "stored", stored)
		if b := h.wait("A2", "stored", stored); b.Attention != "" {
			t.Errorf("its own ghost is taken for a second camera: %s", b.Attention)
		}
		began := time.Now()
		h.stop()
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("the stop took %v", took)
		}
		close(sick.kept)
	}, "A1", "A2")
}

func TestAStopCutsOffWhatHangsSoThatNothingIsLeftInTheKernel(t *testing.T) {
	inBubble(t, func(h *house, r *usbRack) {
		r.plug("A1", h.hangsOn("sick", "list", 1))
		h.start()
		h.wait("A1", "listing", func(b dock.BayStatus) bool { return b.Doing == "listing" })
		synctest.Wait()
		began := time.Now()
		h.stop()
		if took := time.Since(began); took > 20*time.Second || r.cycled() != 1 {
			t.Errorf("the stop took %v, the port was switched %d times", took, r.cycled())
		}
	}, "A1")
}

func TestACameraThatIsErasedFromIsNotCutOffByAStop(t *testing.T) {
	inBubble(t, func(h *house, r *usbRack) {
		h.erasing = Erasing{Copies: 2, After: dock.EraseAfterCopies}
		r.plug("A1", h.hangsOn("sick", "erase", 1))
		h.start()
		h.waitState("A1", dock.BayErasing)
		synctest.Wait()
		began := time.Now()
		h.stop()
		if took := time.Since(began); took > 20*time.Second || r.cycled() > 0 {
			t.Errorf("the stop took %v, the port was switched %d times", took, r.cycled())
		}
		r.pull("A1")
	}, "A1")
}

func TestAPortThatDoesNotAnswerHoldsUpNobody(t *testing.T) {
	inBubble(t, func(h *house, r *usbRack) {
		r.stuck = make(chan struct{})
		sick := h.hangsOn("sick", "read", 1)
		r.plug("A1", sick)
		h.start()
		h.wait("A1", "in need of a person", func(b dock.BayStatus) bool { return strings.Contains(b.Attention, "cannot be cut off") })
		if problem := h.problem("stuck", true); !strings.Contains(problem.Text, "bay A1: switching its port") {
			t.Errorf("said: %+v", problem)
		}
		r.plug("A2", h.healthyOne("well"))
		h.wait("A2", "stored", stored)
		<-time.After(10 * time.Minute) // it is tried again in vain meanwhile
		began := time.Now()
		h.stop()
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("the stop took %v", took)
		}
		if r.entered != 1 {
			t.Errorf("the port is being switched %d times at once", r.entered)
		}
		close(r.stuck)
	}, "A1", "A2")
}

func TestACameraThatDoesNotComeBackIsNoEmptyBay(t *testing.T) {
	inBubble(t, func(h *house, r *usbRack) {
		r.lost = true
		sick := h.hangsOn("sick", "read", 1)
		r.plug("A1", sick)
		h.start()
		h.wait("A1", "missed", func(b dock.BayStatus) bool {
			return b.State == dock.BayAttention && strings.Contains(b.Attention, "did not come back")
		})
		r.plug("A1", sick)
		h.wait("A1", "stored", stored)
		r.pull("A1")
		h.waitState("A1", dock.BayEmpty)
	}, "A1")
}

func TestASlowCameraIsNotCutOff(t *testing.T) {
	inBubble(t, func(h *house, r *usbRack) {
		h.stall = 10 * time.Second
		slow := h.healthyOne("slow")
		slow.hangs = func(string) bool {
			<-time.After(9 * time.Second)
			return false
		}
		r.plug("A1", slow)
		h.start()
		h.wait("A1", "stored", stored)
		if r.cycled() > 0 {
			t.Error("a camera that is only slow was cut off")
		}
	}, "A1")
}
