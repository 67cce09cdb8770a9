package dock

import (
	"time"
)

// Planned is one entry of a listing with the recording that it is, or became.
type Planned struct {
	Recording RecordingID
	Entry     Entry
	New       bool // seen for the first time by this reconciliation
}

// Known is a recording of a camera that, as far as the facts go, may still be
// on it: neither erased by us for certain nor vanished.
type Known struct {
	Recording RecordingID
	Name      RawName
	SizeBytes int64
	Modified  *time.Time     // as its Seen fact says
	Object    ObjectIdentity // as it was listed last; empty if unknown
	Replaces  RecordingID
	First     DockingID // the docking that saw it first
	Conflict  bool      // in that docking two cameras claimed one identity
	// Erasing is the docking of an intent to erase whose outcome nobody knows;
	// Unconfirmed says that this is already on record.
	Erasing     DockingID
	Unconfirmed bool
}

// Plan is what a listing means for the recordings of a camera.
type Plan struct {
	Matches    []Match     // the entries, in the order of the listing
	Departures []Departure // facts about recordings that were known before
	// Exceptions are the listing's own and the entries that cannot be believed.
	Exceptions []Exception
}

// Match says which recording an entry is: a known one as far as anything short
// of its content can tell, or a new one.
type Match struct {
	Entry     Entry
	Recording RecordingID // empty: a new recording
	Replaces  RecordingID // of a new one: whose name the camera used again
}

// Departure is a fact that the listing adds to a known recording.
type Departure struct {
	Recording RecordingID
	Body      FactBody
}

// maxBelievable is the largest size that every reader of the custody log keeps
// exact; nothing on a camera is this large.
const maxBelievable = 1<<53 - 1

// Reconcile matches a complete listing with what is known of the same camera.
// It decides which entries are candidates for being recordings known before;
// that they are, only a digest read now proves. Every entry ends as a Match or
// as an exception, and no recording is matched twice. settled is false while
// something on the camera still changes and is therefore not listed: then
// nothing is declared gone. conflict says that another docked camera claims
// the identity: then only what this docking saw first is known to it.
//
// Applying a plan and reconciling the same listing again gives a plan without
// new recordings and without departures.
func Reconcile(docking DockingID, conflict bool, known []Known, listing Listing, settled bool) Plan {
	plan := Plan{Exceptions: append([]Exception(nil), listing.Exceptions...)}
	for _, e := range listing.Entries {
		if e.SizeBytes < 0 || e.SizeBytes > maxBelievable {
			plan.Exceptions = append(plan.Exceptions, Exception{
				Kind: ExceptionUnreadable, Name: e.Name, Detail: "the camera claims a size that cannot be",
			})
			continue
		}
		plan.Matches = append(plan.Matches, Match{Entry: e})
	}
	m := &matching{docking: docking, plan: &plan, byName: map[RawName][]*Known{}, taken: map[RecordingID]bool{}}
	for i := range known {
		if k := &known[i]; k.First == docking || !conflict && !k.Conflict {
			m.known = append(m.known, k)
			m.byName[k.Name] = append(m.byName[k.Name], k)
		}
	}
	m.continued(sameObject)
	m.continued(sameLooks)
	m.replaced()
	if settled {
		m.departed(listing.Hides())
	}
	return plan
}

// matching is one run of Reconcile.
type matching struct {
	docking DockingID
	plan    *Plan
	known   []*Known
	byName  map[RawName][]*Known
	taken   map[RecordingID]bool // matched with an entry
}

// sameLooks: equal in all that a camera says cheaply.
func sameLooks(k *Known, e Entry) bool {
	return k.SizeBytes == e.SizeBytes && sameTime(k.Modified, ModifiedOf(e))
}

// sameObject also tells two entries of one name apart.
func sameObject(k *Known, e Entry) bool {
	return sameLooks(k, e) && k.Object != "" && k.Object == e.Identity
}

func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// ModifiedOf is an entry's time as a Seen fact keeps it: in UTC, nil where it is
// unknown or no calendar has it.
func ModifiedOf(e Entry) *time.Time {
	if year := e.Modified.UTC().Year(); e.Modified.IsZero() || year < 1 || year > 9999 {
		return nil
	}
	t := e.Modified.UTC().Round(0)
	return &t
}

// continued matches entries with known recordings that are alike.
func (m *matching) continued(alike func(*Known, Entry) bool) {
	for i := range m.plan.Matches {
		match := &m.plan.Matches[i]
		if match.Recording != "" {
			continue
		}
		for _, k := range m.byName[match.Entry.Name] {
			if !m.taken[k.Recording] && alike(k, match.Entry) {
				match.Recording, m.taken[k.Recording] = k.Recording, true
				break
			}
		}
	}
}

// replaced finds whose name a new entry took. A recording that we may have
// erased ourselves was not overwritten.
func (m *matching) replaced() {
	gave := map[RecordingID]bool{}
	for i := range m.plan.Matches {
		match := &m.plan.Matches[i]
		if match.Recording != "" {
			continue
		}
		for _, k := range m.byName[match.Entry.Name] {
			if !m.taken[k.Recording] && !gave[k.Recording] && k.Erasing == "" {
				match.Replaces, gave[k.Recording] = k.Recording, true
				break
			}
		}
	}
}

// departed says what became of the known recordings that are not listed, and
// takes back what was believed of an erasure when the object is listed again.
// Of those that the listing hides it says nothing.
func (m *matching) departed(hidden func(RawName) bool) {
	overwritten := map[RecordingID]bool{}
	for _, match := range m.plan.Matches {
		overwritten[match.Replaces] = true
	}
	for _, k := range m.known {
		overwritten[k.Replaces] = true
	}
	for _, k := range m.known {
		if !m.taken[k.Recording] && !overwritten[k.Recording] && hidden(k.Name) {
			continue
		}
		if body := m.departure(k, overwritten[k.Recording]); body != nil {
			m.plan.Departures = append(m.plan.Departures, Departure{k.Recording, body})
		}
	}
}

func (m *matching) departure(k *Known, overwritten bool) FactBody {
	listed, ours := m.taken[k.Recording], k.Erasing != ""
	switch {
	case ours && k.Erasing == m.docking && !k.Unconfirmed:
		return nil // who is erasing in this docking says what came of it
	case ours && listed:
		return EraseResult{Outcome: EraseFailed, Detail: "listed again in a later docking"}
	case ours && k.Unconfirmed, listed:
		return nil
	case ours:
		return EraseResult{Outcome: EraseUnconfirmed, Detail: "the docking that erased it ended before a listing could tell"}
	case overwritten:
		return Vanished{Reason: VanishOverwritten}
	}
	return Vanished{Reason: VanishAbsent}
}
