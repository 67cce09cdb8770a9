package journal

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"berth/dock"
)

// planted are personal values that must not be found in any file.
const (
	plantedName    = "DCIM/interview-Moist-von-Lipwig.MP4"
	plantedOfficer = "Constable Reginald Shoe"
	plantedText    = "case 1973-NW, witness Angua"
	plantedBy      = "Sergeant Detritus"
	plantedFolder  = "shoe-reg-private-folder"
)

func (s *station) plant() (Docking, dock.Planned) {
	s.next++
	d := Docking{
		ID: dock.NewDockingID(), Began: s.clock.Now(),
		Attachment: dock.Attachment{Bay: "A1", Generation: s.next, Folder: &dock.Folder{Bay: "/bays/A1", Name: plantedFolder}},
		Info:       dock.CameraInfo{ID: "cam-7", Basis: "file:ID.TXT", Officer: plantedOfficer},
	}
	s.must(s.BeginDocking(s.ctx, d))
	e := file(plantedName, 1000)
	e.Handle = plantedName
	l := listing(e)
	l.Exceptions = []dock.Exception{{Kind: dock.ExceptionUnreadable, Name: plantedName + ".bak", SizeBytes: 3}}
	p := s.reconcile(d, l).Items[0]
	s.add(d, p.Recording, dock.Hold{Code: dock.HoldPerson, By: plantedBy, Text: plantedText}, dock.Release{By: plantedBy, Text: plantedText})
	open, err := s.Exceptions(s.ctx, ExceptionFilter{Blocking: true})
	s.must(err)
	s.must(s.ReleaseException(s.ctx, open[0].ID, plantedBy, plantedText))
	s.must(s.Write(s.ctx, func(tx *Tx) error {
		return tx.Event("assigned", map[string]any{"bay": "A1"}, map[string]string{"officer": plantedOfficer})
	}))
	return d, p
}

func TestNothingPersonalIsStoredInClear(t *testing.T) {
	s := newStation(t)
	s.plant()
	look := func(when string) {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(filepath.Dir(s.opts.Path), "*"))
		s.must(err)
		if !slices.Contains(files, s.opts.Path) {
			t.Fatal("looked in the wrong place")
		}
		found := 0
		for _, f := range files {
			content, err := os.ReadFile(f)
			s.must(err)
			found += bytes.Count(content, []byte("cam-7"))
			for _, value := range []string{plantedName, plantedOfficer, plantedText, plantedBy, plantedFolder, "Lipwig"} {
				for _, form := range []string{value, hex.EncodeToString([]byte(value))} {
					if bytes.Contains(content, []byte(form)) {
						t.Errorf("%s: %q is in %s", when, value, filepath.Base(f))
					}
				}
			}
		}
		if found == 0 {
			t.Fatal("the files were not looked at")
		}
	}
	look("running")
	s.must(s.Close())
	look("closed")
	s.openAgain()
}

func TestPersonalValuesComeBack(t *testing.T) {
	s := newStation(t)
	_, p := s.plant()
	s.reopen()
	r := s.recording(p.Recording)
	seen, _ := r.Seen()
	if seen.Name != plantedName {
		t.Errorf("name %q", seen.Name)
	}
	hold, release := r.Facts[1].Body.(dock.Hold), r.Facts[2].Body.(dock.Release)
	if hold.By != plantedBy || hold.Text != plantedText || release.By != plantedBy || release.Text != plantedText {
		t.Errorf("%+v %+v", hold, release)
	}
}

func TestForgettingLeavesTheChainWhole(t *testing.T) {
	s := newStation(t)
	d, p := s.plant()
	before := s.verify()
	s.must(s.Write(s.ctx, func(tx *Tx) error {
		_, err := tx.Exec(`DELETE FROM personal`)
		return err
	}))
	if s.verify() != before {
		t.Fatal("forgetting moved the chain")
	}
	rows, err := s.Recordings(s.ctx, Filter{})
	s.must(err)
	if len(rows) != 1 || rows[0].Name != "" || rows[0].ID != p.Recording {
		t.Fatalf("%+v", rows)
	}
	if hold := s.recording(p.Recording).Facts[1].Body.(dock.Hold); hold.By != "" || hold.Text != "" || hold.Code != dock.HoldPerson {
		t.Fatalf("%+v", hold)
	}
	exceptions, err := s.Exceptions(s.ctx, ExceptionFilter{})
	s.must(err)
	if len(exceptions) != 1 || exceptions[0].Name != "" || exceptions[0].ReleasedBy != "" {
		t.Fatalf("%+v", exceptions)
	}
	_, err = s.Statement(s.ctx, d.ID)
	s.must(err)
	if r := s.reconcile(d, listing(file(plantedName, 1000))); r.Vanished != 0 {
		t.Fatal("a forgotten recording was declared vanished")
	}
}

func TestCommitmentsDoNotRepeat(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	s.reconcile(d, listing(file("same", 1), file("same", 1)))
	seen := s.events("seen")
	if seen[0].Commitments["name"] == seen[1].Commitments["name"] || len(seen[0].Commitments["name"]) != 64 {
		t.Fatalf("%v %v", seen[0].Commitments, seen[1].Commitments)
	}
}

func TestSealedValueCannotBeMovedOrChanged(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	s.reconcile(d, listing(file("A", 1), file("B", 2)))
	s.must(s.Write(s.ctx, func(tx *Tx) error {
		var swapped []byte
		s.must(tx.QueryRow(`SELECT sealed FROM personal ORDER BY event LIMIT 1`).Scan(&swapped))
		if _, err := tx.Exec(`DELETE FROM personal WHERE event = (SELECT max(event) FROM personal)`); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO personal (event, field, sealed) SELECT max(seq), 'name', ? FROM facts`, swapped)
		return err
	}))
	if _, err := s.VerifyChain(s.ctx); !errors.Is(err, ErrBroken) {
		t.Fatalf("got %v", err)
	}
	if _, err := s.Recordings(s.ctx, Filter{}); !errors.Is(err, ErrBroken) {
		t.Fatalf("got %v", err)
	}
}

func TestAnotherValueUnderTheRightKeyIsFound(t *testing.T) {
	s := newStation(t)
	r := s.reconcile(s.dock("cam-7"), listing(file("A", 1)))
	s.must(s.Write(s.ctx, func(tx *Tx) error {
		number, _, err := tx.find(r.Items[0].Recording)
		if err != nil {
			return err
		}
		forged, _ := s.keys.seal(number, "name", "B")
		if _, err := tx.Exec(`DELETE FROM personal WHERE event = ?`, number); err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO personal (event, field, sealed) VALUES (?, 'name', ?)`, number, forged)
		return err
	}))
	if _, err := s.VerifyChain(s.ctx); !errors.Is(err, ErrBroken) {
		t.Fatalf("got %v", err)
	}
}

func TestKeysDependOnTheDataKeyAndTheUse(t *testing.T) {
	a, err := deriveKeys([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	b, err := deriveKeys([32]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(a.tokenOf("x", "v"), b.tokenOf("x", "v")) || bytes.Equal(a.tokenOf("x", "v"), a.tokenOf("y", "v")) {
		t.Error("tokens are equal under another key or use")
	}
	if bytes.Equal(a.tokenOf("x", "ab", "c"), a.tokenOf("x", "a", "bc")) {
		t.Error("tokens run their parts together")
	}
	sealed, commitment := a.seal(7, "name", "v")
	if value, again, err := a.open(7, "name", sealed); err != nil || value != "v" || again != commitment || strings.Contains(commitment, "v") {
		t.Errorf("%q %v", value, err)
	}
	for what, try := range map[string]func() error{
		"another key":   func() error { _, _, err := b.open(7, "name", sealed); return err },
		"another event": func() error { _, _, err := a.open(8, "name", sealed); return err },
		"another field": func() error { _, _, err := a.open(7, "by", sealed); return err },
		"cut":           func() error { _, _, err := a.open(7, "name", sealed[:20]); return err },
	} {
		if !errors.Is(try(), ErrBroken) {
			t.Errorf("opened with %s", what)
		}
	}
}
