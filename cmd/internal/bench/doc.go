// Command bench measures Berth beside the tools that people use today, in one
// run and on the same files: what it costs to bring recordings from cameras
// onto the station, sealed, durable, and verified from the disk.
//
// It promises that every contender starts from the same state of the caches and
// runs as a child process of its own, whose wall time, processor time and peak
// memory the kernel reports; that contenders take turns, so that a busy machine
// burdens all of them; and that ratios are medians of pairs from the same round.
// Berth's time ends when everything is durable and read back; the other tools
// are not asked to make anything durable, which is left out of their time.
//
// It installs nothing and leaves nothing behind. A tool that is not there is
// named and left out. `make bench` installs the tools and runs it.
package main
