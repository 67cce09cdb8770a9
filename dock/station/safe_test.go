package station

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"berth/dock"
	"berth/usb"
)

// rack is a bus on which a camera sits in A1 and a keyboard in A3.
type rack struct{}

func (rack) Attached(context.Context) ([]dock.Attachment, []usb.Problem, error) {
	return []dock.Attachment{{Bay: "A1", Generation: 1}}, []usb.Problem{{Bay: "A3", NotACamera: true, Text: "a keyboard"}}, nil
}
func (rack) Changed() <-chan struct{} { return nil }

func TestSafeModeSaysWhyAndWhatToDoAndEndsOnlyWhenItIsReleased(t *testing.T) {
	why := dock.ProblemOf("spool", "open spool: read-only file system")
	s := NewSafe("hq", "test", why, []Bay{{Name: "A1"}, {Name: "A2"}, {Name: "A3"}}, rack{}, slog.New(slog.DiscardHandler))
	seen := s.Changed()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(t.Context()) }()
	<-seen
	status := s.Status(t.Context())
	if status.Mode != dock.ModeSafe || status.Healthy || status.Bays[0].State != dock.BayAttention || status.Bays[1].State != dock.BayEmpty ||
		status.Bays[2].State != dock.BayNotACamera || status.Bays[2].Attention != "a keyboard" {
		t.Errorf("status: %+v", status)
	}
	p := status.Problems[0]
	if p.Code != "spool" || p.Do == "" || p.Text != "safe mode, recordings stay on the cameras: open spool: read-only file system" {
		t.Errorf("problem: %+v", p)
	}
	for what, err := range map[string]error{
		"hold": s.Hold(t.Context(), "r1", "", ""), "release": s.Release(t.Context(), "r1", "", ""),
		"release epoch": s.Release(t.Context(), "epoch", "", ""), "accept": s.AcceptStore(t.Context(), "one", "", ""),
	} {
		if !errors.Is(err, ErrSafeMode) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for range 3 { // asking more often changes nothing
		if err := s.Release(t.Context(), "safe-mode", "Sgt. Lee", "new disk"); err != nil {
			t.Fatal(err)
		}
	}
	var released *Released
	if err := <-ended; !errors.As(err, &released) || released.Code != "spool" || released.By != "Sgt. Lee" || released.Reason != "new disk" {
		t.Errorf("it ended with %v", err)
	}
}
