package custody

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return strings.Join(all, " ")
}

func TestOutputHasItsNameOnlyWhenItIsWhole(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	err := writeOutput(out, false, func(w io.Writer) error {
		if _, err := w.Write([]byte("half")); err != nil {
			return err
		}
		if found := names(t, dir); !strings.HasPrefix(found, ".berth-") || strings.Contains(found, "out") {
			t.Errorf("while it is written the directory holds %q", found)
		}
		return context.Canceled
	})
	if !errors.Is(err, context.Canceled) || names(t, dir) != "" {
		t.Errorf("directory holds %q after %v", names(t, dir), err)
	}
}

func TestOutputThatAppearsMeanwhileIsKept(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	err := writeOutput(out, false, func(io.Writer) error { return os.WriteFile(out, []byte("theirs"), 0o600) })
	if err == nil || !strings.Contains(err.Error(), "appeared meanwhile") {
		t.Errorf("error %v", err)
	}
	if kept, err := os.ReadFile(out); err != nil || string(kept) != "theirs" || names(t, dir) != "out" {
		t.Errorf("%q, %v in %q", kept, err, names(t, dir))
	}
}

func TestLinkAsOutputIsNotFollowed(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	if err := os.Symlink(filepath.Join(dir, "nowhere"), out); err != nil {
		t.Skip(err)
	}
	if err := writeOutput(out, false, func(io.Writer) error { return nil }); err == nil {
		t.Error("a dangling link was replaced")
	}
	if found := names(t, dir); found != "out" {
		t.Errorf("directory holds %q", found)
	}
}
