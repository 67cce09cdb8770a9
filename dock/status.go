package dock

import (
	"errors"
	"time"
)

// The ways in which a station refuses what a person asks of it.
var (
	ErrUnknownID = errors.New("no recording, exception or store has this name")
	ErrNotHeld   = errors.New("nothing holds it")
)

// Mode is what the station as a whole is willing to do.
type Mode string

// The modes of a station.
const (
	ModeNormal      Mode = "normal"
	ModeEraseLocked Mode = "erase-locked" // ingests and forwards, erases nothing
	ModeSafe        Mode = "safe"         // detects cameras, neither ingests nor erases
)

// BayState is what an officer may believe about a bay.
type BayState string

// The states of a bay.
const (
	BayEmpty      BayState = "empty"
	BayReading    BayState = "reading"      // recordings are still only on the camera
	BaySecured    BayState = "secured"      // everything is on the station, verified
	BayStored     BayState = "stored"       // everything is safe in the stores
	BayErasing    BayState = "erasing"      // the camera is being emptied
	BayReady      BayState = "ready"        // nothing left to do: take it
	BayAttention  BayState = "attention"    // a person is needed
	BayNotACamera BayState = "not-a-camera" // something else is plugged in
)

// Status is the station at one moment: the documented contract of
// `berth status --json`. What is unknown is null, never 0.
type Status struct {
	Station  StationID     `json:"station"`
	Version  string        `json:"version"`
	Mode     Mode          `json:"mode"`
	Healthy  bool          `json:"healthy"` // no problem that needs somebody
	Problems []Problem     `json:"problems"`
	Bays     []BayStatus   `json:"bays"`
	Stores   []StoreStatus `json:"stores"`
	Spool    SpoolStatus   `json:"spool"`
}

// Problem is one thing that somebody should know, with the next step.
type Problem struct {
	Code string `json:"code"` // stable, for scripts
	Text string `json:"text"` // what is wrong
	Do   string `json:"do"`   // what to do about it
	// Advice marks what should be improved but leaves the station healthy.
	Advice bool `json:"advice"`
}

// BayStatus is one bay at one moment.
type BayStatus struct {
	Bay             BayName    `json:"bay"`
	State           BayState   `json:"state"`
	Camera          CameraID   `json:"camera"` // empty if there is none
	Basis           string     `json:"basis"`  // what Camera rests on, such as "usb-serial"; empty if there is none
	Docking         DockingID  `json:"docking"`
	Since           *time.Time `json:"since"` // when the camera was docked
	RecordingsTotal int        `json:"recordings_total"`
	RecordingsDone  int        `json:"recordings_done"` // verified on the station
	BytesTotal      int64      `json:"bytes_total"`
	BytesDone       int64      `json:"bytes_done"`
	BytesPerSecond  *int64     `json:"bytes_per_s"` // over the last 10 s; null while unknown
	ETASeconds      *int64     `json:"eta_s"`       // until everything is on the station
	BatteryPercent  *int       `json:"battery_percent"`
	Stored          int        `json:"recordings_stored"`
	Reread          int        `json:"recordings_reread"`
	Erased          int        `json:"recordings_erased"`
	Doing           string     `json:"doing"`     // one plain phrase
	Attention       string     `json:"attention"` // why a person is needed, empty if not
}

// StoreStatus is one store at one moment.
type StoreStatus struct {
	Store       string  `json:"store"` // name in the config
	ID          StoreID `json:"id"`    // empty until it was reached
	Reachable   bool    `json:"reachable"`
	Queued      int64   `json:"queued"`
	QueuedBytes int64   `json:"queued_bytes"`
	WaitingFor  string  `json:"waiting_for"` // why the queue does not move, empty if it does
}

// SpoolStatus is the station's own disk.
type SpoolStatus struct {
	FreeBytes int64 `json:"free_bytes"`
	UsedBytes int64 `json:"used_bytes"`
}
