package kiosk

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"berth/dock"
)

func TestWatchSeesEveryLastingChange(t *testing.T) {
	dir := t.TempDir()
	station := &fakeStation{}
	serve(t, dir, station, nil)
	seen := 0
	for status, err := range NewClient(dir).Watch(t.Context()) {
		must(t, err)
		if status.Spool.UsedBytes != int64(seen) {
			t.Fatalf("got %d, want %d", status.Spool.UsedBytes, seen)
		}
		if seen++; seen == 5 {
			break
		}
		station.set(func(s *dock.Status) { s.Spool.UsedBytes = int64(seen) })
	}
	if seen != 5 {
		t.Errorf("the stream ended after %d", seen)
	}
}

func TestWatchEndsWithTheStation(t *testing.T) {
	dir := t.TempDir()
	stop := serve(t, dir, &fakeStation{}, func(l *limits) { l.grace = time.Hour }) // it need not be used up
	var last error
	for _, err := range NewClient(dir).Watch(t.Context()) {
		if last = err; err == nil {
			must(t, stop())
		}
	}
	wantErr(t, last, ErrNotRunning)
	for _, err := range NewClient(dir).Watch(t.Context()) {
		wantErr(t, err, ErrNotRunning)
	}
}

func TestWatchEndsQuietlyWithItsContext(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir, &fakeStation{}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, err := range NewClient(dir).Watch(ctx) {
		must(t, err)
		cancel()
	}
}

// The time that a request may take has nothing to do with how long it is
// watched afterwards.
func TestWatchOutlivesTheRequestTimeout(t *testing.T) {
	dir := t.TempDir()
	station := &fakeStation{}
	serve(t, dir, station, func(l *limits) { l.request, l.header = 200*time.Millisecond, 200*time.Millisecond })
	begin := time.Now()
	n := int64(0)
	for _, err := range NewClient(dir).Watch(t.Context()) {
		must(t, err)
		if time.Since(begin) > 5*200*time.Millisecond {
			return
		}
		n++
		station.set(func(s *dock.Status) { s.Spool.UsedBytes = n })
	}
	t.Error("the stream ended")
}

// A watcher that never reads: the station goes on, and ends.
func TestDeadWatcherHoldsUpNobody(t *testing.T) {
	dir := t.TempDir()
	station := &fakeStation{status: dock.Status{Version: strings.Repeat("v", 1<<19)}} // more than a socket buffers
	stop := serve(t, dir, station, func(l *limits) { l.grace = time.Millisecond })
	conn := dial(t, dir)
	fmt.Fprintf(conn, "GET /v1/watch HTTP/1.1\r\nHost: s\r\n\r\n")
	first, err := bufio.NewReader(conn).ReadString('\n') // from now on it is being written to
	must(t, err)
	if !strings.Contains(first, "200") {
		t.Fatalf("got %q", first)
	}
	n := int64(0)
	for status, err := range NewClient(dir).Watch(t.Context()) {
		must(t, err)
		if n++; status.Spool.UsedBytes > 0 && n > 5 {
			break
		}
		station.set(func(s *dock.Status) { s.Spool.UsedBytes = n })
	}
	must(t, stop())
}

func TestTooManyWatchersAreRefused(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir, &fakeStation{}, func(l *limits) { l.watchers = 1 })
	client := NewClient(dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, err := range client.Watch(ctx) {
		must(t, err)
		for _, err := range client.Watch(t.Context()) {
			wantErr(t, err, ErrBusy)
			if err == nil {
				break
			}
		}
		cancel()
	}
}

func TestShutdownLetsARequestEnd(t *testing.T) {
	dir := t.TempDir()
	station := &fakeStation{enter: make(chan struct{}), leave: make(chan struct{})}
	stop := serve(t, dir, station, nil)
	held := make(chan error, 1)
	go func() { held <- NewClient(dir).Hold(t.Context(), "r1", "", "") }()
	<-station.enter
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	select {
	case err := <-ended:
		t.Errorf("the server ended (%v) while a request was under way", err)
	case <-socketGone(t, dir):
	}
	close(station.leave)
	must(t, <-held)
	must(t, <-ended)
	if got := station.all(); len(got) != 1 {
		t.Errorf("the station was asked %q", got)
	}
}

// socketGone is closed once nobody can connect any more, which is when the
// server has begun to end.
func socketGone(t *testing.T, dir string) <-chan struct{} {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for {
			if _, err := NewClient(dir).Version(t.Context()); errors.Is(err, ErrNotRunning) {
				return
			}
		}
	}()
	return gone
}

func TestServerReturnsOnlyAfterItsHandlers(t *testing.T) {
	dir := t.TempDir()
	station := &fakeStation{enter: make(chan struct{}), leave: make(chan struct{})}
	stop := serve(t, dir, station, func(l *limits) { l.grace = time.Nanosecond })
	held := make(chan error, 1)
	go func() { held <- NewClient(dir).Hold(t.Context(), "r1", "", "") }()
	<-station.enter
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	<-held // cut off: the grace is over, and its handler still runs
	select {
	case <-ended:
		t.Error("the server returned while a handler ran")
	default:
	}
	close(station.leave)
	must(t, <-ended)
}

// pulseOf runs a pulse over a value in a bubble of its own clock.
func pulseOf(t *testing.T, value *atomic.Pointer[string], looks *atomic.Int64) *pulse {
	p := newPulse(250*time.Millisecond, 10, func(context.Context) []byte {
		looks.Add(1)
		return []byte(*value.Load())
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return p
}

func TestPulseSendsAtMostFourASecondAndOnlyChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var value atomic.Pointer[string]
		var looks atomic.Int64
		value.Store(new("0"))
		p := pulseOf(t, &value, &looks)
		lines, leave, err := p.join()
		must(t, err)
		defer leave()
		first := <-lines
		began := time.Now()
		if string(first) != "0" {
			t.Fatalf("got %q", first)
		}
		for i := range 40 { // changes every 25 ms, for a second
			value.Store(new(fmt.Sprint(i + 1)))
			time.Sleep(25 * time.Millisecond)
			synctest.Wait()
			select {
			case <-lines:
			default:
			}
		}
		if n := looks.Load(); n > 6 {
			t.Errorf("%d looks in a second", n)
		}
		value.Store(new("last"))
		for line := range lines {
			if bytes.Equal(line, []byte("last")) {
				break
			}
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		select {
		case line := <-lines:
			t.Errorf("sends %q though nothing changed", line)
		default:
		}
		if time.Since(began) < 10*time.Second {
			t.Error("the clock of the bubble did not advance")
		}
	})
}

func TestPulseRestsWhileNobodyWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var value atomic.Pointer[string]
		var looks atomic.Int64
		value.Store(new("0"))
		p := pulseOf(t, &value, &looks)
		time.Sleep(time.Minute)
		if n := looks.Load(); n != 0 {
			t.Errorf("looked %d times for nobody", n)
		}
		lines, leave, err := p.join()
		must(t, err)
		<-lines
		leave()
		before := looks.Load()
		time.Sleep(time.Minute)
		if n := looks.Load(); n != before {
			t.Errorf("looked %d times after everybody left", n-before)
		}
	})
}

func TestSlowWatcherGetsTheLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var value atomic.Pointer[string]
		var looks atomic.Int64
		value.Store(new("0"))
		p := pulseOf(t, &value, &looks)
		lines, leave, err := p.join()
		must(t, err)
		defer leave()
		for i := range 20 { // nobody fetches
			value.Store(new(fmt.Sprint(i)))
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if got := string(<-lines); got != "19" {
			t.Errorf("got %q, want the latest", got)
		}
	})
}

func TestNewcomersDoNotHurryTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var value atomic.Pointer[string]
		var looks atomic.Int64
		value.Store(new("0"))
		p := pulseOf(t, &value, &looks)
		lines, leave, err := p.join()
		must(t, err)
		defer leave()
		<-lines
		value.Store(new("1"))
		for range 5 {
			newcomer, leave, err := p.join()
			must(t, err)
			if got := string(<-newcomer); got != "1" {
				t.Errorf("a newcomer gets %q", got)
			}
			leave()
		}
		select {
		case line := <-lines:
			t.Errorf("the first watcher gets %q before its time", line)
		default:
		}
		if got := string(<-lines); got != "1" {
			t.Errorf("got %q", got)
		}
	})
}

func TestRefusalsAreATable(t *testing.T) {
	codes := map[string]bool{}
	for _, r := range refusals() {
		if codes[r.code] || http.StatusText(r.status) == "" || r.status < 400 {
			t.Errorf("%+v", r)
		}
		codes[r.code] = true
	}
}
