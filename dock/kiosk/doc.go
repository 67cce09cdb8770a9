// Package kiosk is the station's local voice: what it says about itself
// (Status), the few actions that a person may ask of it, the API that carries
// both over a unix socket in the data directory, and the Go client that the
// command line uses. The interface Station is declared here and implemented by
// the running station.
//
// It promises that a slow, dead or hostile client never holds up the station:
// requests are bounded in size and time, and a watcher that does not read
// misses intermediate states, never the latest. It promises that the kernel,
// and not the client, says who asked for an action. It never decides anything
// about a recording, and never opens one.
//
// Every route stands in one table, in routes.go; API.md is generated from it.
package kiosk
