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
// An ordinary run takes a sample. All of them, with hours to spare:
//
//	go test -timeout 0 ./cmd/internal/faults -v -faults.all
//
// and one of them again, as a failure names it (threads take turns as they
// like, so that its neighbours may be meant; -faults.every 1 -faults.for 10m
// tries what fits into that time):
//
//	go test ./cmd/internal/faults -v -faults.k 719 -faults.mode crash-after -faults.seed 7
//
// It has no code that runs outside tests, and needs Linux on amd64.
package faults
