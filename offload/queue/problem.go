package queue

import (
	"errors"
	"math/rand/v2"
	"time"

	"berth/dock"
	"berth/hashing"
	"berth/offload"
)

// problem is what a store or the spool does wrong. Every other error is the
// journal's, or the end of the context.
type problem struct {
	cause   error
	swapped bool // the store itself is missing, or is another one
}

func (p *problem) Error() string { return p.cause.Error() }
func (p *problem) Unwrap() error { return p.cause }

// stubborn: trying again soon would change nothing. It is tried again all the
// same, slowly: a person may have cleared the way.
func (p *problem) stubborn() bool {
	return errors.Is(p.cause, offload.ErrDifferent) || errors.Is(p.cause, offload.ErrBadKey)
}

// ofRecording: the store is fine as far as one can tell, and other recordings
// need not wait for this one.
func (p *problem) ofRecording() bool {
	var mismatch *hashing.Mismatch
	return p.stubborn() || errors.Is(p.cause, dock.ErrReceipt) || errors.As(p.cause, &mismatch)
}

// The pauses between attempts: up to a second after the first failure, twice
// that after each further one.
const (
	backoffBase = time.Second
	backoffCap  = 5 * time.Minute
)

// backoff draws the pause after so many failures in a row evenly from zero to
// the longest allowed, so that stations that failed together do not come back
// together.
func backoff(failures int) time.Duration {
	longest := backoffCap
	if shift := max(failures-1, 0); shift < 16 {
		longest = min(backoffCap, backoffBase<<shift)
	}
	return time.Duration(1 + rand.Int64N(int64(longest)))
}
