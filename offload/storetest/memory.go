package storetest

import (
	"slices"
	"sync"

	"berth/dock"
)

// Memory is a store in memory. Without planted faults it keeps the contract.
// Safe for concurrent use.
type Memory struct {
	mu      sync.Mutex
	id      dock.StoreID
	place   dock.Place
	objects map[string][]byte
	once    map[Op][]Fault // each for one call, in order
	always  map[Op]Fault
	calls   map[Op]int
}

// NewMemory is an empty store with the UUID id on a device named after it; with
// no id it is not commissioned.
func NewMemory(id dock.StoreID) *Memory {
	m := &Memory{once: map[Op][]Fault{}, always: map[Op]Fault{}, calls: map[Op]int{}}
	m.Reset(id)
	return m
}

// Reset empties the store and gives it another identity, as a swapped disk has.
func (m *Memory) Reset(id dock.StoreID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.id, m.objects = id, map[string][]byte{}
	m.place = dock.Place{Device: "memory:" + string(id)}
}

// SetIdentity changes the identity and leaves what is stored.
func (m *Memory) SetIdentity(id dock.StoreID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.id = id
}

// SetPlace says where the store claims to be.
func (m *Memory) SetPlace(p dock.Place) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.place = p
}

// Plant puts faults into the next calls of op, one each.
func (m *Memory) Plant(op Op, faults ...Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.once[op] = append(m.once[op], faults...)
}

// Always puts a fault into every call of op for which none is planted; the
// zero Fault ends that.
func (m *Memory) Always(op Op, fault Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.always[op] = fault
}

// Corrupt changes what is stored under a key. It panics if there is nothing.
func (m *Memory) Corrupt(key string, alter func([]byte) []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	content, ok := m.objects[key]
	if !ok {
		panic("corrupt: nothing is stored under " + key)
	}
	m.objects[key] = alter(slices.Clone(content))
}

// Remove takes what is stored under a key away, as a store never does by itself.
func (m *Memory) Remove(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, key)
}

// Keys returns the keys of everything stored, sorted.
func (m *Memory) Keys() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := make([]string, 0, len(m.objects))
	for key := range m.objects {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Calls says how often op was called.
func (m *Memory) Calls(op Op) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls[op]
}
