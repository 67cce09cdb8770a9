// Package faults holds the tests that let a whole station fail at every single
// operation by which it changes its disks. A child process runs a real station
// (two cameras with five recordings, a spool, a journal, two directory stores)
// under ptrace: each write, sync, rename, link, removal, allocation and creation
// below its directories can be made the last thing it did, be refused once or
// for good, or be done and then reported as failed.
//
// It promises that after any of them every recording is on its camera or whole
// in both stores, that no camera file was removed before both stores held it
// durably, that no final name stands for other bytes, that the journal's chain
// goes on, and that the next start brings everything to its end. Where loop
// devices can be had, the same is done with the power of its disks cut, so that
// only what was synced is left.
//
// The real program, `berth run`, is put under the same watch while its disks,
// stores and clock do what they do in the field: it ends, pauses, holds or goes
// into safe mode, says so, and goes on when the cause is gone.
//
// An ordinary run takes a sample of the operations. All of them take about an
// hour on two cores; what is in the file of results is not tried again, and
// several machines can share the work (-faults.shard 2/3):
//
//	go test -timeout 0 ./cmd/internal/faults -v -faults.all -faults.results /tmp/faults
//
// and one of them again, as a failure names it (threads take turns as they
// like, so that its neighbours may be meant; -faults.every 1 -faults.for 10m
// tries what fits into that time):
//
//	go test ./cmd/internal/faults -v -faults.k 719 -faults.mode crash-after -faults.seed 7
//
// It has no code that runs outside tests, and needs Linux on amd64.
package faults
