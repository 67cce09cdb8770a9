package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"berth/cmd/internal/agency"
	"berth/config"
	"berth/dock"
	"berth/dock/kiosk"
	"berth/usb"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"berth": func() { os.Exit(agency.Execute(context.Background(), newRoot(), os.Args[1:], os.Stderr)) },
	})
}

// The scripts in testdata read like the manual, and are run as it says.
func TestCommandsDoWhatTheManualSays(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"until": until, "untilsays": untilSays,
		},
		Condition: func(cond string) (bool, error) {
			if cond == "usb" {
				ports, err := usb.Tree("")
				return len(ports) > 0, err
			}
			if cond != "mounts" {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			return exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt").Run() == nil, nil
		},
	})
}

// until CONFIG BAY STATE waits until the running station says so of the bay;
// BAY "station" waits until it answers at all.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: until CONFIG BAY STATE")
	}
	cfg, err := config.Load(ts.MkAbs(args[0]))
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client := kiosk.NewClient(cfg.Station.Data)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := watchFor(ctx, client, dock.BayName(args[1]), dock.BayState(args[2]))
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			ts.Fatalf("bay %s never became %s: %v", args[1], args[2], err)
		}
		<-again.C // another process is about to listen: nothing here tells when
	}
}

// untilSays FILE TEXT waits until the file has the text.
func untilSays(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: untilsays FILE TEXT")
	}
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		content, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && strings.Contains(string(content), args[1]) {
			return
		}
		select {
		case <-again.C: // another process writes it: nothing here tells when
		case <-late.C:
			ts.Fatalf("%s never said %q: %s", args[0], args[1], content)
		}
	}
}

func watchFor(ctx context.Context, client *kiosk.Client, bay dock.BayName, state dock.BayState) error {
	var last dock.Status
	for status, err := range client.Watch(ctx) {
		if err != nil {
			return err
		}
		if bay == "station" {
			return nil
		}
		for _, b := range status.Bays {
			if b.Bay == bay && b.State == state {
				return nil
			}
		}
		last = status
	}
	text, _ := json.Marshal(last)
	return fmt.Errorf("the station stopped answering; last: %s", text)
}
