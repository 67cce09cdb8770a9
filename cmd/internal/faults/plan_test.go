//go:build linux && amd64

package faults

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// sampled is about how many faults are tried where not all of them are asked for.
const sampled = 60

// sample chooses the faults to try, in a random order where there may be no
// time for all of them.
func sample(total int, seed uint64, of []string, about int) []fault {
	random := rand.New(rand.NewPCG(seed, 0))
	plan := choose(total, random, of, about)
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

// summary counts what the trials came to. Safe for concurrent use.
type summary struct {
	began time.Time

	mu     sync.Mutex
	count  map[string]int // guarded by mu
	broken int            // guarded by mu
}

func newSummary() *summary { return &summary{began: time.Now(), count: map[string]int{}} }

// over reports whether the time that was given is used up.
func (s *summary) over() bool { return *flagFor > 0 && time.Since(s.began) > *flagFor }

func (s *summary) add(f fault, out outcome, err error) {
	end := map[int]string{exitAtRest: "came to rest", exitFailed: "gave up", exitBusy: "was still at it"}[out.ending.code]
	switch {
	case out.ending.killed:
		end = "was killed"
	case end == "":
		end = fmt.Sprintf("ended with %d", out.ending.code)
	}
	if out.hit == (operation{}) {
		end += " before the fault"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count[f.mode+": the station "+end]++
	if err != nil {
		s.broken++
	}
}

func (s *summary) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var text strings.Builder
	fmt.Fprintf(&text, "%d broken promises in %v\n", s.broken, time.Since(s.began).Round(time.Second))
	for _, key := range slices.Sorted(maps.Keys(s.count)) {
		fmt.Fprintf(&text, "%5d %s\n", s.count[key], key)
	}
	return text.String()
}
