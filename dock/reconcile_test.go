package dock

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func knownOf(id RecordingID, name string, size int64) Known {
	return Known{Recording: id, Name: RawName(name), SizeBytes: size, Modified: &shot, First: "d1"}
}

func listed(name string, size int64) Entry {
	return Entry{Name: RawName(name), Handle: Handle(name), SizeBytes: size, Modified: shot, Identity: "i"}
}

func full(entries ...Entry) Listing { return Listing{Entries: entries} }

func bodies(p Plan) map[RecordingID]FactBody {
	m := map[RecordingID]FactBody{}
	for _, d := range p.Departures {
		m[d.Recording] = d.Body
	}
	return m
}

func TestReconcileOneName(t *testing.T) {
	later := shot.Add(time.Second)
	erasing := knownOf("r1", "A", 5)
	erasing.Erasing = "d1"
	unconfirmed := erasing
	unconfirmed.Unconfirmed = true
	untimed := knownOf("r1", "A", 5)
	untimed.Modified = nil
	touched, timeless := listed("A", 5), listed("A", 5)
	touched.Modified, timeless.Modified = later, time.Time{}
	failed := EraseResult{Outcome: EraseFailed, Detail: "listed again in a later docking"}
	unknown := EraseResult{Outcome: EraseUnconfirmed, Detail: "the docking that erased it ended before a listing could tell"}
	for name, c := range map[string]struct {
		docking  DockingID
		known    Known
		listing  Listing
		match    RecordingID
		replaces RecordingID
		fact     FactBody
	}{
		"the same":                              {"d2", knownOf("r1", "A", 5), full(listed("A", 5)), "r1", "", nil},
		"both without a time":                   {"d2", untimed, full(timeless), "r1", "", nil},
		"another size":                          {"d2", knownOf("r1", "A", 5), full(listed("A", 6)), "", "r1", Vanished{Reason: VanishOverwritten}},
		"another time":                          {"d2", knownOf("r1", "A", 5), full(touched), "", "r1", Vanished{Reason: VanishOverwritten}},
		"a time lost":                           {"d2", knownOf("r1", "A", 5), full(timeless), "", "r1", Vanished{Reason: VanishOverwritten}},
		"another name":                          {"d2", knownOf("r1", "A", 5), full(listed("B", 5)), "", "", Vanished{Reason: VanishAbsent}},
		"a name in other case":                  {"d2", knownOf("r1", "A", 5), full(listed("a", 5)), "", "", Vanished{Reason: VanishAbsent}},
		"absent":                                {"d2", knownOf("r1", "A", 5), full(), "", "", Vanished{Reason: VanishAbsent}},
		"absent in the docking that erases":     {"d1", erasing, full(), "", "", nil},
		"present in the docking that erases":    {"d1", erasing, full(listed("A", 5)), "r1", "", nil},
		"absent after it":                       {"d2", erasing, full(), "", "", unknown},
		"absent after it, known already":        {"d2", unconfirmed, full(), "", "", nil},
		"present after it":                      {"d2", erasing, full(listed("A", 5)), "r1", "", failed},
		"present after it was given up":         {"d2", unconfirmed, full(listed("A", 5)), "r1", "", failed},
		"its name used again after it":          {"d2", erasing, full(listed("A", 6)), "", "", unknown},
		"its name used again, known already":    {"d2", unconfirmed, full(listed("A", 6)), "", "", nil},
		"unconfirmed and listed in the docking": {"d1", unconfirmed, full(listed("A", 5)), "r1", "", failed},
	} {
		t.Run(name, func(t *testing.T) {
			p := Reconcile(c.docking, false, []Known{c.known}, c.listing, true)
			for _, m := range p.Matches {
				if m.Recording != c.match || m.Replaces != c.replaces {
					t.Errorf("matched %q, replaces %q", m.Recording, m.Replaces)
				}
			}
			if len(p.Matches) != len(c.listing.Entries) || bodies(p)["r1"] != c.fact {
				t.Errorf("%d matches, fact %+v", len(p.Matches), bodies(p)["r1"])
			}
			unsettled := Reconcile(c.docking, false, []Known{c.known}, c.listing, false)
			if len(unsettled.Departures) != 0 || !slices.Equal(unsettled.Matches, p.Matches) {
				t.Errorf("while something still changes: %+v", unsettled)
			}
		})
	}
}

func TestOverwrittenWhileUnsettledIsDeclaredOnceSettled(t *testing.T) {
	old, young := knownOf("r1", "A", 5), knownOf("r2", "A", 6)
	young.Replaces = "r1"
	p := Reconcile("d1", false, []Known{old, young}, full(listed("A", 6)), true)
	if p.Matches[0].Recording != "r2" || bodies(p)["r1"] != (Vanished{Reason: VanishOverwritten}) || len(p.Departures) != 1 {
		t.Fatalf("%+v", p)
	}
}

func TestConflictKeepsDockingsApart(t *testing.T) {
	quarrelled := knownOf("r1", "A", 5)
	quarrelled.Conflict = true
	for name, c := range map[string]struct {
		docking  DockingID
		conflict bool
		known    Known
		want     RecordingID
	}{
		"its own docking knows it":              {"d1", true, quarrelled, "r1"},
		"its own docking, not marked yet":       {"d1", false, quarrelled, "r1"},
		"no other docking does":                 {"d2", false, quarrelled, ""},
		"a docking in conflict knows no others": {"d2", true, knownOf("r1", "A", 5), ""},
	} {
		p := Reconcile(c.docking, c.conflict, []Known{c.known}, full(listed("A", 5)), true)
		if p.Matches[0].Recording != c.want || p.Matches[0].Replaces != "" || len(p.Departures) != 0 {
			t.Errorf("%s: %+v", name, p)
		}
		gone := Reconcile(c.docking, c.conflict, []Known{c.known}, full(), true)
		if (len(gone.Departures) == 1) != (c.want != "") {
			t.Errorf("%s: departures %+v", name, gone.Departures)
		}
	}
}

func TestTwoEntriesOfOneNameAreTwoRecordings(t *testing.T) {
	a, b := listed("A", 5), listed("A", 5)
	a.Identity, b.Identity = "i1", "i2"
	p := Reconcile("d1", false, nil, full(a, b), true)
	if len(p.Matches) != 2 || p.Matches[0].Recording != "" || p.Matches[1].Recording != "" {
		t.Fatalf("%+v", p)
	}
	one, two := knownOf("r1", "A", 5), knownOf("r2", "A", 5)
	one.Object, two.Object = "i1", "i2"
	p = Reconcile("d1", false, []Known{one, two}, full(b, a), true)
	if p.Matches[0].Recording != "r2" || p.Matches[1].Recording != "r1" {
		t.Fatalf("told apart wrongly: %+v", p.Matches)
	}
	p = Reconcile("d1", false, []Known{one, two}, full(b), true)
	if p.Matches[0].Recording != "r2" || bodies(p)["r1"] != (Vanished{Reason: VanishAbsent}) {
		t.Fatalf("%+v", p)
	}
}

func TestOneNameIsReplacedOnce(t *testing.T) {
	p := Reconcile("d2", false, []Known{knownOf("r1", "A", 5)}, full(listed("A", 6), listed("A", 7)), true)
	if p.Matches[0].Replaces != "r1" || p.Matches[1].Replaces != "" {
		t.Fatalf("%+v", p.Matches)
	}
}

func TestSizesThatCannotBeBecomeExceptions(t *testing.T) {
	p := Reconcile("d1", false, nil, Listing{Entries: []Entry{listed("A", -1), listed("B", 1<<53), listed("C", 1<<53-1)}, Exceptions: []Exception{{Kind: ExceptionLink}}}, true)
	if len(p.Matches) != 1 || p.Matches[0].Entry.Name != "C" || len(p.Exceptions) != 3 {
		t.Fatalf("%+v", p)
	}
	for _, x := range p.Exceptions[1:] {
		if !x.Kind.MayHoldContent() || x.Detail == "" {
			t.Errorf("%+v", x)
		}
	}
}

func TestTimesThatNoCalendarHasAreUnknown(t *testing.T) {
	for _, year := range []int{-5, 0, 10_000, 300_000} {
		if got := ModifiedOf(Entry{Modified: time.Date(year, 1, 2, 0, 0, 0, 0, time.UTC)}); got != nil {
			t.Errorf("year %d: %v", year, got)
		}
	}
	zone := time.FixedZone("there", 3600)
	if got := ModifiedOf(Entry{Modified: shot.In(zone)}); got == nil || *got != shot {
		t.Errorf("%v", got)
	}
}

// world applies plans as the journal does.
type world struct {
	known []Known
	made  int
	gone  map[RecordingID]bool
}

func (w *world) apply(docking DockingID, p Plan) (recordings []RecordingID) {
	for _, d := range p.Departures {
		for i := range w.known {
			k := &w.known[i]
			if k.Recording != d.Recording {
				continue
			}
			switch b := d.Body.(type) {
			case Vanished:
				w.gone[k.Recording] = true
			case EraseResult:
				k.Unconfirmed = b.Outcome == EraseUnconfirmed
				if b.Outcome == EraseFailed {
					k.Erasing = ""
				}
			}
		}
	}
	w.known = slices.DeleteFunc(w.known, func(k Known) bool { return w.gone[k.Recording] })
	for _, m := range p.Matches {
		if m.Recording == "" {
			w.made++
			m.Recording = RecordingID(fmt.Sprintf("r%d", w.made))
			w.known = append(w.known, Known{
				Recording: m.Recording, Name: m.Entry.Name, SizeBytes: m.Entry.SizeBytes, Modified: ModifiedOf(m.Entry), Replaces: m.Replaces, First: docking,
			})
		}
		for i := range w.known {
			if w.known[i].Recording == m.Recording {
				w.known[i].Object = m.Entry.Identity
			}
		}
		recordings = append(recordings, m.Recording)
	}
	return recordings
}

// TestReconcileAnyHistory: whatever cameras list, every entry is exactly one
// recording, an equal listing again changes nothing, and nothing that is
// listed is declared gone.
func TestReconcileAnyHistory(t *testing.T) {
	entry := rapid.Custom(func(rt *rapid.T) Entry {
		e := listed(rapid.SampledFrom([]string{"A", "B", "C"}).Draw(rt, "name"), rapid.Int64Range(-1, 2).Draw(rt, "size"))
		e.Identity = ObjectIdentity(rapid.SampledFrom([]string{"i1", "i2", "i3"}).Draw(rt, "identity"))
		e.Modified = rapid.SampledFrom([]time.Time{shot, {}}).Draw(rt, "modified")
		return e
	})
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{gone: map[RecordingID]bool{}}
		for n := range rapid.IntRange(1, 5).Draw(rt, "dockings") {
			docking := DockingID(fmt.Sprintf("d%d", n))
			conflict := rapid.Float64().Draw(rt, "conflict") > 0.8
			l := Listing{Entries: rapid.SliceOfN(entry, 0, 5).Draw(rt, "entries")}
			settled := rapid.Bool().Draw(rt, "settled")
			p := Reconcile(docking, conflict, w.known, l, settled)
			first := w.apply(docking, p)
			if len(p.Matches)+len(p.Exceptions) != len(l.Entries) {
				rt.Fatal("an entry was lost")
			}
			if distinct := slices.Compact(slices.Sorted(slices.Values(first))); len(distinct) != len(first) {
				rt.Fatal("two entries are one recording")
			}
			for _, id := range first {
				if w.gone[id] {
					rt.Fatal("what is listed was declared gone")
				}
			}
			again := Reconcile(docking, conflict, w.known, l, settled)
			second := w.apply(docking, again)
			if len(again.Departures) != 0 || !slices.Equal(slices.Sorted(slices.Values(first)), slices.Sorted(slices.Values(second))) {
				rt.Fatalf("an equal listing changed something: %v, then %v, %+v", first, second, again.Departures)
			}
			if rapid.Bool().Draw(rt, "erases") && len(w.known) > 0 {
				w.known[0].Erasing, w.known[0].Unconfirmed = docking, false
			}
			for i := range w.known {
				w.known[i].Conflict = w.known[i].Conflict || conflict && w.known[i].First == docking
			}
		}
	})
}
