package privileged

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// countEvery is how often it is looked whether a disk answers.
const countEvery = time.Second

// signs passes on (dock.Sign) that a disk answers while another program reads
// it, by the kernel's count of what came from it (Documentation/block/stat).
// stop ends that and waits for its end.
func (l *Local) signs(ctx context.Context, number uint64) (stop func()) {
	count := fmt.Sprintf("%s/dev/block/%d:%d/stat", l.sys, unix.Major(number), unix.Minor(number))
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(countEvery)
		defer ticker.Stop()
		pass(ctx, ticker.C, func() []byte { now, _ := os.ReadFile(count); return now }) // unreadable is no news
	}()
	return func() {
		cancel()
		<-done
	}
}

// pass calls dock.Sign at every look at which the count has changed.
func pass(ctx context.Context, look <-chan time.Time, count func() []byte) {
	last := count()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look:
		}
		if now := count(); !bytes.Equal(now, last) {
			last = now
			dock.Sign(ctx)
		}
	}
}
