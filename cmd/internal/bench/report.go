package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
)

// comparison is what all contenders took over the same cameras.
type comparison struct {
	source     string
	files      int
	sizeBytes  int64
	cold       bool
	contenders []contender
}

// tableLine is one contender in the table. Ratios are Berth's over this one's; 0
// where there is none.
type tableLine struct {
	name                 string
	wall, processor, mib float64 // seconds, CPU-seconds per GiB, MiB
	ratio, aim           float64
}

const memoryBase, memoryPerBay = 32, 4 // MiB that Berth may take

// lines works out medians, and ratios as medians of pairs of the same round.
func (c comparison) lines() (lines []tableLine, processorRatio float64) {
	berth := c.find(berthName)
	for _, other := range c.contenders {
		l := tableLine{
			name: other.name, aim: other.aim,
			wall:      medianOf(other.rounds, func(s spent) float64 { return s.wall.Seconds() }),
			processor: medianOf(other.rounds, func(s spent) float64 { return s.processor.Seconds() / float64(c.sizeBytes) * (1 << 30) }),
			mib:       medianOf(other.rounds, func(s spent) float64 { return float64(s.peakBytes) / (1 << 20) }),
		}
		if berth != nil && other.name != berthName {
			l.ratio = pairs(berth.rounds, other.rounds, func(s spent) float64 { return s.wall.Seconds() })
		}
		if berth != nil && other.name == measureName {
			l.ratio = 0
			processorRatio = pairs(berth.rounds, other.rounds, func(s spent) float64 { return s.processor.Seconds() })
		}
		lines = append(lines, l)
	}
	return lines, processorRatio
}

func (c comparison) find(name string) *contender {
	for i := range c.contenders {
		if c.contenders[i].name == name {
			return &c.contenders[i]
		}
	}
	return nil
}

// print writes the table, and the same as rows of Markdown.
func (c comparison) print(out io.Writer) {
	lines, processorRatio := c.lines()
	warmth := "cold caches"
	if !c.cold {
		warmth = "WARM caches"
	}
	if !c.cold {
		fmt.Fprintln(out, "\nOnly root can empty the caches: what follows was read from memory.")
	}
	fmt.Fprintf(out, "\n%d cameras, %.1f GiB in %d recordings, from %s, %s\n\n", cameras, float64(c.sizeBytes)/(1<<30), c.files, c.source, warmth)
	fmt.Fprintf(out, "%-36s%8s%8s%6s%11s%10s\n", "", "wall s", "ratio", "aim", "CPU-s/GiB", "peak MiB")
	for _, l := range lines {
		fmt.Fprintf(out, "%-36s%8.2f%8s%6s%11.2f%10.0f\n", l.name, l.wall, orBlank(l.ratio, 3), orBlank(l.aim, 2), l.processor, l.mib)
	}
	if processorRatio > 0 {
		fmt.Fprintf(out, "\nCPU: %.2f times one pass of openssl (aim: 4).", processorRatio)
	}
	fmt.Fprintf(out, " Memory: at most %d MiB is the aim.\n\n", memoryBase+memoryPerBay*cameras)
	fmt.Fprintf(out, "| from %s, %s | wall s | Berth's wall over it | aim | CPU-s/GiB | peak MiB |\n|---|--:|--:|--:|--:|--:|\n", c.source, warmth)
	for _, l := range lines {
		fmt.Fprintf(out, "| %s | %.2f | %s | %s | %.2f | %.0f |\n", l.name, l.wall, orBlank(l.ratio, 3), orBlank(l.aim, 2), l.processor, l.mib)
	}
}

// orBlank is a figure that may be missing.
func orBlank(value float64, digits int) string {
	if value == 0 {
		return ""
	}
	return fmt.Sprintf("%.*f", digits, value)
}

func medianOf(all []spent, of func(spent) float64) float64 {
	var values []float64
	for _, s := range all {
		values = append(values, of(s))
	}
	return median(values)
}

// pairs is the median of a's over b's, round by round.
func pairs(a, b []spent, of func(spent) float64) float64 {
	var ratios []float64
	for i := range min(len(a), len(b)) {
		ratios = append(ratios, of(a[i])/of(b[i]))
	}
	return median(ratios)
}

func median[T cmp.Ordered](values []T) T {
	var none T
	if len(values) == 0 {
		return none
	}
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}

// describeMachine says what the figures were measured on and who else used it.
func describeMachine(out io.Writer) {
	fmt.Fprintf(out, "%d processors (%s), %s of memory, load %s, %s\n", runtime.NumCPU(),
		field("/proc/cpuinfo", "model name"), field("/proc/meminfo", "MemTotal"), load(), runtime.Version())
}

// field is what follows the name and a colon in one of the kernel's tables.
func field(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// load is how many processes wanted a processor over the last minute.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(text), " ")
	return one
}
