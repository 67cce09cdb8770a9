// Package view turns what the station says into text for a person: tables, live
// bars, sizes and durations. Everything is a pure function from values to
// lines; only Live writes, and only Detect looks at the terminal.
//
// It promises that no line is wider than the screen, that nothing a camera
// says reaches the terminal unescaped, that no meaning is carried by colour
// alone, and that output into a pipe has neither colour nor cursor movement. It
// never asks the station for anything.
package view
