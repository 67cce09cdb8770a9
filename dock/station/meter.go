package station

import "time"

// meterWindow is what rates and estimates are measured over.
const meterWindow = 10 * time.Second

// meter measures a rate over the last ten seconds. Its owner guards it.
type meter struct {
	marks []mark // oldest first, at most meterWindow old
}

type mark struct {
	at    time.Duration // since boot
	total int64         // bytes so far
}

// add notes that total bytes have passed by now. A total that went down (a
// pull that began again) starts the measurement afresh.
func (m *meter) add(now time.Duration, total int64) {
	if n := len(m.marks); n > 0 {
		if total < m.marks[n-1].total {
			m.marks = m.marks[:0]
		} else if now-m.marks[n-1].at < meterWindow/50 {
			m.marks[n-1].total = total
			return
		}
	}
	m.marks = append(m.marks, mark{now, total})
	m.forget(now)
}

func (m *meter) forget(now time.Duration) {
	keep := 0
	for keep < len(m.marks)-1 && now-m.marks[keep].at > meterWindow {
		keep++
	}
	m.marks = append(m.marks[:0], m.marks[keep:]...)
}

// rate is bytes per second over the window up to now; 0 while unknown.
func (m *meter) rate(now time.Duration) int64 {
	if len(m.marks) < 2 {
		return 0
	}
	first, last := m.marks[0], m.marks[len(m.marks)-1]
	span := now - first.at
	if span <= 0 {
		return 0
	}
	return int64(float64(last.total-first.total) / span.Seconds())
}
