package journal

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"berth/dock"
)

// maxNumber is the largest integer that an event carries.
const maxNumber = 1<<53 - 1

// Reconciled is what a listing turned out to mean.
type Reconciled struct {
	// Items are the listing's entries in its order, without those whose size
	// cannot be: these became exceptions.
	Items         []dock.Planned
	NewRecordings int
	Vanished      int
}

// Reconcile records, in one transaction, what a complete listing of the
// docking means. settled is false while something on the camera is still
// changing and therefore not among the entries yet: then nothing is declared
// vanished, and nothing can be cleared until a settled listing comes. copies
// is what the config asks for. An equal listing again changes nothing.
func (j *Journal) Reconcile(ctx context.Context, docking dock.DockingID, listing dock.Listing, settled bool, copies int) (Reconciled, error) {
	var out Reconciled
	err := j.Write(ctx, func(tx *Tx) error {
		d, err := tx.docking(docking)
		if err != nil {
			return err
		}
		if d.ended {
			return fmt.Errorf("docking %s has ended", docking)
		}
		r := &reconciliation{tx: tx, docking: d, settled: settled, copies: max(copies, 1), numbers: map[dock.RecordingID]int64{}}
		out, err = r.run(listing)
		return err
	})
	if err != nil {
		return Reconciled{}, fmt.Errorf("reconcile: %w", err)
	}
	return out, nil
}

// reconciliation is one run of Reconcile.
type reconciliation struct {
	tx      *Tx
	docking dockingRow
	settled bool
	copies  int
	numbers map[dock.RecordingID]int64 // of the recordings known and made
}

func (r *reconciliation) run(listing dock.Listing) (Reconciled, error) {
	known, err := r.known()
	if err != nil {
		return Reconciled{}, err
	}
	plan := dock.Reconcile(r.docking.id, r.docking.conflict, known, listing, r.settled)
	out := Reconciled{}
	for _, m := range plan.Matches {
		if m.Recording == "" {
			out.NewRecordings++
		}
	}
	for _, departure := range plan.Departures {
		if departure.Body.Kind() == dock.KindVanished {
			out.Vanished++
		}
	}
	if err := r.record(listing, plan, out); err != nil {
		return Reconciled{}, err
	}
	for _, departure := range plan.Departures {
		if _, err := r.tx.adds(dock.Fact{Recording: departure.Recording, Docking: r.docking.id, Body: departure.Body}); err != nil {
			return Reconciled{}, err
		}
	}
	for _, m := range plan.Matches {
		item, err := r.item(m)
		if err != nil {
			return Reconciled{}, err
		}
		out.Items = append(out.Items, item)
	}
	if err := r.entries(out.Items); err != nil {
		return Reconciled{}, err
	}
	return out, r.exceptions(plan)
}

// known loads what may still be on the camera. Recordings whose names were
// forgotten are not among them: nothing can be matched with those.
func (r *reconciliation) known() ([]dock.Known, error) {
	rows, err := r.tx.Query(`
		SELECT r.number, r.id, r.docking, coalesce(d.conflict, 0), r.erasing, r.unconfirmed, e.line, p.sealed,
			(SELECT object FROM docking_entries WHERE recording = r.number ORDER BY docking DESC LIMIT 1)
		FROM recordings r
		JOIN events e ON e.seq = r.number
		JOIN personal p ON p.event = r.number AND p.field = 'name'
		LEFT JOIN dockings d ON d.id = r.docking
		WHERE r.camera = ? AND r.on_camera = 1 ORDER BY r.number`, r.docking.camera)
	if err != nil {
		return nil, fmt.Errorf("load recordings of the camera: %w", err)
	}
	defer rows.Close()
	var known []dock.Known
	for rows.Next() {
		var number int64
		var k dock.Known
		var text, sealed, object []byte
		if err := rows.Scan(&number, &k.Recording, &k.First, &k.Conflict, &k.Erasing, &k.Unconfirmed, &text, &sealed, &object); err != nil {
			return nil, fmt.Errorf("load recordings of the camera: %w", err)
		}
		name, _, err := r.tx.j.keys.open(number, "name", sealed)
		if err != nil {
			return nil, err
		}
		f, err := parseFact(text)
		if err != nil {
			return nil, err
		}
		seen, ok := f.Body.(dock.Seen)
		if !ok {
			return nil, fmt.Errorf("%w: recording %s does not begin with being seen", ErrBroken, k.Recording)
		}
		k.Name, k.SizeBytes, k.Modified, k.Replaces = dock.RawName(name), seen.SizeBytes, seen.Modified, seen.Replaces
		k.Object = dock.ObjectIdentity(object)
		r.numbers[k.Recording] = number
		known = append(known, k)
	}
	return known, rows.Err()
}

// record keeps the listing's outline, as an event only if it is another one
// than the last.
func (r *reconciliation) record(listing dock.Listing, plan dock.Plan, out Reconciled) error {
	var used *int64
	if listing.UsedBytes >= 0 && listing.UsedBytes <= maxNumber {
		used = &listing.UsedBytes
	}
	var entryBytes, accounted int64
	for _, m := range plan.Matches {
		entryBytes = addSaturating(entryBytes, m.Entry.SizeBytes)
	}
	accounted = entryBytes
	for _, x := range plan.Exceptions {
		accounted = addSaturating(accounted, believable(x.SizeBytes))
	}
	digest := r.digest(listing)
	if !bytes.Equal(digest, r.docking.listing) {
		_, err := r.tx.write(event{kind: "listed", docking: r.docking.id, body: map[string]any{
			"entries": len(plan.Matches), "entry_bytes": entryBytes, "exceptions": len(plan.Exceptions), "new": out.NewRecordings,
			"vanished": out.Vanished, "settled": r.settled, "clean": listing.Clean, "used_bytes": used,
		}}, r.tx.j.now())
		if err != nil {
			return err
		}
	}
	_, err := r.tx.exec(`UPDATE dockings SET settled = ?, clean = ?, used = ?, accounted = ?, vanished = vanished + ?, listing = ? WHERE number = ?`,
		r.settled, listing.Clean, used, accounted, out.Vanished, digest, r.docking.number)
	if err != nil {
		return fmt.Errorf("record the listing: %w", err)
	}
	return nil
}

// digest recognises an equal listing. It is keyed, since it covers names.
func (r *reconciliation) digest(listing dock.Listing) []byte {
	var parts []string
	number := func(n int64) { parts = append(parts, string(binary.BigEndian.AppendUint64(nil, uint64(n)))) }
	parts = append(parts, fmt.Sprint(r.settled, listing.Clean))
	number(listing.UsedBytes)
	for _, e := range listing.Entries {
		parts = append(parts, string(e.Name), string(e.Handle), string(e.Identity))
		number(e.SizeBytes)
		number(e.Modified.UnixNano())
	}
	for _, x := range listing.Exceptions {
		parts = append(parts, string(x.Name), string(x.Kind))
		number(x.SizeBytes)
	}
	return r.tx.j.keys.tokenOf("listing", parts...)
}

// item makes a recording of what is new.
func (r *reconciliation) item(m dock.Match) (dock.Planned, error) {
	if m.Recording != "" {
		return dock.Planned{Recording: m.Recording, Entry: m.Entry}, nil
	}
	id := dock.NewRecordingID()
	_, number, err := r.tx.begins(dock.Fact{Recording: id, Docking: r.docking.id, Body: dock.Seen{
		Name: m.Entry.Name, SizeBytes: m.Entry.SizeBytes, Modified: dock.ModifiedOf(m.Entry),
		Known: m.Entry.Known, Copies: r.copies, Replaces: m.Replaces,
	}}, r.docking.camera)
	r.numbers[id] = number
	return dock.Planned{Recording: id, Entry: m.Entry, New: true}, err
}

// addSaturating adds sizes that a camera claims without ever leaving what an
// event can carry.
func addSaturating(a, b int64) int64 { return min(a+b, maxNumber) }

// believable is a size that an event can carry; 0 where it cannot be.
func believable(sizeBytes int64) int64 {
	if sizeBytes < 0 || sizeBytes > maxNumber {
		return 0
	}
	return sizeBytes
}
