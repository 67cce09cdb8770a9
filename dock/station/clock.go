package station

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// SystemClock is the kernel's clock. Make it with NewSystemClock.
type SystemClock struct{ boot dock.BootID }

// NewSystemClock learns which boot this is.
func NewSystemClock() (SystemClock, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return SystemClock{}, fmt.Errorf("read the boot id: %w", err)
	}
	return SystemClock{boot: dock.BootID(strings.TrimSpace(string(id)))}, nil
}

// Now reads both clocks. CLOCK_BOOTTIME goes on while the machine sleeps.
func (c SystemClock) Now() dock.Instant {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic("CLOCK_BOOTTIME is part of every Linux that runs Go: " + err.Error())
	}
	return dock.Instant{Wall: time.Now(), Boot: c.boot, SinceBoot: time.Duration(ts.Nano())}
}
