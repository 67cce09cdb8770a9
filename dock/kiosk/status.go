package kiosk

import (
	"encoding/json"
	"time"

	"berth/dock"
)

// Mode is what the station as a whole may do.
type Mode string

// The modes of a station.
const (
	ModeNormal      Mode = "normal"       // ingests and erases
	ModeEraseLocked Mode = "erase-locked" // ingests; erases nothing
	ModeSafe        Mode = "safe"         // recordings stay on the cameras until a person has seen to it
)

// BayState is the one word that a bay shows.
type BayState string

// The states of a bay. "secured" speaks of this station's own disk, "stored"
// of the copies that the agency asked for: never the same thing.
const (
	BayEmpty      BayState = "empty"
	BayReading    BayState = "reading"      // being listed or pulled; the camera must stay
	BaySecured    BayState = "secured"      // everything is sealed and verified at the station
	BayStored     BayState = "stored"       // everything is confirmed in as many stores as asked for
	BayErasing    BayState = "erasing"      // cleared recordings are being erased
	BayReady      BayState = "ready"        // the camera may be taken
	BayAttention  BayState = "attention"    // a person is needed; the field attention says why
	BayNotACamera BayState = "not-a-camera" // something is plugged in that no driver serves
)

// Phase is what goes on in a bay at the moment, in more detail than its state.
type Phase string

// The phases of a docking. The empty Phase is none, and null in JSON: nothing
// is being worked on.
const (
	PhaseListing    Phase = "listing"
	PhasePulling    Phase = "pulling"
	PhaseWaiting    Phase = "waiting-for-stores"
	PhaseSecondRead Phase = "second-read"
	PhaseErasing    Phase = "erasing"
)

// MarshalJSON writes the phase, or null if there is none.
func (p Phase) MarshalJSON() ([]byte, error) { return Text(p).MarshalJSON() }

// Text is a word or a sentence that may be missing: the empty Text is null in
// JSON, and null becomes the empty Text.
type Text string

// MarshalJSON writes the text, or null if there is none.
func (t Text) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(t))
}

// Status is everything that the station says about itself at one moment. It is
// a stable contract: fields are added, never renamed. Whatever is not known is
// null, never 0.
type Status struct {
	// The station's id.
	Station dock.StationID `json:"station"`
	// The version of berth that runs.
	Version string `json:"version"`
	// normal, erase-locked (ingests, erases nothing) or safe (neither).
	Mode Mode `json:"mode"`
	// Whether there is nothing that a person should see to.
	Healthy bool `json:"healthy"`
	// What a person should see to, the most urgent first.
	Problems []Problem `json:"problems"`
	// Every configured bay, in the order of the config.
	Bays []Bay `json:"bays"`
	// Every configured store, in the order of the config.
	Stores []Store `json:"stores"`
	// The station's own disk.
	Spool Spool `json:"spool"`
}

// Problem is one thing that a person should see to.
type Problem struct {
	// A stable word for scripts.
	Code string `json:"code"`
	// What is wrong, in a sentence.
	Text string `json:"text"`
	// What to do about it, in a sentence.
	Do string `json:"do"`
}

// Bay is one bay and the camera in it.
type Bay struct {
	// The bay's name.
	Bay dock.BayName `json:"bay"`
	// empty, reading, secured, stored, erasing, ready, attention or not-a-camera.
	State BayState `json:"state"`
	// Who the camera says it is, with everything unprintable escaped; null without a camera.
	Camera Text `json:"camera"`
	// Since when the bay is in this state (RFC 3339, by the station's clock).
	Since *time.Time `json:"since"`
	// Recordings that this docking listed.
	RecordingsTotal *int `json:"recordings_total"`
	// Those of them that are sealed and verified at the station.
	RecordingsDone *int `json:"recordings_done"`
	// Bytes of the recordings that this docking listed.
	BytesTotal *int64 `json:"bytes_total"`
	// Bytes of them that are sealed and verified at the station.
	BytesDone *int64 `json:"bytes_done"`
	// Seconds until the phase ends, as far as its rate tells.
	ETASeconds *int64 `json:"eta_s"`
	// The camera's battery, 0 to 100.
	BatteryPercent *int `json:"battery_percent"`
	// Why a person is needed; null if none is.
	Attention Text `json:"attention"`
	// What goes on now: listing, pulling, waiting-for-stores, second-read, erasing; null if nothing does.
	Phase Phase `json:"phase"`
	// What goes on, in a sentence.
	Doing Text `json:"doing"`
	// Recordings that the phase has to deal with.
	PhaseTotal *int `json:"phase_total"`
	// Recordings that the phase is through with.
	PhaseDone *int `json:"phase_done"`
	// Bytes that the phase has to deal with.
	PhaseBytesTotal *int64 `json:"phase_bytes_total"`
	// Bytes that the phase is through with, the file in progress included.
	PhaseBytesDone *int64 `json:"phase_bytes_done"`
	// Bytes a second that the phase makes at the moment.
	BytesPerSecond *int64 `json:"bytes_per_s"`
}

// Store is one store and what waits for it.
type Store struct {
	// The store's name in the config.
	Store string `json:"store"`
	// Whether it answered when it was last asked.
	Reachable bool `json:"reachable"`
	// Sealed files that wait for it.
	Queued int `json:"queued"`
	// Their bytes.
	QueuedBytes int64 `json:"queued_bytes"`
	// Why they wait; null if nothing keeps them.
	WaitingFor Text `json:"waiting_for"`
}

// Spool is the station's own disk, where sealed recordings are staged.
type Spool struct {
	// Bytes that are free.
	FreeBytes *int64 `json:"free_bytes"`
	// Bytes that sealed recordings take.
	UsedBytes *int64 `json:"used_bytes"`
}

// presentable returns s as it may leave the station: lists are lists even if
// empty, and a camera's word about itself is escaped, so that it cannot fool a
// terminal or a page and stays distinct whatever bytes it has.
func (s Status) presentable() Status {
	bays := make([]Bay, len(s.Bays))
	copy(bays, s.Bays)
	for i := range bays {
		bays[i].Camera = Text(dock.RawName(bays[i].Camera).Display())
	}
	s.Bays = bays
	if s.Problems == nil {
		s.Problems = []Problem{}
	}
	if s.Stores == nil {
		s.Stores = []Store{}
	}
	return s
}
