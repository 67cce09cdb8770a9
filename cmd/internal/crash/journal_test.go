package crash

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"berth/dock/journal"
	"berth/dock/station"
	"berth/hashing"
	"berth/offload/queue"
)

// journalled is what the journal says at one moment.
type journalled struct {
	events []hashing.Digest // of its lines, from the first
	rows   []journal.Row
}

// reads opens the journal whose file is at path, as `berth recordings` does.
// It is nil where the station did not come so far as to have one.
func (r *rig) reads(path string) *journal.Journal {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.data, "keys", "data.key"))
	if errors.Is(err, fs.ErrNotExist) && len(r.events) == 0 {
		return nil
	}
	if err != nil {
		r.t.Fatal(err)
	}
	var key [32]byte
	if raw, err := hex.DecodeString(strings.TrimSpace(string(text))); err != nil || copy(key[:], raw) != len(key) {
		r.t.Fatalf("the station's data key is not whole: %q", text)
	}
	clock, err := station.NewSystemClock()
	if err != nil {
		r.t.Fatal(err)
	}
	j, err := journal.OpenReadOnly(r.t.Context(), journal.Options{
		Path: path, Station: stationID, DataKey: key, Clock: clock, Rooms: []journal.Room{queue.Room()},
	})
	if err != nil && len(r.events) == 0 {
		return nil // killed before its first fact
	}
	if err != nil {
		r.t.Fatalf("the journal cannot be opened: %v", err)
	}
	return j
}

// lines are the digests of the journal's lines, in their order.
func (r *rig) lines(j *journal.Journal) []hashing.Digest {
	r.t.Helper()
	var lines []hashing.Digest
	err := j.Read(r.t.Context(), func(tx *journal.Tx) error {
		rows, err := tx.Query(`SELECT line FROM events ORDER BY seq`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var line []byte
			if err := rows.Scan(&line); err != nil {
				return err
			}
			lines = append(lines, hashing.Sum(line))
		}
		return rows.Err()
	})
	if err != nil {
		r.t.Fatalf("read the journal: %v", err)
	}
	return lines
}

// witness reads the journal beside the running station. Whatever a reader sees
// was acknowledged: it must be there after a crash that comes now.
func (r *rig) witness() {
	r.t.Helper()
	j := r.reads(filepath.Join(r.data, "journal", "journal.db"))
	if j == nil {
		return
	}
	defer j.Close()
	r.follow(r.lines(j))
}

// follow checks that the journal only grew.
func (r *rig) follow(lines []hashing.Digest) {
	r.t.Helper()
	if len(lines) < len(r.events) {
		r.t.Fatalf("LOST: the journal had %d events and has %d", len(r.events), len(lines))
	}
	for i, line := range r.events {
		if lines[i] != line {
			r.t.Fatalf("ALTERED: event %d of the journal is another one", i+1)
		}
	}
	r.events = lines
}

// atRest reads the journal of a dead station, through a copy: finding its way
// back is the station's own work. nil if there is none yet.
func (r *rig) atRest() *journalled {
	r.t.Helper()
	scratch := r.t.TempDir()
	defer os.RemoveAll(scratch)
	for _, name := range []string{"journal.db", "journal.db-wal"} {
		content, err := os.ReadFile(filepath.Join(r.data, "journal", name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(scratch, name), content, 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	j := r.reads(filepath.Join(scratch, "journal.db"))
	if j == nil {
		return nil
	}
	defer j.Close()
	seen := &journalled{events: r.lines(j)}
	r.follow(seen.events)
	if _, err := j.VerifyChain(r.t.Context()); err != nil {
		r.t.Fatalf("BROKEN: %v", err)
	}
	var err error
	if seen.rows, err = j.Recordings(r.t.Context(), journal.Filter{}); err != nil {
		r.t.Fatal(err)
	}
	return seen
}
