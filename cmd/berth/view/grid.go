package view

import "strings"

// gridColumn is one column of a plain table.
type gridColumn struct {
	name  string
	right bool
	least int // columns that it keeps when the table is too wide; 0 if it is never cut
}

// gridCell is a text and its colour.
type gridCell struct {
	text string
	how  style
}

// grid draws a table whose columns are as wide as they must be. Where that is
// too wide for the screen, the columns that may be cut are, the widest first.
func grid(head []gridColumn, rows [][]gridCell, s Screen) []string {
	widths := make([]int, len(head))
	for i, column := range head {
		widths[i] = columns(column.name)
		for _, row := range rows {
			widths[i] = max(widths[i], columns(row[i].text))
		}
	}
	narrow(head, widths, s.width()-2*(len(head)-1))
	draw := func(cells []gridCell) string {
		var b strings.Builder
		for i, cell := range cells {
			text := s.fit(cell.text, widths[i])
			if head[i].right {
				text = s.fitRight(cell.text, widths[i])
			}
			if i == len(cells)-1 {
				text = strings.TrimRight(text, " ")
			} else {
				text += "  "
			}
			b.WriteString(s.paint(cell.how, text))
		}
		return strings.TrimRight(b.String(), " ")
	}
	names := make([]gridCell, len(head))
	for i, column := range head {
		names[i] = gridCell{column.name, dim}
	}
	lines := []string{draw(names)}
	for _, row := range rows {
		lines = append(lines, draw(row))
	}
	return lines
}

// narrow takes columns away until the widths add up to at most room.
func narrow(head []gridColumn, widths []int, room int) {
	for total(widths) > room {
		widest := -1
		for i, column := range head {
			if column.least > 0 && widths[i] > column.least && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

func total(widths []int) int {
	sum := 0
	for _, width := range widths {
		sum += width
	}
	return sum
}
