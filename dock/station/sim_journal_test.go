package station

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"berth/dock"
	"berth/dock/journal"
	"berth/hashing"
)

// simJournal keeps in memory what the real one keeps on disk, and decides
// nothing itself: dock.Reconcile says what a listing means, dock.Clear what may
// be erased, and a recording's facts what it has come to. It survives a crash.
type simJournal struct {
	w          *world
	run        int // of the process
	seq        int64
	recordings []*simRecording
	byID       map[dock.RecordingID]*simRecording
	byCamera   map[dock.CameraID][]*simRecording
	dockings   map[dock.DockingID]*simRow
	released   map[string]bool // exceptions that a person accepted
}

// simRecording is a recording and what is cached of it.
type simRecording struct {
	dock.Recording
	object dock.ObjectIdentity // as it was listed last
	// As the real journal caches them, all of them functions of the facts.
	state       dock.State
	spooled     bool
	holding     dock.Holding
	erasing     dock.DockingID
	unconfirmed bool
	first       *simRow
	sealed      []byte // as it was spooled last
	// The truth, which the station does not know.
	content   []byte        // what sealed opens to
	uid       int           // the object that was matched with it first
	told      int           // the object that was told to go last
	safeSince time.Duration // when enough stores had first proven to hold it; 0 for never
}

// simRow is a docking as the journal has it.
type simRow struct {
	id                              dock.DockingID
	at                              dock.Attachment
	camera                          dock.CameraID
	conflict, ended, settled, clean bool
	entries                         map[dock.RecordingID]dock.Entry // of the latest listing
	listed                          []*simRecording                 // by this docking, ever
	odd                             []dock.Exception                // that stop erasing
}

func newSimJournal(w *world) *simJournal {
	return &simJournal{
		w: w, byID: map[dock.RecordingID]*simRecording{}, byCamera: map[dock.CameraID][]*simRecording{},
		dockings: map[dock.DockingID]*simRow{}, released: map[string]bool{},
	}
}

// add appends a fact.
func (j *simJournal) add(r *simRecording, docking dock.DockingID, body dock.FactBody) {
	j.seq++
	r.Facts = append(r.Facts, dock.Fact{Seq: j.seq, Recording: r.ID, Docking: docking, At: j.w.clock.Now(), Body: body})
	_, r.spooled = r.Spooled()
	r.state, r.holding = r.State(), r.Holding()
	r.erasing, r.unconfirmed = r.Erasing()
	if r.safeSince == 0 && r.spooled && j.w.provenIn(r) >= j.w.wanted(r) {
		r.safeSince = j.w.now
	}
}

func (j *simJournal) open(r *simRecording) bool {
	return r.state != dock.StateErased && r.state != dock.StateVanished
}

// takeUp is what a start does with what the last process left.
func (j *simJournal) takeUp() {
	for _, id := range slices.Sorted(maps.Keys(j.dockings)) {
		j.dockings[id].ended = true
	}
	for _, r := range j.recordings {
		if intent, last := r.Facts[len(r.Facts)-1].Body.(dock.SpoolIntent); last && j.w.chance(0.5) {
			j.add(r, "", dock.Spooled{Sealed: intent.Sealed})
		}
		if r.erasing != "" && !r.unconfirmed {
			j.add(r, "", dock.EraseResult{Outcome: dock.EraseUnconfirmed})
		}
	}
}

func (j *simJournal) reconcile(d *simDocking, listing dock.Listing, settled bool) journal.Reconciled {
	row := d.row
	still := slices.DeleteFunc(slices.Clone(j.byCamera[row.camera]), func(r *simRecording) bool { return !j.open(r) })
	j.byCamera[row.camera] = still
	known := make([]dock.Known, len(still))
	for i, r := range still {
		seen, _ := r.Seen()
		known[i] = dock.Known{
			Recording: r.ID, Name: seen.Name, SizeBytes: seen.SizeBytes, Modified: seen.Modified, Object: r.object,
			Replaces: seen.Replaces, First: r.first.id, Conflict: r.first.conflict,
			Erasing: r.erasing, Unconfirmed: r.unconfirmed,
		}
	}
	plan := dock.Reconcile(row.id, row.conflict, known, listing, settled)
	out := journal.Reconciled{}
	row.settled, row.clean, row.entries = settled, listing.Clean, map[dock.RecordingID]dock.Entry{}
	for _, departure := range plan.Departures {
		if departure.Body.Kind() == dock.KindVanished {
			out.Vanished++
		}
		j.add(j.byID[departure.Recording], row.id, departure.Body)
	}
	for _, m := range plan.Matches {
		item := dock.Planned{Recording: m.Recording, Entry: m.Entry, New: m.Recording == ""}
		if item.New {
			out.NewRecordings++
			item.Recording = j.begin(row, m).ID
		}
		r := j.byID[item.Recording]
		r.object = m.Entry.Identity
		row.entries[r.ID] = m.Entry
		if !slices.Contains(row.listed, r) {
			row.listed = append(row.listed, r)
		}
		out.Items = append(out.Items, item)
	}
	row.odd = slices.DeleteFunc(slices.Clone(plan.Exceptions), func(x dock.Exception) bool {
		return !x.Kind.MayHoldContent() || j.released[fmt.Sprint(row.camera, x.Name)] && !row.conflict
	})
	return out
}

func (j *simJournal) begin(row *simRow, m dock.Match) *simRecording {
	r := &simRecording{first: row, Recording: dock.Recording{
		ID: dock.RecordingID(fmt.Sprint("r", len(j.recordings)+1)), Camera: row.camera,
	}}
	j.recordings = append(j.recordings, r)
	j.byID[r.ID] = r
	j.byCamera[row.camera] = append(j.byCamera[row.camera], r)
	j.add(r, row.id, dock.Seen{
		Name: m.Entry.Name, SizeBytes: m.Entry.SizeBytes, Modified: dock.ModifiedOf(m.Entry),
		Copies: j.w.erasing.Copies, Replaces: m.Replaces,
	})
	return r
}

// intend seals content; done says that the file also got its final name.
func (j *simJournal) intend(r *simRecording, docking dock.DockingID, e dock.Entry, content []byte, done bool) {
	j.w.serial++
	r.content = content
	r.sealed = []byte(fmt.Sprintf("sealed %d %s", j.w.serial, content))
	digest := hashing.Sum(r.sealed)
	j.add(r, docking, dock.SpoolIntent{
		Key: fmt.Sprint(j.w.serial), SHA256: hashing.Sum(content), SizeBytes: int64(len(content)),
		Sealed: digest, SealedBytes: int64(len(r.sealed)), Object: e.Identity,
	})
	if done {
		j.add(r, docking, dock.Spooled{Sealed: digest})
	}
}

// clear asks the real rule with all that the journal knows.
func (j *simJournal) clear(d *simDocking, r *simRecording, e dock.Entry) (dock.Clearance, error) {
	row, listed := d.row, d.row.entries[r.ID]
	c := dock.Case{
		Now: j.w.clock.Now(), Policy: j.w.policy(), Health: j.w.locks(), Recording: r.Recording, Entry: e,
		Listed: listed.Identity == e.Identity && listed.Handle == e.Handle && listed.SizeBytes == e.SizeBytes,
	}
	if !row.ended {
		c.Docking = dock.DockingCheck{
			ID: row.id, Attachment: row.at, Camera: row.camera, Listed: row.settled, Clean: row.clean,
			Conflict: row.conflict || d.shared(), Blocking: len(row.odd), BelowCopies: j.below(row, c.Policy),
		}
	}
	clearance, err := dock.Clear(c)
	if err == nil {
		j.w.checkCleared(d, r, e)
		spooled, _ := r.Spooled()
		j.add(r, row.id, dock.EraseIntent{Object: e.Identity, SHA256: spooled.SHA256, Generation: row.at.Generation})
	}
	return clearance, err
}

func (j *simJournal) below(row *simRow, p dock.Policy) int {
	below := 0
	for _, r := range row.listed {
		if seen, _ := r.Seen(); j.open(r) && r.holding.CopiesIn(p.Stores) < max(seen.Copies, p.Copies, 1) {
			below++
		}
	}
	return below
}

func (j *simJournal) progress(row *simRow) map[dock.RecordingID]journal.Progress {
	p, progress := j.w.policy(), map[dock.RecordingID]journal.Progress{}
	for _, r := range row.listed {
		seen, _ := r.Seen()
		progress[r.ID] = journal.Progress{
			Ingested: r.spooled, Stored: r.spooled && r.holding.CopiesIn(p.Stores) >= max(seen.Copies, p.Copies, 1),
			Held: r.state == dock.StateHeld, Erased: r.state == dock.StateErased,
		}
	}
	return progress
}
