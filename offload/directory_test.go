package offload_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"berth/offload"
	"berth/offload/storetest"
)

// paths remembers where the stores of a harness lie.
type paths map[offload.Store]string

func (p paths) raw(t *testing.T, base string) offload.Store {
	path, err := os.MkdirTemp(base, "store")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(path) })
	s := offload.NewDirectory("nas", path, false, "")
	p[s] = path
	return s
}

func (p paths) commissioned(t *testing.T, base string) offload.Store {
	s := p.raw(t, base)
	commission(t, s)
	return s
}

func commission(t *testing.T, s offload.Store) {
	t.Helper()
	if _, err := s.(*offload.Directory).Commission(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// replace puts an empty directory, or none, where the store was.
func (p paths) replace(t *testing.T, s offload.Store, empty bool) {
	err := os.Rename(p[s], p[s]+"-unmounted")
	t.Cleanup(func() { os.RemoveAll(p[s] + "-unmounted") })
	if err == nil && empty {
		err = os.Mkdir(p[s], 0o750)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (p paths) damage(t *testing.T, s offload.Store, key string, alter func([]byte) []byte) {
	path := filepath.Join(p[s], key)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Another file: the store's own is read-only.
	err = errors.Join(os.Remove(path), os.WriteFile(path, alter(content), 0o440))
	if err != nil {
		t.Fatal(err)
	}
}

func harness(base string, empty bool) storetest.Harness {
	p := paths{}
	return storetest.Harness{
		New: func(t *testing.T) offload.Store { return p.commissioned(t, base) },
		Raw: func(t *testing.T) offload.Store { return p.raw(t, base) },
		Swap: func(t *testing.T, s offload.Store) {
			p.replace(t, s, true)
			commission(t, s)
		},
		Lose:   func(t *testing.T, s offload.Store) { p.replace(t, s, empty) },
		Damage: p.damage,
	}
}

func TestDirectoryKeepsTheContract(t *testing.T) {
	t.Run("EmptyMountPoint", func(t *testing.T) { storetest.Run(t, harness("", true)) })
	t.Run("NoMountPoint", func(t *testing.T) { storetest.Run(t, harness("", false)) })
}

// TestDirectoryKeepsTheContractWithoutDirectIO runs on tmpfs, which has none.
func TestDirectoryKeepsTheContractWithoutDirectIO(t *testing.T) {
	const base = "/dev/shm"
	if err := os.WriteFile(base+"/.berth-probe", nil, 0o600); err != nil {
		t.Skip("no tmpfs to write to")
	}
	os.Remove(base + "/.berth-probe")
	storetest.Run(t, harness(base, true))
}

func TestDecoratedDirectoryKeepsTheContract(t *testing.T) {
	plain := harness("", true)
	inner := map[offload.Store]offload.Store{}
	wrap := func(s offload.Store) offload.Store {
		w := offload.WithRate(offload.WithRetry(s, offload.RetryPolicy{Tries: 3, First: 1, Most: 2}), 1<<40)
		inner[w] = s
		return w
	}
	storetest.Run(t, storetest.Harness{
		New:  func(t *testing.T) offload.Store { return wrap(plain.New(t)) },
		Raw:  func(t *testing.T) offload.Store { return wrap(plain.Raw(t)) },
		Swap: func(t *testing.T, s offload.Store) { plain.Swap(t, inner[s]) },
		Lose: func(t *testing.T, s offload.Store) { plain.Lose(t, inner[s]) },
		Damage: func(t *testing.T, s offload.Store, key string, alter func([]byte) []byte) {
			plain.Damage(t, inner[s], key, alter)
		},
	})
}
