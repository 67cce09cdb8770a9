package kiosk

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"berth/dock"
)

func TestSocketIsItsOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	l, err := listen(dir)
	must(t, err)
	defer l.Close()
	info, err := os.Stat(SocketPath(dir))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
}

func TestSocketLeftByADeadStationIsReplaced(t *testing.T) {
	dir := t.TempDir()
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: SocketPath(dir), Net: "unix"})
	must(t, err)
	dead.SetUnlinkOnClose(false)
	must(t, dead.Close())
	if _, err := os.Stat(SocketPath(dir)); err != nil {
		t.Fatal("there is nothing to replace")
	}
	serve(t, dir, &fakeStation{status: dock.Status{Station: "new"}}, nil)
	status, err := NewClient(dir).Status(t.Context())
	must(t, err)
	if status.Station != "new" {
		t.Errorf("got %q", status.Station)
	}
}

func TestSocketOfALivingStationIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir, &fakeStation{status: dock.Status{Station: "first"}}, nil)
	_, err := listen(dir)
	wantErr(t, err, ErrInUse)
	status, err := NewClient(dir).Status(t.Context())
	must(t, err)
	if status.Station != "first" {
		t.Errorf("got %q", status.Station)
	}
}

// Somebody answers though nobody holds the lock: an older berth, or a lock
// file that was deleted.
func TestSocketThatAnswersIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	other, err := net.Listen("unix", SocketPath(dir))
	must(t, err)
	defer other.Close()
	_, err = listen(dir)
	wantErr(t, err, ErrInUse)
}

func TestOfStationsThatStartTogetherOneWins(t *testing.T) {
	dir := t.TempDir()
	for range 20 {
		var start, done sync.WaitGroup
		start.Add(1)
		listeners := make(chan net.Listener, 4)
		for range 4 {
			done.Go(func() {
				start.Wait()
				if l, err := listen(dir); err == nil {
					listeners <- l
				}
			})
		}
		start.Done()
		done.Wait()
		close(listeners)
		winners := 0
		for l := range listeners {
			winners++
			must(t, l.Close())
		}
		if winners != 1 {
			t.Fatalf("%d stations listen at one socket", winners)
		}
	}
}

func TestSocketGoesWithTheStation(t *testing.T) {
	dir := t.TempDir()
	stop := serve(t, dir, &fakeStation{}, nil)
	must(t, stop())
	if _, err := os.Stat(SocketPath(dir)); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
	_, err := NewClient(dir).Status(t.Context())
	wantErr(t, err, ErrNotRunning)
}

// A unix socket's path is limited to 108 bytes; a data directory's is not.
func TestDataDirectoryMayBeLong(t *testing.T) {
	for _, length := range []int{maxAddress - 1, maxAddress, maxAddress + 1, 200, 1000} {
		dir := t.TempDir()
		for len(SocketPath(dir)) < length {
			missing := length - len(SocketPath(dir)) - 1
			dir = filepath.Join(dir, strings.Repeat("d", max(min(missing, 200), 1)))
		}
		must(t, os.MkdirAll(dir, 0o700))
		stop := serve(t, dir, &fakeStation{status: dock.Status{Station: "long"}}, nil)
		status, err := NewClient(dir).Status(t.Context())
		must(t, err)
		if status.Station != "long" {
			t.Errorf("%d bytes: got %q", length, status.Station)
		}
		must(t, stop())
		if _, err := os.Stat(SocketPath(dir)); !os.IsNotExist(err) {
			t.Errorf("%d bytes: the socket is still there: %v", length, err)
		}
	}
}

func TestNoStationIsSaidInOneWord(t *testing.T) {
	for name, dir := range map[string]string{
		"no socket":         t.TempDir(),
		"no directory":      filepath.Join(t.TempDir(), "none"),
		"no long directory": filepath.Join(t.TempDir(), strings.Repeat("n", 120)),
	} {
		_, err := NewClient(dir).Status(t.Context())
		wantErr(t, err, ErrNotRunning)
		if err != nil && !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v does not say where", name, err)
		}
	}
	dir := t.TempDir()
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: SocketPath(dir), Net: "unix"})
	must(t, err)
	dead.SetUnlinkOnClose(false)
	must(t, dead.Close())
	_, err = NewClient(dir).Status(t.Context())
	wantErr(t, err, ErrNotRunning)
}

func TestListenSaysWhereItFailed(t *testing.T) {
	_, err := listen(filepath.Join(t.TempDir(), "none"))
	if err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("got %v", err)
	}
}
