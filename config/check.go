package config

import (
	"fmt"
	"strings"
)

// line is the line of a path, or of the nearest one above it that has one.
func (w *walk) line(path string) int {
	for path != "" {
		if n, ok := w.lines[path]; ok {
			return n
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return 0
}

// checkNames refuses two of one kind with one name; names that differ only in
// case are one name to a person who reads a label.
func (w *walk) checkNames(c *Config) {
	var bays, cameras, stores []string
	for _, b := range c.Bays {
		bays = append(bays, b.Name)
	}
	for _, p := range c.Cameras {
		cameras = append(cameras, p.Name)
	}
	for _, s := range c.Stores {
		stores = append(stores, s.Name)
	}
	w.distinct(folded(bays), func(i int) string { return join(at("bays", i), "name") })
	w.distinct(folded(cameras), func(i int) string { return join(at("cameras", i), "name") })
	w.distinct(folded(stores), func(i int) string { return join(at("stores", i), "name") })
	w.distinct(c.Sealing.Recipients, func(i int) string { return at("sealing.recipients", i) })
	for i, p := range c.Cameras {
		camera := at("cameras", i)
		w.distinct(p.Recordings, func(j int) string { return at(join(camera, "recordings"), j) })
		w.distinct(p.Auxiliary, func(j int) string { return at(join(camera, "auxiliary"), j) })
		w.distinct(p.Identity, func(j int) string { return at(join(camera, "identity"), j) })
	}
}

func (w *walk) distinct(values []string, key func(i int) string) {
	first := map[string]int{}
	for i, v := range values {
		if v == "" {
			continue // told already
		}
		if j, twice := first[v]; twice {
			w.problem(w.line(key(i)), key(i), fmt.Sprintf("%s is given twice, first in line %d", quote(v), w.line(key(j))), "keep one of them, or give each its own")
			continue
		}
		first[v] = i
	}
}

func folded(names []string) []string {
	lower := make([]string, len(names))
	for i, n := range names {
		lower[i] = strings.ToLower(n)
	}
	return lower
}

// checkCopies refuses a promise that the stores cannot keep. The default is
// refused too: with one store somebody must say that one copy is enough.
func (w *walk) checkCopies(c *Config) {
	n := len(c.Stores)
	if n == 0 || c.Copies <= n {
		return
	}
	stores := "stores are"
	if n == 1 {
		stores = "store is"
	}
	hint := fmt.Sprintf("set copies: %d, or add a store", n)
	if w.defaulted["copies"] {
		w.problem(w.line("stores"), "copies", fmt.Sprintf("is %d unless you say otherwise, and %d %s configured", c.Copies, n, stores), hint)
		return
	}
	w.problem(w.line("copies"), "copies", fmt.Sprintf("is %d, and %d %s configured", c.Copies, n, stores), hint)
}
