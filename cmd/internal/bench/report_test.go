package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func took(wall, processor float64) spent {
	return spent{wall: time.Duration(wall * float64(time.Second)), processor: time.Duration(processor * float64(time.Second)), peakBytes: 40 << 20}
}

// What a busy minute did to one round must not reach the others: a ratio is
// taken within each round, and only then the median.
func TestRatiosArePairedByRound(t *testing.T) {
	c := comparison{source: "tmpfs", files: 17, sizeBytes: 1 << 30, cold: true, contenders: []contender{
		{name: berthName, rounds: []spent{took(1, 2), took(10, 2), took(2, 2)}},
		{name: "tool", aim: 0.25, rounds: []spent{took(10, 8), took(100, 8), took(4, 8)}},
		{name: measureName, rounds: []spent{took(1, 1), took(10, 0.5), took(2, 1)}},
	}}
	lines, processorRatio := c.lines()
	if got := lines[1].ratio; got != 0.1 {
		t.Errorf("ratio %v, want the median of 0.1, 0.1 and 0.5", got)
	}
	if processorRatio != 2 {
		t.Errorf("processor ratio %v, want the median of 2, 4 and 2", processorRatio)
	}
	if lines[0].wall != 2 || lines[1].processor != 8 || lines[2].ratio != 0 {
		t.Errorf("lines %+v", lines)
	}
}

func TestTheTableFitsATerminalAndSaysWhatIsWarm(t *testing.T) {
	all, _ := contenders()
	for i := range all {
		all[i].rounds = []spent{took(1234.5, 5678.9)}
	}
	var out bytes.Buffer
	comparison{source: "tmpfs", files: 17, sizeBytes: 4 << 30, contenders: all}.print(&out)
	table, _, _ := strings.Cut(out.String(), "\n|")
	for line := range strings.Lines(table) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if !strings.Contains(out.String(), "WARM") {
		t.Errorf("nothing says that the caches were warm:\n%s", out.String())
	}
}

func TestRecordingsAreOfMixedSizesAndSharedOutEvenly(t *testing.T) {
	for _, total := range []int64{32, 100, 512, 1000, 4096, 10000} {
		var sum int64
		for _, sizes := range recordingSizes(total) {
			for _, size := range sizes {
				if sum += size; size < smallest || size > largest && total >= cameras*largest {
					t.Errorf("%d MiB in all: one of %d MiB", total, size)
				}
			}
			if len(sizes) == 0 {
				t.Errorf("%d MiB in all: a camera has nothing", total)
			}
		}
		if sum != total {
			t.Errorf("%d MiB became %d", total, sum)
		}
	}
	if sizes := recordingSizes(4096); sizes[0][0] != largest || sizes[3][len(sizes[3])-1] >= 4*smallest {
		t.Errorf("4 GiB are shared out as %v", sizes)
	}
}
