package usb

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// sockets is a Power that remembers, and does what a test says.
type sockets struct {
	calls []string
	set   func(port dock.Port, on bool) (Powered, error)
}

func (s *sockets) Set(ctx context.Context, port dock.Port, on bool) (Powered, error) {
	if err := ctx.Err(); err != nil {
		return Powered{}, err
	}
	s.calls = append(s.calls, fmt.Sprintf("%s %v", port, on))
	if s.set != nil {
		return s.set(port, on)
	}
	return Powered{On: on, Method: "test"}, nil
}

func TestCycleSwitchesOffAndOn(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{0: OffTime, 5 * time.Second: 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := &sockets{}
			began := time.Now()
			up, err := Cycle(t.Context(), s, "1-1", asked)
			if err != nil || !up.On || !slices.Equal(s.calls, []string{"1-1 false", "1-1 false", "1-1 true"}) || time.Since(began) != want {
				t.Fatalf("%+v %v %v after %v", up, err, s.calls, time.Since(began))
			}
		})
	}
}

// However it goes, a port that was told to go off is told to go on again.
func TestCycleNeverLeavesABayDark(t *testing.T) {
	broken := errors.New("broken")
	back := 0
	for name, c := range map[string]struct {
		set   func(dock.Port, bool) (Powered, error)
		want  error
		calls []string
	}{
		"a hub that does not cut": {func(dock.Port, bool) (Powered, error) { return Powered{On: true}, nil }, ErrPower, []string{"1-1 false", "1-1 true"}},
		"off fails":               {func(_ dock.Port, on bool) (Powered, error) { return Powered{On: on}, map[bool]error{false: broken}[on] }, broken, []string{"1-1 false", "1-1 true"}},
		"on fails":                {func(_ dock.Port, on bool) (Powered, error) { return Powered{On: on}, map[bool]error{true: broken}[on] }, broken, []string{"1-1 false", "1-1 false", "1-1 true"}},
		"it stays off":            {func(dock.Port, bool) (Powered, error) { return Powered{}, nil }, ErrPower, []string{"1-1 false", "1-1 false", "1-1 true"}},
		"it comes back by itself": {func(_ dock.Port, on bool) (Powered, error) { back++; return Powered{On: on || back == 2}, nil }, ErrPower, []string{"1-1 false", "1-1 false", "1-1 true"}},
		"its device stays":        {func(_ dock.Port, on bool) (Powered, error) { return Powered{On: on, Attached: true}, nil }, ErrPower, []string{"1-1 false", "1-1 false", "1-1 true"}},
	} {
		s := &sockets{set: c.set}
		if _, err := Cycle(t.Context(), s, "1-1", time.Millisecond); !errors.Is(err, c.want) || !slices.Equal(s.calls, c.calls) {
			t.Errorf("%s: %v %v", name, err, s.calls)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	s := &sockets{set: func(_ dock.Port, on bool) (Powered, error) {
		stop()
		return Powered{On: on}, nil
	}}
	if up, err := Cycle(ctx, s, "1-1", time.Hour); !errors.Is(err, context.Canceled) || !up.On || len(s.calls) != 2 {
		t.Fatalf("ended while off: %+v %v %v", up, err, s.calls)
	}
	s = &sockets{set: func(dock.Port, bool) (Powered, error) { return Powered{}, errors.ErrUnsupported }}
	if _, err := Cycle(t.Context(), s, "1-1", time.Hour); !errors.Is(err, errors.ErrUnsupported) || len(s.calls) != 1 {
		t.Fatalf("a port that has no switch: %v %v", err, s.calls)
	}
}

func TestOnlyBaysAreSwitched(t *testing.T) {
	k := newKernel(t.TempDir(), t.Fatal)
	k.controller("pci0000:00/0000:00:04.0", 1, 2, 8)
	s := &sockets{}
	power := BayPower(bays(), k.sys, s)
	for _, port := range []dock.Port{"1-4", "2-4", "1-3", "2-3", "1-3.3", "1-1.1", "usb1", "", "1-1/../1-4", "3-1"} {
		if _, err := power.Set(t.Context(), port, false); err == nil {
			t.Errorf("%q was switched", port)
		}
	}
	if len(s.calls) != 0 {
		t.Fatalf("%v", s.calls)
	}
	for _, port := range []dock.Port{"1-1", "2-1", "1-3.1"} {
		if _, err := power.Set(t.Context(), port, false); err != nil {
			t.Errorf("%s: %v", port, err)
		}
	}
}

// The second way is for ports that the first does not know, not for those where
// it failed.
func TestTheNextWayIsTriedOnlyWhereThereIsNone(t *testing.T) {
	k := newKernel(t.TempDir(), t.Fatal)
	broken := errors.New("broken")
	for _, c := range []struct {
		first error
		want  error
		calls int
	}{{nil, nil, 0}, {broken, broken, 0}, {fmt.Errorf("sysfs: %w", errors.ErrUnsupported), nil, 1}} {
		first := &sockets{set: func(dock.Port, bool) (Powered, error) { return Powered{}, c.first }}
		second := &sockets{}
		_, err := BayPower(bays(), k.sys, first, second).Set(t.Context(), "1-1", true)
		if !errors.Is(err, c.want) || len(second.calls) != c.calls {
			t.Errorf("%v: %v, %v", c.first, err, second.calls)
		}
	}
	if _, err := BayPower(bays(), k.sys).Set(t.Context(), "1-1", true); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}

// hubs stands for the hubs of a machine at the edge of the USB library: it
// obeys the requests of USB 2.0, section 11.24.2.
type hubs struct {
	off     map[string]bool // ports by bus, address and number
	usb3    map[int]bool    // buses
	stuck   bool            // its ports never go off
	fails   error
	history []string
}

func (h *hubs) close() error { return nil }

func (h *hubs) request(bus, address int, requestType, request uint8, value, index uint16, data []byte) (bool, error) {
	if h.fails != nil {
		return false, h.fails
	}
	port := fmt.Sprintf("%d.%d.%d", bus, address, index)
	h.history = append(h.history, fmt.Sprintf("%02x %d %d %s", requestType, request, value, port))
	switch {
	case requestType == 0x23 && value == 8 && request == 1:
		h.off[port] = !h.stuck
	case requestType == 0x23 && value == 8 && request == 3:
		delete(h.off, port)
	case requestType == 0xa3 && value == 0 && request == 0 && len(data) == 4 && !h.off[port]:
		powered := uint16(0x0100)
		if h.usb3[bus] {
			powered = 0x0200
		}
		binary.LittleEndian.PutUint16(data, powered)
	}
	return h.usb3[bus], nil
}

func TestAHubIsAskedForBothNamesOfASocketAndReadBack(t *testing.T) {
	k := newKernel(t.TempDir(), t.Fatal)
	k.controller("pci0000:00/0000:00:04.0", 1, 2, 8)
	h := &hubs{off: map[string]bool{}, usb3: map[int]bool{2: true}}
	c := &HubControl{sys: sysfs(k.sys), usb: h}
	k.plug("2-1", stick())
	down, err := c.Set(t.Context(), "1-1", false)
	if err != nil || down.On || !down.Attached || down.Method == "" || !h.off["1.1.1"] || !h.off["2.1.1"] {
		t.Fatalf("%+v %v %v", down, err, h.history)
	}
	if up, err := c.Set(t.Context(), "2-1", true); err != nil || !up.On || len(h.off) != 0 {
		t.Fatalf("%+v %v %v", up, err, h.history)
	}
	want := []string{"23 1 8 1.1.1", "a3 0 0 1.1.1", "23 1 8 2.1.1", "a3 0 0 2.1.1", "23 3 8 2.1.1", "a3 0 0 2.1.1", "23 3 8 1.1.1", "a3 0 0 1.1.1"}
	if !slices.Equal(h.history, want) {
		t.Fatalf("%v", h.history)
	}
	g := hub(4)
	g.trusted = true
	k.plug("1-3", g)
	if _, err := c.Set(t.Context(), "1-3.2", false); err != nil || !h.off[fmt.Sprintf("1.%d.2", k.holds("1-3"))] {
		t.Fatalf("%v %v", err, h.history)
	}
	h.stuck = true
	if down, err := c.Set(t.Context(), "1-2", false); err != nil || !down.On {
		t.Fatalf("a hub that does not cut: %+v %v", down, err)
	}
}

func TestAHubThatCannotBeAskedIsAnError(t *testing.T) {
	k := newKernel(t.TempDir(), t.Fatal)
	k.controller("pci0000:00/0000:00:04.0", 1, 2, 8)
	h := &hubs{off: map[string]bool{}}
	c := &HubControl{sys: sysfs(k.sys), usb: h}
	if _, err := c.Set(t.Context(), "1-3.1", false); !errors.Is(err, dock.ErrGone) {
		t.Errorf("no such hub: %v", err)
	}
	k.plug("1-5", broken())
	if _, err := c.Set(t.Context(), "1-1", false); !errors.Is(err, errDescriptors) || len(h.history) != 0 {
		t.Errorf("with a device that the library may break on: %v %v", err, h.history)
	}
	k.unplug("1-5")
	h.fails = errors.New("pipe")
	if _, err := c.Set(t.Context(), "1-1", false); !errors.Is(err, h.fails) {
		t.Error(err)
	}
}

// The real library, on a machine that may have no USB at all: an error, and
// never a panic, and nothing of it is left running.
func TestTheUSBLibraryMayBreakDown(t *testing.T) {
	k := newKernel(t.TempDir(), t.Fatal)
	k.controller("pci0000:00/0000:00:04.0", 200, 201, 1)
	c := NewHubControl(k.sys)
	if _, err := c.Set(t.Context(), "200-1", true); err == nil {
		t.Error("a hub on bus 200 obeyed")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// Where the library cannot even start it panics: that, too, is only an error.
func TestTheUSBLibraryMayNotStart(t *testing.T) {
	if !alone(t) {
		return
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3, Max: 3}); err != nil { // no file can be opened
		t.Fatal(err)
	}
	if _, err := (&library{}).request(1, 1, fromPort, getStatus, 0, 1, make([]byte, 4)); err == nil || !strings.Contains(err.Error(), "broke down") {
		t.Fatal(err)
	}
}
