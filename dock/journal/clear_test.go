package journal

import (
	"errors"
	"testing"
	"time"

	"berth/dock"
)

// cleared is a docking with one recording that lacks nothing.
func cleared(t *testing.T) (*station, Docking, dock.Planned) {
	s := newStation(t)
	d := s.dock("cam-7")
	p := s.reconcile(d, listing(file("MOV_0001.MP4", 1000))).Items[0]
	s.store(d, p)
	s.secondRead(d, p)
	return s, d, p
}

// refusal asks for a clearance and expects a refusal with this code.
func (s *station) refused(r ClearRequest, code string) {
	s.t.Helper()
	events := len(s.events(""))
	_, err := s.Clear(s.ctx, r)
	var refusal *dock.Refusal
	if !errors.As(err, &refusal) || !refusal.Has(code) {
		s.t.Fatalf("want a refusal for %q, got %v", code, err)
	}
	if len(s.events("")) != events {
		s.t.Fatal("a refusal left an event behind")
	}
}

func TestClearRecordsTheIntentInTheSameTransaction(t *testing.T) {
	s, d, p := cleared(t)
	_, err := s.Clear(s.ctx, request(d, p))
	s.must(err)
	intents := s.events(string(dock.KindEraseIntent))
	if len(intents) != 1 || intents[0].Recording != p.Recording || intents[0].Docking != d.ID {
		t.Fatalf("intents: %+v", intents)
	}
}

func TestEraseIntentComesFromAClearanceAlone(t *testing.T) {
	s, d, p := cleared(t)
	err := s.Append(s.ctx, dock.Fact{Recording: p.Recording, Docking: d.ID, Body: dock.EraseIntent{SHA256: contentOf(p.Entry)}})
	if err == nil || len(s.events(string(dock.KindEraseIntent))) != 0 {
		t.Fatal("an erase intent was appended without a clearance")
	}
}

func TestClearRefusedWhileAnotherRecordingLacksACopy(t *testing.T) {
	s, d, p := cleared(t)
	other := file("MOV_0002.MP4", 2000)
	r := s.reconcile(d, listing(p.Entry, other))
	s.refused(request(d, p), "camera-copies")
	q := r.Items[1]
	s.add(d, q.Recording, intentOf(other), dock.Spooled{Sealed: sealedOf(other)}, receipt(other, nas))
	s.refused(request(d, p), "camera-copies")
	s.add(d, q.Recording, receipt(other, cloud))
	_, err := s.Clear(s.ctx, request(d, p))
	s.must(err)
}

func TestClearCountsOnlyTheStoresConfiguredNow(t *testing.T) {
	s, d, p := cleared(t)
	other := file("MOV_0002.MP4", 2000)
	q := s.reconcile(d, listing(p.Entry, other)).Items[1]
	s.store(d, q)
	const archive = "33333333-3333-4333-8333-333333333333"
	s.add(d, p.Recording, receipt(p.Entry, archive))
	r := request(d, p)
	r.Policy.Stores = []dock.StoreID{nas, archive}
	s.refused(r, "camera-copies") // the other recording is in a store that does not count any more
}

func TestClearRefusedWhenAskedForMoreCopiesThanThen(t *testing.T) {
	s, d, p := cleared(t)
	r := request(d, p)
	r.Policy.Copies = 3
	s.refused(r, "camera-copies")
	s.refused(r, "copies")
}

func TestClearRefusedWhenFewerCopiesAreAskedForNowThanThen(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	e := file("MOV_0001.MP4", 1000)
	p := s.reconcile(d, listing(e)).Items[0] // two copies asked for
	s.add(d, p.Recording, intentOf(e), dock.Spooled{Sealed: sealedOf(e)}, receipt(e, nas))
	s.secondRead(d, p)
	r := request(d, p)
	r.Policy.Copies = 1
	s.refused(r, "camera-copies")
	s.refused(r, "copies")
}

func TestClearRefusedForAnotherObjectThanTheListings(t *testing.T) {
	s, d, p := cleared(t)
	for name, change := range map[string]func(*dock.Entry){
		"identity": func(e *dock.Entry) { e.Identity = "another" },
		"handle":   func(e *dock.Entry) { e.Handle = "another" },
		"size":     func(e *dock.Entry) { e.SizeBytes++ },
	} {
		t.Run(name, func(t *testing.T) {
			r := request(d, p)
			change(&r.Entry)
			s.refused(r, "unlisted")
		})
	}
	// The camera lists it with another identity now: what was asked for is stale.
	moved := p.Entry
	moved.Identity = "moved"
	s.reconcile(d, listing(moved))
	s.refused(request(d, p), "unlisted")
}

func TestClearRefusedForWhatTheLatestListingNoLongerHas(t *testing.T) {
	s, d, p := cleared(t)
	_, err := s.Clear(s.ctx, request(d, p))
	s.must(err)
	s.reconcile(d, listing()) // erased, and its result is not known yet
	s.refused(request(d, p), "unlisted")
}

func TestClearRefusedForARecordingOfAnotherDocking(t *testing.T) {
	s, d, p := cleared(t)
	s.undock(d)
	later := s.dock("cam-7")
	s.reconcile(later, listing(file("MOV_0009.MP4", 1)))
	s.refused(request(later, p), "unlisted")
	s.refused(request(later, p), "second-read")
}

func TestClearRefusedOnceTheListingIsUnsettled(t *testing.T) {
	s, d, p := cleared(t)
	_, err := s.Reconcile(s.ctx, d.ID, listing(p.Entry), false, 2)
	s.must(err)
	s.refused(request(d, p), "listing")
	s.reconcile(d, listing(p.Entry))
	_, err = s.Clear(s.ctx, request(d, p))
	s.must(err)
}

func TestClearRefusedBeforeAnyListing(t *testing.T) {
	s, d, p := cleared(t)
	s.undock(d)
	s.refused(request(s.dock("cam-7"), p), "listing")
}

func TestClearRefusedOnAnUncleanFilesystem(t *testing.T) {
	s, d, p := cleared(t)
	l := listing(p.Entry)
	l.Clean = false
	s.reconcile(d, l)
	s.refused(request(d, p), "unclean")
}

func TestClearRefusedAfterTheDockingEnded(t *testing.T) {
	s, d, p := cleared(t)
	s.undock(d)
	s.refused(request(d, p), "docking")
}

func TestClearRefusedAfterARestart(t *testing.T) {
	s, d, p := cleared(t)
	s.reopen()
	s.refused(request(d, p), "docking")
}

func TestClearRefusedForEverAfterAnIdentityConflict(t *testing.T) {
	s, d, p := cleared(t)
	s.must(s.MarkConflict(s.ctx, d.ID))
	s.must(s.MarkConflict(s.ctx, d.ID))
	s.refused(request(d, p), "identity")
	if len(s.events("identity-conflict")) != 1 {
		t.Fatal("marking twice is two events")
	}
}

func TestClearRefusedWhileTheSameCameraIsDockedTwice(t *testing.T) {
	s, d, p := cleared(t)
	twin := s.dock("cam-7")
	s.refused(request(d, p), "identity")
	s.undock(twin)
	_, err := s.Clear(s.ctx, request(d, p))
	s.must(err)
}

func TestClearRefusedOnceTheReconfirmationIsOld(t *testing.T) {
	s, d, p := cleared(t)
	s.clock.advance(dock.ReconfirmWithin + time.Second)
	s.refused(request(d, p), "copies")
	s.add(d, p.Recording, receipt(p.Entry, nas), receipt(p.Entry, cloud))
	_, err := s.Clear(s.ctx, request(d, p))
	s.must(err)
}

func TestClearRefusedWhileHeldAndAfterARevokedReceipt(t *testing.T) {
	s, d, p := cleared(t)
	s.add(d, p.Recording, dock.Hold{Code: dock.HoldPerson, By: "Sgt. Vimes", Text: "case 12"})
	s.refused(request(d, p), "held")
	s.add(d, p.Recording, dock.Release{By: "Sgt. Vimes"})
	s.add(d, p.Recording, dock.ReceiptRevoked{Store: cloud, Reason: "not there any more"})
	s.refused(request(d, p), "copies")
	s.refused(request(d, p), "camera-copies")
}

func TestClearOfTheUnknownIsAnError(t *testing.T) {
	s, d, p := cleared(t)
	r := request(d, p)
	r.Recording = "r-none"
	if _, err := s.Clear(s.ctx, r); !errors.Is(err, ErrUnknown) {
		t.Fatal(err)
	}
	r = request(d, p)
	r.Docking = "d-none"
	if _, err := s.Clear(s.ctx, r); !errors.Is(err, ErrUnknown) {
		t.Fatal(err)
	}
}
