package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"berth/hashing"
	"berth/ingest/seal"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"berth-open": main})
}

// TestManual runs the scripts in testdata, which read like the manual. Each
// finds the keys and sealed files of the format's test vectors around it.
func TestManual(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata",
		Setup: setUp,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "flip": flip, "cut": cut, "resign": resign,
		},
	})
}

func setUp(env *testscript.Env) error {
	vectors := filepath.Join("..", "..", "ingest", "seal", "testdata")
	for _, pattern := range []string{"keys/*.pem", "vectors/small.sealed", "vectors/empty.sealed"} {
		paths, err := filepath.Glob(filepath.Join(vectors, pattern))
		if err != nil || len(paths) == 0 {
			return errors.Join(err, errors.New("no test vectors"))
		}
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(env.WorkDir, filepath.Base(path)), content, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// exits CODE PROGRAM ARGS... wants exactly this exit code.
func exits(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGS...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// flip FILE OFFSET NEW copies FILE to NEW with one bit flipped.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	content := []byte(ts.ReadFile(args[0]))
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	content[at] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), content, 0o600))
}

// cut FILE BYTES NEW copies the first BYTES of FILE to NEW.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(ts.ReadFile(args[0]))[:n], 0o600))
}

// resign FILE STATION KEY signs FILE anew as STATION.
func resign(ts *testscript.TestScript, _ bool, args []string) {
	content := []byte(ts.ReadFile(args[0]))
	before := content[:len(content)-seal.Block]
	key, err := seal.ParseStationKey([]byte(ts.ReadFile(args[2])))
	ts.Check(err)
	block, err := seal.NewSigner(args[1], key).Block(hashing.Sum(before))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), append(before, block...), 0o600))
}
