package station

import (
	"testing"
	"time"
)

func TestSilenceBeginsWhenSomethingIsAsked(t *testing.T) {
	now := time.Hour
	w := &lookout{now: func() time.Duration { return now }}
	w.begin("listing the camera")
	now += time.Second
	w.end()
	now += time.Hour
	if s := w.silence(); s.doing != "" || s.lasts != 0 {
		t.Errorf("nothing is asked: %+v", s)
	}
	w.begin("reading")
	now += 3 * time.Second
	if s := w.silence(); s.doing != "reading" || s.lasts != 3*time.Second {
		t.Errorf("asked for three seconds: %+v", s)
	}
	w.alive()
	now += time.Second
	if s := w.silence(); s.lasts != time.Second {
		t.Errorf("a second after a sign: %+v", s)
	}
}
