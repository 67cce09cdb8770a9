package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"time"

	"berth/dock"
	"berth/usb/rack"
	"berth/usb/rack/call"
)

const (
	// patience is how long is waited for what takes a second on a machine that has
	// time: an emulated processor on a busy one takes a hundred times as long.
	patience = 3 * time.Minute
	// guestLimit is how long a short command in the guest may take.
	guestLimit = 2 * time.Minute
	configPath = "/etc/berth/berth.yaml"
	logPath    = "/srv/data/berth.log"
)

// bayPorts are the station's bays: thirteen ports of the controller, and four
// behind a hub in the fourteenth. The fifteenth port is IT's own.
func bayPorts() map[string]string {
	bays := map[string]string{}
	for port := 1; port <= 13; port++ {
		bays[fmt.Sprintf("B%d", port)] = fmt.Sprintf("1-%d", port)
	}
	for port := 1; port <= 4; port++ {
		bays[fmt.Sprintf("H%d", port)] = fmt.Sprintf("1-14.%d", port)
	}
	return bays
}

// recording is a row of `berth recordings --json`.
type recording struct {
	ID      string `json:"id"`
	Camera  string `json:"camera"`
	Bay     string `json:"bay"`
	Docking string `json:"docking"`
	Name    string `json:"name"`
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256"`
	Sealed  string `json:"sealed_sha256"`
	State   string `json:"state"`
	Held    string `json:"held_reason"`
}

// station is the real program at work in the guest.
type station struct {
	trial   *Trial
	process *rack.Process
}

// station commissions one and starts the program.
func (t *Trial) station(ctx context.Context, more string) (*station, error) {
	if err := t.commission(ctx, more); err != nil {
		return nil, err
	}
	s := &station{trial: t}
	return s, s.start(ctx)
}

// commission writes the config, with a data directory and stores of the
// scenario's own, and lets udev ask about all that is plugged in already. More is
// added to the config.
func (t *Trial) commission(ctx context.Context, more string) error {
	config := fmt.Sprintf("station: {id: rack, agency: Rack PD, data: /srv/%s/%s}\nbays:\n", dataDisk, t.Name)
	bays := bayPorts()
	maps.Copy(bays, t.bays)
	for _, bay := range slices.Sorted(maps.Keys(bays)) {
		config += fmt.Sprintf("  - {name: %s, port: %s}\n", bay, bays[bay])
	}
	config += "sealing: {recipients: [/etc/berth/agency.pub.pem]}\ncopies: 2\nstores:\n"
	for _, label := range []string{firstDisk, otherDisk} {
		config += fmt.Sprintf("  - {name: %s, type: directory, path: /srv/%s/%s}\n", label, label, t.Name)
	}
	if err := t.Rack.Guest.WriteFile(ctx, configPath, []byte(config+more)); err != nil {
		return err
	}
	script := "rm -f " + logPath + "\n"
	for _, label := range []string{dataDisk, firstDisk, otherDisk} {
		script += fmt.Sprintf("mkdir -p /srv/%s/%s\n", label, t.Name)
	}
	for _, label := range []string{firstDisk, otherDisk} {
		script += "berth stores commission " + label + " --config " + configPath + "\n"
	}
	_, err := t.Rack.Guest.Shell(ctx, 2*guestLimit, script+installRule)
	return err
}

// installRule and removeRule do what installing and removing the station's
// package does, so that scenarios without a station have a guest without its rule.
const (
	installRule = `
cp /rack/60-berth.rules /etc/udev/rules.d/
udevadm control --reload
udevadm trigger --action=add --subsystem-match=usb
udevadm settle
`
	removeRule = `
rm -f /etc/udev/rules.d/60-berth.rules
udevadm control --reload
for hub in /sys/bus/usb/devices/usb*; do echo 1 >"$hub/authorized_default"; done
`
)

// start starts the program over what is there, and waits until it is up.
func (s *station) start(ctx context.Context) (err error) {
	guest := s.trial.Rack.Guest
	if s.process, err = guest.Start(ctx, logPath, nil, "/usr/bin/berth", "run", "--config", configPath); err != nil {
		return err
	}
	return guest.UntilHolds(ctx, guestLimit, logPath, "station is up")
}

// stop ends the program in the orderly way, which must succeed.
func (s *station) stop(ctx context.Context) error {
	if err := s.process.Signal(ctx, syscall.SIGTERM); err != nil {
		return err
	}
	if code, err := s.process.Wait(ctx, guestLimit); err != nil || code != 0 {
		return fmt.Errorf("the station ended with %d: %w", code, err)
	}
	return nil
}

// status is what the station says of itself.
func (s *station) status(ctx context.Context) (dock.Status, error) {
	var status dock.Status
	text, err := s.trial.Rack.Guest.Run(ctx, guestLimit, "/usr/bin/berth", "status", "--json", "--config", configPath)
	if err != nil {
		return status, err
	}
	if err := json.Unmarshal([]byte(text), &status); err != nil {
		return status, fmt.Errorf("the station's status is no status: %w", err)
	}
	return status, nil
}

// until asks for the status until it is as wanted, and gives the last one.
func (s *station) until(ctx context.Context, limit time.Duration, what string, wanted func(dock.Status) bool) (dock.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	var last dock.Status
	for {
		status, err := s.status(ctx)
		if err == nil && wanted(status) {
			return status, nil
		}
		if err == nil {
			if line := describe(status); line != describe(last) {
				fmt.Fprintln(s.trial.chatter, line)
			}
			last = status
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return last, fmt.Errorf("after %s it does not hold that %s; the last status was %s (%w)", limit, what, describe(last), err)
		}
	}
}

// describe is a status in one line, without the empty bays.
func describe(status dock.Status) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s", status.Mode)
	for _, bay := range status.Bays {
		if bay.State != dock.BayEmpty {
			fmt.Fprintf(&text, "; %s %s %s %d/%d stored %d erased %d %s %s", bay.Bay, bay.State, bay.Camera,
				bay.RecordingsDone, bay.RecordingsTotal, bay.Stored, bay.Erased, bay.Doing, bay.Attention)
		}
	}
	for _, problem := range status.Problems {
		fmt.Fprintf(&text, "; %s", problem.Code)
	}
	return text.String()
}

// bay is what a status says of one bay.
func bay(status dock.Status, name string) dock.BayStatus {
	for _, b := range status.Bays {
		if string(b.Bay) == name {
			return b
		}
	}
	return dock.BayStatus{}
}

// inState says whether all bays named are in a state.
func inState(state dock.BayState, names ...string) func(dock.Status) bool {
	return func(status dock.Status) bool {
		for _, name := range names {
			if bay(status, name).State != state {
				return false
			}
		}
		return true
	}
}

// withoutCamera says that nothing is docked in any of the bays named. A bay whose
// hub was pulled out is without a camera and wants attention.
func withoutCamera(names ...string) func(dock.Status) bool {
	return func(status dock.Status) bool {
		for _, name := range names {
			if b := bay(status, name); b.Camera != "" || b.Docking != "" || b.State != dock.BayEmpty && b.State != dock.BayAttention {
				return false
			}
		}
		return true
	}
}

// recordings is what the journal has.
func (s *station) recordings(ctx context.Context) ([]recording, error) {
	const path = "/tmp/recordings.json"
	if _, err := s.trial.Rack.Guest.Shell(ctx, 2*guestLimit, "berth recordings --limit 0 --json --config "+configPath+" >"+path); err != nil {
		return nil, err
	}
	text, err := s.trial.Rack.Guest.ReadFile(ctx, path)
	if err != nil {
		return nil, err
	}
	var all []recording
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("the list of recordings is none: %w", err)
	}
	return all, nil
}

// compare holds what the stores have against what was on the cards.
func (s *station) compare(ctx context.Context, manifests map[string][]call.File) error {
	recordings, err := s.recordings(ctx)
	if err != nil {
		return err
	}
	stores, err := s.trial.stores(ctx)
	if err != nil {
		return err
	}
	return compare(manifests, recordings, stores)
}
