// Package hashing is the ground that every claim of Berth stands on: SHA-256
// while bytes flow, digests as values, one canonical encoding, and the chain
// that ties custody events together.
//
// It promises that equal values have equal encodings on every machine, and
// that whoever holds a chain's last digest can detect any change before it.
// It never opens a file, never logs and knows nothing of cameras or stores.
// The encodings are described for strangers in FORMAT.md beside this file.
package hashing
