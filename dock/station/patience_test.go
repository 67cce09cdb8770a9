package station

import (
	"testing"
	"time"

	"berth/dock"
)

func usbCamera(serial string) dock.Attachment {
	return dock.Attachment{Bay: "A1", Device: &dock.Device{Port: "1-1", Vendor: 1, Product: 2, Serial: serial}}
}

func TestACameraIsCutOffOnlyWhenItIsAskedAndSilentForTheWholeTime(t *testing.T) {
	for _, c := range []struct {
		name    string
		limit   time.Duration
		silence silence
		due     bool
		again   time.Duration
	}{
		{"nothing is asked", time.Minute, silence{}, false, time.Minute},
		{"it answered lately", time.Minute, silence{doing: "reading", lasts: 59 * time.Second}, false, time.Second},
		{"it is silent", time.Minute, silence{doing: "reading", lasts: time.Minute}, true, 0},
		{"patience without end", 0, silence{doing: "reading", lasts: time.Hour}, false, 0},
	} {
		p := patience{limit: c.limit}
		if due, again := p.due(time.Hour, c.silence); due != c.due || again != c.again {
			t.Errorf("%s: due %v, again %v", c.name, due, again)
		}
	}
}

func TestACameraThatHangsIsTriedAgainLaterAndLaterAndThenLeftToAPerson(t *testing.T) {
	p, now, at := patience{limit: time.Minute}, time.Hour, usbCamera("a")
	for i, wait := range backoff() {
		p.hangs(now, at)
		p.cut(now)
		if p.exhausted() || p.notNow != now+wait {
			t.Fatalf("time %d: not before %v, given up %v", i+1, p.notNow-now, p.exhausted())
		}
		if due, again := p.due(now, silence{doing: "reading", lasts: time.Hour}); due || again != wait {
			t.Fatalf("time %d: cut off again at once (%v, %v)", i+1, due, again)
		}
		p.meets(now+time.Second, at)
		now = p.notNow + p.limit
	}
	p.hangs(now, at)
	p.cut(now)
	p.meets(now+time.Second, at)
	if !p.exhausted() {
		t.Fatal("it is tried for ever")
	}
	if due, again := p.due(now+time.Hour, silence{doing: "reading", lasts: time.Hour}); due || again != 0 {
		t.Error("it is cut off though a person was asked already")
	}
}

// hung is the patience with a camera that hung so often and came back.
func hung(times int, at dock.Attachment) (p patience, now time.Duration) {
	p, now = patience{limit: time.Minute}, time.Hour
	for range times {
		now = max(now, p.notNow) + p.limit
		p.hangs(now, at)
		p.cut(now)
		p.meets(now, at)
	}
	return p, now
}

func TestWhatAPersonPlugsInIsTriedAfresh(t *testing.T) {
	for times := 1; times <= 4; times++ {
		p, now := hung(times, usbCamera("a"))
		if p.meets(now+returns, usbCamera("a")); p.hung != 0 || p.notNow != 0 {
			t.Errorf("after %d times, the same camera docked anew counts as hung %d times", times, p.hung)
		}
		p, now = hung(times, usbCamera("a"))
		if p.meets(now, usbCamera("b")); p.hung != 0 {
			t.Errorf("after %d times, another camera in the bay counts as hung", times)
		}
	}
}

func TestACameraThatLeavesTheBusByItselfIsNotTriedAfresh(t *testing.T) {
	p, now := hung(2, usbCamera("a"))
	if p.meets(now+returns-1, usbCamera("a")); p.hung != 2 {
		t.Error("what comes and goes after its port was switched begins anew every time")
	}
}

func TestACameraThatWasServedForLongIsForgiven(t *testing.T) {
	p, _ := hung(3, usbCamera("a"))
	p.hangs(p.notNow+p.limit+forgives, usbCamera("a"))
	if p.hung != 1 {
		t.Errorf("hung %d times in a row", p.hung)
	}
	p, _ = hung(3, usbCamera("a"))
	p.hangs(p.notNow+p.limit+forgives-1, usbCamera("a"))
	if p.hung != 4 {
		t.Errorf("hung %d times in a row", p.hung)
	}
}
