//go:build linux && amd64

package faults

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"
)

// What a child process is told in its environment.
const (
	programVariable = "BERTH_FAULTS_PROGRAM" // what to become, and its arguments, a line each
	houseVariable   = "BERTH_FAULTS_HOUSE"
)

// TestMain is also the main of the station's process: the test's own program
// started once more.
func TestMain(m *testing.M) {
	if command := os.Getenv(programVariable); command != "" {
		os.Exit(become(strings.Split(command, "\n")))
	}
	house := os.Getenv(houseVariable)
	if house == "" {
		os.Exit(m.Run())
	}
	os.Exit(inhabit(house))
}

var (
	flagK        = flag.Int("faults.k", 0, "only the fault at this operation, counted from 1")
	flagMode     = flag.String("faults.mode", "", "only this kind of fault")
	flagSeed     = flag.Uint64("faults.seed", 0, "seed of the sample and of second crashes; 0 for a new one")
	flagAll      = flag.Bool("faults.all", false, "every kind of fault at every operation")
	flagEvery    = flag.Int("faults.every", 0, "every so many operations only; 0 for what takes about a minute")
	flagFor      = flag.Duration("faults.for", 0, "begin no trial after this long, and take them in a random order; 0 for all")
	flagShard    = flag.String("faults.shard", "1/1", "only the i-th of n equal parts, as i/n, for several processes that share the work")
	flagResults  = flag.String("faults.results", "", "file to which each trial's result is appended; what is in it and kept its promises is not tried again")
	flagGround   = flag.String("faults.ground", "", "directory for the houses; empty for a filesystem in memory, or else the system's scratch")
	flagPatience = flag.Duration("faults.patience", 3*time.Second, "how long a station may go on after its fault")
)
