package config

import (
	"fmt"
	"path/filepath"
	"strings"
)

// place is one directory that the config gives to one purpose.
type place struct {
	key, what string
	path      string
	resolved  string
}

// checkPlaces refuses directories that are one another or lie in one another:
// a spool inside a bay would be ingested as a camera, and two stores in one
// place are one copy.
func (w *walk) checkPlaces(c *Config, resolve func(string) string) {
	var places []place
	add := func(key, what, path string) {
		if path != "" {
			places = append(places, place{key, what, path, resolve(path)})
		}
	}
	add("station.data", "the station's data", c.Station.Data)
	for i, b := range c.Bays {
		add(join(at("bays", i), "directory"), "bay "+quote(b.Name), b.Directory)
	}
	for i, s := range c.Stores {
		add(join(at("stores", i), "path"), "store "+quote(s.Name), s.Path)
	}
	for i, p := range places {
		for _, before := range places[:i] {
			how := relation(p.resolved, before.resolved)
			if how == "" {
				continue
			}
			w.problem(w.line(p.key), p.key,
				fmt.Sprintf("%s %s that of %s (%s, line %d)", quote(p.path), how, before.what, quote(before.path), w.line(before.key)),
				"give each a directory of its own, side by side")
		}
	}
}

// relation says how directory a lies to b; empty if they are apart.
func relation(a, b string) string {
	switch {
	case a == b:
		return "is"
	case inside(a, b):
		return "lies inside"
	case inside(b, a):
		return "contains"
	}
	return ""
}

func inside(a, b string) bool {
	if b == string(filepath.Separator) {
		return true
	}
	return strings.HasPrefix(a, b+string(filepath.Separator))
}

// resolved follows the links of as much of a path as exists.
func resolved(path string) string {
	rest := ""
	for p := path; ; p = filepath.Dir(p) {
		if real, err := filepath.EvalSymlinks(p); err == nil {
			return filepath.Join(real, rest)
		}
		if p == filepath.Dir(p) {
			return path
		}
		rest = filepath.Join(filepath.Base(p), rest)
	}
}
