package crash

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"berth/dock"
	"berth/hashing"
)

const (
	stationID = "crash-dock"
	bayCount  = 3
	cameras   = 4
)

// rig is a station with all that belongs to it, and what must be true of it.
type rig struct {
	t       *testing.T
	program string
	random  *rand.Rand

	dir    string    // what no crash reaches: config and keys
	people string    // where bays and shelf are
	data   string    // the station's data directory
	stores [2]string // where the two stores are
	disks  []*disk   // whose power can be cut

	cameras   []*camera
	originals []*original

	events  []hashing.Digest // the lines that the journal was seen to have
	seals   map[string]sealed
	mounted int // how often the disks came back
}

// places says where a rig's parts lie; the zero value: all in one directory.
type places struct {
	data, spool, stores, cameras *disk
}

// newRig makes a station as its manual says: keys, config, stores.
func newRig(t *testing.T, program string, seed uint64, at places) *rig {
	t.Helper()
	r := &rig{
		t: t, program: program, dir: t.TempDir(), seals: map[string]sealed{},
		random: rand.New(rand.NewPCG(seed, seed>>1)),
	}
	r.data, r.stores = filepath.Join(r.dir, "data"), [2]string{filepath.Join(r.dir, "store-1"), filepath.Join(r.dir, "store-2")}
	if at.data != nil {
		r.data = filepath.Join(at.data.mount, "data")
	}
	if at.stores != nil {
		r.stores = [2]string{filepath.Join(at.stores.mount, "store-1"), filepath.Join(at.stores.mount, "store-2")}
	}
	r.people = r.dir
	if at.cameras != nil {
		r.people = at.cameras.mount
	}
	folders := []string{r.shelf(""), filepath.Dir(r.config()), filepath.Dir(r.agency()), r.data, r.stores[0], r.stores[1]}
	for i := range bayCount {
		folders = append(folders, r.bay(i))
	}
	for _, dir := range folders {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if at.spool != nil { // a link to another disk is how IT moves the spool
		spool := filepath.Join(at.spool.mount, "spool")
		if err := errors.Join(os.Mkdir(spool, 0o700), os.Symlink(spool, filepath.Join(r.data, "spool"))); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []*disk{at.data, at.spool, at.stores} {
		if d != nil && (len(r.disks) == 0 || r.disks[len(r.disks)-1] != d) {
			r.disks = append(r.disks, d)
			d.settle()
		}
	}
	run(t, program, "keys", "new", filepath.Join(r.dir, "agency", "agency"))
	if err := os.Rename(filepath.Join(r.dir, "agency", "agency.pub.pem"), filepath.Join(r.dir, "station", "agency.pub.pem")); err != nil {
		t.Fatal(err)
	}
	r.configure("copies")
	for _, store := range []string{"store-1", "store-2"} {
		run(t, program, "stores", "commission", store, "--config", r.config())
	}
	for i := range cameras {
		name := "cam-" + strconv.Itoa(7+i)
		c := &camera{name: name, folder: r.shelf(name)}
		r.cameras = append(r.cameras, c)
	}
	return r
}

func (r *rig) config() string   { return filepath.Join(r.dir, "station", "berth.yaml") }
func (r *rig) agency() string   { return filepath.Join(r.dir, "agency", "agency.key.pem") }
func (r *rig) bay(i int) string { return filepath.Join(r.people, "bays", bayName(i)) }

func (r *rig) shelf(camera string) string { return filepath.Join(r.people, "shelf", camera) }
func bayName(i int) string                { return "B" + strconv.Itoa(i+1) }

// configure writes the config with this rule for erasing.
func (r *rig) configure(after string) {
	r.t.Helper()
	text := fmt.Sprintf("station: {id: %s, agency: Test PD, data: %q}\nbays:\n", stationID, r.data)
	for i := range bayCount {
		text += fmt.Sprintf("  - {name: %s, directory: %q}\n", bayName(i), r.bay(i))
	}
	text += fmt.Sprintf("sealing: {recipients: [%q]}\nstores:\n", filepath.Join(r.dir, "station", "agency.pub.pem"))
	for i, path := range r.stores {
		text += fmt.Sprintf("  - {name: store-%d, type: directory, path: %q, shares-device: true}\n", i+1, path)
	}
	text += fmt.Sprintf("copies: 2\nerase: {after: %s}\n", after)
	if err := os.WriteFile(r.config(), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// shuffle is what people do while nobody looks: they take cameras, record, and
// bring them back.
func (r *rig) shuffle() {
	for _, c := range r.cameras {
		if c.bay != "" && (c.empty(r.t) && r.random.IntN(10) < 8 || r.random.IntN(10) < 1) {
			c.move(r.t, r.shelf(c.name), "")
		}
		if c.bay == "" && r.random.IntN(10) < 7 {
			r.dock(c)
		}
	}
}

// dock puts a camera into a free bay; an empty one has recorded meanwhile.
func (r *rig) dock(c *camera) {
	free := -1
	for i := range bayCount {
		taken := false
		for _, other := range r.cameras {
			taken = taken || other.bay == bayName(i)
		}
		if !taken {
			free = i
		}
	}
	if free < 0 {
		return
	}
	if c.empty(r.t) {
		for range 1 + r.random.IntN(4) {
			r.originals = append(r.originals, c.record(r.t, r.random, someSize(r.random)))
		}
	}
	c.move(r.t, filepath.Join(r.bay(free), c.name), bayName(free))
}

// disturb takes one docked camera away or brings one, in the midst of work.
func (r *rig) disturb() {
	c := r.cameras[r.random.IntN(len(r.cameras))]
	if c.bay == "" {
		r.dock(c)
		return
	}
	c.move(r.t, r.shelf(c.name), "")
}

// docked are the bays that hold a camera.
func (r *rig) docked() map[dock.BayName]*camera {
	bays := map[dock.BayName]*camera{}
	for _, c := range r.cameras {
		if c.bay != "" {
			bays[dock.BayName(c.bay)] = c
		}
	}
	return bays
}

// seed is the one that a person asked for, or a fresh one; it is printed.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := uint64(time.Now().UnixNano())
	if asked := os.Getenv("BERTH_CRASH_SEED"); asked != "" {
		var err error
		if n, err = strconv.ParseUint(asked, 10, 64); err != nil {
			t.Fatalf("BERTH_CRASH_SEED: %v", err)
		}
	}
	t.Logf("seed %d: again with BERTH_CRASH_SEED=%d", n, n)
	return n
}

// crashes is how many there are to be.
func crashes(t *testing.T) int {
	t.Helper()
	asked := os.Getenv("BERTH_CRASH")
	if asked == "" {
		return 5
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n < 1 {
		t.Fatalf("BERTH_CRASH=%s is no number of crashes", asked)
	}
	return n
}
