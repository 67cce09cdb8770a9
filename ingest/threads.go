package ingest

import (
	"os"
	"runtime"
)

// threadsPerProcessor is how many goroutines may run for each processor. One
// that waits for the disk in a direct read or write keeps its place among those
// that run until the scheduler notices; with one place for each processor, the
// processors stand idle that long although segments wait to be hashed. Measured
// on two processors: four places take a quarter off the wall time of a pull.
const threadsPerProcessor = 2

// OverlapDisk lets other work run while a goroutine waits for the disk. A
// program calls it once, first of all. A person's own GOMAXPROCS stands.
func OverlapDisk() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(threadsPerProcessor * runtime.GOMAXPROCS(0))
	}
}
