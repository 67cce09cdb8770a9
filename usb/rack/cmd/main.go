// Command rack runs the virtual rack: the scenarios in which a real kernel meets
// emulated cameras, or one guest to play in.
//
// It promises a line for each scenario and an exit code of 0 only if every one
// that was asked for held; what failed leaves its console behind and says where.
// It never touches a device of the machine that it runs on.
//
//	rack [-run EXPRESSION] [-list] [-v] [-keep DIRECTORY]
//	rack -shell
//	rack -try SCRIPT [-plug PORT=KIND[,OPTION=VALUE]...[:IMAGE]]... [-give HOSTFILE:GUESTFILE]... [-fetch GUESTFILE:HOSTFILE]... [-berth]
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
	"strings"
	"syscall"
	"time"

	"berth/usb/rack"
	"berth/usb/rack/scenario"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "rack:", err)
		os.Exit(1)
	}
}

// many is a flag that may be given several times.
type many []string

func (m *many) String() string     { return strings.Join(*m, " ") }
func (m *many) Set(s string) error { *m = append(*m, s); return nil }

// wishes are the command line.
type wishes struct {
	cache, dir, try string
	source          string
	shell, berth    bool
	list, verbose   bool
	only, keep      string
	plugs, gifts    many
	fetches         many
}

func run(ctx context.Context, arguments []string) error {
	var w wishes
	flags := flag.NewFlagSet("rack", flag.ContinueOnError)
	flags.StringVar(&w.cache, "cache", ".cache/rack", "where the guest and the cards are kept between runs")
	flags.StringVar(&w.dir, "dir", "", "where the rack's files lie while it runs; a new directory below /var/tmp if empty")
	flags.StringVar(&w.source, "source", ".", "the tree whose station is tried")
	flags.BoolVar(&w.shell, "shell", false, "boot a guest with cameras in its bays and give its console")
	flags.StringVar(&w.only, "run", "", "run only the scenarios whose name matches this regular expression")
	flags.BoolVar(&w.verbose, "v", false, "tell each change of what the station says of itself")
	flags.BoolVar(&w.list, "list", false, "say which scenarios there are")
	flags.StringVar(&w.keep, "keep", ".cache/rack/failed", "where a failed scenario leaves its logs")
	flags.StringVar(&w.try, "try", "", "boot a guest, run this script of bash in it, print what it printed")
	flags.BoolVar(&w.berth, "berth", false, "with -try: build the station's program and hand it into the guest")
	flags.Var(&w.plugs, "plug", "with -try: PORT=KIND[,OPTION=VALUE]...[:IMAGE], for example 3=usb-storage:card.img")
	flags.Var(&w.gifts, "give", "with -try: HOSTFILE:GUESTFILE, hand a file into the guest")
	flags.Var(&w.fetches, "fetch", "with -try: GUESTFILE:HOSTFILE, take a file of at most 8 MiB, or a directory of sysfs as a tar archive, out of the guest")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if w.list {
		for _, s := range scenario.All() {
			fmt.Printf("%-22s %s\n", s.Name, s.Promise)
		}
		return nil
	}
	if w.dir == "" {
		dir, err := os.MkdirTemp("/var/tmp", "rack-")
		if err != nil {
			return fmt.Errorf("making a directory for the rack: %w", err)
		}
		defer os.RemoveAll(dir)
		w.dir = dir
	}
	switch {
	case w.try != "":
		return w.one(ctx)
	case w.shell:
		return w.play(ctx)
	}
	return w.all(ctx)
}

// all runs the scenarios that were asked for.
func (w wishes) all(ctx context.Context) error {
	only, err := regexp.Compile(w.only)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	options, err := w.build(ctx, scenario.NeedStation(only))
	if err != nil {
		return err
	}
	stage, err := scenario.NewStage(ctx, options, w.cache, w.dir, w.chatter())
	if err != nil {
		return err
	}
	defer stage.PowerCut()
	return scenario.Run(ctx, stage, only, w.keep, os.Stdout)
}

// chatter is where the station's changes are told.
func (w wishes) chatter() io.Writer {
	if w.verbose {
		return os.Stderr
	}
	return io.Discard
}

// play gives a person the console of a guest with cameras in its bays.
func (w wishes) play(ctx context.Context) error {
	options, err := w.build(ctx, true)
	if err != nil {
		return err
	}
	options.Shell = true
	stage, err := scenario.NewStage(ctx, options, w.cache, w.dir, w.chatter())
	if err != nil {
		return err
	}
	defer stage.PowerCut()
	return scenario.Play(ctx, stage, os.Stdout)
}

// one boots a single guest for a script.
func (w wishes) one(ctx context.Context) error {
	r, err := w.start(ctx)
	if err != nil {
		return err
	}
	defer r.Kill()
	for i, wish := range w.plugs {
		port, rest, _ := strings.Cut(wish, "=")
		what, image, _ := strings.Cut(rest, ":")
		kind, wanted, _ := strings.Cut(what, ",")
		plug := rack.Plug{Name: fmt.Sprintf("plug%d", i), Port: port, Kind: kind, Disk: image, Serial: fmt.Sprintf("RACK%04d", i), Options: map[string]any{}}
		for wanted != "" {
			var option string
			option, wanted, _ = strings.Cut(wanted, ",")
			name, value, _ := strings.Cut(option, "=")
			plug.Options[name] = value
		}
		if err := r.Dock(ctx, plug); err != nil {
			return err
		}
	}
	out, err := r.Guest.Shell(ctx, time.Hour, w.try)
	fmt.Print(out)
	return errors.Join(err, w.fetch(ctx, r))
}

// fetch takes out of the guest what was asked for.
func (w wishes) fetch(ctx context.Context, r *rack.Rack) error {
	for _, wish := range w.fetches {
		colon := strings.LastIndex(wish, ":") // names of sysfs have colons
		if colon < 0 {
			return errors.New("-fetch wants GUESTFILE:HOSTFILE")
		}
		from, to := wish[:colon], wish[colon+1:]
		take := r.Guest.ReadFile
		if strings.HasPrefix(from, "/sys/") && strings.HasSuffix(to, ".tar") {
			take = r.Guest.Pack
		}
		text, err := take(ctx, from)
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// start builds what is missing and boots a guest.
func (w wishes) start(ctx context.Context) (*rack.Rack, error) {
	options, err := w.build(ctx, w.berth)
	if err != nil {
		return nil, err
	}
	options.Dir = w.dir
	return rack.Start(ctx, options)
}

// build makes what a guest needs, as far as it is not there.
func (w wishes) build(ctx context.Context, station bool) (rack.Options, error) {
	image, err := rack.Build(ctx, w.cache)
	if err != nil {
		return rack.Options{}, err
	}
	programs, err := rack.Compile(ctx, w.source, filepath.Join(w.dir, "bin"), station)
	if err != nil {
		return rack.Options{}, err
	}
	extra := map[string]string{}
	if station {
		extra["rack/60-berth.rules"] = filepath.Join(w.source, "systemd", "60-berth.rules")
	}
	for _, gift := range w.gifts {
		from, to, found := strings.Cut(gift, ":")
		if !found {
			return rack.Options{}, errors.New("-give wants HOSTFILE:GUESTFILE")
		}
		extra[strings.TrimPrefix(to, "/")] = from
	}
	return rack.Options{Image: image, Programs: programs, Extra: extra}, nil
}
