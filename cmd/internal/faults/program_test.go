//go:build linux && amd64

package faults

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"berth/dock"
	"berth/dock/kiosk"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

// become is the child's main where the real program is to be traced.
func become(command []string) int {
	err := errors.Join(os.Unsetenv(programVariable), stopAt(watched()))
	if err == nil {
		err = syscall.Exec(command[0], command, os.Environ())
	}
	fmt.Fprintln(os.Stderr, "become the program:", err)
	return exitFailed
}

// build makes the program as `make build` does.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "berth")
	command := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, "./cmd/berth")
	command.Dir = filepath.Join("..", "..", "..")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return program
}

// site is a house in which the real program serves.
type site struct {
	t *testing.T
	*house
	program string
}

// newSite furnishes a house as its manual says: key, config, stores. Its data
// key is the one that examine knows.
func newSite(t *testing.T, program, base string) *site {
	t.Helper()
	dir, err := os.MkdirTemp(base, "berth-site-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	h, err := newHouse(t.Context(), dir, newAgency(t))
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, house: h, program: program}
	s.write("data/keys/data.key", hex.EncodeToString(append([]byte{1}, make([]byte, 31)...))+"\n")
	config := fmt.Sprintf("station: {id: %s, data: %q}\nsealing: {recipients: [%q]}\ncopies: 2\nbays:\n", stationID, h.path("data"), h.path("agency.pem"))
	for _, bay := range bayNames() {
		config += fmt.Sprintf("  - {name: %s, directory: %q}\n", bay, h.path("bays", bay))
	}
	config += "stores:\n"
	for _, store := range storeNames() {
		config += fmt.Sprintf("  - {name: %s, type: directory, path: %q, shares-device: true}\n", store, h.path("stores", store))
	}
	s.write("berth.yaml", config)
	return s
}

func (s *site) write(path, content string) {
	s.t.Helper()
	full := s.path(path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o700), os.WriteFile(full, []byte(content), 0o600)); err != nil {
		s.t.Fatal(err)
	}
}

// move renames something of the house: a store goes away, a camera is taken.
func (s *site) move(from, to string) {
	s.t.Helper()
	if err := os.Rename(s.path(from), s.path(to)); err != nil {
		s.t.Fatal(err)
	}
}

// serving is one run of `berth run` under the tracer.
type serving struct {
	*site
	*meddler
	pid   int
	logs  string
	ended chan struct{} // closed when the program has ended
	end   ending        // valid then
	err   error         // valid then: of the tracer
}

// prepare makes a run with these rules, which start begins.
func (s *site) prepare(rules ...*rule) *serving {
	return &serving{site: s, meddler: newMeddler(s.t.Context(), s.house, rules), ended: make(chan struct{})}
}

// serve prepares a run and begins it.
func (s *site) serve(rules ...*rule) *serving {
	s.t.Helper()
	p := s.prepare(rules...)
	p.start()
	return p
}

// start starts the program; it is killed when the test ends.
func (p *serving) start() {
	p.t.Helper()
	log, err := os.CreateTemp(p.dir, "log-")
	if err != nil {
		p.t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	p.logs = log.Name()
	command := strings.Join([]string{p.program, "run", "--config", p.path("berth.yaml")}, "\n")
	started := make(chan int, 1)
	go func() {
		defer close(p.ended)
		defer close(started)
		p.end, p.err = trace(traced{
			args: []string{self}, env: append(os.Environ(), programVariable+"="+command), log: log,
			started: func(pid int) { started <- pid },
		}, p.meddler)
		p.err = errors.Join(p.err, log.Close())
	}()
	p.pid = <-started
	p.t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-p.ended
		if p.t.Failed() {
			p.t.Logf("the program said:\n%s", p.said())
		}
	})
}

func (p *serving) signal(signal syscall.Signal) {
	select {
	case <-p.ended:
	default:
		if err := syscall.Kill(p.pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			p.t.Error(err)
		}
	}
}

// said is what the program wrote into its log.
func (p *serving) said() string {
	text, err := os.ReadFile(p.logs)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// fails waits until the program ends by itself because of its disk, and checks
// that it says so.
func (p *serving) fails(because string) {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatalf("the program goes on\n%s", p.said())
	}
	if p.err != nil || p.end != (ending{code: exitFailed}) || !strings.Contains(p.said(), because) {
		p.t.Fatalf("the program ended with %+v (%v) and does not say %q", p.end, p.err, because)
	}
	p.honest()
}

// stop is how the service manager ends the program.
func (p *serving) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatal("the program does not end")
	}
	if p.err != nil || p.end != (ending{code: exitAtRest}) {
		p.t.Fatalf("the program ended with %+v: %v", p.end, p.err)
	}
	p.honest()
}

// honest checks that nothing was done too early, and what must always be true.
func (p *serving) honest() {
	p.t.Helper()
	if err := errors.Join(p.watched(), p.examine(p.t.Context())); err != nil {
		p.t.Fatal(err)
	}
}

// until waits for a status of which is says that it is the one.
func (p *serving) until(what string, is func(dock.Status) bool) dock.Status {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	client, last := kiosk.NewClient(p.path("data")), dock.Status{}
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for ctx.Err() == nil {
		for status, err := range client.Watch(ctx) {
			if err != nil {
				break
			}
			if last = status; is(status) {
				return status
			}
		}
		select {
		case <-p.ended:
			p.t.Fatalf("the program ended with %+v before %s", p.end, what)
		case <-again.C: // it is about to listen: nothing here tells when
		case <-ctx.Done():
		}
	}
	p.t.Fatalf("waited in vain until %s: %+v", what, last)
	return last
}

// empties waits until the cameras are emptied, ends the program, and checks
// that everything is where it must be in the end.
func (p *serving) empties() {
	p.t.Helper()
	p.until("both cameras are ready", bothAre(dock.BayReady))
	p.stop()
	if err := p.examineEnd(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// keepsAll checks that no camera lost anything yet.
func (s *site) keepsAll() {
	s.t.Helper()
	for _, o := range s.originals {
		if there, err := s.onCamera(o); err != nil || !there {
			s.t.Fatalf("%s is on its camera: %t, %v", o.path, there, err)
		}
	}
}

func bothAre(state dock.BayState) func(dock.Status) bool {
	return func(s dock.Status) bool { return s.Bays[0].State == state && s.Bays[1].State == state }
}

func hasProblem(s dock.Status, code string) bool {
	for _, problem := range s.Problems {
		if problem.Code == code {
			return true
		}
	}
	return false
}
