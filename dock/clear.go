package dock

import (
	"fmt"
	"strings"
	"time"
)

// ReconfirmWithin is how fresh the confirmation of a receipt must be for
// erasing: a store is asked again unless it was read back within this time.
const ReconfirmWithin = 15 * time.Minute

// EraseAfter is the agency's word on erasing.
type EraseAfter string

// The words of `erase: after:`.
const (
	EraseAfterCopies EraseAfter = "copies"
	EraseAfterNever  EraseAfter = "never"
)

// Policy is what the config says about erasing now.
type Policy struct {
	Copies int           // confirmed copies in stores, at least 1
	After  EraseAfter    // the zero value erases nothing
	Grace  time.Duration // waiting time after the copies are there
	Stores []StoreID     // the stores configured and commissioned now; receipts of others count for nothing
}

// DockingCheck is what the journal knows of the docking that would erase.
type DockingCheck struct {
	ID          DockingID
	Attachment  Attachment
	Camera      CameraID
	Listed      bool // a complete listing was journalled and nothing listed is still changing
	Clean       bool // the filesystem is clean
	Conflict    bool // another docked camera claims the same identity
	BelowCopies int  // recordings of this docking without the copies asked for
	Blocking    int  // exceptions that may hold content and nobody released
}

// Health is what could make the station doubt itself.
type Health struct {
	Locks []Lock // reasons not to erase anything; empty if healthy
}

// Lock is a reason not to erase anything at the moment.
type Lock struct {
	Code string
	Text string
}

// Case is everything that the erase rule looks at. The journal loads it in the
// same transaction that records the intent to erase.
type Case struct {
	Now       Instant
	Policy    Policy
	Health    Health
	Docking   DockingCheck
	Recording Recording
	Entry     Entry // the object as this attachment lists it now
	// Listed: the docking's latest complete listing has exactly this object as
	// this recording.
	Listed bool
}

// Refusal says why something may not be erased now: every clause that fails,
// not just the first.
type Refusal struct{ Reasons []Lock }

func (r *Refusal) Error() string {
	texts := make([]string, len(r.Reasons))
	for i, reason := range r.Reasons {
		texts[i] = reason.Text
	}
	return "not cleared for erasing: " + strings.Join(texts, "; ")
}

// Has reports whether the clause with this code failed.
func (r *Refusal) Has(code string) bool {
	for _, reason := range r.Reasons {
		if reason.Code == code {
			return true
		}
	}
	return false
}

// Clear is the erase rule. It returns a Clearance for exactly this object in
// this attachment, or a *Refusal with every reason.
func Clear(c Case) (Clearance, error) {
	refusal := &Refusal{}
	refuse := func(code, format string, args ...any) {
		refusal.Reasons = append(refusal.Reasons, Lock{Code: code, Text: fmt.Sprintf(format, args...)})
	}
	if c.Policy.After != EraseAfterCopies {
		refuse("policy", "the config says that nothing is erased")
	}
	for _, lock := range c.Health.Locks {
		refuse(lock.Code, "%s", lock.Text)
	}
	c.clearDocking(refuse)
	c.clearCopies(refuse)
	c.clearObject(refuse)
	if len(refusal.Reasons) > 0 {
		return Clearance{}, refusal
	}
	spooled, _ := c.Recording.Spooled()
	return Clearance{
		recording: c.Recording.ID, attachment: c.Docking.Attachment.Generation, bay: c.Docking.Attachment.Bay,
		handle: c.Entry.Handle, object: c.Entry.Identity, digest: spooled.SHA256,
	}, nil
}

type refuser func(code, format string, args ...any)

// clearDocking: everything that this docking listed is safe, and the camera is
// what it seems to be.
func (c Case) clearDocking(refuse refuser) {
	d := c.Docking
	if d.ID == "" || d.Attachment.Generation == 0 {
		refuse("docking", "the camera is not docked")
	}
	if d.Camera == "" || d.Camera != c.Recording.Camera {
		refuse("camera", "the recording is of another camera")
	}
	if !d.Listed {
		refuse("listing", "the camera's listing is not complete and settled")
	}
	if !d.Clean {
		refuse("unclean", "the camera's filesystem is not clean")
	}
	if d.Conflict {
		refuse("identity", "two cameras claim this identity")
	}
	if d.BelowCopies > 0 {
		refuse("camera-copies", "%d recordings of this docking are not in enough stores yet", d.BelowCopies)
	}
	if d.Blocking > 0 {
		refuse("exceptions", "%d things on the camera may hold content and could not be pulled; a person must release them", d.Blocking)
	}
}

// clearCopies: the stores hold the recording, one of them was rehashed, and
// both were asked lately.
func (c Case) clearCopies(refuse refuser) {
	spooled, ok := c.Recording.Spooled()
	if !ok {
		refuse("spooled", "the recording is not sealed yet")
		return
	}
	seen, _ := c.Recording.Seen()
	want := max(c.Policy.Copies, seen.Copies, 1)
	var fresh []Receipt
	for _, confirmation := range c.Recording.Receipts() {
		if c.configured(confirmation.Receipt.r.Store) && c.recent(confirmation) {
			fresh = append(fresh, confirmation.Receipt)
		}
	}
	copies, rehashed := holdingOf(fresh, spooled.Sealed).count(everyStore)
	if copies < want {
		refuse("copies", "%d of %d copies confirmed within %v", copies, want, ReconfirmWithin)
	}
	if rehashed == 0 {
		refuse("rehashed", "no store's copy was read back and hashed")
	}
	if since := c.Recording.storedSince(); c.Now.Since(since) < c.Policy.Grace {
		refuse("grace", "the grace period of %v is not over", c.Policy.Grace)
	}
}

func (c Case) configured(store StoreID) bool {
	for _, id := range c.Policy.Stores {
		if id == store {
			return true
		}
	}
	return false
}

// recent: a confirmation of another boot has no known age.
func (c Case) recent(confirmation Confirmation) bool {
	return confirmation.At.Boot == c.Now.Boot && c.Now.Since(confirmation.At) <= ReconfirmWithin
}

// clearObject: the object is still the one whose bytes were sealed, as this
// docking read it a second time.
func (c Case) clearObject(refuse refuser) {
	if c.Recording.Held() != nil {
		refuse("held", "the recording is held")
	}
	if state := c.Recording.State(); state == StateErased || state == StateVanished {
		refuse("gone", "the recording is %s", state)
	}
	spooled, _ := c.Recording.Spooled()
	seen, _ := c.Recording.Seen()
	second, ok := c.Recording.SecondReadIn(c.Docking.ID)
	switch {
	case c.Docking.ID == "" || !ok:
		refuse("second-read", "the camera was not read a second time in this docking")
	case second.SHA256 != spooled.SHA256 || second.SizeBytes != spooled.SizeBytes || second.SHA256.IsZero():
		refuse("second-read", "the second read gave other bytes")
	case second.Object != c.Entry.Identity:
		refuse("changed", "the object changed after the second read")
	}
	if !c.Listed {
		refuse("unlisted", "the latest listing does not have this object as this recording")
	}
	if c.Entry.Handle == "" || c.Entry.Identity == "" || c.Entry.Name != seen.Name || c.Entry.SizeBytes != spooled.SizeBytes {
		refuse("object", "the camera lists another object than the one that was sealed")
	}
}
