//go:build !race

package station

const simulatedByDefault = 5_000
