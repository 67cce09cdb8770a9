// Package agency is what the station's binary and the agency's own tool share:
// the commands `open` and `verify`, and the exit codes of both binaries in one
// place.
//
// It promises that scripts can rely on the exit codes and that an error is one
// sentence on the standard error, with the next step where there is one. It
// never talks to a station.
package agency
