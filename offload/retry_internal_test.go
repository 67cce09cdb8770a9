package offload

import (
	"testing"
	"time"
)

func TestPausesDoubleUpToTheMost(t *testing.T) {
	p := RetryPolicy{Tries: 1 << 30, First: time.Second, Most: 5 * time.Second}
	for failures, bound := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 5 * time.Second, 1 << 20: 5 * time.Second,
	} {
		var longest time.Duration
		for range 1000 {
			pause := p.pause(failures)
			if longest = max(longest, pause); pause <= 0 || pause > bound {
				t.Fatalf("after %d failures a pause of %v, bound %v", failures, pause, bound)
			}
		}
		if longest < bound*9/10 {
			t.Errorf("after %d failures no pause of 1000 came near %v: %v", failures, bound, longest)
		}
	}
}
