package station

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"berth/dock"
)

func TestACameraOfManySmallFilesIsServed(t *testing.T) {
	h := newHouse(t, "A1")
	many := 200
	if n, err := strconv.Atoi(os.Getenv("MANY")); err == nil {
		many = n
	}
	files := map[string][]byte{}
	for i := range many {
		files[fmt.Sprintf("DCIM/%03d/%05d.mp4", i/1000, i)] = []byte(fmt.Sprint("recording ", i))
	}
	h.camera("cam", files)
	h.dock("cam", "A1")
	h.start()
	b := h.waitState("A1", dock.BayReady)
	if b.Erased != many || len(h.onCamera("cam", "A1")) > 0 {
		t.Errorf("%d of %d erased", b.Erased, many)
	}
}
