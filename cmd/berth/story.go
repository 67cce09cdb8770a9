package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"berth/cmd/berth/view"
	"berth/dock"
	"berth/dock/journal"
	"berth/offload/queue"
)

// tellStory prints everything that is known about one recording.
func tellStory(ctx context.Context, j *journal.Journal, id dock.RecordingID, asJSON bool) error {
	rows, err := j.Recordings(ctx, journal.Filter{ID: id})
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return fmt.Errorf("the journal knows no recording %q; `berth recordings` lists them", string(id))
	}
	row := rows[0]
	if asJSON {
		return printJSON([]recordingRow{newRow(row)})
	}
	story := view.Story{
		Recording: recordingLine(row), Basis: row.Basis, Bay: row.Bay, Docking: row.Docking, Key: row.Key, Started: row.Started,
	}
	if !row.SHA256.IsZero() {
		story.SHA256, story.SealedSHA256 = row.SHA256.String(), row.SealedSHA256.String()
	}
	if row.ClockOffsetMillis != nil {
		offset := time.Duration(*row.ClockOffsetMillis) * time.Millisecond
		story.ClockOffset = &offset
	}
	byID, err := queue.StoreNames(ctx, j)
	if err != nil {
		return err
	}
	names := storeNames(byID)
	for _, c := range row.Receipts {
		r := c.Receipt.Record()
		story.Receipts = append(story.Receipts, view.Receipt{
			Store: names.of(r.Store), Grade: r.Grade, Verified: c.At.Wall.Local(), Times: c.Times,
		})
	}
	for _, f := range row.Recording.Facts {
		what, detail := tell(f.Body, names)
		story.Moments = append(story.Moments, view.Moment{At: f.At.Wall.Local(), What: what, Detail: detail})
	}
	for _, line := range view.Describe(story, screen()) {
		fmt.Println(line)
	}
	return nil
}

// storeNames is what the config calls the stores.
type storeNames map[dock.StoreID]string

func (n storeNames) of(id dock.StoreID) string {
	if name := n[id]; name != "" {
		return name
	}
	return string(id)
}

// tell is a fact in a person's words.
func tell(body dock.FactBody, stores storeNames) (what, detail string) {
	switch b := body.(type) {
	case dock.Seen:
		if b.Replaces != "" {
			return "seen", fmt.Sprintf("in place of %s, whose name the camera used again", b.Replaces)
		}
		return "seen", "listed by the camera, twice and equal"
	case dock.SpoolIntent:
		how := "sealed, and every byte read back from the disk"
		if !b.DirectIO {
			how = "sealed and read back, through the page cache: the disk has no direct I/O"
		}
		if b.Resumed > 0 {
			how += fmt.Sprintf("; went on %d times after it was cut off", b.Resumed)
		}
		return "sealed", how + tellMedia(b.Media)
	case dock.Spooled:
		return "spooled", "durable on the station"
	case dock.ReceiptEarned:
		return "receipt", fmt.Sprintf("%s gave back every byte (%s)", stores.of(b.Receipt.Store), b.Receipt.Grade)
	case dock.ReceiptRevoked:
		return "receipt revoked", fmt.Sprintf("%s: %s", stores.of(b.Store), b.Reason)
	case dock.SecondRead:
		return "second read", "the camera's medium gave sha256 " + b.SHA256.String()
	case dock.Vanished:
		if b.Reason == dock.VanishReadAnew {
			return "read anew", "what the camera holds now is taken as another recording; this one stays as it was sealed"
		}
		return "vanished", "left the camera, not erased by the station: " + string(b.Reason)
	case dock.EraseIntent:
		return "cleared", "every condition for erasing held"
	case dock.EraseResult:
		return "erase " + string(b.Outcome), b.Detail
	case dock.SpoolReleased:
		return "spool released", "the station's own copy went; the stores have it"
	}
	return tellPerson(body)
}

// tellMedia is what the recording says about itself.
func tellMedia(m dock.Media) string {
	switch {
	case m.Status == "unreadable":
		return "; a damaged " + m.Container + " file, kept byte for byte"
	case m.Container == "":
		return ""
	case m.DurationMillis == nil:
		return fmt.Sprintf("; %s (%s)", m.Container, strings.Join(m.Codecs, ", "))
	}
	return fmt.Sprintf("; %s (%s), %v long", m.Container, strings.Join(m.Codecs, ", "), time.Duration(*m.DurationMillis)*time.Millisecond)
}

// tellPerson is about what persons did.
func tellPerson(body dock.FactBody) (what, detail string) {
	switch b := body.(type) {
	case dock.Hold:
		if b.Code == dock.HoldPerson {
			return "hold", said(b.By, b.Text)
		}
		return "hold", "by the station: " + string(b.Code)
	case dock.Release:
		return "release", said(b.By, b.Text)
	}
	return string(body.Kind()), ""
}

func said(by, text string) string {
	if by == "" && text == "" {
		return "by a person whose words were forgotten"
	}
	return by + ": " + text
}
