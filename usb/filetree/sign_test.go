package filetree_test

import (
	"fmt"
	"testing"

	"berth/dock"
)

func TestAListingGivesASignForEveryName(t *testing.T) {
	f := newFixture(t)
	const names = 50
	for i := range names {
		f.put(t, fmt.Sprintf("DCIM/%d/%d.MP4", i%5, i), "x")
	}
	signs := 0
	_, err := f.open(t).List(dock.WithSign(t.Context(), func() { signs++ }))
	must(t, err)
	if signs < names {
		t.Errorf("%d signs while %d names were listed", signs, names)
	}
}
