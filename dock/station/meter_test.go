package station

import (
	"testing"
	"time"
)

func TestTheRateIsThatOfTheLastTenSeconds(t *testing.T) {
	var m meter
	var total int64
	at := time.Duration(0)
	for ; at < 20*time.Second; at += 500 * time.Millisecond {
		total += 50 << 20 // a fast start
		m.add(at, total)
	}
	for ; at < 40*time.Second; at += 500 * time.Millisecond {
		total += 5 << 20 // then ten megabytes a second
		m.add(at, total)
	}
	if rate := m.rate(at); rate < 9<<20 || rate > 11<<20 {
		t.Errorf("rate = %d, want about %d: the fast start is long over", rate, 10<<20)
	}
}

func TestAPullThatBeginsAgainHasNoNegativeRate(t *testing.T) {
	var m meter
	m.add(0, 100<<20)
	m.add(time.Second, 1<<20)
	m.add(2*time.Second, 2<<20)
	if rate := m.rate(2 * time.Second); rate < 0 {
		t.Errorf("rate = %d", rate)
	}
}

func TestTheRateFallsWhenNothingComes(t *testing.T) {
	var m meter
	m.add(0, 0)
	m.add(time.Second, 10<<20)
	if early, late := m.rate(time.Second), m.rate(9*time.Second); late >= early {
		t.Errorf("rate stays at %d after eight seconds of silence (was %d)", late, early)
	}
}
