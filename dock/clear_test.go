package dock

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"berth/hashing"
)

// validCase lacks nothing: every test below breaks one thing in it.
func validCase(t testing.TB) Case {
	return Case{
		Now:    at(10),
		Policy: Policy{Copies: 2, After: EraseAfterCopies, Stores: []StoreID{nas, cloud}},
		Docking: DockingCheck{
			ID: "d1", Attachment: Attachment{Bay: "A1", Generation: 3}, Camera: "cam-7", Listed: true, Clean: true,
		},
		Recording: Recording{ID: "r1", Camera: "cam-7", Facts: history(append(storedFacts(t), secondReadBody())...)},
		Entry:     entryOf(),
		Listed:    true,
	}
}

func TestClearWhenNothingIsMissing(t *testing.T) {
	c, err := Clear(validCase(t))
	if err != nil {
		t.Fatal(err)
	}
	want := Clearance{recording: "r1", bay: "A1", attachment: 3, handle: "handle-1", object: "object-1", digest: hashing.Sum(content)}
	if c != want || c.Recording() != "r1" {
		t.Fatalf("%+v", c)
	}
}

// with replaces the case's history.
func (c *Case) with(bodies ...FactBody) { c.Recording.Facts = history(bodies...) }

func without(facts []Fact, kind FactKind) []Fact {
	return slices.DeleteFunc(slices.Clone(facts), func(f Fact) bool { return f.Body.Kind() == kind })
}

func TestClearRefusesWhenOneThingIsWrong(t *testing.T) {
	stored := storedFacts(t)
	for name, try := range map[string]struct {
		code  string
		wrong func(*Case)
	}{
		"the config erases nothing":        {"policy", func(c *Case) { c.Policy.After = EraseAfterNever }},
		"the config says nothing":          {"policy", func(c *Case) { c.Policy.After = "" }},
		"the station is not healthy":       {"disk-full", func(c *Case) { c.Health.Locks = []Lock{{"disk-full", "the disk is full"}} }},
		"no docking":                       {"docking", func(c *Case) { c.Docking.ID = "" }},
		"no attachment":                    {"docking", func(c *Case) { c.Docking.Attachment.Generation = 0 }},
		"a camera without identity":        {"camera", func(c *Case) { c.Docking.Camera, c.Recording.Camera = "", "" }},
		"a recording of another camera":    {"camera", func(c *Case) { c.Recording.Camera = "cam-8" }},
		"not listed to the end":            {"listing", func(c *Case) { c.Docking.Listed = false }},
		"a dirty filesystem":               {"unclean", func(c *Case) { c.Docking.Clean = false }},
		"two cameras of one identity":      {"identity", func(c *Case) { c.Docking.Conflict = true }},
		"another recording lacks copies":   {"camera-copies", func(c *Case) { c.Docking.BelowCopies = 1 }},
		"an exception nobody released":     {"exceptions", func(c *Case) { c.Docking.Blocking = 1 }},
		"nothing sealed":                   {"spooled", func(c *Case) { c.Recording.Facts = without(c.Recording.Facts, KindSpooled) }},
		"one receipt of two":               {"copies", func(c *Case) { c.with(append(slices.Clone(stored[:4]), secondReadBody())...) }},
		"no receipt":                       {"copies", func(c *Case) { c.with(append(slices.Clone(stored[:3]), secondReadBody())...) }},
		"a receipt revoked":                {"copies", func(c *Case) { c.with(append(slices.Clone(stored), ReceiptRevoked{Store: nas}, secondReadBody())...) }},
		"more copies asked for today":      {"copies", func(c *Case) { c.Policy.Copies = 3 }},
		"a store not configured any more":  {"copies", func(c *Case) { c.Policy.Stores = []StoreID{nas} }},
		"receipts not confirmed lately":    {"copies", func(c *Case) { c.Now = at(4 + 16) }},
		"receipts of an earlier boot":      {"copies", func(c *Case) { c.Now.Boot = "boot-2" }},
		"no copy was read back and hashed": {"rehashed", func(c *Case) { c.with(append(attested(t), secondReadBody())...) }},
		"the grace period is not over":     {"grace", func(c *Case) { c.Policy.Grace = 7 * time.Minute }},
		"a hold":                           {"held", func(c *Case) { c.with(append(slices.Clone(stored), secondReadBody(), Hold{Code: HoldPerson})...) }},
		"erased already": {"gone", func(c *Case) {
			c.with(append(slices.Clone(stored), secondReadBody(), EraseIntent{}, EraseResult{Outcome: EraseConfirmed})...)
		}},
		"vanished":                         {"gone", func(c *Case) { c.with(append(slices.Clone(stored), secondReadBody(), Vanished{})...) }},
		"no second read":                   {"second-read", func(c *Case) { c.with(stored...) }},
		"a second read of another docking": {"second-read", func(c *Case) { c.Recording.Facts[5].Docking = "d0" }},
		"a second read with other bytes":   {"second-read", func(c *Case) { c.second(func(b *SecondRead) { b.SHA256 = hashing.Sum(nil) }) }},
		"a second read of another size":    {"second-read", func(c *Case) { c.second(func(b *SecondRead) { b.SizeBytes++ }) }},
		"no digest at all": {"second-read", func(c *Case) {
			c.second(func(b *SecondRead) { b.SHA256 = hashing.Digest{} })
			intent := intentBody()
			intent.SHA256 = hashing.Digest{}
			c.Recording.Facts[1].Body = intent
		}},
		"changed after the second read":          {"changed", func(c *Case) { c.second(func(b *SecondRead) { b.Object = "object-0" }) }},
		"not what the latest listing has":        {"unlisted", func(c *Case) { c.Listed = false }},
		"no handle":                              {"object", func(c *Case) { c.Entry.Handle = "" }},
		"no identity":                            {"object", func(c *Case) { c.Entry.Identity = ""; c.second(func(b *SecondRead) { b.Object = "" }) }},
		"another name":                           {"object", func(c *Case) { c.Entry.Name = "MOV_0002.MP4" }},
		"another size than the one sealed":       {"object", func(c *Case) { c.Entry.SizeBytes++ }},
		"fewer copies asked for today than then": {"copies", func(c *Case) { c.with(append(slices.Clone(stored[:4]), secondReadBody())...); c.Policy.Copies = 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			c := validCase(t)
			try.wrong(&c)
			clearance, err := Clear(c)
			var refusal *Refusal
			if !errors.As(err, &refusal) || clearance != (Clearance{}) {
				t.Fatalf("cleared: %v", err)
			}
			if !refusal.Has(try.code) {
				t.Fatalf("refused for other reasons than %q: %v", try.code, refusal)
			}
			if len(refusal.Reasons) > 2 {
				t.Fatalf("the test breaks more than one thing: %v", refusal)
			}
		})
	}
}

func (c *Case) second(change func(*SecondRead)) {
	b := secondReadBody()
	change(&b)
	c.Recording.Facts[5].Body = b
}

// attested is a history whose receipts were never read back in full.
func attested(t testing.TB) []FactBody {
	facts := storedFacts(t)
	for i := 3; i < 5; i++ {
		b := facts[i].(ReceiptEarned)
		b.Receipt.Grade = GradeAttested
		facts[i] = b
	}
	return facts
}

func TestRefusalNamesEveryReason(t *testing.T) {
	_, err := Clear(Case{})
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		t.Fatal(err)
	}
	for _, code := range []string{"policy", "docking", "camera", "listing", "unclean", "spooled", "second-read", "unlisted", "object"} {
		if !refusal.Has(code) {
			t.Errorf("%q is missing from %v", code, refusal)
		}
	}
	if refusal.Has("held") {
		t.Error("a reason that does not apply")
	}
}

func TestZeroCopiesAskedForStillMeansOne(t *testing.T) {
	c := validCase(t)
	c.Policy.Copies = 0
	seen := seenBody()
	seen.Copies = 0
	c.with(seen, intentBody(), spooledBody(), secondReadBody())
	_, err := Clear(c)
	var refusal *Refusal
	if !errors.As(err, &refusal) || !refusal.Has("copies") {
		t.Fatalf("cleared without a copy: %v", err)
	}
}

func TestGraceIsCountedFromTheLastCopyAndNotFromItsReconfirmation(t *testing.T) {
	c := validCase(t)
	c.with(append(storedFacts(t), secondReadBody(), earned(t, nas, Place{Device: "disk-1"}), earned(t, cloud, Place{Device: "disk-2"}))...)
	c.Policy.Grace = 6 * time.Minute // the second store gave its first receipt at minute 4
	if _, err := Clear(c); err != nil {
		t.Fatal(err)
	}
	c.Policy.Grace = 6*time.Minute + 30*time.Second // the first store gave its own at minute 3
	var refusal *Refusal
	if _, err := Clear(c); !errors.As(err, &refusal) || !refusal.Has("grace") {
		t.Fatalf("counted from the first copy: %v", err)
	}
}

func TestClearanceCannotBeStored(t *testing.T) {
	c, err := Clear(validCase(t))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(c); err == nil {
		t.Fatalf("stored as %s", text)
	}
	if text, err := json.Marshal(map[string]any{"c": &c}); err == nil {
		t.Fatalf("stored as %s", text)
	}
}
