package station

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func done(it item) item {
	it.spooled, it.reread, it.stored = true, true, true
	return it
}

func TestTheCameraIsListedBeforeAnythingElse(t *testing.T) {
	v := view{listDue: true, erases: true, settled: true, stated: true, items: []item{done(item{})}}
	if got := next(v); got.action != doList {
		t.Fatalf("next = %v, want a listing", got)
	}
}

func TestEverythingIsPulledBeforeAnythingIsReadTwice(t *testing.T) {
	v := view{erases: true, settled: true, stated: true, items: []item{{spooled: true}, {}}}
	if got := next(v); got != (step{action: doPull, index: 1}) {
		t.Fatalf("next = %+v, want the pull of item 1", got)
	}
}

func TestAFailedPullWaitsAndOthersGoOn(t *testing.T) {
	v := view{now: 10 * time.Second, items: []item{{notNow: 20 * time.Second}, {}}}
	if got := next(v); got != (step{action: doPull, index: 1}) {
		t.Fatalf("next = %+v, want the pull of item 1", got)
	}
	v.now = 20 * time.Second
	if got := next(v); got != (step{action: doPull, index: 0}) {
		t.Fatalf("next = %+v, want item 0 tried again", got)
	}
}

func TestNothingIsErasedWhileOneRecordingIsNotStored(t *testing.T) {
	v := view{erases: true, settled: true, stated: true, items: []item{done(item{}), {spooled: true, reread: true}}}
	if got := next(v); got.action != doWait {
		t.Fatalf("next = %+v, want to wait for the stores", got)
	}
	v.items[1].stored = true
	if got := next(v); got.action != doErase {
		t.Fatalf("next = %+v, want erasing", got)
	}
}

func TestNothingIsErasedWhileTheCameraStillChanges(t *testing.T) {
	v := view{erases: true, stated: true, items: []item{done(item{})}}
	if got := next(v); got.action != doWait {
		t.Fatalf("next = %+v, want to wait until it settles", got)
	}
}

func TestAHeldRecordingDoesNotKeepTheOthers(t *testing.T) {
	held := done(item{})
	held.held = true
	v := view{erases: true, settled: true, stated: true, items: []item{held, done(item{})}}
	if got := next(v); got.action != doErase {
		t.Fatalf("next = %+v, want erasing of the other", got)
	}
	v.items = v.items[:1]
	if got := next(v); got.action != doWait {
		t.Fatalf("next = %+v, want to wait for a person", got)
	}
}

// Whatever the view: erasing is asked for only when every recording that is
// still on the camera is stored, the camera is settled, and the agency wants it.
func TestErasingIsAskedForOnlyWhenAllIsSafe(t *testing.T) {
	flag := rapid.Bool()
	rapid.Check(t, func(t *rapid.T) {
		v := view{
			now:     time.Duration(rapid.IntRange(0, 5).Draw(t, "now")),
			listDue: flag.Draw(t, "listDue"), settled: flag.Draw(t, "settled"), stated: flag.Draw(t, "stated"),
			erases: flag.Draw(t, "erases"), blocked: time.Duration(rapid.IntRange(0, 5).Draw(t, "blocked")),
		}
		for range rapid.IntRange(0, 5).Draw(t, "items") {
			v.items = append(v.items, item{
				spooled: flag.Draw(t, "spooled"), reread: flag.Draw(t, "reread"), stored: flag.Draw(t, "stored"),
				held: flag.Draw(t, "held"), erased: flag.Draw(t, "erased"), pending: flag.Draw(t, "pending"),
				notNow: time.Duration(rapid.IntRange(0, 5).Draw(t, "notNow")),
			})
		}
		got := next(v)
		if got.action == doErase {
			if !v.erases || !v.settled || v.listDue || !v.stated || v.now < v.blocked {
				t.Fatalf("erasing in a docking that does not allow it: %+v", v)
			}
			for _, it := range v.items {
				if !it.erased && !it.stored {
					t.Fatalf("erasing while a recording is not stored: %+v", v)
				}
			}
		}
		if got.action == doPull || got.action == doReread {
			if it := v.items[got.index]; it.erased || v.now < it.notNow {
				t.Fatalf("%+v works on an item that is gone or must wait: %+v", got, v)
			}
		}
	})
}

// What takes long to fail is due again before everything had its turn.
func TestSlowFailuresDoNotKeepOthersWaiting(t *testing.T) {
	v := view{now: 100 * time.Second, items: []item{
		{failures: 6, tried: 30 * time.Second, notNow: 90 * time.Second},
		{failures: 6, tried: 60 * time.Second},
		{failures: 1, tried: 10 * time.Second},
	}}
	if got := next(v); got != (step{action: doPull, index: 2}) {
		t.Fatalf("next = %+v, want the item that was not tried for the longest time", got)
	}
	v.items = append(v.items, item{})
	if got := next(v); got != (step{action: doPull, index: 3}) {
		t.Fatalf("next = %+v, want the item that was never tried", got)
	}
}
