package station

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"berth/dock"
	"berth/dock/journal"
	"berth/usb"
)

func TestWhatIsNoCameraIsShownAndKeepsNobody(t *testing.T) {
	inBubble(t, func(h *house, r *usbRack) {
		r.mu.Lock()
		r.problems = []usb.Problem{
			{Bay: "A1", NotACamera: true, Text: "a keyboard is plugged in here"},
			{Bay: "A3", Text: "no disk appeared within 30 s"},
		}
		r.mu.Unlock()
		r.plug("A2", h.healthyOne("well"))
		h.start()
		b := h.waitState("A1", dock.BayNotACamera)
		if b.Attention != "a keyboard is plugged in here" {
			t.Errorf("said: %q", b.Attention)
		}
		if b := h.waitState("A3", dock.BayAttention); !strings.Contains(b.Attention, "no disk") {
			t.Errorf("said: %q", b.Attention)
		}
		h.wait("A2", "stored", stored)
		if h.station.Status(h.t.Context()).Healthy {
			t.Error("nobody is asked to take it out")
		}
	}, "A1", "A2", "A3")
}

func TestAHubPulledWithFourCamerasLosesNoBay(t *testing.T) {
	inBubble(t, func(h *house, r *usbRack) {
		bays := []string{"A1", "A2", "A3", "A4"}
		var cameras []*toy
		for i, bay := range bays {
			cameras = append(cameras, h.hangsOn(fmt.Sprint("cam", i), []string{"open", "list", "read", ""}[i], 1))
			r.plug(bay, cameras[i])
		}
		h.start()
		h.wait("A4", "stored", stored)
		synctest.Wait()
		r.pull(bays...)
		for _, bay := range bays {
			h.waitState(bay, dock.BayEmpty)
		}
		for i := range bays {
			r.plug(bays[(i+1)%4], cameras[i])
		}
		for _, bay := range bays {
			h.wait(bay, "stored", stored)
		}
		if problems := h.station.Status(h.t.Context()).Problems; len(problems) > 0 {
			t.Errorf("left over: %+v", problems)
		}
		if rows := h.rows(journal.Filter{}); len(rows) != 4 {
			t.Errorf("%d recordings of four cameras with one each", len(rows))
		}
	}, "A1", "A2", "A3", "A4")
}

func TestFiftyFastReplugsLoseNothing(t *testing.T) {
	inBubble(t, func(h *house, r *usbRack) {
		camera := h.healthyOne("cam")
		h.start()
		for i := range 50 {
			r.plug("A1", camera)
			for range i % 5 { // pulled out ever later on its way
				synctest.Wait()
			}
			r.pull("A1")
		}
		r.plug("A1", camera)
		h.wait("A1", "stored", stored)
		if rows := h.rows(journal.Filter{}); len(rows) != 1 {
			t.Errorf("%d recordings of a camera with one", len(rows))
		}
		h.stop()
		if r.opened != r.closed {
			t.Errorf("%d cameras were opened, %d let go", r.opened, r.closed)
		}
	}, "A1")
}

// content is what the recordings of one docking hold, by every store.
func (h *house) content(docking dock.DockingID) []string {
	h.t.Helper()
	held := map[string]bool{}
	for _, row := range h.rows(journal.Filter{Docking: docking}) {
		for _, store := range h.stores {
			held[string(h.opened(store, row))] = true
		}
	}
	return slices.Collect(maps.Keys(held))
}

func TestTwoUSBCamerasWithOneSerialAreCopiedAndNotEmptied(t *testing.T) {
	inBubble(t, func(h *house, r *usbRack) {
		h.erasing = Erasing{Copies: 2, After: dock.EraseAfterCopies}
		one, two := h.healthyOne("one"), h.healthyOne("two")
		one.serial, two.serial = "BC2-00417", "BC2-00417"
		r.plug("A1", one)
		r.plug("A2", two)
		h.start()
		locked := func(b dock.BayStatus) bool {
			return b.State == dock.BayAttention && b.Stored == 1 && b.Reread == 1 && strings.Contains(b.Attention, "claim to be BC2-00417")
		}
		a, b := h.wait("A1", "locked", locked), h.wait("A2", "locked", locked)
		if a.Basis != "usb-serial" || b.Basis != "usb-serial" {
			t.Errorf("identity rests on %q and %q", a.Basis, b.Basis)
		}
		first, second := h.content(a.Docking), h.content(b.Docking)
		if len(first) != 1 || len(second) != 1 || first[0] == second[0] {
			t.Errorf("%d and %d recordings", len(first), len(second))
		}
		if len(h.files("one"))+len(h.files("two")) != 2 {
			t.Error("a camera of doubtful identity was emptied")
		}
	}, "A1", "A2")
}

func TestWhatFactoriesWriteIntoEverySerialIdentifiesNobody(t *testing.T) {
	inBubble(t, func(h *house, r *usbRack) {
		h.erasing = Erasing{Copies: 2, After: dock.EraseAfterCopies}
		for i, serial := range []string{"0123456789ABCDEF", "0123456789ABCDEF", "000000000000", "1234567890"} {
			camera := h.healthyOne(fmt.Sprint("cam", i))
			camera.serial = serial
			r.plug(h.bays[i], camera)
		}
		h.start()
		for i, bay := range h.bays {
			b := h.waitState(bay, dock.BayReady)
			if b.Basis != "volume-id" || b.Camera != dock.CameraID(fmt.Sprint("volume-of-cam", i)) {
				t.Errorf("bay %s is %s by %s", bay, b.Camera, b.Basis)
			}
		}
	}, "A1", "A2", "A3", "A4")
}
