//go:build linux && amd64

package faults

import (
	"math/rand/v2"
	"slices"
)

// sampled is about how many faults are tried where not all of them are asked for.
const sampled = 24

// sample chooses the faults to try, in a random order where there may be no
// time for all of them. Of several processes that share the work, each gets its
// own part.
func sample(total int, seed uint64, of []string, about int, part shard) []fault {
	random := rand.New(rand.NewPCG(seed, 0))
	plan := slices.DeleteFunc(choose(total, random, of, about), func(f fault) bool { return !part.has(f.k) })
	if *flagFor > 0 {
		random.Shuffle(len(plan), func(i, j int) { plan[i], plan[j] = plan[j], plan[i] })
	}
	return plan
}

// choose takes the faults in the order of their operations: the ones that are
// asked for, all, or operations at equal distances from a place that depends on
// the seed, with the kinds of fault in turn, so that over some runs every
// operation is met.
func choose(total int, random *rand.Rand, of []string, about int) []fault {
	var kinds []string
	for _, mode := range of {
		if *flagMode == "" || *flagMode == mode {
			kinds = append(kinds, mode)
		}
	}
	if *flagK > 0 {
		var plan []fault
		for _, mode := range kinds {
			plan = append(plan, fault{k: *flagK, mode: mode})
		}
		return plan
	}
	if len(kinds) == 0 {
		return nil
	}
	every := *flagEvery
	if every == 0 && !*flagAll {
		every = max(total/about, 1)
	}
	var plan []fault
	if every == 0 {
		for k := 1; k <= total; k++ {
			for _, mode := range kinds {
				plan = append(plan, fault{k: k, mode: mode})
			}
		}
		return plan
	}
	turn := random.IntN(len(kinds))
	for k := 1 + random.IntN(every); k <= total; k += every {
		plan = append(plan, fault{k: k, mode: kinds[turn%len(kinds)]})
		turn++
	}
	return plan
}
