// Package ingest brings recordings from a camera onto the station's own disk:
// pull, hash, seal, spool and verify in one pass, the second read of the
// camera, and what a start-up has to finish or clear away.
//
// It promises that a recording which it calls spooled is whole and durable, and
// that its digests speak of bytes that were read back from the disk, opened
// with the key and hashed, not of a buffer on the way there. Where the
// filesystem cannot be read past the page cache, the fact says so.
//
// It never writes plaintext to any disk, never keeps a key that opens what it
// sealed longer than the pull that made it, never changes anything on a camera,
// and never deletes a complete sealed file except when told to release it.
package ingest
