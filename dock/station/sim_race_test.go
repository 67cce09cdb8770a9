//go:build race

package station

// The race detector makes everything slow, and a world has one goroutine.
const simulatedByDefault = 500
