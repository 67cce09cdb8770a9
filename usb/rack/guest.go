package rack

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"berth/usb/rack/call"
)

// ErrGuestGone says that the guest does not answer any more: its power was cut,
// or its agent ended.
var ErrGuestGone = errors.New("the guest is gone")

// Guest is what runs in the rack, as its agent shows it. Its methods may be used
// by several goroutines; each waits for the agent's answer.
type Guest struct {
	conn net.Conn
	done chan struct{} // closed when nothing more will come

	mu      sync.Mutex
	last    uint64                        // number of the last request; guarded by mu
	waiting map[uint64]chan call.Response // guarded by mu
}

// dialGuest connects to the agent's line and waits until the agent is up.
func dialGuest(ctx context.Context, path string) (*Guest, error) {
	conn, err := dialWhenThere(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("reaching the guest's agent: %w", err)
	}
	g := &Guest{conn: conn, done: make(chan struct{}), waiting: map[uint64]chan call.Response{}}
	up := make(chan struct{})
	go g.listen(up)
	select {
	case <-up:
		return g, nil
	case <-g.done:
		return nil, errors.Join(ErrGuestGone, g.close())
	case <-ctx.Done():
		return nil, errors.Join(fmt.Errorf("waiting for the guest's agent: %w", ctx.Err()), g.close())
	}
}

// dialWhenThere connects to a socket that a program has yet to open.
func dialWhenThere(ctx context.Context, path string) (net.Conn, error) {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
		if err == nil {
			return conn, nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		}
	}
}

// listen hands each answer to whom it belongs; up is closed at the agent's first
// word.
func (g *Guest) listen(up chan struct{}) {
	defer close(g.done)
	lines := bufio.NewReaderSize(g.conn, 1<<20)
	for greeted := false; ; {
		text, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var response call.Response
		if json.Unmarshal(text, &response) != nil {
			return
		}
		if response.Op == call.Hello && !greeted {
			greeted = true
			close(up)
			continue
		}
		g.mu.Lock()
		if to := g.waiting[response.ID]; to != nil {
			delete(g.waiting, response.ID)
			to <- response
		}
		g.mu.Unlock()
	}
}

// Ask sends a request as it is and gives the agent's answer to it. Most callers
// want one of the methods below.
func (g *Guest) Ask(ctx context.Context, request call.Request) (call.Response, error) {
	answer := make(chan call.Response, 1)
	g.mu.Lock()
	g.last++
	request.ID = g.last
	g.waiting[request.ID] = answer
	text, err := json.Marshal(request)
	if err == nil {
		_, err = g.conn.Write(append(text, '\n'))
	}
	g.mu.Unlock()
	if err != nil {
		return call.Response{}, fmt.Errorf("asking the guest to %s: %w: %w", request.Op, ErrGuestGone, err)
	}
	select {
	case response := <-answer:
		if response.Error != "" {
			return response, fmt.Errorf("in the guest: %s: %s", request.Op, response.Error)
		}
		return response, nil
	case <-g.done:
		return call.Response{}, fmt.Errorf("asking the guest to %s: %w", request.Op, ErrGuestGone)
	case <-ctx.Done():
		return call.Response{}, fmt.Errorf("asking the guest to %s: %w", request.Op, ctx.Err())
	}
}

// Run runs a program to its end and gives what it printed. It is an error if it
// ends with another code than 0 or not in time; ExitError tells the code.
func (g *Guest) Run(ctx context.Context, limit time.Duration, argv ...string) (string, error) {
	response, err := g.Ask(ctx, call.Request{Op: call.Run, Argv: argv, Timeout: limit})
	if err != nil {
		return "", err
	}
	if response.TimedOut || response.Code != 0 {
		return string(response.Stdout), &ExitError{Argv: argv, Code: response.Code, TimedOut: response.TimedOut, Text: string(response.Stderr)}
	}
	return string(response.Stdout), nil
}

// Shell runs a script with bash, stopping at its first failure, as Run does.
func (g *Guest) Shell(ctx context.Context, limit time.Duration, script string) (string, error) {
	return g.Run(ctx, limit, "/bin/bash", "-euc", script)
}

// ExitError is a program in the guest that ended badly.
type ExitError struct {
	Argv     []string
	Code     int // -1 after a signal
	TimedOut bool
	Text     string // what it wrote to standard error
}

func (e *ExitError) Error() string {
	how := fmt.Sprintf("ended with %d", e.Code)
	if e.TimedOut {
		how = "did not end in time"
	}
	return fmt.Sprintf("in the guest: %q %s: %s", strings.Join(e.Argv, " "), how, strings.TrimSpace(e.Text))
}

// ReadFile gives a file's bytes, at most 8 MiB of them.
func (g *Guest) ReadFile(ctx context.Context, path string) ([]byte, error) {
	response, err := g.Ask(ctx, call.Request{Op: call.Read, Path: path})
	return response.Data, err
}

// WriteFile writes a file whole and makes the directories above it.
func (g *Guest) WriteFile(ctx context.Context, path string, data []byte) error {
	_, err := g.Ask(ctx, call.Request{Op: call.Write, Path: path, Data: data})
	return err
}

// Tree lists everything below a directory, files with their digests.
func (g *Guest) Tree(ctx context.Context, path string) ([]call.File, error) {
	response, err := g.Ask(ctx, call.Request{Op: call.Tree, Path: path})
	return response.Files, err
}

// Pack gives what lies below a directory of sysfs as a tar archive: files, links
// and directories, without the attributes that cannot be read.
func (g *Guest) Pack(ctx context.Context, path string) ([]byte, error) {
	response, err := g.Ask(ctx, call.Request{Op: call.Pack, Path: path})
	return response.Data, err
}

// UntilThere waits until a path exists in the guest.
func (g *Guest) UntilThere(ctx context.Context, limit time.Duration, path string) error {
	return g.until(ctx, call.Request{Op: call.Until, Path: path, Timeout: limit}, "be there")
}

// UntilGone waits until a path does not exist in the guest.
func (g *Guest) UntilGone(ctx context.Context, limit time.Duration, path string) error {
	return g.until(ctx, call.Request{Op: call.Until, Path: path, Timeout: limit, Absent: true}, "be gone")
}

// UntilHolds waits until a file in the guest contains a text.
func (g *Guest) UntilHolds(ctx context.Context, limit time.Duration, path, text string) error {
	return g.until(ctx, call.Request{Op: call.Until, Path: path, Timeout: limit, Data: []byte(text)}, fmt.Sprintf("hold %q", text))
}

func (g *Guest) until(ctx context.Context, request call.Request, what string) error {
	response, err := g.Ask(ctx, request)
	if err == nil && response.TimedOut {
		return fmt.Errorf("in the guest: %s should %s, and does not after %s", request.Path, what, request.Timeout)
	}
	return err
}

// Process is a program that was started in the guest and left running.
type Process struct {
	guest *Guest
	pid   int
}

// Start starts a program whose output is appended to the file at output.
func (g *Guest) Start(ctx context.Context, output string, environment []string, argv ...string) (*Process, error) {
	response, err := g.Ask(ctx, call.Request{Op: call.Start, Path: output, Env: environment, Argv: argv})
	if err != nil {
		return nil, err
	}
	return &Process{guest: g, pid: response.PID}, nil
}

// Signal sends it a signal.
func (p *Process) Signal(ctx context.Context, signal syscall.Signal) error {
	_, err := p.guest.Ask(ctx, call.Request{Op: call.Signal, PID: p.pid, Number: int(signal)})
	return err
}

// Wait waits for its end and gives its exit code, -1 after a signal.
func (p *Process) Wait(ctx context.Context, limit time.Duration) (int, error) {
	response, err := p.guest.Ask(ctx, call.Request{Op: call.Wait, PID: p.pid, Timeout: limit})
	if err == nil && response.TimedOut {
		return 0, fmt.Errorf("in the guest: a program still runs after %s", limit)
	}
	return response.Code, err
}

// PID is the program's process id in the guest.
func (p *Process) PID() int { return p.pid }

// Emulate plugs a device that has nothing but these descriptors, the device's 18
// bytes and the configuration's after them, into a port of the guest's virtual
// controller vhci_hcd, counted from 0. With nil it is pulled out.
func (g *Guest) Emulate(ctx context.Context, port int, descriptors []byte) error {
	_, err := g.Ask(ctx, call.Request{Op: call.Emulate, Number: port, Data: descriptors, Absent: descriptors == nil})
	return err
}

// Events gives the device events that came after the one with this number.
func (g *Guest) Events(ctx context.Context, after int) ([]call.Event, error) {
	response, err := g.Ask(ctx, call.Request{Op: call.Events, Number: after})
	return response.Events, err
}

func (g *Guest) close() error {
	err := g.conn.Close()
	<-g.done
	return err
}
