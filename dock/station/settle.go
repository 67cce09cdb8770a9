package station

import "berth/dock"

// settle compares two listings of one attachment and keeps of the later one
// what was there before, unchanged: what grows, appears or changes waits for a
// listing in which it is quiet. Settled means that nothing at all differs, but
// for the handles that the station erased in between.
func settle(earlier, later dock.Listing, erased map[dock.Handle]bool) (quiet dock.Listing, settled bool) {
	before := make(map[dock.Handle]dock.ObjectIdentity, len(earlier.Entries))
	for _, e := range earlier.Entries {
		before[e.Handle] = e.Identity
	}
	quiet = later
	quiet.Entries = make([]dock.Entry, 0, len(later.Entries))
	for _, e := range later.Entries {
		if identity, known := before[e.Handle]; known && identity == e.Identity {
			quiet.Entries = append(quiet.Entries, e)
		}
		delete(before, e.Handle)
	}
	for handle := range before {
		if !erased[handle] {
			return quiet, false // something left the camera just now: look once more
		}
	}
	return quiet, len(quiet.Entries) == len(later.Entries)
}
