package offload_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"berth/hashing"
	"berth/offload"
	"berth/offload/storetest"
)

var policy = offload.RetryPolicy{Tries: 5, First: time.Second, Most: 3 * time.Second}

func TestPassingErrorsAreRiddenOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := storetest.NewMemory("one")
		reset := errors.New("connection reset")
		for _, op := range []storetest.Op{storetest.Identity, storetest.Place, storetest.Put, storetest.Stat, storetest.Open} {
			memory.Plant(op, storetest.Fault{Before: reset}, storetest.Fault{After: reset}, storetest.Fault{Before: reset})
		}
		s := offload.WithRetry(memory, policy)
		sealed := storetest.Seal(storetest.Content(1, 100))
		_, err := s.Put(t.Context(), sealed)
		_, errIdentity := s.Identity(t.Context())
		_, errPlace := s.Place(t.Context())
		_, errStat := s.Stat(t.Context(), sealed.Key, "")
		_, errOpen := s.Open(t.Context(), sealed.Key, "")
		if err := errors.Join(err, errIdentity, errPlace, errStat, errOpen); err != nil {
			t.Error(err)
		}
	})
}

func TestTriesAndPausesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := storetest.NewMemory("one")
		reset := errors.New("connection reset")
		memory.Always(storetest.Put, storetest.Fault{Before: reset})
		began := time.Now()
		_, err := offload.WithRetry(memory, policy).Put(t.Context(), storetest.Seal(storetest.Content(1, 100)))
		if calls := memory.Calls(storetest.Put); !errors.Is(err, reset) || calls != policy.Tries {
			t.Errorf("%d calls, %v; want %d and the store's error", calls, err, policy.Tries)
		}
		if took := time.Since(began); took == 0 || took > (1+2+3+3)*time.Second {
			t.Errorf("the pauses took %v together", took)
		}
	})
}

func TestFinalErrorsAreNotRepeated(t *testing.T) {
	for _, final := range []error{
		offload.ErrNotCommissioned, offload.ErrDifferent, offload.ErrBadKey, fs.ErrNotExist,
		context.Canceled, context.DeadlineExceeded, &hashing.Mismatch{What: "the sealed file"},
	} {
		memory := storetest.NewMemory("one")
		memory.Always(storetest.Put, storetest.Fault{Before: fmt.Errorf("put: %w", final)})
		_, err := offload.WithRetry(memory, policy).Put(t.Context(), storetest.Seal(storetest.Content(1, 100)))
		if calls := memory.Calls(storetest.Put); calls != 1 || !errors.Is(err, final) {
			t.Errorf("%v: %d calls, %v; want one", final, calls, err)
		}
	}
}

func TestRetryEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := storetest.NewMemory("one")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		memory.Always(storetest.Put, storetest.Fault{Before: errors.New("connection reset")})
		endless := offload.RetryPolicy{Tries: 1 << 30, First: time.Hour, Most: time.Hour}
		ended := make(chan error)
		go func() {
			_, err := offload.WithRetry(memory, endless).Put(ctx, storetest.Seal(storetest.Content(1, 100)))
			ended <- err
		}()
		synctest.Wait() // it waits for its second try
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Put = %v, want context.Canceled", err)
		}
	})
}
