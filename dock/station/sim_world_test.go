package station

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"berth/dock"
)

// world is a simulated station with everything around it: cameras, stores, a
// journal in memory, clocks and people. Every docking in it is decided by the
// state that production runs. Nothing in it is random but rng, nothing waits,
// and whatever happens comes out of one heap, so a seed tells the whole story.
type world struct {
	seed    uint64
	rng     *rand.Rand
	now     time.Duration // true time since the world began
	pending happenings
	serial  uint64

	clock   simClock
	erasing Erasing
	health  *health // of the running station; only its clock is asked
	full    bool    // the spool's disk has no room
	dockers presence
	journal *simJournal
	cameras []*simCamera
	bays    []*simBay
	stores  []*simStore
	plugged dock.Generation
	uids    int

	calm     bool // nothing bad happens any more
	atRest   bool // and everybody is done
	limit    int  // dockings before it becomes calm
	dockings int
	erasures int
	steps    int
	asks     int             // of the erase rule, out of turn
	presents int             // of a clearance to a driver
	past     []asked         // some that were asked lately
	permits  []permit        // some that were given lately
	met      map[string]int  // situations in which a promise could be broken
	overlook map[string]bool // objections that are not raised
	safety   bool            // only promises of safety count
	agreed   Erasing         // what the config said first
	story    [80]told        // the last things that happened
	told     int
	broken   string // the first promise that was not kept

	brokenBefore *atomic.Uint64 // the smallest seed that broke one, of all worlds of a run; nil for one world alone
}

// told is one line of a world's story.
type told struct {
	at    time.Duration
	what  string
	about []any
}

// happening is one thing that will happen.
type happening struct {
	at     time.Duration
	serial uint64
	do     func()
}

type happenings []happening

func (h happenings) Len() int      { return len(h) }
func (h happenings) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h happenings) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].serial < h[j].serial
}
func (h *happenings) Push(x any) { *h = append(*h, x.(happening)) }
func (h *happenings) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// simClock is the station's view of time: the boot clock runs true (and on
// while the machine sleeps), the wall clock is what somebody set it to.
type simClock struct {
	w      *world
	boots  int
	booted time.Duration // true time of the boot
	wrong  time.Duration // wall clock minus truth
	// As it was when the process began.
	wrongAtStart    time.Duration
	sensibleAtStart bool
}

// Now is what the station's kernel says.
func (c *simClock) Now() dock.Instant {
	return dock.Instant{
		Wall: time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC).Add(c.w.now + c.wrong),
		Boot: dock.BootID(fmt.Sprint("boot-", c.boots)), SinceBoot: c.w.now - c.booted + time.Second,
	}
}

// newWorld makes 24 bays and 30 cameras, every twentieth world one that never
// erases, most others with two copies in three stores.
func newWorld(seed uint64, dockings int) *world {
	w := &world{seed: seed, rng: rand.New(rand.NewPCG(seed, 0xbe47)), limit: dockings, now: time.Second, met: map[string]int{}, overlook: map[string]bool{}}
	w.clock.w = w
	w.erasing = Erasing{Copies: 1 + w.rng.IntN(2), After: dock.EraseAfterCopies}
	if w.chance(0.05) {
		w.erasing.After = dock.EraseAfterNever
	}
	if w.chance(0.3) {
		w.erasing.Grace = w.between(time.Second, 20*time.Minute)
	}
	w.journal = newSimJournal(w)
	for i := range 24 {
		w.bays = append(w.bays, &simBay{w: w, name: dock.BayName(fmt.Sprint("A", i))})
	}
	for i := range 30 {
		w.cameras = append(w.cameras, newSimCamera(w, i))
	}
	w.agreed = w.erasing
	for i := range 4 {
		w.stores = append(w.stores, newSimStore(w, i))
	}
	if w.chance(0.3) {
		w.stores[1].place.Device = w.stores[0].place.Device // counts once
	}
	w.stores[3].special(w.rng.IntN(6))
	w.start()
	w.after(0, w.mischief)
	return w
}

// run lets the world live until it is calm and everybody had time to finish.
func (w *world) run() {
	for w.goesOn() && !w.calm {
		w.next()
	}
	if w.goesOn() {
		w.settleDown()
	}
	for end := w.now + 4*time.Hour; w.goesOn() && w.now < end && !w.atRest; {
		w.next()
	}
	if w.goesOn() {
		w.checkEnd()
	}
}

// goesOn: no promise was broken, here or in a world that was asked for before.
func (w *world) goesOn() bool {
	return w.broken == "" && (w.brokenBefore == nil || w.brokenBefore.Load() > w.seed)
}

func (w *world) next() {
	h := heap.Pop(&w.pending).(happening)
	w.now = max(w.now, h.at)
	h.do()
}

func (w *world) after(d time.Duration, do func()) {
	w.serial++
	heap.Push(&w.pending, happening{w.now + d, w.serial, do})
}

func (w *world) chance(p float64) bool { return w.rng.Float64() < p }

func (w *world) between(from, to time.Duration) time.Duration {
	return from + time.Duration(w.rng.Int64N(int64(to-from)))
}

// tell keeps the end of the story for whoever must understand a failure.
func (w *world) tell(what string, about ...any) {
	w.story[w.told%len(w.story)] = told{w.now, what, about}
	w.told++
}

// breaks notes the first promise that was not kept.
func (w *world) breaks(promise string, args ...any) {
	if w.broken == "" {
		w.broken = fmt.Sprintf(promise, args...)
	}
}

// stalls notes a promise of progress that was not kept.
func (w *world) stalls(promise string, args ...any) {
	if !w.safety {
		w.breaks(promise, args...)
	}
}

// lastTold is the end of the story, oldest first.
func (w *world) lastTold() string {
	text := ""
	for i := max(0, w.told-len(w.story)); i < w.told; i++ {
		s := w.story[i%len(w.story)]
		text += fmt.Sprintf("%14v %s %v\n", s.at, s.what, s.about)
	}
	return text
}

// start is what a station does when its process begins: nothing of the last
// one's memory is left.
func (w *world) start() {
	w.health = &health{clock: &w.clock, start: w.clock.Now()}
	w.health.baseless = w.health.impossible(w.health.start.Wall) != ""
	w.clock.wrongAtStart, w.clock.sensibleAtStart = w.clock.wrong, w.clock.Now().Wall.Year() >= firstSensibleYear
	w.plugged = 0 // attachments are numbered anew
	w.journal.takeUp()
	for _, s := range w.stores {
		s.genuine = false
		s.after(w.between(0, time.Second), s.look)
	}
	for _, r := range w.journal.recordings {
		w.forward(r)
	}
	for _, b := range w.bays {
		if b.camera != nil {
			w.plugged++
			b.generation = w.plugged
			b.open()
		}
	}
}

// crash ends the process at this very moment, and the machine with it perhaps.
func (w *world) crash(reboot bool) {
	w.tell("crash", "reboot", reboot)
	for _, b := range w.bays {
		if d := b.docking; d != nil && d.asked.action == doPull && w.chance(0.5) {
			d.halfPull()
		}
		b.drop()
	}
	w.dockers = presence{}
	w.journal.run++
	if !w.calm && w.chance(0.5) {
		w.reconfigure()
	}
	if reboot {
		w.clock.boots++
		w.clock.booted = w.now
	}
	w.start()
}

// locks is what the station holds against erasing anything now.
func (w *world) locks() dock.Health {
	var locks []dock.Lock
	if text := w.health.doubtClock(); text != "" {
		locks = append(locks, dock.Lock{Code: "clock", Text: text})
	}
	if w.full {
		locks = append(locks, dock.Lock{Code: "disk", Text: "the spool's disk is full"})
	}
	return dock.Health{Locks: locks}
}

func (w *world) policy() dock.Policy {
	p := dock.Policy{Copies: w.erasing.Copies, After: w.erasing.After, Grace: w.erasing.Grace}
	for _, s := range w.stores {
		if s.serves() {
			p.Stores = append(p.Stores, s.expected)
		}
	}
	return p
}

// stir wakes the dockings that wait for news of the journal.
func (w *world) stir() {
	for _, b := range w.bays {
		if b.docking != nil {
			b.docking.stir()
		}
	}
}
