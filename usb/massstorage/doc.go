// Package massstorage is the driver of cameras that show themselves as disks:
// every volume of every logical unit is walked as a tree of files, and joined
// with the others into one camera.
//
// It promises that reading never writes, that a second read comes from the
// medium and not from a cache, that a volume is writable only while something
// is being erased from it, and that what cannot be read, mounted or understood
// is listed as an exception and not left out.
//
// It never repairs, formats or renames, and reaches the machine only through
// its Helper.
package massstorage
