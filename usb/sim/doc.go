// Package sim is the bus of the directory bays: a folder that appears in a
// bay's directory is a camera that was docked, and moving it away undocks it.
// It serves card readers, shares and trying out a station without hardware.
//
// It promises one camera a bay, the one that came first, and a new generation
// for everything that left, as far as the kernel tells. It never opens a
// camera's files, never follows a link out of a bay, and changes nothing.
package sim
