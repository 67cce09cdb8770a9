package kiosk

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"berth/dock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeStation is the edge behind the API: it remembers what was asked.
type fakeStation struct {
	mu     sync.Mutex
	status dock.Status
	asked  []asked
	refuse error
	enter  chan struct{} // if set, receives when an action begins
	leave  chan struct{} // if set, an action ends when this is closed
}

type asked struct{ what, id, by, reason string }

func (f *fakeStation) Status(context.Context) dock.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status
}

func (f *fakeStation) set(change func(*dock.Status)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.status)
}

func (f *fakeStation) Hold(_ context.Context, id, by, reason string) error {
	return f.act("hold", id, by, reason)
}

func (f *fakeStation) Release(_ context.Context, id, by, reason string) error {
	return f.act("release", id, by, reason)
}

func (f *fakeStation) AcceptStore(_ context.Context, id, by, reason string) error {
	return f.act("accept", id, by, reason)
}

func (f *fakeStation) act(what, id, by, reason string) error {
	if f.enter != nil {
		f.enter <- struct{}{}
		<-f.leave
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, asked{what, id, by, reason})
	return f.refuse
}

func (f *fakeStation) all() []asked {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// serve runs a server of the fake in dir until the test ends, or stop is called.
func serve(t *testing.T, dir string, station Station, change func(*limits)) (stop func() error) {
	t.Helper()
	l, err := listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	limits := defaultLimits()
	limits.interval = time.Millisecond
	if change != nil {
		change(&limits)
	}
	s := newServer(l, station, slog.New(slog.DiscardHandler), limits)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("the server ends with %v", err)
		}
	})
	return stop
}

// dial opens a connection of its own, to send what the client would not.
func dial(t *testing.T, dir string) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", SocketPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// raw is an HTTP client without this package's manners.
func raw(dir string) *http.Client { return NewClient(dir).http }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("got error %v, want %v", got, want)
	}
}
