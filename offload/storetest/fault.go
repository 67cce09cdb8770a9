package storetest

import (
	"context"
	"sync"
)

// Op is one method of a store.
type Op string

// The methods that faults can be planted in.
const (
	Identity Op = "identity"
	Place    Op = "place"
	Put      Op = "put"
	Stat     Op = "stat"
	Open     Op = "open"
)

// Fault is what goes wrong in one call. Its parts can be combined.
type Fault struct {
	// Gate, if set, is passed before anything else happens.
	Gate *Gate
	// Before fails the call before it has any effect.
	Before error
	// Lie makes Put return nil without storing anything.
	Lie bool
	// Alter changes what Put stores, or what Open gives; it gets a copy.
	Alter func([]byte) []byte
	// Then is called when the call has had its effect, before it returns.
	Then func()
	// After fails the call although it had its effect.
	After error
}

// Gate holds a call up until it is opened or the call's ctx ends.
type Gate struct {
	entered chan struct{}
	open    chan struct{}
	once    sync.Once
}

// NewGate is closed.
func NewGate() *Gate { return &Gate{entered: make(chan struct{}, 1), open: make(chan struct{})} }

// Entered receives when a call waits at the gate.
func (g *Gate) Entered() <-chan struct{} { return g.entered }

// Open lets everybody through from now on.
func (g *Gate) Open() { g.once.Do(func() { close(g.open) }) }

func (g *Gate) pass(ctx context.Context) error {
	select {
	case g.entered <- struct{}{}:
	default:
	}
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// FlipBit changes one bit in the middle.
func FlipBit(content []byte) []byte {
	if len(content) > 0 {
		content[len(content)/2] ^= 1
	}
	return content
}

// Truncate drops the last byte.
func Truncate(content []byte) []byte { return content[:max(len(content)-1, 0)] }

func (f Fault) end() error {
	if f.Then != nil {
		f.Then()
	}
	return f.After
}
