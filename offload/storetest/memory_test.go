package storetest_test

import (
	"testing"

	"berth/offload"
	"berth/offload/storetest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		New:  func(*testing.T) offload.Store { return storetest.NewMemory("one") },
		Raw:  func(*testing.T) offload.Store { return storetest.NewMemory("") },
		Swap: func(_ *testing.T, s offload.Store) { s.(*storetest.Memory).Reset("two") },
		Damage: func(_ *testing.T, s offload.Store, key string, alter func([]byte) []byte) {
			s.(*storetest.Memory).Corrupt(key, alter)
		},
		Lose: func(_ *testing.T, s offload.Store) { s.(*storetest.Memory).Reset("") },
	})
}
