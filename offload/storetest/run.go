package storetest

import (
	"errors"
	"testing"

	"berth/dock"
	"berth/offload"
)

// Harness makes the stores that Run needs. Everything that it opens it closes
// in t.Cleanup.
type Harness struct {
	// New returns an empty, commissioned store.
	New func(t *testing.T) offload.Store
	// Raw returns a store that was never commissioned.
	Raw func(t *testing.T) offload.Store
	// Swap puts another empty, commissioned store in the place of one from New,
	// as somebody does who mounts another disk.
	Swap func(t *testing.T, s offload.Store)
	// Damage changes the stored bytes of a key behind the store's back.
	Damage func(t *testing.T, s offload.Store, key string, alter func([]byte) []byte)
	// Lose takes the store's medium away, as an unmounted disk or a server
	// without the bucket. Nil where that cannot happen.
	Lose func(t *testing.T, s offload.Store)
}

// Run checks that a store keeps the contract of offload.Store.
func Run(t *testing.T, h Harness) {
	for _, promise := range []struct {
		name  string
		check func(*testing.T, Harness)
	}{
		{"PutThenOpenGivesExactlyTheBytes", exactBytes},
		{"PutIsRepeatable", repeatable},
		{"ConcurrentPutsOfOneKeyAgree", concurrentPuts},
		{"OtherBytesUnderAKeyAreLeftAsTheyAre", otherBytes},
		{"BadKeysAreRefused", badKeys},
		{"BytesThatAreNotTheSealedFileAreRefused", wrongBytes},
		{"CancelledPutLeavesNothing", cancelledPut},
		{"InterruptedPutCanBeRepeated", interruptedPut},
		{"UnreadableSpoolFileIsAnError", unreadable},
		{"MissingObjectIsNotExist", missing},
		{"OpenEndsWithItsContext", cancelledOpen},
		{"StoreWithoutIdentityRefusesEverything", rawStore},
		{"LostStoreIsNoMissingObject", lostStore},
		{"SwappedStoreIsNoticed", swapped},
		{"PlaceIsNamed", place},
	} {
		t.Run(promise.name, func(t *testing.T) { promise.check(t, h) })
	}
}

// sizes are around the borders of pages and chunks.
var sizes = [...]int{1, 4095, 4096, 4097, 1<<20 - 1, 1 << 20, 1<<20 + 1, 1<<20 + 4096, 3<<20 + 5}

func exactBytes(t *testing.T, h Harness) {
	s := h.New(t)
	for _, size := range append(sizes[:], 0) {
		content := Content(uint64(size), size)
		sealed := Seal(content)
		version := mustPut(t, s, sealed)
		expectContent(t, s, sealed, version, content)
		object, err := s.Stat(t.Context(), sealed.Key, version)
		if want := (dock.Object{Key: sealed.Key, Version: version, SizeBytes: int64(size)}); err != nil || object != want {
			t.Errorf("Stat = %+v, %v; want %+v", object, err, want)
		}
		if _, err := receipt(t, s, sealed, version); err != nil {
			t.Errorf("no receipt for %d bytes: %v", size, err)
		}
	}
}

func missing(t *testing.T, h Harness) {
	s := h.New(t)
	sealed := Seal(Content(1, 5000))
	expectMissing(t, s, sealed.Key)
	mustPut(t, s, Seal(Content(2, 5000))) // its neighbour in the same folder
	expectMissing(t, s, sealed.Key)
}

func rawStore(t *testing.T, h Harness) {
	refusesEverything(t, h.Raw(t), Seal(Content(1, 5000)))
}

func lostStore(t *testing.T, h Harness) {
	if h.Lose == nil {
		t.Skip("this store cannot be lost")
	}
	s := h.New(t)
	sealed := Seal(Content(1, 5000))
	mustPut(t, s, sealed)
	h.Lose(t, s)
	refusesEverything(t, s, sealed)
}

func refusesEverything(t *testing.T, s offload.Store, sealed dock.Sealed) {
	t.Helper()
	calls := map[string]func() error{
		"Identity": func() error { _, err := s.Identity(t.Context()); return err },
		"Put":      func() error { _, err := s.Put(t.Context(), sealed); return err },
		// Taking this for a missing object would revoke receipts.
		"Stat": func() error { _, err := s.Stat(t.Context(), sealed.Key, ""); return err },
		"Open": func() error { _, err := s.Open(t.Context(), sealed.Key, ""); return err },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, offload.ErrNotCommissioned) || isMissing(err) {
			t.Errorf("%s = %v, want ErrNotCommissioned", name, err)
		}
	}
}

func swapped(t *testing.T, h Harness) {
	s := h.New(t)
	sealed := Seal(Content(1, 5000))
	mustPut(t, s, sealed)
	before := mustIdentity(t, s)
	if again := mustIdentity(t, s); again != before {
		t.Errorf("identity changed by itself from %s to %s", before, again)
	}
	h.Swap(t, s)
	if after := mustIdentity(t, s); after == before {
		t.Errorf("a swapped store still says that it is %s", before)
	}
	expectMissing(t, s, sealed.Key)
}

func place(t *testing.T, h Harness) {
	place, err := h.New(t).Place(t.Context())
	if err != nil || place.Device == "" {
		t.Errorf("Place = %+v, %v; want a device", place, err)
	}
}
