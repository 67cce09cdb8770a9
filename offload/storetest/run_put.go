package storetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"berth/dock"
	"berth/hashing"
	"berth/offload"
)

func repeatable(t *testing.T, h Harness) {
	s := h.New(t)
	content := Content(1, 1<<20+77)
	sealed := Seal(content)
	first := mustPut(t, s, sealed)
	second := mustPut(t, s, sealed)
	expectContent(t, s, sealed, first, content)
	expectContent(t, s, sealed, second, content)
}

func concurrentPuts(t *testing.T, h Harness) {
	s := h.New(t)
	content := Content(1, 2<<20+5)
	sealed := Seal(content)
	// All of them read before any of them ends.
	var begun sync.WaitGroup
	const callers = 4
	begun.Add(callers)
	var done sync.WaitGroup
	for range callers {
		done.Go(func() {
			var once sync.Once
			watched := Watched(sealed, func(int64) error {
				once.Do(func() { begun.Done(); begun.Wait() })
				return nil
			})
			if _, err := s.Put(t.Context(), watched); err != nil {
				t.Errorf("Put beside others: %v", err)
			}
		})
	}
	done.Wait()
	expectContent(t, s, sealed, "", content)
}

func otherBytes(t *testing.T, h Harness) {
	for name, alter := range map[string]func([]byte) []byte{
		"flipped": FlipBit, "shorter": Truncate,
		"longer": func(content []byte) []byte { return append(content, 0) },
		"empty":  func([]byte) []byte { return nil },
	} {
		s := h.New(t)
		sealed := Seal(Content(1, 1<<20+9))
		version := mustPut(t, s, sealed)
		h.Damage(t, s, sealed.Key, alter)
		damaged := alter(Content(1, 1<<20+9))
		for range 2 {
			if _, err := s.Put(t.Context(), sealed); !errors.Is(err, offload.ErrDifferent) {
				t.Errorf("%s: Put over other bytes = %v, want ErrDifferent", name, err)
			}
			expectContent(t, s, sealed, version, damaged)
		}
		if _, err := receipt(t, s, sealed, version); !errors.Is(err, dock.ErrReceipt) {
			t.Errorf("%s: receipt for other bytes: %v", name, err)
		}
	}
}

func badKeys(t *testing.T, h Harness) {
	s := h.New(t)
	good := Seal(Content(1, 100))
	digest := good.Digest.String()
	for _, key := range []string{
		"", "/", ".", "..", digest, digest + ".sealed", "/etc/passwd",
		"hq-dock-1/2026/03/09/" + digest,
		"hq-dock-1/2026/03/09/" + digest + ".sealed/",
		"hq-dock-1/2026/03/09/" + digest + ".sealed\x00",
		"hq-dock-1/2026/03/09/" + strings.ToUpper(digest) + ".sealed",
		"hq-dock-1/2026/03/09/" + digest[1:] + ".sealed",
		"hq-dock-1/2026/02/30/" + digest + ".sealed",
		"hq-dock-1/2026/3/9/" + digest + ".sealed",
		"hq-dock-1/2026/03/" + digest + ".sealed",
		"hq-dock-1//03/09/" + digest + ".sealed",
		"/hq-dock-1/2026/03/09/" + digest + ".sealed",
		"../2026/03/09/" + digest + ".sealed",
		".berth/2026/03/09/" + digest + ".sealed",
		"HQ/2026/03/09/" + digest + ".sealed",
		"hq-dock-1/../../../" + digest + ".sealed",
		`hq-dock-1\2026\03\09\` + digest + ".sealed",
	} {
		bad := good
		bad.Key = key
		if _, err := s.Put(t.Context(), bad); !errors.Is(err, offload.ErrBadKey) {
			t.Errorf("Put under %q = %v, want ErrBadKey", key, err)
		}
		if _, err := s.Stat(t.Context(), key, ""); !errors.Is(err, offload.ErrBadKey) {
			t.Errorf("Stat of %q = %v, want ErrBadKey", key, err)
		}
		if _, err := s.Open(t.Context(), key, ""); !errors.Is(err, offload.ErrBadKey) {
			t.Errorf("Open of %q = %v, want ErrBadKey", key, err)
		}
	}
	foreign := good
	foreign.Key = Seal(Content(2, 100)).Key
	if _, err := s.Put(t.Context(), foreign); !errors.Is(err, offload.ErrBadKey) {
		t.Errorf("Put under the key of another digest = %v, want ErrBadKey", err)
	}
	unknown := good
	unknown.Digest = hashing.Digest{}
	if _, err := s.Put(t.Context(), unknown); !errors.Is(err, offload.ErrBadKey) {
		t.Errorf("Put without a digest = %v, want ErrBadKey", err)
	}
}

func wrongBytes(t *testing.T, h Harness) {
	s := h.New(t)
	for _, size := range []int{4096, 1<<20 + 4096} {
		content := Content(uint64(size), size)
		sealed := Seal(content)
		for name, changed := range map[string][]byte{
			"flipped": FlipBit(Content(uint64(size), size)), "shorter": content[:size-4096],
			"longer": append(Content(uint64(size), size), make([]byte, 4096)...), "empty": nil,
		} {
			wrong := sealed
			wrong.Open = Seal(changed).Open
			var mismatch *hashing.Mismatch
			if _, err := s.Put(t.Context(), wrong); !errors.As(err, &mismatch) {
				t.Errorf("%s: Put of other bytes than promised = %v, want a mismatch", name, err)
			}
			expectMissing(t, s, sealed.Key)
		}
		expectContent(t, s, sealed, mustPut(t, s, sealed), content)
	}
}

func cancelledPut(t *testing.T, h Harness) {
	s := h.New(t)
	content := Content(1, 8<<20)
	sealed := Seal(content)
	var furthest int64
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	watched := Watched(sealed, func(offset int64) error {
		if offset >= 2<<20 {
			cancel()
		}
		furthest = offset
		return nil
	})
	if _, err := s.Put(ctx, watched); !errors.Is(err, context.Canceled) {
		t.Errorf("Put = %v, want context.Canceled", err)
	}
	if furthest > 6<<20 {
		t.Errorf("Put was cancelled at 2 MiB and read on to %d bytes", furthest)
	}
	if _, err := s.Put(ctx, sealed); !errors.Is(err, context.Canceled) {
		t.Errorf("Put with a context that has ended = %v, want context.Canceled", err)
	}
	expectMissing(t, s, sealed.Key)
	expectContent(t, s, sealed, mustPut(t, s, sealed), content)
}

func interruptedPut(t *testing.T, h Harness) {
	s := h.New(t)
	content := Content(1, 3<<20+4096)
	sealed := Seal(content)
	cut := errors.New("the spool's disk fails")
	for _, at := range []int64{0, 4096, 1 << 20, 3 << 20, sealed.SizeBytes} {
		watched := Watched(sealed, func(offset int64) error {
			if offset >= at {
				return cut
			}
			return nil
		})
		if _, err := s.Put(t.Context(), watched); !errors.Is(err, cut) {
			t.Errorf("Put cut off at %d = %v, want %v", at, err, cut)
		}
		expectMissing(t, s, sealed.Key)
	}
	expectContent(t, s, sealed, mustPut(t, s, sealed), content)
}

func unreadable(t *testing.T, h Harness) {
	s := h.New(t)
	sealed := Seal(Content(1, 5000))
	gone := errors.New("the spool file is gone")
	missing := sealed
	missing.Open = unopenable(gone)
	if _, err := s.Put(t.Context(), missing); !errors.Is(err, gone) {
		t.Errorf("Put = %v, want %v", err, gone)
	}
	expectMissing(t, s, sealed.Key)
}

func mustPut(t *testing.T, s offload.Store, sealed dock.Sealed) dock.Version {
	t.Helper()
	version, err := s.Put(t.Context(), sealed)
	if err != nil {
		t.Fatalf("Put %s: %v", sealed.Key, err)
	}
	return version
}
