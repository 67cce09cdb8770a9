package dock

import "time"

// BootID names one boot of the station's kernel.
type BootID string

// Instant is when the station did something: the wall clock as an annotation,
// which may be wrong or jump, and the time since boot (CLOCK_BOOTTIME), which
// is what waiting is measured by.
type Instant struct {
	Wall      time.Time
	Boot      BootID
	SinceBoot time.Duration
}

// Since is how long before i the earlier instant was, by the boot clock alone.
// Across a reboot it is the time since the boot: a lower bound, so that a grace
// period can only become longer. It is never negative.
func (i Instant) Since(earlier Instant) time.Duration {
	elapsed := i.SinceBoot
	if i.Boot == earlier.Boot {
		elapsed -= earlier.SinceBoot
	}
	return max(elapsed, 0)
}

// Clock tells the time. It must be safe for concurrent use.
type Clock interface{ Now() Instant }
