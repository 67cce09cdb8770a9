package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"time"
)

// The exit codes.
const (
	exitNoticed  = 0 // a test failed for every guard
	exitSurvived = 1 // one guard could go without a test that fails
	exitBroken   = 2 // the table or the tree is not in order
)

// wishes are what the caller asked for.
type wishes struct {
	only    string // REGEX of kind, name or file
	shard   string // i/n
	results string // file to go on from
	list    bool
	write   bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, out, complaints io.Writer) int {
	var w wishes
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	flags.SetOutput(complaints)
	flags.StringVar(&w.only, "only", "", "take only the guards whose kind, name or file matches this `REGEX`")
	flags.StringVar(&w.shard, "shard", "1/1", "take only the i-th of n equal parts, as `i/n`, for several machines that share the work")
	flags.StringVar(&w.results, "results", "", "append each result to this `FILE`; what it says was noticed is not tried again while guard and source are the same")
	flags.BoolVar(&w.list, "list", false, "list the guards and run nothing")
	flags.BoolVar(&w.write, "write", false, "write what was seen into TABLE.md")
	if err := flags.Parse(args); err != nil {
		return exitBroken
	}
	survived, err := w.work(ctx, out)
	switch {
	case err != nil:
		fmt.Fprintf(complaints, "mutants: %v\n", err)
		return exitBroken
	case survived:
		return exitSurvived
	}
	return exitNoticed
}

// choose returns the guards that are wanted.
func (w wishes) choose(all []guard) ([]guard, error) {
	which, err := regexp.Compile(w.only)
	if err != nil {
		return nil, err
	}
	var part, parts int
	if _, err := fmt.Sscanf(w.shard, "%d/%d", &part, &parts); err != nil || part < 1 || part > parts {
		return nil, fmt.Errorf("%q is no part of a whole, like 2/3", w.shard)
	}
	var chosen []guard
	for i, g := range all {
		if i%parts == part-1 && (which.MatchString(g.kind) || which.MatchString(g.name) || which.MatchString(g.file)) {
			chosen = append(chosen, g)
		}
	}
	return chosen, nil
}

func (w wishes) work(ctx context.Context, out io.Writer) (survived bool, err error) {
	top, err := topOfTree()
	if err != nil {
		return false, err
	}
	all, err := loadGuards()
	if err != nil {
		return false, err
	}
	chosen, err := w.choose(all)
	if err != nil {
		return false, err
	}
	if w.list {
		for _, g := range chosen {
			fmt.Fprintf(out, "%-20s %s (%s)\n", g.kind, g.name, g.file)
		}
		return false, nil
	}
	kept, err := openResults(w.results)
	if err != nil {
		return false, err
	}
	defer kept.close()
	began, done := time.Now(), 0
	results, err := try(ctx, top, chosen, kept, func(r result) error {
		done++
		fmt.Fprintf(out, "%3d of %d, %4.0fs  %s\n", done, len(chosen), time.Since(began).Seconds(), r)
		if !w.write {
			return nil
		}
		return writeTable(filepath.Join(top, tablePath), all, r)
	})
	counts := map[verdict]int{}
	for _, r := range results {
		counts[r.verdict]++
	}
	fmt.Fprintf(out, "%d guards: %d noticed, %d survived, %d not shown here, %d not tried, after %v\n",
		len(results), counts[noticed], counts[unnoticed], counts[notShown], counts[untried], time.Since(began).Round(time.Second))
	return counts[unnoticed] > 0, err
}

// topOfTree is the directory with go.mod.
func topOfTree() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("there is no go.mod above this directory")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}
