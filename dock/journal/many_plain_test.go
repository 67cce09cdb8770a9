//go:build !race

package journal

// manyFiles is the largest camera that must be handled in seconds.
const manyFiles = 20_000
