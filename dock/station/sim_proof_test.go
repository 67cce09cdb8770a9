package station

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	simProofs   = flag.Bool("simproof", false, "take the clauses of testdata/clauses.txt away, one at a time, and write SIMULATION.md")
	simProofOf  = flag.String("simproof.only", "", "a regular expression: take only clauses with such a name; the table keeps the rest")
	simProofAt  = flag.Int("simproof.atonce", 1, "so many clauses are tried at the same time")
	simProofFor = flag.Int("simproof.dockings", proofDockings, "dockings in which a missing clause must be found, if the clause says nothing else")
)

const (
	proofDockings = 10_000
	proofWorld    = 100 // dockings in each world: more seeds, and each is replayed sooner
)

// tablePath is where the table of what was found stands.
const tablePath = "SIMULATION.md"

// finding is what the simulation said without a clause.
type finding struct{ seed, broke string }

// Without any clause of the erase rule, of what a listing means and of the
// order of things, the simulation finds a seed that breaks a promise, or the
// clause says why nothing can break. One program is built for all of them, by
// an overlay that only the compiler sees.
func TestTheSimulationFindsEveryMissingClause(t *testing.T) {
	if !*simProofs {
		t.Skip("takes minutes: go test ./dock/station -run MissingClause -simproof -timeout 2h")
	}
	only, err := regexp.Compile(*simProofOf)
	if err != nil {
		t.Fatal(err)
	}
	all := loadClauses(t)
	p := &proof{dir: t.TempDir(), all: all}
	if err := p.build(t.Context()); err != nil {
		t.Fatal(err)
	}
	if *simProofOf == "" {
		if f := p.run(t, clause{}); f.seed != "" {
			t.Fatalf("with every clause in place: seed %s: %s", f.seed, f.broke)
		}
	}
	text, err := os.ReadFile(tablePath)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	found := foundBy(string(text))
	var group sync.WaitGroup
	var seeing sync.Mutex
	turns := make(chan struct{}, *simProofAt)
	for n, c := range all {
		if !only.MatchString(c.name) {
			continue
		}
		group.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			f := p.try(t, n)
			seeing.Lock()
			defer seeing.Unlock()
			if delete(found, c.name); see(t, c, f) {
				found[c.name] = f
			}
		})
	}
	group.Wait()
	if err := os.WriteFile(tablePath, []byte(renderProof(all, found)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// see says what was found without a clause, and whether it belongs in the table.
func see(t *testing.T, c clause, f finding) bool {
	t.Helper()
	t.Logf("%s -> seed %s: %s", c.name, f.seed, f.broke)
	switch {
	case f.seed == "" && c.same == "":
		t.Errorf("%s: not found missing within %d dockings", c.name, max(c.dockings, *simProofFor))
	case f.seed != "" && c.same != "":
		t.Errorf("%s: said to change nothing, but without it seed %s: %s", c.name, f.seed, f.broke)
	}
	return f.seed != "" && c.same == ""
}

// proof is one program in which every clause can be switched off.
type proof struct {
	dir string
	all []clause
}

// build compiles this package's tests with a switch around every clause.
func (p *proof) build(ctx context.Context) error {
	top, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	replace := map[string]string{}
	put := func(file, text string) {
		here := filepath.Join(p.dir, fmt.Sprint(len(replace), ".go"))
		replace[filepath.Join(top, file)] = here
		err = errors.Join(err, os.WriteFile(here, []byte(text), 0o600))
	}
	for _, file := range files(p.all) {
		text, readErr := os.ReadFile(filepath.Join(top, file))
		changed, switchErr := switchable(p.all, file, string(text))
		put(file, changed)
		err = errors.Join(err, readErr, switchErr)
	}
	put("dock/sim_pick.go", strings.Replace(pickSource, "package p", "package dock", 1))
	put("dock/station/sim_pick.go", strings.Replace(pickSource, "package p", "package station", 1))
	table, jsonErr := json.Marshal(map[string]any{"Replace": replace})
	overlay := filepath.Join(p.dir, "overlay.json")
	if err := errors.Join(err, jsonErr, os.WriteFile(overlay, table, 0o600)); err != nil {
		return err
	}
	compile := exec.CommandContext(ctx, "go", "test", "-c", "-overlay", overlay, "-o", p.program(), ".")
	if said, err := compile.CombinedOutput(); err != nil {
		return fmt.Errorf("build the simulation with switches: %w\n%s", err, said)
	}
	return nil
}

func (p *proof) program() string { return filepath.Join(p.dir, "simulation") }

// pickSource says which clauses are off: their numbers, in the environment.
const pickSource = `package p

import (
	"os"
	"slices"
	"strconv"
	"strings"
)

var simOff = func() (off [1000]bool) {
	for n := range off {
		off[n] = slices.Contains(strings.Fields(os.Getenv("BERTH_SIM_OFF")), strconv.Itoa(n))
	}
	return off
}()

func simPick[T any](n int, whole, without T) T {
	if simOff[n] {
		return without
	}
	return whole
}
`

// try runs the simulation without the clause. Where others are taken away with
// it, they alone must break nothing that is judged.
func (p *proof) try(t *testing.T, n int) finding {
	t.Helper()
	c := p.all[n]
	var off []string
	for _, name := range c.with {
		off = append(off, strconv.Itoa(clauseOf(p.all, name)))
	}
	if len(off) > 0 {
		if f := p.run(t, c, off...); f.seed != "" {
			t.Errorf("%s: seed %s already without %s: %s", c.name, f.seed, strings.Join(c.with, ", "), f.broke)
		}
	}
	return p.run(t, c, append(off, strconv.Itoa(n))...)
}

// said finds the promises that a run reported as broken.
var said = regexp.MustCompile(`(?m)seed (\d+), step \d+, after \d+ dockings: (.*)$`)

// run lets the simulation look, without the clauses that are off, and returns
// the first seed that broke a promise.
func (p *proof) run(t *testing.T, c clause, off ...string) finding {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Minute)
	defer stop()
	run := exec.CommandContext(ctx, p.program(), "-test.v", "-test.run=^TestSimulationKeepsEveryPromiseAtEveryStep$",
		fmt.Sprint("-sim.dockings=", max(c.dockings, *simProofFor)), fmt.Sprint("-sim.world=", proofWorld),
		fmt.Sprint("-sim.safety=", len(c.with) > 0), "-sim.overlook="+strings.Join(c.overlook, " "))
	run.Env = append(os.Environ(), "BERTH_SIM_OFF="+strings.Join(off, " "))
	out, err := run.CombinedOutput()
	if ctx.Err() != nil || bytes.Contains(out, []byte("panic: ")) || !bytes.Contains(out, []byte("recordings erased")) {
		t.Errorf("%s: the simulation did not end as it should: %v\n%s", c.name, err, out[max(0, len(out)-3000):])
		return finding{}
	}
	var all []finding
	for _, match := range said.FindAllSubmatch(out, -1) {
		all = append(all, finding{string(match[1]), string(match[2])})
	}
	if len(all) == 0 {
		return finding{}
	}
	return slices.MinFunc(all, func(a, b finding) int { return number(a.seed) - number(b.seed) })
}

func number(seed string) int {
	n, err := strconv.Atoi(seed)
	if err != nil {
		return 0
	}
	return n
}
