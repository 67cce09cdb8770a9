// Package seal is the sealed format: how a recording is encrypted to the
// agency's public keys while it is read, and how it is opened again.
//
// It promises that whoever holds none of the recipients' private keys learns
// nothing but sizes; that a segment can be written, read back and opened alone
// and in any order; and that a sealed file which differs in any bit from what
// was written is refused, before any of its content is given out. The format
// is described for strangers in FORMAT.md beside this file.
//
// It never keeps the key of a file once the file's writer is gone, never reads
// or writes a file by name, starts no goroutine, and uses no cryptography but
// the standard library's and go-jose's, all of it approved under FIPS 140-3.
package seal
