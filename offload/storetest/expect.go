package storetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"testing"

	"berth/dock"
	"berth/offload"
)

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func unopenable(err error) func() (io.ReadSeekCloser, error) {
	return func() (io.ReadSeekCloser, error) { return nil, err }
}

func expectMissing(t *testing.T, s offload.Store, key string) {
	t.Helper()
	if object, err := s.Stat(t.Context(), key, ""); !isMissing(err) {
		t.Errorf("Stat of a missing object = %+v, %v; want fs.ErrNotExist", object, err)
	}
	back, err := s.Open(t.Context(), key, "")
	if !isMissing(err) {
		t.Errorf("Open of a missing object = %v; want fs.ErrNotExist", err)
	}
	if err == nil {
		back.Close()
	}
}

func expectContent(t *testing.T, s offload.Store, sealed dock.Sealed, version dock.Version, want []byte) {
	t.Helper()
	back, err := s.Open(t.Context(), sealed.Key, version)
	if err != nil {
		t.Fatalf("Open %s: %v", sealed.Key, err)
	}
	got, err := io.ReadAll(back)
	if err := errors.Join(err, back.Close()); err != nil {
		t.Fatalf("read %s back: %v", sealed.Key, err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("read back %d bytes that are not the %d that were put", len(got), len(want))
	}
}

func receipt(t *testing.T, s offload.Store, sealed dock.Sealed, version dock.Version) (dock.Receipt, error) {
	t.Helper()
	back, err := s.Open(t.Context(), sealed.Key, version)
	if err != nil {
		return dock.Receipt{}, err
	}
	defer back.Close()
	return dock.NewReceipt(mustIdentity(t, s), dock.Place{}, sealed, version, back)
}

func mustIdentity(t *testing.T, s offload.Store) dock.StoreID {
	t.Helper()
	id, err := s.Identity(t.Context())
	if err != nil || id == "" {
		t.Fatalf("Identity = %q, %v", id, err)
	}
	return id
}

func cancelledOpen(t *testing.T, h Harness) {
	s := h.New(t)
	sealed := Seal(Content(1, 4<<20))
	version := mustPut(t, s, sealed)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	back, err := s.Open(ctx, sealed.Key, version)
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	if _, err := io.ReadFull(back, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if n, err := io.Copy(io.Discard, back); !errors.Is(err, context.Canceled) {
		t.Errorf("reading on after the context ended = %d bytes, %v; want context.Canceled", n, err)
	}
	if _, err := s.Open(ctx, sealed.Key, version); !errors.Is(err, context.Canceled) {
		t.Errorf("Open with a context that has ended = %v, want context.Canceled", err)
	}
}
