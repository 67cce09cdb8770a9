package view

import (
	"fmt"
	"slices"
	"strings"

	"berth/dock"
)

// changes says, a line each, what is new in now. The first status says
// everything that is not ordinary.
func changes(before *dock.Status, now dock.Status) []string {
	was := dock.Status{Mode: dock.ModeNormal}
	if before != nil {
		was = *before
	}
	var lines []string
	if now.Mode != was.Mode {
		lines = append(lines, fmt.Sprintf("station %s: mode %s", now.Station, now.Mode))
	}
	for _, bay := range now.Bays {
		i := slices.IndexFunc(was.Bays, func(o dock.BayStatus) bool { return o.Bay == bay.Bay })
		if i < 0 || !saysTheSame(was.Bays[i], bay) {
			lines = append(lines, bayLine(bay))
		}
	}
	for _, store := range now.Stores {
		i := slices.IndexFunc(was.Stores, func(o dock.StoreStatus) bool { return o.Store == store.Store })
		if unasked(store) {
			continue
		}
		if i < 0 || was.Stores[i].Reachable != store.Reachable || was.Stores[i].WaitingFor != store.WaitingFor {
			text, _ := storeSentence(store)
			lines = append(lines, fmt.Sprintf("store %s: %s", store.Store, text))
		}
	}
	for _, problem := range now.Problems {
		if !slices.Contains(was.Problems, problem) {
			lines = append(lines, fmt.Sprintf("problem %s: %s (%s)", problem.Code, problem.Text, problem.Do))
		}
	}
	for _, problem := range was.Problems {
		if !slices.ContainsFunc(now.Problems, func(o dock.Problem) bool { return o.Code == problem.Code }) {
			lines = append(lines, fmt.Sprintf("problem %s: solved", problem.Code))
		}
	}
	return lines
}

// saysTheSame: counts and rates change all the time and are no news in a pipe.
func saysTheSame(a, b dock.BayStatus) bool {
	return a.State == b.State && a.Camera == b.Camera && a.Docking == b.Docking && a.Attention == b.Attention
}

// bayLine is a bay in one line: bay, state, camera, and why or what.
func bayLine(b dock.BayStatus) string {
	line := strings.TrimRight(fmt.Sprintf("bay %s: %s %s", b.Bay, b.State, b.Camera), " ")
	detail := b.Attention
	if detail == "" {
		detail = sentence(b)
	}
	if detail == "" {
		return line
	}
	return line + ": " + detail
}
