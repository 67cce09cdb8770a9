// Package dock is the domain: the words of the docking station and the rules
// that do not depend on any hardware, database or network. Bays, cameras and
// what they list; the append-only facts about a recording and the state that
// they amount to; receipts of stores; and the one rule that allows erasing.
//
// It promises that a Clearance cannot be made outside Clear, that a Receipt of
// grade rehashed cannot be made without hashing what the store gave back, and
// that everything here is a pure function of its arguments. It never does I/O
// of its own, starts no goroutine, and runs on any operating system.
package dock
