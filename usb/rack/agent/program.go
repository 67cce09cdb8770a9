package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"berth/usb/rack/call"
)

// mostOutput is how much is kept of what a program prints, of each stream.
const mostOutput = 4 << 20

// capped keeps the first part of what is written to it.
type capped struct{ bytes.Buffer }

func (c *capped) Write(p []byte) (int, error) {
	room := max(0, mostOutput-c.Len())
	c.Buffer.Write(p[:min(room, len(p))])
	return len(p), nil
}

// run runs a program to its end; when the time is up, it and all that it
// started are killed.
func run(q call.Request) (call.Response, error) {
	if len(q.Argv) == 0 {
		return call.Response{}, errors.New("run: no program is named")
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit(q))
	defer cancel()
	var stdout, stderr capped
	command := exec.CommandContext(ctx, q.Argv[0], q.Argv[1:]...)
	command.Env = append(os.Environ(), q.Env...)
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(q.Stdin), &stdout, &stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = 10 * time.Second
	err := command.Run()
	response := call.Response{Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), TimedOut: ctx.Err() != nil}
	if exit := (&exec.ExitError{}); err != nil && !errors.As(err, &exit) && !response.TimedOut {
		return response, fmt.Errorf("running %s: %w", q.Argv[0], err)
	}
	if command.ProcessState != nil {
		response.Code = command.ProcessState.ExitCode()
	}
	return response, nil
}

// programs are those that were started and left running.
type programs struct {
	mu      sync.Mutex
	running map[int]*program // guarded by mu
}

// program is one of them; done is closed at its end, code is set before.
type program struct {
	command *exec.Cmd
	done    chan struct{}
	code    int
}

// start starts a program whose output goes to a file. A goroutine waits for its
// end, and with it for nothing else.
func (p *programs) start(q call.Request) (int, error) {
	if len(q.Argv) == 0 {
		return 0, errors.New("start: no program is named")
	}
	output, err := os.OpenFile(q.Path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, fmt.Errorf("opening a program's output: %w", err)
	}
	defer output.Close()
	command := exec.Command(q.Argv[0], q.Argv[1:]...)
	command.Env = append(os.Environ(), q.Env...)
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return 0, fmt.Errorf("starting %s: %w", q.Argv[0], err)
	}
	started := &program{command: command, done: make(chan struct{})}
	p.mu.Lock()
	p.running[command.Process.Pid] = started
	p.mu.Unlock()
	go func() {
		defer close(started.done)
		if err := command.Wait(); err != nil && command.ProcessState == nil {
			fmt.Fprintln(os.Stderr, "agent: waiting:", err)
		}
		started.code = command.ProcessState.ExitCode()
	}()
	return command.Process.Pid, nil
}

func (p *programs) find(pid int) (*program, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found := p.running[pid]; found != nil {
		return found, nil
	}
	return nil, fmt.Errorf("no program with process id %d was started", pid)
}

func (p *programs) wait(q call.Request) (call.Response, error) {
	found, err := p.find(q.PID)
	if err != nil {
		return call.Response{}, err
	}
	timer := time.NewTimer(limit(q))
	defer timer.Stop()
	select {
	case <-found.done:
		return call.Response{Code: found.code}, nil
	case <-timer.C:
		return call.Response{TimedOut: true}, nil
	}
}

func (p *programs) signal(pid, number int) error {
	found, err := p.find(pid)
	if err != nil {
		return err
	}
	return found.command.Process.Signal(syscall.Signal(number))
}
