package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth/cmd/internal/agency"
	"berth/usb"
)

// lookEvery is how often the ports are looked at while somebody plugs.
const lookEvery = 300 * time.Millisecond

var errNothingLearnt = errors.New("no bay was learnt")

var bayName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$`)

func learnPorts(cmd *cobra.Command, first string) error {
	if !bayName.MatchString(first) {
		return agency.Usage(fmt.Errorf("%q is no name for a bay: use letters and digits, such as A1", first))
	}
	ports, err := usb.Tree("")
	if err != nil {
		return fmt.Errorf("look at the USB ports: %w", err)
	}
	if len(ports) == 0 {
		return errors.New("this machine has no USB ports")
	}
	again := time.NewTicker(lookEvery)
	defer again.Stop()
	l := newLearning(first, ports)
	err = l.walk(cmd.Context(), words(cmd.Context(), cmd.InOrStdin()), again.C, func() ([]usb.PortInfo, error) { return usb.Tree("") }, cmd.ErrOrStderr())
	if len(l.learnt) > 0 {
		fmt.Fprint(cmd.OutOrStdout(), l.section())
	}
	return err
}

// walk asks for one bay after the other, until somebody says that all are
// learnt. The end of what is said is no answer: whoever runs it in a pipe ends
// it by a signal or a word. What was learnt before an end stays.
func (l *learning) walk(ctx context.Context, said <-chan string, look <-chan time.Time, ports func() ([]usb.PortInfo, error), say io.Writer) error {
	fmt.Fprintln(say, "Plug one camera into each bay, one after the other; one camera that goes from bay to bay will do.")
	fmt.Fprintln(say, "Another name for the bay: type it. All done: an empty line. Give up: q.")
	ask := func() { fmt.Fprintf(say, "Plug a camera into bay %s.\n", l.next) }
	for ask(); ; {
		select {
		case <-ctx.Done():
			return fmt.Errorf("learn the bays: %w", context.Cause(ctx))
		case word, more := <-said:
			switch {
			case !more:
				said = nil
			case word == "" && len(l.learnt) == 0:
				return errNothingLearnt
			case word == "":
				for _, text := range l.shares() {
					fmt.Fprintln(say, text)
				}
				return nil
			case strings.EqualFold(word, "q"):
				return errors.New("given up; what was learnt so far is printed")
			case !bayName.MatchString(word):
				fmt.Fprintln(say, "That is no name for a bay: use letters and digits, such as A1.")
			default:
				if text := l.rename(word); text != "" {
					fmt.Fprintln(say, text)
				}
				ask()
			}
		case <-look:
			now, err := ports()
			if err != nil {
				return fmt.Errorf("look at the USB ports: %w", err)
			}
			before := len(l.learnt)
			for _, text := range l.see(now) {
				fmt.Fprintln(say, text)
			}
			if len(l.learnt) > before {
				ask()
			}
		}
	}
}

// words are the lines of in, until it or ctx ends. The goroutine that reads
// them ends with the process, since nothing else ends a read of a terminal.
func words(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(in)
		for scanner.Scan() {
			select {
			case lines <- strings.TrimSpace(scanner.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}
