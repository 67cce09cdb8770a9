package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"berth/usb/rack"
)

// Stage is the station's hardware: a guest that scenarios share until one of
// them cuts its power, and the station's own disks, which outlive that.
type Stage struct {
	Rack *rack.Rack // nil while there is no power

	options rack.Options
	cache   string // for cards
	dir     string
	agency  string // path of the agency's private key
	chatter io.Writer
}

// The station's disks, by their labels; each is mounted at /srv/<label>.
const (
	dataDisk  = "data"
	firstDisk = "evidence-1"
	otherDisk = "evidence-2"
)

// NewStage makes the station's disks and keys below dir. Nothing runs yet. Each
// change of what the station says of itself will be written to chatter.
func NewStage(ctx context.Context, options rack.Options, cache, dir string, chatter io.Writer) (*Stage, error) {
	s := &Stage{options: options, cache: cache, dir: dir, agency: filepath.Join(dir, "agency.key.pem"), chatter: chatter}
	s.options.Dir = filepath.Join(dir, "guest")
	if err := os.MkdirAll(s.options.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the rack's directory: %w", err)
	}
	for _, label := range []string{dataDisk, firstDisk, otherDisk} {
		path := s.disk(label)
		if err := host(ctx, "truncate", "-s", "16G", path); err != nil {
			return nil, err
		}
		if err := host(ctx, "mke2fs", "-q", "-F", "-t", "ext4", "-L", label, "-E", "lazy_itable_init=1,nodiscard,root_owner=0:0", path); err != nil {
			return nil, err
		}
		s.options.Disks = append(s.options.Disks, path)
	}
	if options.Programs.Berth != "" {
		if err := host(ctx, options.Programs.Berth, "keys", "new", filepath.Join(dir, "agency")); err != nil {
			return nil, err
		}
		s.options.Extra["etc/berth/agency.pub.pem"] = filepath.Join(dir, "agency.pub.pem")
	}
	return s, nil
}

func (s *Stage) disk(label string) string { return filepath.Join(s.dir, label+".img") }

// boot starts a guest unless one is up.
func (s *Stage) boot(ctx context.Context) (err error) {
	if s.Rack == nil {
		s.Rack, err = rack.Start(ctx, s.options)
	}
	return err
}

// PowerCut kills the guest, as a fuse does to the whole station.
func (s *Stage) PowerCut() {
	if s.Rack != nil {
		s.Rack.Kill()
		s.Rack = nil
	}
}

// settle empties the bays and sees to it that the next scenario finds the guest
// as this one found it: nothing mounted, no process that cannot be killed, no
// station.
func (s *Stage) settle(ctx context.Context) error {
	if s.Rack == nil {
		return nil
	}
	for _, name := range s.Rack.Plugged() {
		if err := s.Rack.Undock(ctx, name); err != nil {
			return err
		}
	}
	if err := s.leftovers(ctx); err != nil {
		return err
	}
	_, err := s.Rack.Guest.Shell(ctx, guestLimit, removeRule)
	return err
}

// leftovers is an error if the guest still has something of a camera.
func (s *Stage) leftovers(ctx context.Context) error {
	const limit = time.Minute
	_, err := s.Rack.Guest.Shell(ctx, 2*limit, `
for try in $(seq 300); do
    left=
    for disk in /sys/block/sd*; do [ -e "$disk" ] && left="$left ${disk##*/}"; done
    left="$left$(grep -E '^/dev/sd' /proc/mounts || :)"
    for state in /proc/[0-9]*/stat; do
        read -r line <"$state" 2>/dev/null || continue
        case "$line" in *") D "*) left="$left unkillable: $line";; esac
    done
    pidof berth >/dev/null && left="$left berth"
    [ -z "$left" ] && exit 0
    busybox usleep 100000
done
echo "left in the guest: $left" >&2
exit 1`)
	return err
}

// keep moves what a failed scenario left to where a person finds it, and cuts
// the power: nobody knows what state the guest is in.
func (s *Stage) keep(name, below string) (string, error) {
	to := filepath.Join(below, name)
	if err := errors.Join(os.RemoveAll(to), os.MkdirAll(to, 0o755)); err != nil {
		return "", err
	}
	if s.Rack != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		for file, script := range map[string]string{
			"kernel.log": "dmesg", "berth.log": "tail -c 4000000 /srv/data/berth.log", "processes": "ps axlww; cat /proc/mounts; ls -l /sys/bus/usb/devices",
		} {
			text, err := s.Rack.Guest.Shell(ctx, time.Minute, script)
			if err != nil {
				text += err.Error()
			}
			if err := os.WriteFile(filepath.Join(to, file), []byte(text), 0o644); err != nil {
				return "", err
			}
		}
		s.PowerCut()
	}
	console, err := os.ReadFile(filepath.Join(s.options.Dir, "console.log"))
	if err != nil {
		return "", err
	}
	return to, os.WriteFile(filepath.Join(to, "console.log"), console, 0o644)
}

// host runs a program of the host to its end.
func host(ctx context.Context, name string, arguments ...string) error {
	if out, err := exec.CommandContext(ctx, name, arguments...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(arguments, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
