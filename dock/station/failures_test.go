package station

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
)

func TestThreeFailedRunsAreTooMany(t *testing.T) {
	dir := t.TempDir()
	for n := range failuresMost {
		f := NewFailures(slog.New(slog.DiscardHandler), "", dir) // each run is another process
		if _, yes := f.TooMany(); yes || f.Count() != n {
			t.Fatalf("too many after %d runs, counted %d", n, f.Count())
		}
		f.Note(errors.New("the disk said no"))
	}
	f := NewFailures(slog.New(slog.DiscardHandler), dir)
	if why, yes := f.TooMany(); !yes || why != "the disk said no" {
		t.Fatalf("got %q, %v", why, yes)
	}
	f.Forget()
	if _, yes := f.TooMany(); yes || f.Count() != 0 {
		t.Error("not forgotten")
	}
}

// The disk that fails may be the one of the data: another place counts then.
func TestFailuresAreCountedWhereverTheyCanBe(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "no directory")
	if err := os.WriteFile(broken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := NewFailures(slog.New(slog.DiscardHandler), broken, t.TempDir())
	for range failuresMost {
		f.Note(errors.New("the disk said no"))
	}
	if _, yes := f.TooMany(); !yes {
		t.Error("nothing was counted")
	}
}

func TestAGoodHourIsWhatMakesFailuresForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFailures(slog.New(slog.DiscardHandler), t.TempDir())
		f.Note(errors.New("the disk said no"))
		short, cancel := context.WithTimeout(t.Context(), goodRun-1)
		defer cancel()
		f.Watch(short)
		if f.Count() != 1 {
			t.Fatal("a run of less than an hour was good")
		}
		f.Watch(t.Context())
		if f.Count() != 0 {
			t.Error("a good hour is not enough")
		}
	})
}
