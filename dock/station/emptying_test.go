package station

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"berth/dock"
	"berth/dock/journal"
)

// play is a docking's state without a station: whatever the test does not
// answer itself is answered as if the world were kind.
type play struct {
	t       *testing.T
	s       state
	now     time.Duration
	entries []dock.Entry // on the camera
	held    map[dock.RecordingID]bool
	asked   []string // every effect, in order
	noted   []string // outcomes of erasing
	do      effect   // to be answered
}

// played is the first moment of a camera with these recordings, which are on
// the station and in the stores already.
func played(t *testing.T, names ...string) *play {
	p := &play{t: t, s: newState("cam", time.Second, time.Minute), now: time.Hour, held: map[dock.RecordingID]bool{}}
	for _, name := range names {
		p.entries = append(p.entries, entry(name, "1"))
	}
	p.take(event{})
	return p
}

// take gives the answer and keeps what is wanted next.
func (p *play) take(e event) {
	p.do = p.s.step(moment{now: p.now, erases: true}, e)
	p.asked = append(p.asked, fmt.Sprint(p.do.action, " ", p.do.index))
	if p.do.action == doNote {
		p.noted = append(p.noted, fmt.Sprintf("%s %s", p.do.recording, p.do.outcome.Outcome))
	}
}

// kindly answers what is wanted.
func (p *play) kindly() {
	e := event{}
	switch p.do.action {
	case doWait, doList:
		p.now = max(p.now, p.do.until)
		if p.do.action == doList {
			e.listing = listing(slices.Clone(p.entries)...)
		}
	case doReconcile:
		for _, seen := range p.do.listing.Entries {
			e.meaning.Items = append(e.meaning.Items, dock.Planned{Recording: dock.RecordingID(seen.Name), Entry: seen})
		}
	case doAsk:
		e.progress = map[dock.RecordingID]journal.Progress{}
		for _, it := range p.s.items {
			e.progress[it.Recording] = journal.Progress{Ingested: true, Stored: true, Held: p.held[it.Recording]}
		}
	case doRemove:
		handle := p.s.it().Entry.Handle
		p.entries = slices.DeleteFunc(p.entries, func(e dock.Entry) bool { return e.Handle == handle })
	}
	p.take(e)
}

// until answers kindly until one of these is wanted.
func (p *play) until(actions ...action) {
	p.t.Helper()
	for range 200 {
		if slices.Contains(actions, p.do.action) {
			return
		}
		p.kindly()
	}
	p.t.Fatalf("none of %v came: %v", actions, p.asked)
}

func TestEveryEraseFollowsAReconfirmationAndAClearanceOfItsOwn(t *testing.T) {
	p := played(t, "a", "b", "c")
	removed := 0
	for removed < 3 {
		p.until(doRemove)
		index := p.do.index
		want := []string{fmt.Sprint(doReconfirm, " ", index), fmt.Sprint(doClear, " ", index), fmt.Sprint(doRemove, " ", index)}
		if got := p.asked[len(p.asked)-3:]; !slices.Equal(got, want) {
			t.Fatalf("before the erase of %d came %v", index, got)
		}
		removed++
		p.kindly()
	}
	if p.do.action != doList {
		t.Errorf("after the last erase comes %v, want a listing", p.do.action)
	}
}

func TestAFailedReconfirmationClearsNothing(t *testing.T) {
	p := played(t, "a")
	p.until(doReconfirm)
	p.take(event{err: errors.New("store two lost it")})
	if p.do.action == doClear || p.do.action == doRemove {
		t.Errorf("it is followed by %v", p.do.action)
	}
}

func TestARefusalErasesNothingAndStopsTheEmptying(t *testing.T) {
	for code, stops := range map[string]bool{"copies": true, "held": false} {
		p := played(t, "a", "b")
		p.until(doClear)
		p.take(event{err: &dock.Refusal{Reasons: []dock.Lock{{Code: code, Text: code}}}})
		if p.do.action == doRemove {
			t.Fatal("it is erased all the same")
		}
		if goes := p.do.action == doReconfirm; goes == stops {
			t.Errorf("refused for %q: the next one's turn is %t", code, goes)
		}
	}
}

func TestARefusalThatSpeaksOfTheObjectHasTheCameraListedAgain(t *testing.T) {
	for _, code := range []string{"changed", "object", "unlisted"} {
		p := played(t, "a")
		p.until(doClear)
		now := p.now
		p.take(event{err: &dock.Refusal{Reasons: []dock.Lock{{Code: code, Text: code}}}})
		if p.until(doList, doWait); p.do.action != doList || p.now != now {
			t.Errorf("refused for %q: next is %v", code, p.do.action)
		}
	}
}

func TestAClearanceThatCouldNotBeJournalledEndsTheDocking(t *testing.T) {
	p := played(t, "a")
	p.until(doClear)
	p.take(event{err: journal.ErrCommit})
	if p.do.action != doEnd || !errors.Is(p.do.cause, journal.ErrCommit) {
		t.Errorf("next is %v, %v", p.do.action, p.do.cause)
	}
}

func TestErasedIsOnlyWhatAListingConfirms(t *testing.T) {
	erased, failed := []string{"a " + string(dock.EraseConfirmed)}, []string{"a " + string(dock.EraseFailed)}
	for name, c := range map[string]struct {
		said   error
		after  []dock.Entry // what the camera lists then
		wanted []string
	}{
		"gone":                      {nil, nil, erased},
		"gone in spite of an error": {errors.New("I/O"), nil, erased},
		"still there":               {nil, []dock.Entry{entry("a", "1")}, failed},
		"another one has its place": {nil, []dock.Entry{entry("a", "2")}, erased},
	} {
		t.Run(name, func(t *testing.T) {
			p := played(t, "a")
			p.until(doRemove)
			p.take(event{err: c.said})
			p.until(doList)
			if len(p.noted) > 0 || p.s.items[0].erased {
				t.Fatalf("before the camera was listed: %v", p.noted)
			}
			p.entries = c.after
			p.kindly()
			p.until(doReconcile, doReread, doPull)
			if !slices.Equal(p.noted, c.wanted) {
				t.Errorf("journalled %v, want %v", p.noted, c.wanted)
			}
		})
	}
}

// What nobody told to go and is gone has vanished: that is for the journal.
func TestAListingConfirmsOnlyWhatWasToldToGo(t *testing.T) {
	p := played(t, "a", "b")
	p.held["b"] = true
	p.until(doRemove)
	p.entries = nil
	p.take(event{err: dock.ErrChanged})
	for range 12 {
		p.kindly()
	}
	if want := []string{"a " + string(dock.EraseFailed)}; !slices.Equal(p.noted, want) {
		t.Errorf("journalled %v, want %v", p.noted, want)
	}
}

func TestACameraThatLeavesWhileItIsEmptiedLeavesTheOutcomeOpen(t *testing.T) {
	p := played(t, "a")
	p.until(doRemove)
	p.take(event{err: dock.ErrGone})
	if p.do.action != doEnd || !errors.Is(p.do.cause, dock.ErrGone) || len(p.noted) > 0 {
		t.Errorf("next is %v, journalled %v", p.do.action, p.noted)
	}
}

func TestOnlyWhatIsSafeInEveryWayIsErasable(t *testing.T) {
	whole := done(item{})
	for name, lacks := range map[string]func(*item){
		"not sealed":        func(it *item) { it.spooled = false },
		"not stored":        func(it *item) { it.stored = false },
		"not read twice":    func(it *item) { it.reread = false },
		"held":              func(it *item) { it.held = true },
		"told to go before": func(it *item) { it.pending = true },
	} {
		it := whole
		lacks(&it)
		if !erasable(&whole) || erasable(&it) {
			t.Errorf("%s: erasable", name)
		}
		s := state{view: view{items: []item{it, whole}}, empty: true}
		if got := s.nextToErase(); got != 1 {
			t.Errorf("%s: the next one to be emptied is %d", name, got)
		}
	}
	gone, later := whole, whole
	gone.erased, later.notNow = true, time.Hour
	s := state{view: view{items: []item{gone, later}}, empty: true}
	if got := s.nextToErase(); got != -1 {
		t.Errorf("the next one to be emptied is %d", got)
	}
}

func TestACameraIsBelievedOnlyAfterTwoListingsWithTimeBetween(t *testing.T) {
	p := played(t, "a")
	p.until(doList)
	p.kindly()
	if listed := p.now; p.do.action != doList || p.do.until < listed+time.Second {
		t.Fatalf("the first listing is followed by %v, not before %v", p.do.action, p.do.until-listed)
	}
	p.entries[0].Identity = "2" // it grows
	p.kindly()
	if p.do.action != doReconcile || p.do.settled || len(p.do.listing.Entries) > 0 {
		t.Fatalf("what grows is taken for quiet: %+v", p.do)
	}
	if p.until(doList, doPull, doReread, doErase, doWait); p.do.action != doList {
		t.Errorf("a camera that changes is not listed again but %v", p.do.action)
	}
}

func TestWhatWasTouchedSinceIsReadASecondTimeAnew(t *testing.T) {
	p := played(t, "a")
	p.until(doErase)
	p.s.listDue = true
	p.entries[0].Identity = "2"
	p.take(event{err: errors.New("this kind of camera is emptied by nobody")})
	for p.until(doList); p.do.action == doList || p.do.action == doReconcile || p.do.action == doAsk; {
		p.kindly()
	}
	if p.until(doReread, doErase, doReconfirm, doWait); p.do.action != doReread {
		t.Errorf("next is %v, want another second read", p.do.action)
	}
}
