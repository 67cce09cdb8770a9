package privileged

import (
	"context"
	"testing"
	"time"

	"berth/dock"
)

func TestADiskThatAnswersAnotherProgramGivesSigns(t *testing.T) {
	counts := []string{"1 reads", "1 reads", "2 reads", "2 reads", "3 reads"}
	ctx, cancel := context.WithCancel(t.Context())
	signs, at := 0, -1
	look := make(chan time.Time)
	go func() {
		for range counts[1:] {
			look <- time.Time{}
		}
		cancel()
	}()
	pass(dock.WithSign(ctx, func() { signs++ }), look, func() []byte { at++; return []byte(counts[at]) })
	if signs != 2 {
		t.Errorf("%d signs, want 2", signs)
	}
}
