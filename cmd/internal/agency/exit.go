package agency

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"berth/ingest/custody"
)

// The exit codes of every command.
const (
	ExitDone        = 0 // what was asked for is done
	ExitFailed      = 1 // it could not be done; a wrong key too
	ExitUsage       = 2 // wrong usage or config
	ExitIntegrity   = 3 // something is not what it claims to be
	ExitUnreachable = 4 // the station does not answer
)

// coded is an error with an exit code of its own.
type coded struct {
	error
	code int
}

func (c coded) Unwrap() error { return c.error }

// Usage marks err as the caller's: wrong usage or config. nil stays nil.
func Usage(err error) error { return withCode(ExitUsage, err) }

// Unreachable marks err as that of a station that does not answer. nil stays nil.
func Unreachable(err error) error { return withCode(ExitUnreachable, err) }

func withCode(code int, err error) error {
	if err == nil {
		return nil
	}
	return coded{err, code}
}

// ExitCode is the exit code for the outcome of a command.
func ExitCode(err error) int {
	var own coded
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &own):
		return own.code
	case errors.Is(err, custody.ErrIntegrity) || errors.Is(err, custody.ErrSigner):
		return ExitIntegrity
	}
	return ExitFailed
}

// Args makes what check refuses wrong usage.
func Args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error { return Usage(check(cmd, args)) }
}

// Execute runs one command line of root, which has subcommands only: it prints
// an error as one sentence, and how to get help after wrong usage, and returns
// the exit code.
func Execute(ctx context.Context, root *cobra.Command, args []string, stderr io.Writer) int {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return Usage(err) })
	root.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return Usage(fmt.Errorf("there is no command %q", args[0]))
		}
		return nil
	}
	root.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	root.SetArgs(args)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	code := ExitCode(err)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %s\n", root.Name(), strings.TrimPrefix(err.Error(), root.Name()+": "))
	}
	if code == ExitUsage {
		fmt.Fprintf(stderr, "See: %s --help\n", cmd.CommandPath())
	}
	return code
}
