package rack

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
)

// errMonitorGone says that QEMU ended or closed its monitor.
var errMonitorGone = errors.New("the guest's monitor is gone")

// monitor speaks QEMU's machine protocol (QMP) over its socket. One command is
// under way at a time; it may be used by several goroutines.
type monitor struct {
	conn net.Conn

	asking  sync.Mutex // one command at a time
	answers chan message
	done    chan struct{} // closed when nothing more will come

	mu     sync.Mutex
	events []message     // those not yet waited for; guarded by mu
	next   chan struct{} // closed at the next event; guarded by mu
}

// message is one line from QEMU: an answer or an event.
type message struct {
	Return json.RawMessage `json:"return"`
	Error  *struct {
		Class string `json:"class"`
		Text  string `json:"desc"`
	} `json:"error"`
	Event string `json:"event"`
	Data  struct {
		Device string `json:"device"`
	} `json:"data"`
}

// dialMonitor connects and leaves the mode of negotiating.
func dialMonitor(ctx context.Context, path string) (*monitor, error) {
	conn, err := dialWhenThere(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("reaching the guest's monitor: %w", err)
	}
	m := &monitor{conn: conn, answers: make(chan message), done: make(chan struct{}), next: make(chan struct{})}
	go m.listen()
	if _, err := m.ask(ctx, "qmp_capabilities", nil); err != nil {
		return nil, errors.Join(err, m.close())
	}
	return m, nil
}

// listen sorts what comes until the connection ends.
func (m *monitor) listen() {
	defer close(m.done)
	lines := bufio.NewScanner(m.conn)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var got message
		if err := json.Unmarshal(lines.Bytes(), &got); err != nil {
			return
		}
		switch {
		case got.Event != "":
			m.mu.Lock()
			m.events = append(m.events, got)
			close(m.next)
			m.next = make(chan struct{})
			m.mu.Unlock()
		case got.Return != nil || got.Error != nil:
			m.answers <- got
		}
	}
}

// ask sends one command and waits for its answer. A command that was sent is
// waited for, whatever becomes of ctx: QEMU answers each.
func (m *monitor) ask(ctx context.Context, command string, arguments any) (json.RawMessage, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	m.asking.Lock()
	defer m.asking.Unlock()
	line := map[string]any{"execute": command}
	if arguments != nil {
		line["arguments"] = arguments
	}
	text, err := json.Marshal(line)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	if _, err := m.conn.Write(append(text, '\n')); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", command, errMonitorGone, err)
	}
	select {
	case answer := <-m.answers:
		if answer.Error != nil {
			return nil, fmt.Errorf("%s: %s", command, answer.Error.Text)
		}
		return answer.Return, nil
	case <-m.done:
		return nil, fmt.Errorf("%s: %w", command, errMonitorGone)
	}
}

// deleted waits until QEMU said that a device is gone.
func (m *monitor) deleted(ctx context.Context, device string) error {
	for {
		m.mu.Lock()
		next := m.next
		for i, event := range m.events {
			if event.Event == "DEVICE_DELETED" && event.Data.Device == device {
				m.events = append(m.events[:i], m.events[i+1:]...)
				m.mu.Unlock()
				return nil
			}
		}
		m.mu.Unlock()
		select {
		case <-next:
		case <-m.done:
			return errMonitorGone
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s is gone: %w", device, ctx.Err())
		}
	}
}

// close ends the connection and waits for the goroutine that listens.
func (m *monitor) close() error {
	err := m.conn.Close()
	for {
		select {
		case <-m.answers:
		case <-m.done:
			return err
		}
	}
}
