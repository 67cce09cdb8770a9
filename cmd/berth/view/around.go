package view

import (
	"strings"

	"berth/dock"
)

// heading names the station and what it may do, with its disk at the right.
func heading(status dock.Status, s Screen) string {
	word, how := "working normally", green
	switch status.Mode {
	case dock.ModeNormal:
		if !status.Healthy {
			word, how = "working, with something to see to", yellow
		}
	case dock.ModeEraseLocked:
		word, how = "erase-locked: secures and forwards, erases nothing", yellow
	case dock.ModeSafe:
		word, how = "SAFE MODE: recordings stay on the cameras", red
	default:
		word, how = Safe(string(status.Mode)), red
	}
	name := s.cut(s.safe(string(status.Station)), s.width()/3)
	word = s.cut(s.ascii(word), s.width()-columns(name)-2)
	disk := ""
	if spool := status.Spool; spool.FreeBytes > 0 || spool.UsedBytes > 0 {
		disk = "spool " + Size(spool.UsedBytes) + ", " + Size(spool.FreeBytes) + " free"
	}
	gap := s.width() - columns(name) - 2 - columns(word) - columns(disk)
	if gap < 2 || disk == "" {
		disk, gap = "", 0
	}
	return s.paint(bold, name) + "  " + s.paint(how, word) + strings.Repeat(" ", gap) + s.paint(dim, disk)
}

// stores has a line for every store, more where something is the matter.
func stores(all []dock.StoreStatus, s Screen) []string {
	const label = "store "
	name := 4
	for _, store := range all {
		name = max(name, columns(s.safe(store.Store)))
	}
	name = min(name, 16)
	var lines []string
	for _, store := range all {
		text, how := storeSentence(store)
		prefix := s.paint(dim, label) + s.paint(bold, s.fit(s.safe(store.Store), name))
		for _, line := range wrap(s.safe(text), s.width()-len(label)-name-2) {
			lines = append(lines, prefix+"  "+s.paint(how, line))
			prefix = strings.Repeat(" ", len(label)+name)
		}
	}
	return lines
}

// unasked: nothing is known of a store until it was asked once.
func unasked(store dock.StoreStatus) bool {
	return !store.Reachable && store.ID == "" && store.WaitingFor == ""
}

func storeSentence(store dock.StoreStatus) (string, style) {
	var parts []string
	how := plain
	switch {
	case unasked(store):
		parts, how = append(parts, "not asked yet"), dim
	case !store.Reachable:
		parts, how = append(parts, "not reachable"), red
	case store.Queued == 0:
		parts, how = append(parts, "up to date"), green
	}
	if store.Queued > 0 {
		parts = append(parts, Count(int(store.Queued), "file")+" waiting, "+Size(store.QueuedBytes))
	}
	if store.WaitingFor != "" {
		parts = append(parts, store.WaitingFor)
	}
	return strings.Join(parts, " · "), how
}

// describe says what is wrong, and under it what to do.
func describe(problem dock.Problem, s Screen) []string {
	how, mark := red, "! "
	if problem.Advice {
		how, mark = yellow, s.choose("· ", "- ")
	}
	var lines []string
	prefix := s.paint(how, mark)
	for _, line := range wrap(s.safe(problem.Text), s.width()-2) {
		lines = append(lines, prefix+line)
		prefix = "  "
	}
	prefix = s.paint(cyan, s.choose("→ ", "> "))
	for _, line := range wrap(s.safe(problem.Do), s.width()-4) {
		lines = append(lines, "  "+prefix+line)
		prefix = "  "
	}
	return lines
}
