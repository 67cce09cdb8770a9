// Package filetree is a camera that is a tree of files under one root: the
// folder in a bay's directory, or a mounted card. Every driver of such cameras
// uses it.
//
// It promises that nothing outside the root is ever opened, read or removed,
// whatever the tree does in the meantime: every operation begins at the bay
// again and goes down without following links or crossing into another
// filesystem, and every object is looked at before it is opened. It never
// creates or writes a file, never removes a folder, and removes one object at
// a time, only for a dock.Clearance that fits what it read itself.
//
// Names are raw bytes and stay out of errors, since errors reach the log.
package filetree
