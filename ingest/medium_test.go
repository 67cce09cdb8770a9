package ingest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

var errDisk = errors.New("the disk is on fire")

// scripted is the real medium with a script in front of and behind every
// operation.
type scripted struct {
	kernel
	mu     sync.Mutex
	n      int
	log    []string
	before func(k int, op, file string) error // an error: the operation is not done
	after  func(k int, op, file string) error // an error: it is done and fails all the same
	space  func() int64                       // if set, the free space
	asleep bool                               // ReadBack claims success and reads nothing
}

func (m *scripted) do(op, file string, real func() error) error {
	m.mu.Lock()
	k := m.n
	m.n++
	m.log = append(m.log, fmt.Sprintf("%s %s", op, filepath.Ext(file)))
	m.mu.Unlock()
	if m.before != nil {
		if err := m.before(k, op, file); err != nil {
			return err
		}
	}
	err := real()
	if err == nil && m.after != nil {
		err = m.after(k, op, file)
	}
	return err
}

func (m *scripted) Allocate(f *os.File, n int64) error {
	return m.do("allocate", f.Name(), func() error { return m.kernel.Allocate(f, n) })
}

func (m *scripted) Write(f *os.File, b []byte, at int64) error {
	return m.do("write", f.Name(), func() error { return m.kernel.Write(f, b, at) })
}

func (m *scripted) Settle(f *os.File, at, n int64) error {
	return m.do("settle", f.Name(), func() error { return m.kernel.Settle(f, at, n) })
}

func (m *scripted) ReadBack(f *os.File, b []byte, at int64) error {
	return m.do("readback", f.Name(), func() error {
		if m.asleep {
			return nil
		}
		return m.kernel.ReadBack(f, b, at)
	})
}

func (m *scripted) Sync(f *os.File) error {
	return m.do("sync", f.Name(), func() error { return m.kernel.Sync(f) })
}

func (m *scripted) SyncDir(f *os.File) error {
	return m.do("syncdir", f.Name(), func() error { return m.kernel.SyncDir(f) })
}

func (m *scripted) Rename(from, to string) error {
	return m.do("rename", from, func() error { return m.kernel.Rename(from, to) })
}

func (m *scripted) Remove(path string) error {
	return m.do("remove", path, func() error { return m.kernel.Remove(path) })
}

func (m *scripted) Space(dir *os.File) (int64, error) {
	if m.space != nil {
		return m.space(), nil
	}
	return m.kernel.Space(dir)
}

// failing returns a script that fails operation k, and after it every one if
// sticky.
func failing(k int, sticky bool) func(int, string, string) error {
	return func(i int, _, _ string) error {
		if i == k || sticky && i > k {
			return errDisk
		}
		return nil
	}
}
