package station

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"berth/dock/journal"
)

// Whoever stops the station at the moment in which the journal fails must still
// learn that it failed.
func TestAStopDoesNotHideThatTheJournalFailed(t *testing.T) {
	doubts := &doubts{}
	doubts.note(context.Canceled)
	lost := fmt.Errorf("bay A1: %w", errors.Join(context.Canceled, journal.ErrCommit))
	doubts.note(lost)
	doubts.note(context.Canceled)
	if got := doubts.first(); !errors.Is(got, journal.ErrCommit) || !Doubtful(got) {
		t.Errorf("the station would end with %v", got)
	}
}
