// Package queue forwards what lies sealed on the spool to every store, and
// earns the receipts that prove it.
//
// It promises that a recording is forwarded until each configured store was
// shown, by reading back and hashing, to hold it, through restarts, outages and
// stores that lie; that no store waits for another; that a receipt names the
// UUID that was read from the store itself before and after; and that a spool
// copy goes only when every configured store has shown twice that it holds the
// recording. It never takes a nil error for proof, never gives up, and never
// replaces or removes anything in a store.
//
// What is to be done is looked up in the journal and never remembered from an
// event: losing a Wake costs time, not truth. Memory does not grow with the
// backlog.
package queue
