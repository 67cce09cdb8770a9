package dock

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestStateOfAHistory(t *testing.T) {
	stored := storedFacts(t)
	after := func(more ...FactBody) []FactBody { return append(slices.Clone(stored), more...) }
	confirmed, failed, unconfirmed := EraseResult{Outcome: EraseConfirmed}, EraseResult{Outcome: EraseFailed}, EraseResult{Outcome: EraseUnconfirmed}
	hold := Hold{Code: HoldPerson}
	alone := seenBody()
	alone.Copies = 0
	for name, c := range map[string]struct {
		facts []FactBody
		want  State
	}{
		"nothing":                           {nil, StateSeen},
		"seen":                              {stored[:1], StateSeen},
		"only an intent":                    {stored[:2], StateSeen},
		"spooled without its intent":        {[]FactBody{seenBody(), spooledBody()}, StateSeen},
		"spooled":                           {stored[:3], StateSpooled},
		"one copy of two":                   {stored[:4], StateSpooled},
		"copies":                            {stored, StateStored},
		"no copies asked for, none there":   {[]FactBody{alone, intentBody(), spooledBody()}, StateSpooled},
		"a receipt revoked":                 {after(ReceiptRevoked{Store: nas}), StateSpooled},
		"revoked and earned again":          {after(ReceiptRevoked{Store: nas}, stored[3]), StateStored},
		"held before it is sealed":          {[]FactBody{seenBody(), hold}, StateHeld},
		"held":                              {after(hold), StateHeld},
		"released":                          {after(hold, Release{}), StateStored},
		"held again":                        {after(hold, Release{}, hold), StateHeld},
		"two holds, one release":            {after(hold, Hold{Code: HoldSecondRead}, Release{}), StateStored},
		"cleared":                           {after(EraseIntent{}), StateCleared},
		"a hold wins over the intent":       {after(EraseIntent{}, hold), StateHeld},
		"unconfirmed":                       {after(EraseIntent{}, unconfirmed), StateCleared},
		"failed":                            {after(EraseIntent{}, failed), StateStored},
		"tried again":                       {after(EraseIntent{}, failed, EraseIntent{}), StateCleared},
		"erased":                            {after(EraseIntent{}, confirmed), StateErased},
		"erased though held":                {after(hold, EraseIntent{}, confirmed), StateErased},
		"a spool copy released":             {after(SpoolReleased{}), StateStored},
		"vanished":                          {after(Vanished{}), StateVanished},
		"vanished before it was read":       {[]FactBody{seenBody(), Vanished{}}, StateVanished},
		"vanished though held":              {after(hold, Vanished{}), StateVanished},
		"erased wins over vanished":         {after(EraseIntent{}, confirmed, Vanished{}), StateErased},
		"sealed again, not completed yet":   {after(intentBody()), StateSeen},
		"sealed again under another digest": {after(SpoolIntent{Sealed: [32]byte{1}}), StateSeen},
	} {
		if got := StateOf(history(c.facts...)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// anyBodies is any history at all, also ones that no station writes.
func anyBodies(t testing.TB) *rapid.Generator[[]FactBody] {
	return rapid.SliceOfN(rapid.SampledFrom(append(storedFacts(t), secondReadBody(), ReceiptRevoked{Store: nas}, ReceiptRevoked{Store: cloud},
		Hold{Code: HoldPerson}, Release{}, EraseIntent{}, EraseResult{Outcome: EraseConfirmed}, EraseResult{Outcome: EraseFailed},
		EraseResult{Outcome: EraseUnconfirmed}, Vanished{}, SpoolReleased{})), 0, 14)
}

func TestErasedOnlyByAConfirmedResult(t *testing.T) {
	bodies := anyBodies(t)
	rapid.Check(t, func(rt *rapid.T) {
		facts := bodies.Draw(rt, "facts")
		confirmed := slices.Contains(facts, FactBody(EraseResult{Outcome: EraseConfirmed}))
		if StateOf(history(facts...)) == StateErased && !confirmed {
			rt.Fatal("erased without a confirmation")
		}
	})
}

func TestAReceiptNeverTakesACopyAway(t *testing.T) {
	bodies := anyBodies(t)
	more := []FactBody{earned(t, nas, Place{Device: "disk-1"}), earned(t, cloud, Place{Device: "disk-2"})}
	rapid.Check(t, func(rt *rapid.T) {
		facts := bodies.Draw(rt, "facts")
		before := Recording{Facts: history(facts...)}
		after := Recording{Facts: history(append(slices.Clone(facts), rapid.SampledFrom(more).Draw(rt, "receipt"))...)}
		for copies := range 4 {
			if before.Stored(copies) && !after.Stored(copies) {
				rt.Fatal("stored, and not any more after another receipt")
			}
			if after.Stored(copies+1) && !after.Stored(copies) {
				rt.Fatal("stored with more copies and not with fewer")
			}
		}
		if before.State() == StateHeld && after.State() != StateHeld {
			rt.Fatal("a receipt lifted a hold")
		}
	})
}

func TestStoredNeedsWhatWasAskedForThenAndNow(t *testing.T) {
	r := Recording{Facts: history(storedFacts(t)...)}
	one := Recording{Facts: history(storedFacts(t)[:4]...)}
	if !r.Stored(0) || !r.Stored(2) || r.Stored(3) || one.Stored(1) || one.Stored(0) {
		t.Fatal("the stricter of then and now does not hold")
	}
}

func TestReceiptsThatHold(t *testing.T) {
	stored := storedFacts(t)
	r := Recording{Facts: history(append(slices.Clone(stored), stored[3], ReceiptRevoked{Store: nas}, stored[4], stored[3], ReceiptRevoked{Store: "unknown"})...)}
	got := r.Receipts()
	if len(got) != 2 || got[0].Receipt.r.Store != cloud || got[1].Receipt.r.Store != nas {
		t.Fatalf("%+v", got)
	}
	if got[0].First != at(4) || got[0].At != at(7) || got[0].Times != 2 {
		t.Errorf("of the cloud: %+v", got[0])
	}
	if got[1].First != at(8) || got[1].At != at(8) || got[1].Times != 1 {
		t.Errorf("of the nas, which had to earn it again: %+v", got[1])
	}
}

func TestSpoolIntentAndItsCompletion(t *testing.T) {
	r := Recording{Facts: history(storedFacts(t)[:2]...)}
	if _, open := r.Intended(); !open || r.OnSpool() {
		t.Fatal("an intent is open and not on the spool")
	}
	r.Facts = history(storedFacts(t)[:3]...)
	if _, open := r.Intended(); open || !r.OnSpool() {
		t.Fatal("a completed intent")
	}
	if got, ok := r.Spooled(); !ok || got.SHA256 != intentBody().SHA256 {
		t.Fatalf("%+v", got)
	}
	r.Facts = history(append(storedFacts(t), SpoolReleased{})...)
	if r.OnSpool() {
		t.Fatal("released and still there")
	}
	r.Facts = history(append(storedFacts(t)[:3], intentBody())...)
	if _, open := r.Intended(); !open || r.OnSpool() || r.State() != StateSeen {
		t.Fatal("intended once more, since the file was lost, and still there")
	}
	r.Facts = history(seenBody(), intentBody(), Spooled{Sealed: [32]byte{9}})
	if _, ok := r.Spooled(); ok {
		t.Fatal("what was spooled is not what was intended")
	}
}

func TestErasingNamesTheDockingOfTheIntent(t *testing.T) {
	for name, c := range map[string]struct {
		facts       []FactBody
		docking     DockingID
		unconfirmed bool
	}{
		"no intent":             {nil, "", false},
		"an intent":             {[]FactBody{EraseIntent{}}, "d1", false},
		"confirmed":             {[]FactBody{EraseIntent{}, EraseResult{Outcome: EraseConfirmed}}, "", false},
		"failed":                {[]FactBody{EraseIntent{}, EraseResult{Outcome: EraseFailed}}, "", false},
		"unconfirmed":           {[]FactBody{EraseIntent{}, EraseResult{Outcome: EraseUnconfirmed}}, "d1", true},
		"unconfirmed and again": {[]FactBody{EraseIntent{}, EraseResult{Outcome: EraseUnconfirmed}, EraseIntent{}}, "d1", false},
	} {
		docking, unconfirmed := Recording{Facts: history(c.facts...)}.Erasing()
		if docking != c.docking || unconfirmed != c.unconfirmed {
			t.Errorf("%s: %q, %v", name, docking, unconfirmed)
		}
	}
}
