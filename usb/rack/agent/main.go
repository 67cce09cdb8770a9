// Command agent is the hand of the virtual rack inside the guest: it runs
// programs, reads and writes files and watches for what the kernel says, on
// behalf of the harness on the host.
//
// It promises an answer to every request, in the order in which things end and
// not in which they were asked, and that nothing it started in answering a Run
// outlives that answer. It is for guests that are thrown away: it obeys whatever
// stands on the other end of the line, and never belongs on a real station.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"berth/usb/rack/call"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: agent PORT")
		os.Exit(2)
	}
	if err := serve(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

// agent is what answers. Its methods may be called at the same time.
type agent struct {
	events   *events
	programs programs

	writing sync.Mutex // one line at a time
	line    io.Writer
}

// serve answers what comes over the port, for as long as it is there.
func serve(path string) error {
	port, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("opening the line to the host: %w", err)
	}
	defer port.Close()
	events, err := listen()
	if err != nil {
		return err
	}
	a := &agent{events: events, programs: programs{running: map[int]*program{}}, line: port}
	if err := a.send(call.Response{Op: call.Hello}); err != nil {
		return err
	}
	var answering sync.WaitGroup
	defer answering.Wait()
	in := bufio.NewReaderSize(port, 1<<16)
	for {
		text, err := in.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("reading from the host: %w", err)
		}
		var request call.Request
		if err := json.Unmarshal(text, &request); err != nil {
			return fmt.Errorf("a line from the host is no request: %w", err)
		}
		answering.Go(func() {
			response := a.answer(request)
			response.ID = request.ID
			if err := a.send(response); err != nil {
				fmt.Fprintln(os.Stderr, "agent:", err)
			}
		})
	}
}

func (a *agent) send(response call.Response) error {
	response.Uptime = uptime()
	text, err := json.Marshal(response)
	if err != nil {
		return fmt.Errorf("writing an answer: %w", err)
	}
	a.writing.Lock()
	defer a.writing.Unlock()
	_, err = a.line.Write(append(text, '\n'))
	return err
}

// answer does what a request asks for.
func (a *agent) answer(q call.Request) call.Response {
	var response call.Response
	var err error
	switch q.Op {
	case call.Run:
		response, err = run(q)
	case call.Start:
		response.PID, err = a.programs.start(q)
	case call.Wait:
		response, err = a.programs.wait(q)
	case call.Signal:
		err = a.programs.signal(q.PID, q.Number)
	case call.Read:
		response.Data, err = read(q.Path, q.Limit)
	case call.Write:
		err = write(q)
	case call.Tree:
		response.Files, err = tree(q.Path)
	case call.Pack:
		response.Data, err = pack(q.Path)
	case call.Emulate:
		err = emulate(q)
	case call.Fill:
		err = fill(q)
	case call.Until:
		response.TimedOut, err = a.until(q)
	case call.Events:
		response.Events = a.events.after(q.Number)
	default:
		err = fmt.Errorf("the agent does not know %q", q.Op)
	}
	if err != nil {
		response.Error = err.Error()
	}
	return response
}

// limit is how long a request may take.
func limit(q call.Request) time.Duration {
	if q.Timeout <= 0 {
		return time.Minute
	}
	return q.Timeout
}

// uptime is the time since the guest's boot.
func uptime() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano())
}
