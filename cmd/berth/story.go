package main

import (
	"context"
	"fmt"
	"time"

	"berth/cmd/berth/view"
	"berth/dock"
	"berth/dock/journal"
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
		Recording: recordingLine(row), Bay: row.Bay, Docking: row.Docking, Key: row.Key, Started: row.Started,
	}
	if !row.SHA256.IsZero() {
		story.SHA256, story.SealedSHA256 = row.SHA256.String(), row.SealedSHA256.String()
	}
	if row.ClockOffsetMillis != nil {
		offset := time.Duration(*row.ClockOffsetMillis) * time.Millisecond
		story.ClockOffset = &offset
	}
	for _, c := range row.Receipts {
		r := c.Receipt.Record()
		story.Receipts = append(story.Receipts, view.Receipt{
			Store: string(r.Store), Grade: r.Grade, Verified: c.At.Wall.Local(), Times: c.Times,
		})
	}
	for _, f := range row.Recording.Facts {
		what, detail := tell(f.Body)
		story.Moments = append(story.Moments, view.Moment{At: f.At.Wall.Local(), What: what, Detail: detail})
	}
	for _, line := range view.Describe(story, screen()) {
		fmt.Println(line)
	}
	return nil
}

// tell is a fact in a person's words.
func tell(body dock.FactBody) (what, detail string) {
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
		return "sealed", how
	case dock.Spooled:
		return "spooled", "durable on the station"
	case dock.ReceiptEarned:
		return "receipt", fmt.Sprintf("store %s gave back every byte (%s)", b.Receipt.Store, b.Receipt.Grade)
	case dock.ReceiptRevoked:
		return "receipt revoked", fmt.Sprintf("store %s: %s", b.Store, b.Reason)
	case dock.SecondRead:
		return "second read", "the camera's medium gave sha256 " + b.SHA256.String()
	case dock.Vanished:
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
