package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// place says where a contender finds the cameras and where it may write.
type place struct {
	in    string // the cameras' folders
	out   string // empty at first, on the disk to measure, removed afterwards
	tools string // keys and configurations, made anew each time
}

// contender is one way to bring recordings to safety.
type contender struct {
	name    string
	aim     float64 // Berth's wall time over this one's; 0 for none
	needs   []string
	prepare string // a shell script before the clock starts
	script  string // what is measured; empty for Berth
	rounds  []spent
}

// spent is what one run took.
type spent struct {
	wall, processor time.Duration
	peakBytes       int64 // resident, of the largest process
}

const berthName = "berth"

// contenders are Berth, the tools that are installed, and one plain SHA-256 of
// the same bytes as the measure of the machine. missing names the others.
func contenders() (all []contender, missing []string) {
	const eachFile = `find . -type f -print0 | sort -z | xargs -0 `
	for _, c := range []contender{
		{name: berthName},
		{
			name: "cp, sha256sum, sha256sum -c, age", aim: 0.18, needs: []string{"age", "age-keygen"},
			prepare: `age-keygen -o "$TOOLS/age.key" 2>/dev/null; age-keygen -y "$TOOLS/age.key" >"$TOOLS/age.pub"`,
			script: `cp -r "$IN/." "$OUT/copy"
				cd "$IN"; ` + eachFile + `sha256sum >"$TOOLS/sums"
				cd "$OUT/copy"; sha256sum -c --quiet "$TOOLS/sums"
				find . -type f -exec age -R "$TOOLS/age.pub" -o {}.age {} \;`,
		},
		{
			name: "rclone crypt, cryptcheck", aim: 0.30, needs: []string{"rclone"},
			prepare: `printf '[sealed]\ntype = crypt\nremote = %s\npassword = %s\n' "$OUT" "$(rclone obscure secret)" >"$TOOLS/rclone.conf"`,
			script: `export RCLONE_CONFIG="$TOOLS/rclone.conf"
				rclone copy "$IN" sealed:; rclone -q cryptcheck "$IN" sealed:`,
		},
		{
			name: "restic, check --read-data", aim: 0.26, needs: []string{"restic"},
			prepare: `RESTIC_PASSWORD=secret restic -q -r "$OUT" --cache-dir "$TOOLS/restic" init`,
			script: `export RESTIC_PASSWORD=secret
				restic -q -r "$OUT" --cache-dir "$TOOLS/restic" backup "$IN"
				restic -q -r "$OUT" --cache-dir "$TOOLS/restic" check --read-data >/dev/null`,
		},
		{
			name: "rclone copy --checksum", aim: 0.75, needs: []string{"rclone"},
			prepare: `: >"$TOOLS/rclone.conf"`,
			script:  `rclone --config "$TOOLS/rclone.conf" copy --checksum "$IN" "$OUT"`,
		},
		{
			name: measureName, needs: []string{"openssl"},
			script: `cd "$IN"; ` + eachFile + `openssl dgst -sha256 >/dev/null`,
		},
	} {
		lacks := ""
		for _, tool := range c.needs {
			if _, err := exec.LookPath(tool); err != nil {
				lacks = tool
			}
		}
		if lacks == "" {
			all = append(all, c)
		} else {
			missing = append(missing, c.name)
		}
	}
	return all, missing
}

// measureName is the contender whose processor time Berth's is compared with.
const measureName = "openssl dgst -sha256"

// run measures the contender once, from cold caches where that is permitted.
func (c *contender) run(ctx context.Context, at place) (spent, bool, error) {
	if err := os.Mkdir(at.out, 0o700); err != nil {
		return spent{}, false, err
	}
	defer os.RemoveAll(at.out)
	if err := os.RemoveAll(at.tools); err != nil {
		return spent{}, false, err
	}
	if err := os.Mkdir(at.tools, 0o700); err != nil {
		return spent{}, false, err
	}
	if c.prepare != "" {
		if _, err := measure(shell(ctx, at, c.prepare)); err != nil {
			return spent{}, false, fmt.Errorf("prepare: %w", err)
		}
	}
	cold := cool()
	command := shell(ctx, at, c.script)
	if c.script == "" {
		own, err := os.Executable()
		if err != nil {
			return spent{}, false, err
		}
		command = exec.CommandContext(ctx, own, pullWord, at.in, filepath.Join(at.out, "station"))
	}
	took, err := measure(command)
	return took, cold, err
}

func shell(ctx context.Context, at place, script string) *exec.Cmd {
	command := exec.CommandContext(ctx, "sh", "-euc", script)
	command.Env = append(os.Environ(), "IN="+at.in, "OUT="+at.out, "TOOLS="+at.tools)
	return command
}

// measure runs a command to its end. The kernel adds up processor time over
// all processes that the command started, and takes the largest one's memory.
// When the command's context ends, all of them end.
func measure(command *exec.Cmd) (spent, error) {
	command.Stderr = os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return unix.Kill(-command.Process.Pid, unix.SIGKILL) }
	began := time.Now()
	err := command.Run()
	wall := time.Since(began)
	if err != nil {
		return spent{}, err
	}
	usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return spent{}, fmt.Errorf("this system does not say what a process took")
	}
	processor := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	return spent{wall: wall, processor: processor, peakBytes: usage.Maxrss << 10}, nil
}

// cool writes out what an earlier contender left and empties the caches, which
// only root may do. It reports whether they are empty now.
func cool() bool {
	unix.Sync()
	return os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0) == nil
}
