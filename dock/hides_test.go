package dock

import "testing"

func TestListingHidesWhatLiesBelowAFolderThatWasNotLookedInto(t *testing.T) {
	for name, c := range map[string]struct {
		exception Exception
		name      RawName
		want      bool
	}{
		"the folder itself":     {Exception{Kind: ExceptionUnreadable, Name: "DCIM/100"}, "DCIM/100", true},
		"a file in it":          {Exception{Kind: ExceptionUnreadable, Name: "DCIM/100"}, "DCIM/100/a", true},
		"far below":             {Exception{Kind: ExceptionTooDeep, Name: "DCIM"}, "DCIM/100/x/a", true},
		"beside it":             {Exception{Kind: ExceptionUnreadable, Name: "DCIM/100"}, "DCIM/101/a", false},
		"a longer name":         {Exception{Kind: ExceptionUnreadable, Name: "DCIM/100"}, "DCIM/100a", false},
		"above it":              {Exception{Kind: ExceptionUnreadable, Name: "DCIM/100"}, "DCIM", false},
		"on another volume":     {Exception{Kind: ExceptionVolume, Name: "lun0p1"}, "lun0p2/a", false},
		"on the volume":         {Exception{Kind: ExceptionVolume, Name: "lun0p1"}, "lun0p1/a", true},
		"on the only volume":    {Exception{Kind: ExceptionVolume, Name: "."}, "a", true},
		"beside what is listed": {Exception{Kind: ExceptionUnfinished, Name: "a"}, "a/b", false},
		"where a link stands":   {Exception{Kind: ExceptionLink, Name: "."}, "a", false},
	} {
		listing := Listing{Exceptions: []Exception{c.exception}}
		if got := listing.Hides()(c.name); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestHiddenRecordingHasNotVanished(t *testing.T) {
	listing := full()
	listing.Exceptions = []Exception{{Kind: ExceptionUnreadable, Name: "x"}}
	erasing := knownOf("r2", "x/b", 5)
	erasing.Erasing = "d1"
	known := []Known{knownOf("r1", "x/a", 5), erasing, knownOf("r3", "y/a", 5)}
	got := bodies(Reconcile("d2", false, known, listing, true))
	if len(got) != 1 || got["r3"] != (Vanished{Reason: VanishAbsent}) {
		t.Errorf("departures %v; want r3 alone", got)
	}
	listing.Entries = []Entry{listed("x/a", 6)} // seen after all, and another one
	got = bodies(Reconcile("d2", false, known, listing, true))
	if got["r1"] != (Vanished{Reason: VanishOverwritten}) {
		t.Errorf("departures %v; want r1 overwritten", got)
	}
}
