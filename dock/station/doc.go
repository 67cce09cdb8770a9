// Package station is the running station: a goroutine for every bay that walks
// each docked camera along the way of a recording, and the few decisions about
// what to do next, which are pure functions (next, settle).
//
// It promises that a bay never waits for another bay, that losing an event
// costs time and never a recording, and that an error of spool or journal that
// makes acknowledgements doubtful ends Run. It never erases without a
// dock.Clearance from the journal and knows no concrete driver or store.
package station
