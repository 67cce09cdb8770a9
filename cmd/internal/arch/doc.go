// Package arch holds the tests of the house as a whole: who may import whom,
// what stands at the top level, and how long a file or a function may be. The
// table of rooms is in rooms_test.go; .golangci.yml says the same to the linter,
// and a test compares the two.
//
// It promises that a rule which is broken anywhere in the tree makes a test
// fail that names the place. It has no code that runs outside tests.
package arch
