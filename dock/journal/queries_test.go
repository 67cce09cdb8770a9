package journal

import (
	"testing"

	"berth/dock"
)

func TestRecordingsByEveryFilter(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	a := s.reconcile(d, listing(file("A.MP4", 1), file("B.MP4", 2))).Items
	s.store(d, a[0])
	s.undock(d)
	e := s.dock("cam-8")
	b := s.reconcile(e, listing(file("C.MP4", 3))).Items
	for name, c := range map[string]struct {
		filter Filter
		want   []dock.RecordingID
	}{
		"all, the youngest first": {Filter{}, []dock.RecordingID{b[0].Recording, a[1].Recording, a[0].Recording}},
		"at most two":             {Filter{Limit: 2}, []dock.RecordingID{b[0].Recording, a[1].Recording}},
		"one":                     {Filter{ID: a[1].Recording}, []dock.RecordingID{a[1].Recording}},
		"of a camera":             {Filter{Camera: "cam-8"}, []dock.RecordingID{b[0].Recording}},
		"of a docking":            {Filter{Docking: d.ID}, []dock.RecordingID{a[1].Recording, a[0].Recording}},
		"in a state":              {Filter{State: dock.StateStored}, []dock.RecordingID{a[0].Recording}},
		"of a camera in a state":  {Filter{Camera: "cam-7", State: dock.StateSeen}, []dock.RecordingID{a[1].Recording}},
		"none":                    {Filter{Camera: "' OR 1=1 --"}, nil},
	} {
		rows, err := s.Recordings(s.ctx, c.filter)
		s.must(err)
		if len(rows) != len(c.want) {
			t.Errorf("%s: %d rows", name, len(rows))
			continue
		}
		for i, row := range rows {
			if row.ID != c.want[i] {
				t.Errorf("%s: row %d is another one", name, i)
			}
		}
	}
}

func TestRowTellsWhatIsKnownAndNothingElse(t *testing.T) {
	s := newStation(t)
	offset, created := int64(-3500), shot
	s.next++
	d := Docking{
		ID: dock.NewDockingID(), Began: s.clock.Now(), Attachment: dock.Attachment{Bay: "B2", Generation: s.next},
		Info: dock.CameraInfo{ID: "cam-7"}, ClockOffsetMillis: &offset,
	}
	s.must(s.BeginDocking(s.ctx, d))
	p := s.reconcile(d, listing(file("A.MP4", 1))).Items[0]
	row := func() Row {
		t.Helper()
		rows, err := s.Recordings(s.ctx, Filter{ID: p.Recording})
		s.must(err)
		return rows[0]
	}
	r := row()
	if r.Bay != "B2" || r.Docking != d.ID || r.Name != "A.MP4" || r.SizeBytes != 1 || !r.Docked.Equal(s.clock.Now().Wall) || *r.ClockOffsetMillis != offset {
		t.Errorf("%+v", r)
	}
	if r.Started != nil || !r.SHA256.IsZero() || r.Key != "" || len(r.Receipts) != 0 || r.HeldReason != "" {
		t.Errorf("it knows too much: %+v", r)
	}
	intent := intentOf(p.Entry)
	intent.Media.Created = &created
	s.add(d, p.Recording, intent, dock.Spooled{Sealed: intent.Sealed}, receipt(p.Entry, nas), dock.Hold{Code: dock.HoldPerson, By: "x", Text: "case 4"})
	r = row()
	if !r.Started.Equal(created) || r.SHA256 != intent.SHA256 || r.SealedSHA256 != intent.Sealed || r.Key != intent.Key || len(r.Receipts) != 1 {
		t.Errorf("%+v", r)
	}
	if r.HeldReason != "person: case 4" || r.State != dock.StateHeld {
		t.Errorf("held: %q", r.HeldReason)
	}
	id, err := s.Adopt(s.ctx, Adoption{Key: "k", Sealed: contentOf(p.Entry), SealedBytes: 1})
	s.must(err)
	rows, err := s.Recordings(s.ctx, Filter{ID: id})
	s.must(err)
	if rows[0].Docked != nil || rows[0].ClockOffsetMillis != nil || rows[0].Bay != "" {
		t.Errorf("adopted: %+v", rows[0])
	}
	if rows[0].Recording.Facts[0].At.Wall.IsZero() {
		t.Error("a fact without a time")
	}
}
