//go:build linux && amd64

package faults

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// smallBytes is a spool's disk with room for what the station keeps free and
// some recordings.
const smallBytes = 400 << 20

// smallSpool gives the spool a disk of its own.
func (s *site) smallSpool() {
	s.t.Helper()
	image, spool := s.path("spool.img"), s.path("data", "spool")
	err := errors.Join(os.WriteFile(image, nil, 0o600), os.Truncate(image, smallBytes), os.MkdirAll(spool, 0o700))
	for _, command := range [][]string{{"mkfs.ext4", "-q", "-F", "-m", "0", image}, {"mount", "-o", "loop", image, spool}} {
		if err == nil {
			err = exec.Command(command[0], command[1:]...).Run()
		}
	}
	if err != nil {
		s.t.Skipf("NOT RUN: a disk that is full needs root, loop devices and ext4 here: %v", err)
	}
	s.t.Cleanup(func() {
		if err := unix.Unmount(spool, 0); err != nil {
			s.t.Error(err)
		}
	})
}

// fill takes all of the spool's disk but leave bytes, as some other file does.
func (s *site) fill(leave int64) error {
	f, err := os.Create(s.path("data", "spool", "filler"))
	if err != nil {
		return err
	}
	defer f.Close()
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &st); err != nil {
		return err
	}
	return unix.Fallocate(int(f.Fd()), 0, 0, int64(st.Bavail)*st.Bsize-leave)
}

// full waits for the alarm; the cameras keep what they have, and nothing half
// stays on the spool. It goes on by itself when there is space again.
func (s *site) full(p *serving) {
	p.until("the alarm", func(status dock.Status) bool { return hasProblem(status, "spool-full") && !status.Healthy })
	s.keepsAll()
	if err := os.Remove(s.path("data", "spool", "filler")); err != nil {
		s.t.Fatal(err)
	}
	p.empties()
}

func (s *site) fullBefore() {
	s.smallSpool()
	if err := s.fill(1 << 20); err != nil {
		s.t.Fatal(err)
	}
	p := s.serve()
	s.full(p)
}

// fullDuring: on a disk that cannot set space aside, somebody else takes it
// while a recording is written.
func (s *site) fullDuring() {
	s.smallSpool()
	var filled error
	p := s.serve(
		fails(`^fallocate data/spool/tmp/`, unix.EOPNOTSUPP, 0),
		&rule{what: regexp.MustCompile(`^pwrite64 data/spool/tmp/`), from: 2, times: 1, do: func() { filled = s.fill(256 << 10) }},
	)
	s.full(p)
	if filled != nil {
		s.t.Fatal(filled)
	}
	if left, err := filepath.Glob(s.path("data", "spool", "tmp", "*")); err != nil || len(left) > 0 {
		s.t.Errorf("left on the spool: %q %v", left, err)
	}
}
