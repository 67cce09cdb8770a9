// Package rack is the virtual rack: a guest with a real Linux kernel and real USB
// ports under QEMU, into which cameras are plugged and out of which they are
// pulled while a station runs there. It is for tests and for trying things out.
//
// It promises that what a scenario sees is the behaviour of a real kernel, of
// real filesystems and of the real program: nothing between the camera's image
// and the station's store is faked. Docking and undocking go through QEMU's
// monitor, Kill is a power cut of the whole station, and Close leaves no process
// and no file outside the rack's directory. What was promised of a recording is
// computed on the host from the seed, never read from the guest.
//
// It needs no hardware and no privilege on the host beyond what mmdebstrap wants
// once, and it is never part of the station.
package rack
