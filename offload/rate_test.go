package offload_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"berth/offload"
	"berth/offload/storetest"
)

const rate = 1 << 20 // bytes per second

// took measures by the bubble's clock, which moves only while all wait.
func took(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began)
}

func TestRateBoundsBothDirections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := offload.WithRate(storetest.NewMemory("one"), rate)
		sealed := storetest.Seal(storetest.Content(1, 5*rate))
		sent := took(func() { put(t, s, sealed) })
		received := took(func() {
			if err := readBack(t.Context(), s, sealed); err != nil {
				t.Error(err)
			}
		})
		for what, length := range map[string]time.Duration{"sending": sent, "reading back": received} {
			if length < 4800*time.Millisecond || length > 5200*time.Millisecond {
				t.Errorf("%s 5 seconds' worth took %v", what, length)
			}
		}
	})
}

func TestRateIsSharedByAllCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := offload.WithRate(storetest.NewMemory("one"), rate)
		length := took(func() {
			var all sync.WaitGroup
			for i := range uint64(4) {
				all.Go(func() { put(t, s, storetest.Seal(storetest.Content(i, 2*rate))) })
			}
			all.Wait()
		})
		if length < 7*time.Second {
			t.Errorf("8 seconds' worth in four calls took %v", length)
		}
	})
}

func TestRateSavesNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := offload.WithRate(storetest.NewMemory("one"), rate)
		put(t, s, storetest.Seal(storetest.Content(1, rate)))
		time.Sleep(time.Hour)
		if length := took(func() { put(t, s, storetest.Seal(storetest.Content(2, 3*rate))) }); length < 2800*time.Millisecond {
			t.Errorf("3 seconds' worth after an hour of silence took %v", length)
		}
	})
}

func TestRateEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := offload.WithRate(storetest.NewMemory("one"), 10)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			_, err := s.Put(ctx, storetest.Seal(storetest.Content(1, rate)))
			ended <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Put = %v, want context.Canceled", err)
		}
	})
}

func TestNoRateIsNoLimit(t *testing.T) {
	memory := storetest.NewMemory("one")
	if s := offload.WithRate(memory, 0); s != offload.Store(memory) {
		t.Error("a rate of zero wraps the store")
	}
}
