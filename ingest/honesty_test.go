package ingest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"berth/ingest/seal"
)

// watched is a scripted medium that looks at the descriptors that it is given.
type watched struct {
	*scripted
	t      *testing.T
	direct bool
}

func (m watched) check(what string, f *os.File) {
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	if err != nil || (flags&unix.O_DIRECT != 0) != m.direct {
		m.t.Errorf("%s %s: direct I/O is %t, %v", what, filepath.Base(f.Name()), flags&unix.O_DIRECT != 0, err)
	}
}

func (m watched) Write(f *os.File, b []byte, at int64) error {
	m.check("write", f)
	return m.scripted.Write(f, b, at)
}

func (m watched) ReadBack(f *os.File, b []byte, at int64) error {
	m.check("read back", f)
	if flags, _ := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0); flags&unix.O_ACCMODE != unix.O_RDONLY {
		m.t.Errorf("%s is read back through the descriptor that wrote it", filepath.Base(f.Name()))
	}
	return m.scripted.ReadBack(f, b, at)
}

func TestReadBackGoesToTheDiskAndNotToTheCache(t *testing.T) {
	bothMedia(t, func(t *testing.T, r *rig) {
		direct := r.spool.direct
		r.spool.disk = watched{scripted: r.disk, t: t, direct: direct}
		content := footage(seal.SegmentPlain + 1)
		pull := r.see(newCamera("cam", content), "A1")
		r.disk.log = nil
		_, err := r.puller.Pull(t.Context(), pull)
		must(t, err)
		r.holds(pull.Recording, content)
		r.puller.Rehash = true
		r.atRest() // whole files are hashed from the disk as well
		// Five blocks and segments are written and read back, one file is hashed
		// in as many parts as it has.
		counts := map[string]int{}
		for _, step := range r.disk.log {
			op, _, _ := strings.Cut(step, " ")
			counts[op]++
		}
		if counts["write"] != 5 || counts["readback"] != 5+2 || direct != (counts["settle"] == 0) || !direct && counts["settle"] != 5+1 {
			t.Errorf("direct I/O is %t, and there were %v", direct, counts)
		}
	})
}

func TestARecoveryMakesDurableWhatItBelieves(t *testing.T) {
	for stopped, want := range map[string][]string{
		"rename":  {"sync .part fact=false", "rename .part fact=false", "syncdir  fact=false"},
		"syncdir": {"sync .sealed fact=false", "syncdir  fact=false"},
	} {
		r, pull := halfDone(t, footage(5000), stopped)
		var order []string
		r.disk.before = func(_ int, op, file string) error {
			if op == "readback" {
				return nil
			}
			_, spooled := r.recording(pull.Recording).Spooled()
			order = append(order, fmt.Sprintf("%s %s fact=%t", op, filepath.Ext(file), spooled))
			return nil
		}
		r.recovered()
		if !slices.Equal(order, want) {
			t.Errorf("stopped at %s: %q, want %q", stopped, order, want)
		}
	}
}

func TestNamesAreDurableBeforeTheyAreBelieved(t *testing.T) {
	disk := &scripted{}
	dir := t.TempDir()
	s, err := openSpool(filepath.Join(dir, "spool"), 0, disk)
	must(t, err)
	defer s.Close()
	if want := []string{"syncdir ", "syncdir "}; !slices.Equal(disk.log, want) { // the folders in it, and its own name
		t.Errorf("opening did %q", disk.log)
	}
	must(t, os.WriteFile(filepath.Join(s.dir, "x.sealed"), nil, 0o600))
	disk.log = nil
	must(t, s.setAside("x.sealed"))
	if want := []string{"rename .sealed", "syncdir ", "syncdir "}; !slices.Equal(disk.log, want) {
		t.Errorf("setting aside did %q", disk.log)
	}
}
