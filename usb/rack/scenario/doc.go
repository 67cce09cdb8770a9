// Package scenario is what the virtual rack is for: each scenario docks cameras
// in bays with a real kernel below them, does to them what people do, and
// compares what reached the stores with what was on the cards, byte for byte.
//
// It promises that a scenario which says nothing has looked: every file of every
// card is opened with the agency's key out of every store's disk image and hashed
// on the host, every wait ends, and what the guest's kernel is left with (mounts,
// processes that cannot be killed, drivers bound to what is no camera) counts. It
// never repeats a scenario until it holds, and never takes the station's word for
// what a store has.
package scenario
