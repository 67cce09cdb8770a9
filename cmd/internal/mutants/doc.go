// Command mutants shows that the tests would notice if a guard were missing. A
// guard is a line of code that a promise of Berth rests on: an fsync, a hash
// check, a clause of the erase rule. For each one in the folder guards the
// program takes that line out of a copy of the tree and runs the tests that are
// named beside it: one of them must fail.
//
// A function that holds guards is compiled once for all of them, with a twin
// for each (see twinOf), so that a mutant costs no more than its tests. Where
// there can be no twin, the compiler is given the changed file by an overlay.
//
// It promises that a mutant which does not compile, whose place is not found
// exactly once, or whose tests fail or do not exist without it, is an error and
// never counted as noticed. It never touches the tree, but for TABLE.md, which
// -write brings up to date, and does not mind others who work in it meanwhile.
//
//	go run ./cmd/internal/mutants [-list] [-only REGEX] [-shard i/n] [-results FILE] [-write]
package main
