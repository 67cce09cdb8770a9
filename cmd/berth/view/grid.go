package view

import (
	"slices"
	"strings"
)

// gridColumn is one column of a plain table.
type gridColumn struct {
	name  string
	right bool
	least int  // columns that it keeps when the table is too wide; 0 if it is never cut
	end   bool // cut at the beginning: the end is what tells its texts apart
	spare int  // left out if cutting is not enough, the highest first; 0 for never
}

// gridCell is a text and its colour.
type gridCell struct {
	text string
	how  style
}

const gridGap = 2

// grid draws a table whose columns are as wide as they must be. Where that is
// too wide for the screen, columns are cut, the widest first, and then left out.
func grid(head []gridColumn, rows [][]gridCell, s Screen) []string {
	for {
		widths := naturalWidths(head, rows)
		narrow(head, widths, s.width()-gridGap*(len(head)-1))
		spare := sparest(head)
		if total(widths)+gridGap*(len(head)-1) <= s.width() || spare < 0 {
			return drawGrid(head, rows, widths, s)
		}
		head = slices.Delete(slices.Clone(head), spare, spare+1)
		for i, row := range rows {
			rows[i] = slices.Delete(slices.Clone(row), spare, spare+1)
		}
	}
}

func naturalWidths(head []gridColumn, rows [][]gridCell) []int {
	widths := make([]int, len(head))
	for i, column := range head {
		widths[i] = columns(column.name)
		for _, row := range rows {
			widths[i] = max(widths[i], columns(row[i].text))
		}
	}
	return widths
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

// sparest is the column to leave out next, -1 for none.
func sparest(head []gridColumn) int {
	found := -1
	for i, column := range head {
		if column.spare > 0 && (found < 0 || column.spare > head[found].spare) {
			found = i
		}
	}
	return found
}

func drawGrid(head []gridColumn, rows [][]gridCell, widths []int, s Screen) []string {
	draw := func(cells []gridCell) string {
		var b strings.Builder
		for i, cell := range cells {
			text := cell.text
			if head[i].end {
				text = s.cutHead(text, widths[i])
			}
			if head[i].right {
				text = s.fitRight(text, widths[i])
			} else {
				text = s.fit(text, widths[i])
			}
			b.WriteString(s.paint(cell.how, text) + strings.Repeat(" ", gridGap))
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

func total(widths []int) int {
	sum := 0
	for _, width := range widths {
		sum += width
	}
	return sum
}
