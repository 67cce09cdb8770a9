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

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, out, complaints io.Writer) int {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	flags.SetOutput(complaints)
	only := flags.String("only", "", "take only the guards whose kind, name or file matches this `REGEX`")
	list := flags.Bool("list", false, "list the guards and run nothing")
	write := flags.Bool("write", false, "write what was seen into TABLE.md")
	if err := flags.Parse(args); err != nil {
		return exitBroken
	}
	survived, err := work(ctx, *only, *list, *write, out)
	switch {
	case err != nil:
		fmt.Fprintf(complaints, "mutants: %v\n", err)
		return exitBroken
	case survived:
		return exitSurvived
	}
	return exitNoticed
}

func work(ctx context.Context, only string, list, write bool, out io.Writer) (survived bool, err error) {
	which, err := regexp.Compile(only)
	if err != nil {
		return false, err
	}
	top, err := topOfTree()
	if err != nil {
		return false, err
	}
	all, err := loadGuards()
	if err != nil {
		return false, err
	}
	var chosen []guard
	for _, g := range all {
		if which.MatchString(g.kind) || which.MatchString(g.name) || which.MatchString(g.file) {
			chosen = append(chosen, g)
		}
	}
	if list {
		for _, g := range chosen {
			fmt.Fprintf(out, "%-20s %s (%s)\n", g.kind, g.name, g.file)
		}
		return false, nil
	}
	began := time.Now()
	results, err := try(ctx, top, chosen, func(r result) error {
		fmt.Fprintln(out, r)
		if !write {
			return nil
		}
		return writeTable(filepath.Join(top, tablePath), all, r)
	})
	counts := map[verdict]int{}
	for _, r := range results {
		counts[r.verdict]++
	}
	fmt.Fprintf(out, "%d guards: %d noticed, %d survived, %d not shown here, after %v\n",
		len(results), counts[noticed], counts[unnoticed], counts[notShown], time.Since(began).Round(time.Second))
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
