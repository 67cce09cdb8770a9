package privileged

import (
	"cmp"
	"log/slog"
)

// Options say where the kernel shows its devices. Zero fields stand for their defaults.
type Options struct {
	Sys string // where sysfs is mounted; "/sys"
	Dev string // where the device nodes are; "/dev"
	Log *slog.Logger
}

// Local does everything in this process, which needs CAP_SYS_ADMIN, and
// CAP_DAC_OVERRIDE to read what other users own on a volume. Safe for
// concurrent use; calls on one volume do not wait for those on another.
type Local struct {
	sys, dev string
	log      *slog.Logger
}

// NewLocal touches nothing yet.
func NewLocal(o Options) *Local {
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Local{sys: cmp.Or(o.Sys, "/sys"), dev: cmp.Or(o.Dev, "/dev"), log: log}
}
