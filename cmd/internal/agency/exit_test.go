package agency_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"berth/cmd/internal/agency"
	"berth/ingest/custody"
	"berth/ingest/seal"
)

func TestExitCodesAreThePublishedOnes(t *testing.T) {
	plain := errors.New("no space")
	for want, errs := range map[int][]error{
		0: {nil, agency.Usage(nil), agency.Unreachable(nil)},
		1: {plain, &seal.WrongKey{}, fmt.Errorf("clip: %w", seal.ErrWrongKey), context.Canceled},
		2: {agency.Usage(plain), fmt.Errorf("config: %w", agency.Usage(plain))},
		3: {custody.ErrIntegrity, fmt.Errorf("clip: %w", custody.ErrSigner), errors.Join(plain, custody.ErrIntegrity)},
		4: {agency.Unreachable(plain), fmt.Errorf("status: %w", agency.Unreachable(plain))},
	} {
		for _, err := range errs {
			if got := agency.ExitCode(err); got != want {
				t.Errorf("%v: exit code %d, want %d", err, got, want)
			}
		}
	}
	if !errors.Is(agency.Usage(plain), plain) || agency.Usage(plain).Error() != plain.Error() {
		t.Error("marking an error changes it")
	}
}

// newRoot is a binary with one command that returns err.
func newRoot(err error, out io.Writer) *cobra.Command {
	root := &cobra.Command{Use: "tool"}
	root.AddCommand(&cobra.Command{Use: "do", Args: agency.Args(cobra.NoArgs), RunE: func(*cobra.Command, []string) error { return err }})
	root.SetOut(out)
	return root
}

func TestAnErrorIsOneSentenceAndWrongUsageSaysWhereHelpIs(t *testing.T) {
	for _, run := range []struct {
		args   string
		err    error
		code   int
		stderr string
	}{
		{"do", nil, 0, ""},
		{"do", errors.New("no space"), 1, "tool: no space\n"},
		{"do", errors.New("tool: no space"), 1, "tool: no space\n"},
		{"do", agency.Usage(errors.New("give a name")), 2, "tool: give a name\nSee: tool do --help\n"},
		{"do", agency.Unreachable(errors.New("no station")), 4, "tool: no station\n"},
		{"do it", nil, 2, "tool: unknown command \"it\" for \"tool do\"\nSee: tool do --help\n"},
		{"do --fast", nil, 2, "tool: unknown flag: --fast\nSee: tool do --help\n"},
		{"undo", nil, 2, "tool: there is no command \"undo\"\nSee: tool --help\n"},
		{"", nil, 0, ""},
	} {
		var stdout, stderr bytes.Buffer
		code := agency.Execute(context.Background(), newRoot(run.err, &stdout), strings.Fields(run.args), &stderr)
		if code != run.code || stderr.String() != run.stderr {
			t.Errorf("tool %s: exit code %d, %q; want %d, %q", run.args, code, stderr.String(), run.code, run.stderr)
		}
	}
}
