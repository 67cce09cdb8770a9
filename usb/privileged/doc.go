// Package privileged is the one narrow place for what an ordinary process may
// not do: mounting a camera's volumes, letting a device in, switching a port's
// power. Callers name a port, the kernel's number of the device in it and an
// action, and never a path, so that a separate process can take over these
// calls one day by moving the package and not by writing it anew.
//
// It promises that another device which comes into the same port is never
// touched in place of the one that was meant: a device is bound to its number
// before and after whatever is done, and its disks by an open descriptor. The
// read path never writes: every disk is set read-only before anything looks at
// it. Mounts are detached, stand in no mount table, and end with their
// descriptors.
//
// It never repairs a filesystem, never formats, and never writes to a volume
// that was not asked for with ReadWrite.
package privileged
