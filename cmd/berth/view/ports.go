package view

import "strings"

// Port is one line of the tree of USB ports.
type Port struct {
	Name  string // one or both of its names
	Depth int    // how many hubs lie before it
	Bay   string // empty: no bay
	Speed string // of what is plugged in
	ID    string // its vendor and product, as the config takes them
	What  string // empty: nothing is plugged in
	Note  string // what somebody should know about it; empty: nothing
}

// Ports draws the tree of ports, in the order given, and then the sentences.
func Ports(ports []Port, sentences []string, s Screen) []string {
	head := []gridColumn{{name: "PORT"}, {name: "BAY", least: 3}, {name: "SPEED", spare: 1}, {name: "USB", spare: 2}, {name: "PLUGGED IN", least: 16}}
	var rows [][]gridCell
	for _, p := range ports {
		what := gridCell{s.safe(p.What), plain}
		switch {
		case p.Note != "" && p.What != "":
			what = gridCell{s.safe(p.Note + ": " + p.What), yellow}
		case p.Note != "":
			what = gridCell{s.safe(p.Note), yellow}
		case p.What == "":
			what = gridCell{"-", dim}
		}
		rows = append(rows, []gridCell{
			{strings.Repeat("  ", p.Depth) + s.safe(p.Name), plain}, {s.safe(p.Bay), bold}, {s.safe(p.Speed), dim}, {p.ID, dim}, what,
		})
	}
	lines := grid(head, rows, s)
	if len(sentences) > 0 {
		lines = append(lines, "")
	}
	for _, sentence := range sentences {
		lines = append(lines, wrap(s.safe(sentence), s.width())...)
	}
	return lines
}
