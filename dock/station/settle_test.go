package station

import (
	"testing"

	"berth/dock"
)

func listing(entries ...dock.Entry) dock.Listing { return dock.Listing{Entries: entries, Clean: true} }

func entry(handle, identity string) dock.Entry {
	return dock.Entry{Handle: dock.Handle(handle), Name: dock.RawName(handle), Identity: dock.ObjectIdentity(identity)}
}

func TestAGrowingFileWaitsAndQuietOnesDoNot(t *testing.T) {
	quiet, settled := settle(
		listing(entry("a", "1"), entry("b", "1")),
		listing(entry("a", "1"), entry("b", "2")), nil)
	if settled {
		t.Error("settled although b changed")
	}
	if len(quiet.Entries) != 1 || quiet.Entries[0].Handle != "a" {
		t.Errorf("quiet = %v, want only a", quiet.Entries)
	}
}

func TestANewFileWaitsForTheNextListing(t *testing.T) {
	quiet, settled := settle(listing(), listing(entry("a", "1")), nil)
	if settled || len(quiet.Entries) != 0 {
		t.Errorf("quiet = %v, settled = %v, want nothing yet", quiet.Entries, settled)
	}
}

func TestEqualListingsAreSettled(t *testing.T) {
	quiet, settled := settle(listing(entry("a", "1")), listing(entry("a", "1")), nil)
	if !settled || len(quiet.Entries) != 1 {
		t.Errorf("quiet = %v, settled = %v, want a and settled", quiet.Entries, settled)
	}
}

func TestWhatWeErasedDoesNotUnsettleButWhatLeftByItselfDoes(t *testing.T) {
	before, after := listing(entry("a", "1"), entry("b", "1")), listing(entry("b", "1"))
	if _, settled := settle(before, after, map[dock.Handle]bool{"a": true}); !settled {
		t.Error("an erase of ours counts as a change of the camera")
	}
	if _, settled := settle(before, after, nil); settled {
		t.Error("a file that left by itself was not noticed")
	}
}
