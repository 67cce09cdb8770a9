package queue

import (
	"testing"
	"time"
)

func TestPausesDoubleUpToFiveMinutes(t *testing.T) {
	for failures, bound := range map[int]time.Duration{
		0: time.Second, 1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 9: 256 * time.Second,
		10: 5 * time.Minute, 64: 5 * time.Minute, 1 << 40: 5 * time.Minute,
	} {
		var longest time.Duration
		for range 1000 {
			pause := backoff(failures)
			if longest = max(longest, pause); pause <= 0 || pause > bound {
				t.Fatalf("after %d failures a pause of %v, bound %v", failures, pause, bound)
			}
		}
		if longest < bound*9/10 {
			t.Errorf("after %d failures no pause of 1000 came near %v: %v", failures, bound, longest)
		}
	}
}
