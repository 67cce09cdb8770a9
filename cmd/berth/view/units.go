package view

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Size writes a number of bytes in decimal units, as disks and cameras are
// labelled: 1 MB is 1,000,000 bytes.
func Size(bytes int64) string {
	unit := unitOf(bytes)
	return digits(float64(bytes)/unit.bytes) + " " + unit.name
}

// SizeOf writes part and whole in the whole's unit: "1.1/2.2 GB".
func SizeOf(part, whole int64) string {
	unit := unitOf(whole)
	return digits(float64(part)/unit.bytes) + "/" + digits(float64(whole)/unit.bytes) + " " + unit.name
}

// Rate writes bytes a second.
func Rate(bytesPerSecond int64) string { return Size(bytesPerSecond) + "/s" }

type unit struct {
	name  string
	bytes float64
}

// unitOf is the largest unit of which there is one. 999.6 of a unit would be
// written as 1000, so that the next one is taken.
func unitOf(bytes int64) unit {
	for _, u := range []unit{{"EB", 1e18}, {"PB", 1e15}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if math.Abs(float64(bytes))/u.bytes >= 0.9995 && math.Abs(float64(bytes)) >= 1000 {
			return u
		}
	}
	return unit{"B", 1}
}

// digits keeps two digits of a small value and whole numbers of a large one.
func digits(value float64) string {
	if math.Abs(value) < 9.95 && value != float64(int64(value)) {
		return strconv.FormatFloat(value, 'f', 1, 64)
	}
	return strconv.FormatFloat(value, 'f', 0, 64)
}

// Duration writes a length of time in at most six columns: "42s", "1m12s",
// "25m", "1h05m", "3d04h".
func Duration(d time.Duration) string {
	seconds := int64(max(d, 0).Round(time.Second) / time.Second)
	minutes, hours := seconds/60, seconds/3600
	switch {
	case seconds < 60:
		return fmt.Sprintf("%ds", seconds)
	case minutes < 10:
		return fmt.Sprintf("%dm%02ds", minutes, seconds%60)
	case hours < 1:
		return fmt.Sprintf("%dm", minutes)
	case hours < 24:
		return fmt.Sprintf("%dh%02dm", hours, minutes%60)
	case hours < 100*24:
		return fmt.Sprintf("%dd%02dh", hours/24, hours%24)
	}
	return fmt.Sprintf("%dd", hours/24)
}

// Count writes a number and its noun: "1 recording", "9 recordings".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
