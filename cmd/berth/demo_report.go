package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"berth/cmd/berth/view"
	"berth/dock"
	"berth/dock/journal"
	"berth/hashing"
	"berth/ingest/custody"
)

// checked is what the demo proved of one camera's recordings.
type checked struct {
	view.CameraSummary
	copies int              // sealed files found in stores, each whole
	id     dock.RecordingID // one of them, to try things with
	file   string           // and a copy of it
}

// report opens every recording of this run with the agency's key, checks every
// stored copy, and prints what happened and what to try next.
func (h *demoHome) report(ctx context.Context, result played) error {
	j, err := readJournal(ctx, h.config)
	if err != nil {
		return err
	}
	defer j.Close()
	var table []checked
	for _, b := range result.last.Bays {
		if b.Docking == "" || b.RecordingsTotal == 0 {
			continue
		}
		c, err := h.check(ctx, j, b)
		if err != nil {
			return err
		}
		table = append(table, c)
	}
	if len(table) != len(h.cameras) || len(table) == 0 {
		return fmt.Errorf("%d of %d cameras went the whole way", len(table), len(h.cameras))
	}
	if _, err := j.VerifyChain(ctx); err != nil {
		return fmt.Errorf("check the custody log: %w", err)
	}
	h.print(table, result.took)
	return nil
}

// check looks at every recording of one docking from the agency's side.
func (h *demoHome) check(ctx context.Context, j *journal.Journal, b dock.BayStatus) (checked, error) {
	c := checked{CameraSummary: view.CameraSummary{
		Bay: b.Bay, Camera: b.Camera, Listed: b.RecordingsTotal, Secured: b.RecordingsDone,
		Stored: b.Stored, Reread: b.Reread, Erased: b.Erased,
	}}
	rows, err := j.Recordings(ctx, journal.Filter{Docking: b.Docking})
	if err != nil {
		return c, err
	}
	for _, row := range rows {
		if row.State != dock.StateErased {
			return c, fmt.Errorf("recording %s is %s, not erased", row.ID, row.State)
		}
		for _, store := range h.config.Stores {
			c.id, c.file = row.ID, filepath.Join(store.Path, filepath.FromSlash(row.Key))
			if _, err := custody.VerifyFile(ctx, c.file, nil); err != nil {
				return c, err
			}
			c.copies++
		}
		if err := h.open(ctx, c.file, row); err != nil {
			return c, err
		}
		c.Bytes += row.SizeBytes
	}
	return c, nil
}

// open unseals one stored copy; the reader itself compares the content with
// the digest sealed inside, which must be the journal's.
func (h *demoHome) open(ctx context.Context, path string, row journal.Row) error {
	sum := hashing.NewFlow()
	_, err := custody.OpenFile(ctx, custody.OpenOptions{
		Path: path, Identities: []string{filepath.Join(h.dir, "agency-side", "agency.key.pem")}, Stdout: sum,
	})
	if err != nil {
		return err
	}
	return sum.Check("content opened by the agency", row.SHA256, row.SizeBytes)
}

func (h *demoHome) print(table []checked, took time.Duration) {
	sum := view.Summary{Took: took, Notes: []string{"", fmt.Sprintf(
		"Then, on the agency's side: all %d stored copies are whole and correctly signed, every recording opens "+
			"with the agency's key and has the digest that the journal says, and the custody log is unbroken.", copies(table))}}
	for _, c := range table {
		sum.Cameras = append(sum.Cameras, c.CameraSummary)
		sum.Bytes += c.Bytes
	}
	sum.Next = h.hints(table[0])
	fmt.Println()
	for _, line := range sum.Draw(screen()) {
		fmt.Println(line)
	}
}

func copies(table []checked) int {
	n := 0
	for _, c := range table {
		n += c.copies
	}
	return n
}

// hints are commands that work now, without a running station.
func (h *demoHome) hints(example checked) []view.Hint {
	self, cfg := h.short(os.Args[0]), h.short(filepath.Join(h.dir, "berth.yaml"))
	// The first digits of a digest are enough for the shell to find the file.
	file := h.short(filepath.Dir(example.file)) + "/" + filepath.Base(example.file)[:8] + "*"
	key := h.short(filepath.Join(h.dir, "agency-side", "agency.key.pem"))
	station := h.short(filepath.Join(keysDir(h.config.Station.Data), "station.pub.pem"))
	return []view.Hint{
		{Command: fmt.Sprintf("%s recordings --config %s", self, cfg), Why: "all recordings"},
		{Command: fmt.Sprintf("%s recordings %s --config %s", self, example.id, cfg), Why: "one recording's whole story"},
		{Command: fmt.Sprintf("%s verify --station %s %s", self, station, file), Why: "check a stored copy, without any private key"},
		{Command: fmt.Sprintf("%s open --identity %s -o clip.mp4 %s", self, key, file), Why: "open it, as the agency does"},
		{Command: fmt.Sprintf("%s demo --dir %s", self, h.short(h.dir)), Why: "again, and the station stays up"},
	}
}

// short is the path as a person here would type it.
func (h *demoHome) short(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(here, path); err == nil && len(rel) < len(path) {
		return rel
	}
	return path
}
