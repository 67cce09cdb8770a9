package crash

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// build makes the program as `make build` does. It looks at every source, so
// that a kept test result is not taken for one of other sources.
func build(t *testing.T) string {
	t.Helper()
	top := filepath.Join("..", "..", "..")
	for _, room := range []string{"cmd", "config", "dock", "hashing", "ingest", "offload", "usb"} {
		err := filepath.WalkDir(filepath.Join(top, room), func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(t.TempDir(), "berth")
	command := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, "./cmd/berth")
	command.Dir = top
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return program
}

// process is one run of the station.
type process struct {
	command *exec.Cmd
	log     *log
	ended   chan struct{} // closed when the program has ended
	err     error         // valid then
}

// start begins to serve; up says when the station is there.
func start(t *testing.T, program, config string) *process {
	t.Helper()
	p := &process{
		command: exec.Command(program, "run", "--config", config),
		log:     &log{up: make(chan struct{})}, ended: make(chan struct{}),
	}
	p.command.Stderr = p.log
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.command.Wait()
		close(p.ended)
	}()
	return p
}

// kill is kill -9; it returns when nothing of the program is left. alive says
// whether there was something to kill.
func (p *process) kill(t *testing.T) (alive bool) {
	t.Helper()
	select {
	case <-p.ended:
		return false
	default:
	}
	err := p.command.Process.Kill()
	<-p.ended
	return err == nil && !p.command.ProcessState.Exited()
}

// endsWithin waits for the program to end by itself.
func (p *process) endsWithin(patience time.Duration) bool {
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-p.ended:
		return true
	case <-late.C:
		return false
	}
}

// log keeps what a program says and tells when its station is up.
type log struct {
	up chan struct{} // closed when the station says that it is up

	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
	isUp bool         // guarded by mu
}

var _ io.Writer = (*log)(nil)

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	if !l.isUp && bytes.Contains(l.text.Bytes(), []byte("station is up")) {
		l.isUp = true
		close(l.up)
	}
	return len(p), nil
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// end is the last of what was said.
func (l *log) end() string {
	text := l.String()
	return text[max(0, len(text)-4000):]
}

// run is one command of the manual, and must succeed.
func run(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	out, err := exec.Command(name, arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(arguments, " "), err, out)
	}
	return string(out)
}
