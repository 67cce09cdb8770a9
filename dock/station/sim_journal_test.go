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
	content   []byte         // what sealed opens to
	key       string         // of sealed, in every store
	owner     *simCamera     // whose object it was first
	looks     looks          // of that object
	uid       int            // the object that was matched with it first
	latest    int            // the object that was matched with it last
	told      int            // the object that was told to go last
	asked     int            // copies that the agency asked for when it was seen
	kept      bool           // held, and nobody released it
	keptSince time.Duration  // true time
	left      bool           // gone from its camera, as far as anybody was told
	intent    dock.DockingID // whose intent to erase is on record and undecided
	unsure    bool           // and that it is undecided is on record too
}

// simRow is a docking as the journal has it.
type simRow struct {
	id                              dock.DockingID
	at                              dock.Attachment
	camera                          dock.CameraID
	conflict, ended, settled, clean bool
	entries                         map[dock.RecordingID]dock.Entry // of the latest listing
	listed                          []*simRecording                 // by this docking, ever
	odd                             []dock.Exception                // that may stop erasing
	accepted                        map[dock.RawName]bool           // by a person, in this docking
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
	switch body := body.(type) {
	case dock.Hold:
		if !r.kept {
			r.keptSince = j.w.now
		}
		r.kept = true
	case dock.Release:
		r.kept = false
	case dock.Vanished:
		r.left = true
	case dock.EraseIntent:
		r.intent, r.unsure = docking, false
	case dock.EraseResult:
		r.left = r.left || body.Outcome == dock.EraseConfirmed
		if r.unsure = body.Outcome == dock.EraseUnconfirmed; !r.unsure {
			r.intent = ""
		}
	}
}

// accepted: a person accepted what hides on this camera under this name.
func (j *simJournal) accepted(row *simRow, name dock.RawName) bool {
	return row.accepted[name] || j.released[fmt.Sprint(row.camera, name)] && !row.conflict
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
		j.w.checkDeparture(d, j.byID[departure.Recording], departure.Body)
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
		row.odd = slices.DeleteFunc(row.odd, func(x dock.Exception) bool { return x.Name == m.Entry.Name })
		if !slices.Contains(row.listed, r) {
			row.listed = append(row.listed, r)
		}
		out.Items = append(out.Items, item)
	}
	for _, x := range plan.Exceptions {
		same := func(y dock.Exception) bool { return x.Kind == y.Kind && x.Name == y.Name }
		if !slices.ContainsFunc(row.odd, same) {
			row.odd = append(row.odd, x)
		}
	}
	return out
}

// blocking are the exceptions of a docking that stop erasing.
func (j *simJournal) blocking(row *simRow) int {
	blocking := 0
	for _, x := range row.odd {
		blocking += count(x.Kind.MayHoldContent() && !j.accepted(row, x.Name))
	}
	return blocking
}

func (j *simJournal) begin(row *simRow, m dock.Match) *simRecording {
	r := &simRecording{first: row, asked: j.w.erasing.Copies, Recording: dock.Recording{
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
	r.key = fmt.Sprint(j.w.serial)
	r.sealed = []byte(fmt.Sprintf("sealed %d %s", j.w.serial, content))
	digest := hashing.Sum(r.sealed)
	j.add(r, docking, dock.SpoolIntent{
		Key: r.key, SHA256: hashing.Sum(content), SizeBytes: int64(len(content)),
		Sealed: digest, SealedBytes: int64(len(r.sealed)), Object: e.Identity,
	})
	if done {
		j.add(r, docking, dock.Spooled{Sealed: digest})
	}
}

// caseOf is all that the journal knows about one question.
func (j *simJournal) caseOf(q asked) dock.Case {
	row, listed := q.d.row, q.d.row.entries[q.r.ID]
	c := dock.Case{
		Now: j.w.clock.Now(), Policy: j.w.policy(), Health: j.w.locks(), Recording: q.r.Recording, Entry: q.e,
		Listed: listed.Identity == q.e.Identity && listed.Handle == q.e.Handle && listed.SizeBytes == q.e.SizeBytes,
	}
	if !row.ended {
		c.Docking = dock.DockingCheck{
			ID: row.id, Attachment: row.at, Camera: row.camera, Listed: row.settled, Clean: row.clean,
			Conflict: row.conflict || q.d.shared(), Blocking: j.blocking(row), BelowCopies: j.below(row, c.Policy),
		}
	}
	return c
}

// clear asks the real rule with all that the journal knows.
func (j *simJournal) clear(d *simDocking, r *simRecording, e dock.Entry) (dock.Clearance, error) {
	q := asked{d, r, e}
	c := j.caseOf(q)
	clearance, err := dock.Clear(c)
	j.w.judge(q, err)
	if err == nil {
		j.w.lieAbout(q, c, clearance)
		spooled, _ := r.Spooled()
		j.add(r, d.row.id, dock.EraseIntent{Object: e.Identity, SHA256: spooled.SHA256, Generation: d.row.at.Generation})
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
