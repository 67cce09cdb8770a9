package dock

import (
	"time"

	"berth/hashing"
)

// FactKind is the kind of a Fact, as written in the journal and the custody log.
type FactKind string

// The kinds of facts about a recording.
const (
	KindSeen           FactKind = "seen"
	KindSpoolIntent    FactKind = "spool-intent"
	KindSpooled        FactKind = "spooled"
	KindReceipt        FactKind = "receipt"
	KindReceiptRevoked FactKind = "receipt-revoked"
	KindSecondRead     FactKind = "second-read"
	KindHold           FactKind = "hold"
	KindRelease        FactKind = "release"
	KindEraseIntent    FactKind = "erase-intent"
	KindEraseResult    FactKind = "erase-result"
	KindVanished       FactKind = "vanished"
	KindSpoolReleased  FactKind = "spool-released"
)

// Fact is one thing that became known about one recording. Facts are only ever
// added. The journal gives Seq, At and the event that goes with it.
type Fact struct {
	Seq       int64 // order of all facts of a journal; the only order there is
	Recording RecordingID
	Docking   DockingID // empty if it happened outside a docking
	At        Instant
	Body      FactBody
}

// FactBody is what a fact says. Bodies are values with JSON names; fields that
// are personal carry `json:"-"` and come out of Personal instead: the journal
// encrypts those and puts only a salted commitment into the custody log.
type FactBody interface {
	Kind() FactKind
	// Personal returns the personal fields by name; nil if there are none.
	Personal() map[string]string
	// WithPersonal returns the body with its personal fields filled in; fields
	// that are missing (forgotten) stay empty.
	WithPersonal(fields map[string]string) FactBody
}

// impersonal is embedded by the bodies without personal fields.
type impersonal struct{}

func (impersonal) Personal() map[string]string { return nil }

// Seen: a camera listed the object, twice and equal.
type Seen struct {
	Name      RawName     `json:"-"` // personal
	SizeBytes int64       `json:"size"`
	Modified  *time.Time  `json:"modified"` // the camera's word, null if unknown
	Known     bool        `json:"known"`    // a profile says that it is a recording
	Copies    int         `json:"copies"`   // copies that the config asked for then
	Replaces  RecordingID `json:"replaces"` // recording whose name the camera used again before we erased it
}

// SpoolIntent: a sealed file is whole on the spool's disk, verified from there,
// and about to get its final name.
type SpoolIntent struct {
	Key         string         `json:"key"`
	SHA256      hashing.Digest `json:"sha256"`
	SizeBytes   int64          `json:"size"`
	Sealed      hashing.Digest `json:"sealed_sha256"`
	SealedBytes int64          `json:"sealed_size"`
	Object      ObjectIdentity `json:"object"`  // of the object that was read
	DirectIO    bool           `json:"direct"`  // read back past the page cache
	Media       Media          `json:"media"`   // what the recording says about itself, without location
	Resumed     int            `json:"resumed"` // how often the pull was cut off and went on
}

// Media is what a recording says about itself, as far as it is not personal.
type Media struct {
	Status         string     `json:"status"` // "read", "unreadable" (malformed) or "unknown" (no known container)
	Container      string     `json:"container"`
	Codecs         []string   `json:"codecs"`
	DurationMillis *int64     `json:"duration_ms"` // null if unknown
	Created        *time.Time `json:"created"`     // by the camera's clock, null if unknown
}

// Spooled: the sealed file of the latest intent has its final name, durably.
type Spooled struct {
	impersonal
	Sealed hashing.Digest `json:"sealed_sha256"`
}

// ReceiptEarned: a store was shown to hold the sealed bytes.
type ReceiptEarned struct {
	impersonal
	Receipt ReceiptRecord `json:"receipt"`
}

// ReceiptRevoked: a store that had given a receipt was shown not to hold the
// sealed bytes any more, or other bytes.
type ReceiptRevoked struct {
	impersonal
	Store  StoreID `json:"store"`
	Reason string  `json:"reason"`
}

// SecondRead: the object was read from the medium once more.
type SecondRead struct {
	impersonal
	SHA256    hashing.Digest `json:"sha256"`
	SizeBytes int64          `json:"size"`
	Object    ObjectIdentity `json:"object"`
}

// HoldCode says why a recording is held.
type HoldCode string

// The reasons for holding a recording.
const (
	HoldPerson       HoldCode = "person"              // somebody asked for it
	HoldSecondRead   HoldCode = "second-read-differs" // the camera gave other bytes than the first time
	HoldReappeared   HoldCode = "other-content"       // same name, size and times as before, other bytes
	HoldSpoolDiffers HoldCode = "spool-differs"       // the station's own copy is not what was sealed
)

// Hold: the recording needs a person; it is not erased from the camera.
type Hold struct {
	Code HoldCode `json:"code"`
	By   string   `json:"-"` // personal; empty for the station itself
	Text string   `json:"-"` // personal
}

// Release: a person lifted every hold before it.
type Release struct {
	By   string `json:"-"` // personal
	Text string `json:"-"` // personal
}

// EraseIntent: everything allowed erasing, and it is about to be tried.
type EraseIntent struct {
	impersonal
	Object     ObjectIdentity `json:"object"`
	SHA256     hashing.Digest `json:"sha256"`
	Generation Generation     `json:"generation"`
}

// EraseOutcome is how an attempt to erase ended.
type EraseOutcome string

// The outcomes of an attempt to erase.
const (
	EraseConfirmed   EraseOutcome = "confirmed"   // absent from a complete listing of the same attachment
	EraseUnconfirmed EraseOutcome = "unconfirmed" // nobody can tell
	EraseFailed      EraseOutcome = "failed"      // the object is still there, or the camera said no
)

// EraseResult: what became of the latest intent.
type EraseResult struct {
	impersonal
	Outcome EraseOutcome `json:"outcome"`
	Detail  string       `json:"detail"`
}

// VanishReason says how a recording left its camera without us.
type VanishReason string

// The ways of vanishing.
const (
	VanishAbsent      VanishReason = "absent"      // a complete listing no longer had it
	VanishOverwritten VanishReason = "overwritten" // the camera used its name for something else
	VanishReadAnew    VanishReason = "read-anew"   // a person had what the camera holds now taken as another recording
)

// Vanished: the object left the camera and we did not erase it.
type Vanished struct {
	impersonal
	Reason VanishReason `json:"reason"`
}

// SpoolReleased: the spool's copy went, since every store configured for it
// holds one.
type SpoolReleased struct{ impersonal }
