package queue_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"berth/dock"
)

// A stop in the moment in which the spool's disk fails to acknowledge must not
// hide that, although everybody else ended before: the next start has to look
// at everything again.
func TestAStopDoesNotHideAFailedSyncOfTheSpool(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		entered, goOn := make(chan struct{}), make(chan struct{})
		s.spool.slow = func() {
			close(entered)
			<-goOn
		}
		s.spool.fail(dock.ErrSync)
		s.start()
		s.spooled(1)
		s.later(2 * time.Hour) // looked at again by then, and released
		<-entered
		s.cancel()
		synctest.Wait() // everybody else has ended
		close(goOn)
		if err := <-s.ended; !errors.Is(err, dock.ErrSync) {
			t.Errorf("the queue ended with %v", err)
		}
		s.ended = nil
	})
}
