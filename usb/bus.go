// Package usb knows what is attached to which port of the station, lets in what
// is a camera, and switches the power of bays. A Bus is level-triggered: its
// listing is the truth and an event is only a hint to look, so that a lost event
// costs time and never a camera.
//
// Into a bay it lets only what describes itself, before any driver saw it,
// exactly as one of the cameras that are asked for; everything else there is
// put out and shown. It never touches a port that is no bay's nor on the way to
// one, and it never opens a camera: that is a dock.Driver's work.
package usb

import (
	"context"

	"berth/dock"
)

// Bus lists what is attached to the station's bays.
type Bus interface {
	// Attached returns everything attached now, at most one attachment a bay.
	// Something that stayed plugged keeps its Generation from call to call;
	// something that left, even between two calls as far as can be told, has a
	// new one. Problems are conditions that a person must see to, by bay; they
	// do not keep other bays from being listed. An error says nothing about
	// what is attached.
	Attached(ctx context.Context) (attached []dock.Attachment, problems []Problem, err error)
	// Changed is a hint that Attached may answer differently now. It also fires
	// on a slow ticker and after a lost event, and is never closed while the
	// bus is in use.
	Changed() <-chan struct{}
}

// Problem is something about a bay that a person must see to.
type Problem struct {
	Bay  dock.BayName
	Text string
	// NotACamera: something is plugged into the bay that was not let in.
	NotACamera bool
}
