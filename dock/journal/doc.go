// Package journal keeps what the station knows, in SQLite: append-only facts
// about recordings, each with its hash-chained custody event in one
// transaction, and the tables that other packages own.
//
// It promises that a fact is on the disk when Append returns, that the state it
// caches is what dock.StateOf makes of the facts, that every event can be
// checked by a stranger (FORMAT.md), and that nothing personal is stored in
// clear: such fields are sealed under the station's data key, and events carry
// only salted commitments to them. It never changes or removes a fact, and it
// is the only way to an erase intent: Clear.
package journal
