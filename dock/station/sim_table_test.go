package station

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	proofTop = `# What the simulation finds

Written by ` + "`go test ./dock/station -run MissingClause -simproof -timeout 2h`" + `, which takes the clauses
in ` + "`testdata/clauses.txt`" + ` out of the station's decisions, one at a time, and lets the simulation
look for a promise that is broken then. Each line is a clause, where it stands, the first seed that
found it missing, and what that seed said. In a clause that another one stands behind, the others
are taken away too: they alone break nothing that is judged.

Every seed was found with ` + "`%s`" + `, those of clauses that
others were taken away with also with ` + "`-sim.safety`" + ` and, where ` + "`testdata/clauses.txt`" + ` names any, with
their ` + "`-sim.overlook`" + `. A seed's world begins in the same way however many dockings it is given, so that
it is replayed with ` + "`-sim.seed`" + ` and the same ` + "`-sim.world`" + ` in a tree without the clause.

| clause | promise | in | taken away with it | seed | what broke |
|---|---|---|---|---|---|
`
	proofSame = `
## Clauses without which nothing breaks

Another clause says the same for every case that can be. The simulation does not find them missing,
and the reason is here.

| clause | promise | in | why nothing breaks |
|---|---|---|---|
`
)

// renderProof has a line for every clause.
func renderProof(all []clause, found map[string]finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, proofTop, proofOptions(all))
	for _, c := range all {
		if c.same == "" {
			f := found[c.name]
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", c.name, c.promise, c.file, strings.Join(c.with, "; "), f.seed, f.broke)
		}
	}
	b.WriteString(proofSame)
	for _, c := range all {
		if c.same != "" {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", c.name, c.promise, c.file, c.same)
		}
	}
	return b.String()
}

// proofOptions are those with which the seeds of the table were looked for.
func proofOptions(all []clause) string {
	text := fmt.Sprintf("-sim.seed 1 -sim.world %d -sim.dockings %d", proofWorld, proofDockings)
	for _, c := range all {
		if c.dockings > 0 {
			text += fmt.Sprintf(" (%d for %q)", c.dockings, c.name)
		}
	}
	return text
}

// foundBy reads what renderProof wrote.
func foundBy(table string) map[string]finding {
	found := map[string]finding{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSuffix(strings.TrimSpace(line), " |"), " | ")
		if len(cells) == 6 && number(cells[4]) > 0 {
			found[strings.TrimPrefix(cells[0], "| ")] = finding{cells[4], cells[5]}
		}
	}
	return found
}

func tableOfProof(t *testing.T) (string, map[string]finding) {
	t.Helper()
	text, err := os.ReadFile(tablePath)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), foundBy(string(text))
}

func TestTableOfTheProofListsEveryClauseAndItsSeed(t *testing.T) {
	all := loadClauses(t)
	text, found := tableOfProof(t)
	if text != renderProof(all, found) {
		t.Errorf("%s is not what testdata/clauses.txt says; run the proof, which its first lines name", tablePath)
	}
	for _, c := range all {
		if f := found[c.name]; c.same == "" && (f.seed == "" || f.broke == "") {
			t.Errorf("no seed was seen to find %q missing", c.name)
		}
	}
}

// keptSeeds are the worlds that found something and that a short run leaves out.
func keptSeeds(t *testing.T) []uint64 {
	t.Helper()
	_, found := tableOfProof(t)
	var seeds []uint64
	for _, f := range found {
		seed, err := strconv.ParseUint(f.seed, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if seed > simulatedByDefault/dockingsPerWorld {
			seeds = append(seeds, seed)
		}
	}
	slices.Sort(seeds)
	return slices.Compact(seeds)
}
