//go:build race

package journal

// manyFiles is fewer where every access is watched.
const manyFiles = 2_000
