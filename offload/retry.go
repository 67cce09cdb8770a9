package offload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"time"

	"berth/dock"
	"berth/hashing"
)

// RetryPolicy bounds the attempts of WithRetry.
type RetryPolicy struct {
	Tries int           // attempts in all; below 2 nothing is repeated
	First time.Duration // longest pause after the first failure
	Most  time.Duration // longest pause at all
}

// WithRetry repeats calls that fail in a way that may pass, with pauses drawn
// evenly between nothing and a bound that doubles. It rides out seconds;
// outages are the queue's to wait for. What the store refuses for good, an
// object that does not exist, bytes that are not those of the sealed file and
// the end of ctx are never repeated. Reading from what Open returned is not
// repeated either: half of an object is no proof.
func WithRetry(s Store, p RetryPolicy) Store { return &retrying{s, p} }

type retrying struct {
	store  Store
	policy RetryPolicy
}

func (r *retrying) Identity(ctx context.Context) (dock.StoreID, error) {
	return again(ctx, r.policy, func() (dock.StoreID, error) { return r.store.Identity(ctx) })
}

func (r *retrying) Place(ctx context.Context) (dock.Place, error) {
	return again(ctx, r.policy, func() (dock.Place, error) { return r.store.Place(ctx) })
}

func (r *retrying) Put(ctx context.Context, sealed dock.Sealed) (dock.Version, error) {
	return again(ctx, r.policy, func() (dock.Version, error) { return r.store.Put(ctx, sealed) })
}

func (r *retrying) Stat(ctx context.Context, key string, v dock.Version) (dock.Object, error) {
	return again(ctx, r.policy, func() (dock.Object, error) { return r.store.Stat(ctx, key, v) })
}

func (r *retrying) Open(ctx context.Context, key string, v dock.Version) (io.ReadCloser, error) {
	return again(ctx, r.policy, func() (io.ReadCloser, error) { return r.store.Open(ctx, key, v) })
}

// again calls until it succeeds, the tries are used up or the error is final.
func again[T any](ctx context.Context, p RetryPolicy, call func() (T, error)) (T, error) {
	for try := 1; ; try++ {
		result, err := call()
		if err == nil || final(err) || ctx.Err() != nil {
			return result, err
		}
		if try >= p.Tries {
			return result, fmt.Errorf("after %d attempts: %w", try, err)
		}
		timer := time.NewTimer(p.pause(try))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return result, errors.Join(ctx.Err(), err)
		}
	}
}

// pause after so many failures.
func (p RetryPolicy) pause(failures int) time.Duration {
	longest := p.First
	for range failures - 1 {
		if longest *= 2; longest >= p.Most {
			break
		}
	}
	longest = max(min(longest, p.Most), 1)
	return time.Duration(rand.Int64N(int64(longest)) + 1)
}

// final: another attempt would end the same way.
func final(err error) bool {
	var mismatch *hashing.Mismatch
	for _, sentinel := range []error{
		ErrNotCommissioned, ErrDifferent, ErrBadKey, fs.ErrNotExist, context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	return errors.As(err, &mismatch)
}
