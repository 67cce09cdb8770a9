package queue

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"berth/dock/journal"
)

// A stop in the same moment must not hide that the journal failed: whoever
// starts next has to know.
func TestAStopDoesNotHideAFailedCommit(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	failed := fmt.Errorf("record the receipt: %w", errors.Join(context.Canceled, journal.ErrCommit))
	if err := ended(ctx, failed); !errors.Is(err, journal.ErrCommit) {
		t.Errorf("while it runs: %v", err)
	}
	stop()
	if err := ended(ctx, failed); !errors.Is(err, journal.ErrCommit) {
		t.Errorf("while it is stopped: %v", err)
	}
	if err := ended(ctx, fmt.Errorf("list: %w", context.Canceled)); err != nil {
		t.Errorf("a stop alone is an error: %v", err)
	}
}
