package hashing_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"berth/hashing"
)

// chainHead is the digest of the last line of testdata/chain.jsonl.
const chainHead = "495b59c497b6d72b9c9fac41d3951e9f4b248222d63e562599b4791f03ee0223"

func vectorLines(t *testing.T) [][]byte {
	t.Helper()
	file, err := os.ReadFile("testdata/chain.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSuffix(file, []byte("\n")), []byte("\n"))
}

func TestChainVectorIsFollowedAndWrittenAgain(t *testing.T) {
	var reader, writer hashing.Chain
	for _, line := range vectorLines(t) {
		if err := reader.Follow(line); err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil {
			t.Fatal(err)
		}
		delete(fields, "seq")
		delete(fields, "prev")
		again, err := writer.Extend(fields)
		if err != nil || !bytes.Equal(again, line) {
			t.Fatalf("line written again as %s, %v; want %s", again, err, line)
		}
		if reader != writer {
			t.Fatalf("heads differ: %+v, %+v", reader, writer)
		}
	}
	if reader.Head.String() != chainHead || reader.Seq != 3 {
		t.Errorf("head is %d %s, want 3 %s", reader.Seq, reader.Head, chainHead)
	}
}

func TestEveryChangeOfAChainIsFound(t *testing.T) {
	lines := vectorLines(t)
	head, err := hashing.Parse(chainHead)
	if err != nil {
		t.Fatal(err)
	}
	follow := func(lines ...[]byte) bool {
		var chain hashing.Chain
		for _, line := range lines {
			if chain.Follow(line) != nil {
				return false
			}
		}
		return chain.Head == head
	}
	if !follow(lines...) {
		t.Fatal("the chain itself is refused")
	}
	for name, changed := range map[string][][]byte{
		"dropped first":  lines[1:],
		"dropped middle": {lines[0], lines[2]},
		"dropped last":   lines[:2],
		"swapped":        {lines[1], lines[0], lines[2]},
		"repeated":       {lines[0], lines[0], lines[1], lines[2]},
		"appended":       {lines[0], lines[1], lines[2], lines[2]},
	} {
		if follow(changed...) {
			t.Errorf("%s: not found", name)
		}
	}
	for n, line := range lines {
		for bit := range len(line) * 8 {
			changed := [][]byte{lines[0], lines[1], lines[2]}
			changed[n] = bytes.Clone(line)
			changed[n][bit/8] ^= 1 << (bit % 8)
			if follow(changed...) {
				t.Fatalf("bit %d of line %d flipped: not found", bit, n+1)
			}
		}
	}
}

// Digests alone tie a line to the one before it; that none is left out of the
// count, the numbers say.
func TestANumberThatIsLeftOutIsFound(t *testing.T) {
	var whole hashing.Chain
	first, err := whole.Extend(map[string]any{"kind": "begin"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		before [][]byte
		line   map[string]any
	}{
		"at the beginning":  {nil, map[string]any{"seq": 2, "prev": ""}},
		"before the next":   {[][]byte{first}, map[string]any{"seq": 3, "prev": whole.Head}},
		"the same again":    {[][]byte{first}, map[string]any{"seq": 1, "prev": whole.Head}},
		"no number at all":  {nil, map[string]any{"prev": ""}},
		"a number below it": {nil, map[string]any{"seq": -1, "prev": ""}},
	} {
		var chain hashing.Chain
		for _, line := range c.before {
			if err := chain.Follow(line); err != nil {
				t.Fatal(err)
			}
		}
		line, err := hashing.Canonical(c.line)
		if err != nil {
			t.Fatal(err)
		}
		if err := chain.Follow(line); err == nil {
			t.Errorf("%s: %s was followed", name, line)
		}
	}
}

// Two texts of one line would have two digests, and two readers two chains.
func TestALineThatIsNotCanonicalIsNotFollowed(t *testing.T) {
	for _, line := range []string{
		`{"prev": "","seq":1}`, `{"seq":1,"prev":""}`, "{\"prev\":\"\",\"seq\":1}\n", `{"prev":"","seq":1.0}`,
	} {
		var chain hashing.Chain
		if err := chain.Follow([]byte(line)); !errors.Is(err, hashing.ErrNotCanonical) || chain != (hashing.Chain{}) {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestFailureLeavesTheChainAsItWas(t *testing.T) {
	var chain hashing.Chain
	line, err := chain.Extend(map[string]any{"kind": "begin"})
	if err != nil {
		t.Fatal(err)
	}
	before := chain
	for name, fields := range map[string]map[string]any{
		"own seq": {"seq": 1}, "own prev": {"prev": ""}, "fraction": {"x": 1.5}, "text": {"x": "\xff"}, "name": {"Kind": 1},
	} {
		if _, err := chain.Extend(fields); err == nil {
			t.Errorf("%s: extended", name)
		}
	}
	for name, next := range map[string]string{
		"again": string(line), "not canonical": `{"prev":"` + chain.Head.String() + `", "seq":2}`, "no prev": `{"seq":2}`,
		"other prev": `{"prev":"` + emptySHA256 + `","seq":2}`, "no number": `{"prev":"` + chain.Head.String() + `"}`,
		"number as text": `{"prev":"` + chain.Head.String() + `","seq":"2"}`, "no object": `[]`,
	} {
		if err := chain.Follow([]byte(next)); err == nil {
			t.Errorf("%s: followed", name)
		}
	}
	if chain != before {
		t.Errorf("chain moved from %+v to %+v", before, chain)
	}
}

func TestABreakSaysWhereAndIsAMismatch(t *testing.T) {
	var chain hashing.Chain
	if err := chain.Follow(vectorLines(t)[0]); err != nil {
		t.Fatal(err)
	}
	err := chain.Follow([]byte(`{"prev":"` + emptySHA256 + `","seq":2}`))
	var mismatch *hashing.Mismatch
	if !errors.As(err, &mismatch) || !strings.Contains(err.Error(), "before line 2") {
		t.Errorf("error %v", err)
	}
}

// TestAStrangerWalksTheChain runs the commands that FORMAT.md gives.
func TestAStrangerWalksTheChain(t *testing.T) {
	for _, tool := range []string{"sh", "jq", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	format, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, script, found := strings.Cut(string(format), "```sh\n")
	script, _, closed := strings.Cut(script, "```")
	if !found || !closed {
		t.Fatal("FORMAT.md has no script")
	}
	walk := func(log string) (string, error) {
		command := exec.Command("sh", "-c", script)
		command.Stdin = strings.NewReader(log)
		out, err := command.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	log := string(bytes.Join(vectorLines(t), []byte("\n"))) + "\n"
	if out, err := walk(log); err != nil || out != "3 "+chainHead {
		t.Errorf("walked to %q, %v", out, err)
	}
	if out, err := walk(strings.Replace(log, "hq-dock-1", "hq-dock-2", 1)); err == nil {
		t.Errorf("an altered chain was walked to %q", out)
	}
}
