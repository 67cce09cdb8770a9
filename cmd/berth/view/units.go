package view

import (
	"fmt"
	"strconv"
	"time"
)

// Size writes a number of bytes in decimal units, as disks and cameras are
// labelled: 1 MB is 1,000,000 bytes.
func Size(bytes int64) string {
	if bytes < 0 {
		return "-" + Size(-bytes)
	}
	value, unit := scale(bytes)
	return digits(value) + " " + unit
}

// SizeOf writes part and whole in the whole's unit: "1.1/2.2 GB".
func SizeOf(part, whole int64) string {
	_, unit := scale(whole)
	divisor := divisorOf(unit)
	return digits(float64(part)/divisor) + "/" + digits(float64(whole)/divisor) + " " + unit
}

// Rate writes bytes a second.
func Rate(bytesPerSecond int64) string { return Size(bytesPerSecond) + "/s" }

func scale(bytes int64) (float64, string) {
	for _, unit := range units() {
		// 999.5 of a unit would be written as 1000: take the next.
		if divisor := divisorOf(unit); float64(bytes)/divisor >= 0.9995 && unit != "B" {
			return float64(bytes) / divisor, unit
		}
	}
	return float64(bytes), "B"
}

func units() []string { return []string{"EB", "PB", "TB", "GB", "MB", "kB", "B"} }

func divisorOf(unit string) float64 {
	switch unit {
	case "EB":
		return 1e18
	case "PB":
		return 1e15
	case "TB":
		return 1e12
	case "GB":
		return 1e9
	case "MB":
		return 1e6
	case "kB":
		return 1e3
	}
	return 1
}

// digits keeps two digits of a small value and whole numbers of a large one.
func digits(value float64) string {
	if value < 9.95 && value != float64(int64(value)) {
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
