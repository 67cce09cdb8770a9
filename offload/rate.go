package offload

import (
	"context"
	"io"
	"sync"
	"time"

	"berth/dock"
)

// WithRate limits how fast Put sends and Open receives, each to bytesPerSecond,
// together over all calls of one direction. What is not used is not saved up: a
// link that was quiet for an hour gets no burst. Zero or less is no limit.
func WithRate(s Store, bytesPerSecond int64) Store {
	if bytesPerSecond <= 0 {
		return s
	}
	return &limited{Store: s, sent: &bucket{rate: bytesPerSecond}, received: &bucket{rate: bytesPerSecond}}
}

// limited hands everything that moves no content through.
type limited struct {
	Store
	sent, received *bucket
}

func (l *limited) Put(ctx context.Context, sealed dock.Sealed) (dock.Version, error) {
	open := sealed.Open
	sealed.Open = func() (io.ReadSeekCloser, error) {
		file, err := open()
		if err != nil {
			return nil, err
		}
		return struct {
			io.Reader
			io.Seeker
			io.Closer
		}{&slowReader{ctx, file, l.sent}, file, file}, nil
	}
	return l.Store.Put(ctx, sealed)
}

func (l *limited) Open(ctx context.Context, key string, v dock.Version) (io.ReadCloser, error) {
	object, err := l.Store.Open(ctx, key, v)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{&slowReader{ctx, object, l.received}, object}, nil
}

// bucket says when the next bytes may flow. It fills at rate, and holds no more
// than what one read took.
type bucket struct {
	rate int64 // bytes per second

	mu   sync.Mutex
	free time.Time // when what flowed so far is paid off; guarded by mu
}

// wait until everything that flowed before is paid off.
func (b *bucket) wait(ctx context.Context) error {
	for {
		b.mu.Lock()
		pause := time.Until(b.free)
		b.mu.Unlock()
		if err := ctx.Err(); err != nil || pause <= 0 {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// spend takes down that n bytes have flowed.
func (b *bucket) spend(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := time.Now(); b.free.Before(now) {
		b.free = now
	}
	b.free = b.free.Add(time.Duration(float64(n) / float64(b.rate) * float64(time.Second)))
}

// slowReader reads no more at once than what a tenth of a second pays for.
type slowReader struct {
	ctx    context.Context
	source io.Reader
	bucket *bucket
}

func (r *slowReader) Read(p []byte) (int, error) {
	if err := r.bucket.wait(r.ctx); err != nil {
		return 0, err
	}
	n, err := r.source.Read(p[:min(int64(len(p)), max(r.bucket.rate/10, 1))])
	r.bucket.spend(n)
	return n, err
}
