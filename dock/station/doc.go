// Package station is the running station: a goroutine for every bay that walks
// each docked camera along the way of a recording. What a docking decides is a
// pure step function (state.step), which a simulation drives too; docking.go and
// perform.go do in the world what it says.
//
// It promises that a bay never waits for another bay, that losing an event
// costs time and never a recording, and that an error of spool or journal that
// makes acknowledgements doubtful ends Run. It never erases without a
// dock.Clearance from the journal and knows no concrete driver or store.
package station
