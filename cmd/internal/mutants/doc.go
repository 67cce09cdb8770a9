// Command mutants shows that the tests would notice if a guard were missing. A
// guard is a line of code that a promise of Berth rests on: an fsync, a hash
// check, a clause of the erase rule. For each one in the folder guards the
// program takes that line out of a copy, by an overlay that only the compiler
// sees, and runs the tests that are named beside it: one of them must fail.
//
// It promises that a mutant which does not compile, whose place is not found
// exactly once, or whose tests fail or do not exist without it, is an error and
// never counted as noticed. It never touches the tree, but for TABLE.md, which
// -write brings up to date.
//
//	go run ./cmd/internal/mutants [-list] [-only REGEX] [-write]
package main
