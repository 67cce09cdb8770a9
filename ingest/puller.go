package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"berth/dock"
	"berth/dock/journal"
	"berth/ingest/media"
	"berth/ingest/seal"
)

// PullerOptions is what a Puller works with. All but Agency, Location,
// Copies and Rehash are required.
type PullerOptions struct {
	Spool      *Spool
	Journal    *journal.Journal
	Station    dock.StationID
	Agency     string
	Recipients []seal.Recipient
	Signer     *seal.Signer
	Turns      *Turns
	Clock      dock.Clock
	Location   bool // where a recording was made goes into its sealed closing record
	Copies     int  // that the config asks for; adopted files are held to it, and to one at least
	Rehash     bool // a start-up hashes every sealed file and not only those in doubt
	Log        *slog.Logger
}

// Puller brings recordings onto the spool. Safe for concurrent use; one camera
// is used by one call at a time.
type Puller struct {
	PullerOptions
	buffers *buffers
	parked  *parked
}

// Pull is one recording to be read from one docked camera.
type Pull struct {
	Docking   journal.Docking
	Recording dock.RecordingID
	Entry     dock.Entry // as this attachment lists it
	Camera    dock.Camera
	Priority  bool // the bay is a high-priority one
	// Progress, if set, is told how many bytes of the content are done, after
	// each segment, from one goroutine at a time and in order. It must not block.
	Progress func(doneBytes int64)
}

const (
	// slotsPerPull is how many segments of one recording are under way at once.
	// A fourth was not faster, with one bay or with four, and costs each bay a MiB.
	slotsPerPull = 3
	// keptBuffers is how many segment buffers are kept while nobody needs them.
	keptBuffers = 32
)

// NewPuller returns a Puller that has not touched anything yet. Recover should
// run before the first Pull; Close ends its use.
func NewPuller(o PullerOptions) *Puller {
	return &Puller{PullerOptions: o, buffers: newBuffers(keptBuffers), parked: newParked(parkedMost)}
}

// Close removes what was kept of pulls that were cut off. The cameras still
// have those recordings.
func (p *Puller) Close() error { return p.parked.discardAll() }

// Pull reads the recording once, seals it onto the spool, verifies it from
// there, and returns what was journalled when it is durable under its final
// name. Nothing that it leaves behind on an error can be taken for a recording.
//
// Errors to look for: *ErrNoSpace before anything is read; ErrSync, upon which
// the caller ends the process; dock.ErrChanged if the camera gave more or fewer
// bytes than it listed; dock.ErrGone and every other error of the camera, and
// the end of ctx: these keep what was verified so far, and the next Pull of the
// recording in this process goes on there, in whatever bay. A
// *hashing.Mismatch or seal.ErrIntegrity says that the disk did not give back
// what was written.
//
// The end of ctx is noticed between reads of the camera; a Read that does not
// return keeps Pull from returning, but no turn and no other bay.
func (p *Puller) Pull(ctx context.Context, pull Pull) (dock.SpoolIntent, error) {
	if intent, done, err := p.left(ctx, pull.Recording); err != nil || done {
		return intent, err
	}
	w, content, err := p.begin(ctx, pull)
	if err != nil {
		return dock.SpoolIntent{}, fmt.Errorf("pull recording %s: %w", pull.Recording, err)
	}
	err = p.transfer(ctx, pull, w, content)
	if closeErr := content.Close(); closeErr != nil {
		p.Log.Debug("the camera's reader did not close", "recording", pull.Recording, "error", closeErr)
	}
	if err != nil {
		return dock.SpoolIntent{}, fmt.Errorf("pull recording %s: %w", pull.Recording, p.leave(w, err))
	}
	// What is left takes moments and needs no camera: an undocking must not
	// throw the whole read away.
	intent, err := p.finish(context.WithoutCancel(ctx), pull, w)
	if err != nil {
		return dock.SpoolIntent{}, fmt.Errorf("spool recording %s: %w", pull.Recording, err)
	}
	return intent, nil
}

// metadata is what is known of a recording before it is read.
func (p *Puller) metadata(pull Pull) seal.Metadata {
	info := pull.Docking.Info
	m := seal.Metadata{
		Station: string(p.Station), Agency: p.Agency,
		Bay: string(pull.Docking.Attachment.Bay), Docking: string(pull.Docking.ID),
		Camera: string(info.ID), CameraBasis: info.Basis, CameraModel: info.Model, Officer: info.Officer,
		Recording: string(pull.Recording), Name: []byte(pull.Entry.Name), SizeBytes: pull.Entry.SizeBytes,
		ClockOffsetMillis: pull.Docking.ClockOffsetMillis,
	}
	if !pull.Entry.Modified.IsZero() {
		m.Modified = &pull.Entry.Modified
	}
	return m
}

// closing is what the recording says about itself, for the sealed closing record.
func (p *Puller) closing(info media.Info) seal.MediaInfo {
	sealed := seal.MediaInfo{
		Status: string(info.Status), Container: info.Container, Codecs: info.Codecs,
		DurationMillis: info.DurationMillis, Created: info.Created,
	}
	if p.Location {
		sealed.Location = info.Location
	}
	return sealed
}

// journalled is the same for the journal, which never learns a place.
func journalled(info media.Info) dock.Media {
	return dock.Media{
		Status: string(info.Status), Container: info.Container, Codecs: info.Codecs,
		DurationMillis: info.DurationMillis, Created: info.Created,
	}
}

// cutOff marks an error of the camera, after which the disk's side is sound.
type cutOff struct{ error }

func (c cutOff) Unwrap() error { return c.error }

// leave keeps w for the next attempt if only the camera failed or ctx ended,
// and removes it otherwise. It returns err, joined with what went wrong here.
func (p *Puller) leave(w *work, err error) error {
	var cut cutOff
	sound := errors.As(err, &cut) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	if sound && !errors.Is(err, dock.ErrChanged) && w.verified > 0 {
		return errors.Join(err, p.parked.keep(w))
	}
	return errors.Join(err, w.temp.discard())
}
