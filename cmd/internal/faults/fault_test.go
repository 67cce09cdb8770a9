//go:build linux && amd64

package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The kinds of fault that an operation can have.
const (
	modeBefore = "crash-before" // killed instead of doing it
	modeAfter  = "crash-after"  // killed when it was done, before it was known
	modeOnce   = "once"         // refused, this time
	modeSticky = "sticky"       // refused, as are all later ones on the same disk
	modeLie    = "lie"          // done, and said to have failed

	// modeRot is for writes to a store: done and said to be done, and one bit
	// of the file is another one afterwards. No crash could bring that about.
	modeRot = "rot"
)

func modes() []string { return []string{modeBefore, modeAfter, modeOnce, modeSticky, modeLie} }

// fault is one fault at the k-th operation, counted from 1; k 0 is no fault.
type fault struct {
	k    int
	mode string
	// only counts just the operations that begin with this text, below the
	// house; empty for all.
	only string
}

func (f fault) crashes() bool { return f.mode == modeBefore || f.mode == modeAfter }

// watcher directs one station: it counts its operations, makes the fault, and
// watches that nothing is done too early.
type watcher struct {
	ctx   context.Context
	house *house
	fault fault

	count    int
	counted  int           // those that the fault counts
	hitAt    int           // its count at the fault
	struck   chan struct{} // closed at the fault
	trail    []string      // all operations, as they came
	hit      operation     // where the fault was made
	refused  []operation
	stopping bool // it ends anyway: nothing that is refused now has to end it
	existed  bool // the current operation's target was there before
	wrong    []error
}

func (w *watcher) before(o operation) verdict {
	part := w.house.part(o.path)
	if part == "" {
		w.stopping = w.stopping || o.path == w.house.path(stoppingName)
		return verdict{}
	}
	w.count++
	w.trail = append(w.trail, fmt.Sprintf("%d %s", w.count, w.shown(o)))
	if strings.HasPrefix(w.shown(o), w.fault.only) {
		w.counted++
	}
	w.existed = exists(o.path)
	w.check(o, part)
	reached := w.hit == (operation{}) && w.fault.k > 0 && w.counted == w.fault.k
	if reached {
		w.hit, w.hitAt = o, w.count
		close(w.struck)
	}
	switch {
	case w.fault.mode == modeSticky && !reached && w.hit != (operation{}) && part == w.house.part(w.hit.path):
		return w.refuse(o)
	case !reached:
		return verdict{}
	case w.fault.mode == modeBefore:
		return verdict{crash: crashBefore}
	case w.fault.mode == modeAfter:
		return verdict{crash: crashAfter}
	case w.fault.mode == modeRot:
		return verdict{}
	case w.fault.mode == modeLie:
		v := w.refuse(o)
		v.skip = false
		return v
	}
	return w.refuse(o)
}

// refuse says that the disk is full where that can be, or else broken.
func (w *watcher) refuse(o operation) verdict {
	if !w.stopping {
		w.refused = append(w.refused, o)
	}
	errno := syscall.Errno(unix.EIO)
	if slices.Contains([]string{opWrite, opAllocate, opCreate, opFolder}, o.kind) {
		errno = unix.ENOSPC
	}
	return verdict{errno: errno, skip: true}
}

// check looks for what must not happen now. A file gets its final name only
// when its content is durable.
func (w *watcher) check(o operation, part string) {
	if o.kind == opName && finalName.MatchString(o.to[len(o.to)-min(len(o.to), 71):]) && w.house.disks.content[o.path] {
		w.wrong = append(w.wrong, fmt.Errorf("%s: its content is not durable", o))
	}
	if part == "bays" {
		if o.kind == opSync {
			return
		}
		if o.kind != opRemove {
			w.wrong = append(w.wrong, fmt.Errorf("%s: a camera is only read and emptied", o))
			return
		}
		if err := w.house.mayGo(w.ctx, o.path); err != nil {
			w.wrong = append(w.wrong, err)
		}
	}
}

func (w *watcher) after(o operation, ok bool) {
	if ok && w.house.part(o.path) != "" {
		w.house.disks.see(o, w.existed)
		if o.kind == opSync && strings.HasPrefix(o.path, w.house.path("data/journal")) {
			w.wrong = append(w.wrong, w.house.acknowledged(w.ctx))
		}
	}
	if w.fault.mode == modeRot && w.hitAt == w.count && w.hit == o {
		w.wrong = append(w.wrong, flip(o.path))
		w.house.rotten = true
	}
}

// flip changes the last bit of a file.
func flip(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		last := make([]byte, 1)
		_, err = f.ReadAt(last, info.Size()-1)
		last[0] ^= 1
		if err == nil {
			_, err = f.WriteAt(last, info.Size()-1)
		}
	}
	return errors.Join(err, f.Close())
}

func (w *watcher) cut() {
	if w.house.power != nil {
		w.wrong = append(w.wrong, w.house.power.cut(w.ctx))
	}
}

func (w *watcher) parks() bool          { return false }
func (w *watcher) clock() time.Duration { return 0 }

// around is what happened shortly before and after the fault.
func (w *watcher) around() string {
	from := max(w.hitAt-8, 0)
	return strings.Join(w.trail[from:min(from+16, len(w.trail))], "\n")
}

// shown is an operation with its paths below the house.
func (w *watcher) shown(o operation) string {
	return strings.ReplaceAll(o.String(), w.house.dir+"/", "")
}

func (w *watcher) err() error { return errors.Join(w.wrong...) }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
