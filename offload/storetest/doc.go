// Package storetest is the conformance suite that every store must pass, and a
// store in memory that can be told to fail in every way that stores fail.
//
// It promises that what passes Run is safe to earn receipts on: create-only,
// repeatable, honest about what is missing. It knows no concrete store beside
// its own, and is for tests only.
package storetest
