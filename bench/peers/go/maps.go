// The maps of Go that are measured. The loops over their operations are made from loops.go.in, once for each map.
package main

import "sync"

// tally is what a block came to.
type tally struct {
	inserted, erased, wrong, hits, sum uint64
}

func (all *tally) add(one tally) {
	all.inserted += one.inserted
	all.erased += one.erased
	all.wrong += one.wrong
	all.hits += one.hits
	all.sum += one.sum
}

// storing says how often a block stores, and what.
type storing struct {
	every uint64 // of so many operations the first is a store; 0: none
	fresh bool   // of a key that is new; otherwise of the key whose turn it is
}

// table is what is done to a map between two looks at the clock: whole blocks of operations, so that the call through
// this interface is paid once a block.
type table interface {
	// fill is called by one goroutine, before all else.
	fill(key, value uint64) bool
	// settle is called by one goroutine before each run; changes: whether it will insert or erase.
	settle(changes bool)
	// count may take as long as it likes.
	count() uint64

	// mix finds, inserts and erases as bench::mix_runner does.
	mix(keys []uint64, dice []uint16, updates, coin uint16) tally
	// look finds keys.
	look(keys []uint64) tally
	// repeat finds one key again and again.
	repeat(key uint64, times int) tally
	// serve loads keys, and stores now and then; freshKey(n) is the n-th new key, counted within this block.
	serve(keys []uint64, stores storing, step uint64, freshKey func(uint64) uint64) tally
}

// strangeKey is none of those that are measured: as randomKey is one to one, only an index of this size has it.
var strangeKey = randomKey(1 << 63)

func valueOf(key uint64) uint64 { return ^key }

// stampedValue changes with each step, but for its lower half, which tells whose value it is.
func stampedValue(key, step uint64) uint64 { return ^key&0xFFFFFFFF | step<<32 }

func rightFor(key, value uint64) bool { return uint32(value) == uint32(^key) }

func oneIf(condition bool) uint64 {
	if condition {
		return 1
	}
	return 0
}

// ---- map and sync.RWMutex

type lockedMap struct {
	lock     sync.RWMutex
	elements map[uint64]uint64
}

func newLockedMap(expected int) table { return &lockedMap{elements: make(map[uint64]uint64, expected)} }

func (m *lockedMap) find(key uint64) (uint64, bool) {
	m.lock.RLock()
	value, found := m.elements[key]
	m.lock.RUnlock()
	return value, found
}

func (m *lockedMap) insert(key, value uint64) bool {
	m.lock.Lock()
	_, found := m.elements[key]
	if !found {
		m.elements[key] = value
	}
	m.lock.Unlock()
	return !found
}

func (m *lockedMap) store(key, value uint64) {
	m.lock.Lock()
	m.elements[key] = value
	m.lock.Unlock()
}

func (m *lockedMap) erase(key uint64) bool {
	m.lock.Lock()
	_, found := m.elements[key]
	if found {
		delete(m.elements, key)
	}
	m.lock.Unlock()
	return found
}

func (m *lockedMap) fill(key, value uint64) bool { return m.insert(key, value) }
func (m *lockedMap) settle(bool)                 {}
func (m *lockedMap) count() uint64               { return uint64(len(m.elements)) }

// ---- sync.Map

// Keys and values of a sync.Map are interface values. A number becomes one by being put into memory of its own: a store
// allocates 8 bytes each for key and value, beside the entry, and a load follows the addresses of both (its own key
// stays on the stack: go build -gcflags=-m). That is how it is used, so it is measured.
type syncMap struct{ elements sync.Map }

func newSyncMap(int) table { return &syncMap{} }

func (m *syncMap) find(key uint64) (uint64, bool) {
	value, found := m.elements.Load(key)
	if !found {
		return 0, false
	}
	return value.(uint64), true
}

func (m *syncMap) insert(key, value uint64) bool {
	_, loaded := m.elements.LoadOrStore(key, value)
	return !loaded
}

func (m *syncMap) store(key, value uint64) { m.elements.Store(key, value) }

func (m *syncMap) erase(key uint64) bool {
	_, loaded := m.elements.LoadAndDelete(key)
	return loaded
}

func (m *syncMap) fill(key, value uint64) bool { return m.insert(key, value) }

// settle takes out of the measurement what would be most of it in a run of some tenths of a second. Range moves what was
// stored to where Load finds it without the mutex: otherwise as many loads as there are elements would take it first.
// The next new key copies the addresses of all elements, seconds for ten million.
func (m *syncMap) settle(changes bool) {
	m.elements.Range(func(_, _ interface{}) bool { return false })
	if changes {
		m.insert(strangeKey, 0)
		m.erase(strangeKey)
	}
}

func (m *syncMap) count() (elements uint64) {
	m.elements.Range(func(_, _ interface{}) bool {
		elements++
		return true
	})
	return elements
}
