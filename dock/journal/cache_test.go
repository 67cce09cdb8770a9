package journal

import (
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"berth/dock"
)

// checkCache computes everything that is cached from the facts again.
func (s *station) checkCache() {
	s.t.Helper()
	s.must(s.Read(s.ctx, func(tx *Tx) error {
		heads, err := tx.heads(` ORDER BY r.number`)
		s.must(err)
		for _, h := range heads {
			facts, err := tx.factsOf(h.number)
			s.must(err)
			s.checkSummary(tx, h, dock.Recording{ID: h.id, Camera: h.camera, Facts: facts})
		}
		return nil
	}))
}

func (s *station) checkSummary(tx *Tx, h head, r dock.Recording) {
	s.t.Helper()
	var state dock.State
	var onCamera, ingested, unconfirmed, agree bool
	var erasing dock.DockingID
	var sealed []byte
	var copies string
	s.must(tx.QueryRow(`SELECT r.state, r.on_camera, r.ingested, r.erasing, r.unconfirmed, r.sealed, h.copies,
		NOT EXISTS (SELECT 1 FROM docking_entries e WHERE e.recording = r.number AND (e.on_camera <> r.on_camera OR e.holding <> r.holding OR e.wanted <> r.wanted))
		FROM recordings r JOIN holdings h ON h.id = r.holding WHERE r.number = ?`, h.number).
		Scan(&state, &onCamera, &ingested, &erasing, &unconfirmed, &sealed, &copies, &agree))
	var holding dock.Holding
	s.must(json.Unmarshal([]byte(copies), &holding))
	want := dock.StateOf(r.Facts)
	intent, spooled := r.Spooled()
	docking, known := r.Erasing()
	gone := want == dock.StateErased || want == dock.StateVanished
	if state != want || onCamera == gone || ingested != spooled || erasing != docking || unconfirmed != known || !agree ||
		fmt.Sprint(holding) != fmt.Sprint(r.Holding()) || spooled && string(sealed) != string(intent.Sealed[:]) {
		s.t.Fatalf("cache of %s says %s %v %v %q %v %s (entries agree: %v), its facts amount to %s", h.id, state, onCamera, ingested, erasing, unconfirmed, copies, agree, want)
	}
}

// TestCacheFollowsAnyHistory adds facts in any order, also nonsensical ones.
func TestCacheFollowsAnyHistory(t *testing.T) {
	s := newStation(t)
	e := file("A.MP4", 10)
	d := s.dock("cam-7")
	bodies := []dock.FactBody{
		intentOf(e), dock.Spooled{Sealed: sealedOf(e)}, receipt(e, nas), receipt(e, cloud), dock.ReceiptRevoked{Store: nas},
		dock.SecondRead{SHA256: contentOf(e)}, dock.Hold{Code: dock.HoldPerson}, dock.Release{}, dock.EraseIntent{Object: e.Identity},
		dock.EraseResult{Outcome: dock.EraseConfirmed}, dock.EraseResult{Outcome: dock.EraseFailed},
		dock.EraseResult{Outcome: dock.EraseUnconfirmed}, dock.Vanished{Reason: dock.VanishAbsent}, dock.SpoolReleased{},
	}
	rapid.Check(t, func(rt *rapid.T) {
		history := rapid.SliceOfN(rapid.SampledFrom(bodies), 0, 10).Draw(rt, "history")
		r := s.reconcile(d, listing(e))
		for _, item := range r.Items {
			s.must(s.Write(s.ctx, func(tx *Tx) error {
				for _, body := range history {
					if _, err := tx.adds(dock.Fact{Recording: item.Recording, Docking: d.ID, Body: body}); err != nil {
						return err
					}
				}
				return nil
			}))
		}
	})
	s.checkCache()
	s.verify()
}

func TestUnfinishedIsWhatTheStationStillHasWorkWith(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	var entries []dock.Entry
	for i := range 2*page + 7 {
		entries = append(entries, file(fmt.Sprintf("%d.MP4", i), 1))
	}
	items := s.reconcile(d, listing(entries...)).Items
	walk := func() map[dock.RecordingID]dock.State {
		t.Helper()
		found := map[dock.RecordingID]dock.State{}
		s.must(s.Unfinished(s.ctx, func(r dock.Recording) error {
			found[r.ID] = r.State()
			_, err := s.Recordings(s.ctx, Filter{ID: r.ID}) // the walk may use the journal
			return err
		}))
		return found
	}
	if n := len(walk()); n != len(entries) {
		t.Fatalf("%d of %d", n, len(entries))
	}
	p := items[0]
	s.store(d, p)
	if walk()[p.Recording] != dock.StateStored {
		t.Fatal("its file is still on the spool")
	}
	s.add(d, p.Recording, dock.SpoolReleased{})
	if _, found := walk()[p.Recording]; found {
		t.Fatal("it is at rest")
	}
	s.reconcile(d, listing(p.Entry))
	if n := len(walk()); n != 0 {
		t.Fatalf("%d unfinished after the others vanished", n)
	}
}
