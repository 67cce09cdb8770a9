package dock

// State is what the facts about a recording amount to.
type State string

// The states of a recording.
const (
	StateSeen     State = "seen"     // listed; not yet on the station
	StateSpooled  State = "spooled"  // sealed and verified on the station's own disk
	StateStored   State = "stored"   // the copies asked for are confirmed in stores
	StateCleared  State = "cleared"  // erasing was allowed; not confirmed yet
	StateErased   State = "erased"   // gone from the camera, by us, confirmed
	StateHeld     State = "held"     // needs a person
	StateVanished State = "vanished" // gone from the camera, not by us
)

// Recording is one file of one camera with everything that is known about it,
// in the order of Seq.
type Recording struct {
	ID     RecordingID
	Camera CameraID
	Facts  []Fact
}

// StateOf is the one function from facts to state. A fact that is final for
// the camera's copy wins over one about other copies; a hold wins over what it
// holds back.
func StateOf(facts []Fact) State {
	r := Recording{Facts: facts}
	result, _ := r.eraseResult()
	_, spooled := r.Spooled()
	switch {
	case result.Outcome == EraseConfirmed:
		return StateErased
	case has[Vanished](facts):
		return StateVanished
	case r.Held() != nil:
		return StateHeld
	case r.Clearing():
		return StateCleared
	case r.Stored(0):
		return StateStored
	case spooled:
		return StateSpooled
	}
	return StateSeen
}

// last returns the latest fact with a body of type B, and its place.
func last[B FactBody](facts []Fact) (body B, at int) {
	for i := len(facts) - 1; i >= 0; i-- {
		if b, ok := facts[i].Body.(B); ok {
			return b, i
		}
	}
	return body, -1
}

func has[B FactBody](facts []Fact) bool {
	_, at := last[B](facts)
	return at >= 0
}

// State is what the recording's facts amount to.
func (r Recording) State() State { return StateOf(r.Facts) }

// Seen returns the fact that the recording began with.
func (r Recording) Seen() (Seen, bool) {
	body, at := last[Seen](r.Facts)
	return body, at >= 0
}

// Spooled returns what was sealed, once it is durably on the spool.
func (r Recording) Spooled() (SpoolIntent, bool) {
	body, intent := last[SpoolIntent](r.Facts)
	done, at := last[Spooled](r.Facts)
	return body, intent >= 0 && at > intent && done.Sealed == body.Sealed
}

// Intended returns the latest spool intent that was not completed.
func (r Recording) Intended() (SpoolIntent, bool) {
	body, intent := last[SpoolIntent](r.Facts)
	_, done := last[Spooled](r.Facts)
	return body, intent > done
}

// OnSpool reports whether the station's own disk should hold the sealed file.
// An intent after it says that the file was lost, and is to be made anew.
func (r Recording) OnSpool() bool {
	_, spooled := last[Spooled](r.Facts)
	_, released := last[SpoolReleased](r.Facts)
	_, intent := last[SpoolIntent](r.Facts)
	return spooled >= 0 && max(released, intent) < spooled
}

// Confirmation is a receipt and when it was earned or last confirmed.
type Confirmation struct {
	Receipt Receipt
	First   Instant // when the store gave its first receipt that still holds
	At      Instant // when it was read back last
	Times   int     // how often it was read back
}

// Receipts returns the receipts that hold, the latest of each store, in the
// order in which the stores gave their first one.
func (r Recording) Receipts() []Confirmation {
	var held []Confirmation
	index := map[StoreID]int{}
	for _, fact := range r.Facts {
		switch body := fact.Body.(type) {
		case ReceiptEarned:
			store := body.Receipt.Store
			i, known := index[store]
			if !known {
				i = len(held)
				index[store] = i
				held = append(held, Confirmation{First: fact.At})
			}
			held[i].Receipt, held[i].At = RestoreReceipt(body.Receipt), fact.At
			held[i].Times++
		case ReceiptRevoked:
			if i, known := index[body.Store]; known {
				held = append(held[:i], held[i+1:]...)
				delete(index, body.Store)
				for store, j := range index {
					if j > i {
						index[store] = j - 1
					}
				}
			}
		}
	}
	return held
}

// Stored reports whether the receipts amount to the copies that were asked for
// when the recording was seen, and to at least copies.
func (r Recording) Stored(copies int) bool {
	if _, ok := r.Spooled(); !ok {
		return false
	}
	seen, _ := r.Seen()
	have, _ := r.Holding().count(everyStore)
	return have >= max(copies, seen.Copies, 1)
}

// Holding is where the confirmed copies of what was sealed are; empty as long
// as nothing is.
func (r Recording) Holding() Holding {
	spooled, ok := r.Spooled()
	if !ok {
		return nil
	}
	var receipts []Receipt
	for _, c := range r.Receipts() {
		receipts = append(receipts, c.Receipt)
	}
	return holdingOf(receipts, spooled.Sealed)
}

// storedSince is the instant of the youngest receipt's first confirmation: from
// then on the copies have been there, so the grace period is counted from it.
func (r Recording) storedSince() Instant {
	receipts := r.Receipts()
	if len(receipts) == 0 {
		return Instant{}
	}
	return receipts[len(receipts)-1].First
}

// Held returns the hold that stands, nil for none.
func (r Recording) Held() *Hold {
	hold, at := last[Hold](r.Facts)
	_, released := last[Release](r.Facts)
	if at < 0 || released > at {
		return nil
	}
	return &hold
}

// Clearing reports an erase intent whose outcome is not known.
func (r Recording) Clearing() bool {
	_, intent := last[EraseIntent](r.Facts)
	result, at := r.eraseResult()
	return intent >= 0 && (at < intent || result.Outcome == EraseUnconfirmed)
}

// Erasing returns the docking whose intent to erase has no known outcome, empty
// for none, and whether that it cannot be known is already on record.
func (r Recording) Erasing() (docking DockingID, unconfirmed bool) {
	if !r.Clearing() {
		return "", false
	}
	_, intent := last[EraseIntent](r.Facts)
	_, result := r.eraseResult()
	return r.Facts[intent].Docking, result > intent
}

func (r Recording) eraseResult() (EraseResult, int) { return last[EraseResult](r.Facts) }

// SecondReadIn returns the latest second read of the given docking.
func (r Recording) SecondReadIn(docking DockingID) (SecondRead, bool) {
	for i := len(r.Facts) - 1; i >= 0; i-- {
		if body, ok := r.Facts[i].Body.(SecondRead); ok && r.Facts[i].Docking == docking {
			return body, true
		}
	}
	return SecondRead{}, false
}
