package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"berth/cmd/internal/agency"
	"berth/dock/kiosk"
)

type action func(c *kiosk.Client, ctx context.Context, id, by, reason string) error

func newHold() *cobra.Command {
	cmd := newAction("hold ID...", "Keep recordings from being erased until somebody releases them", "held",
		(*kiosk.Client).Hold)
	cmd.Example = `  berth hold r4w0c5t1k8m2n6p9x --reason "use of force, case 26-1182"`
	return cmd
}

func newRelease() *cobra.Command {
	cmd := newAction("release ID...", "Lift the holds of recordings, or accept exceptions", "released",
		(*kiosk.Client).Release)
	cmd.Long = "Lifts every hold of a recording, or accepts an exception (an ID that begins with x):\n" +
		"what could not be read may then stay behind while the rest of its camera is emptied.\n" +
		"If the station itself held the recording because the camera gave other bytes, what was sealed\n" +
		"stays as it is, and what the camera holds now is read as another recording.\n" +
		"\"epoch\", \"clock\" and \"safe-mode\" release the station itself; status says when one of them is meant.\n" +
		"Who released what and why goes into the custody log, for good."
	cmd.Example = `  berth release r4w0c5t1k8m2n6p9x --reason "reviewed by Sgt. Lee"`
	return cmd
}

// newAction is a command that tells the running station to do something with
// recordings or exceptions.
func newAction(use, short, done string, do action) *cobra.Command {
	var by, reason string
	cmd := &cobra.Command{
		Use: use, Short: short, Args: agency.Args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, ids []string) error {
			if reason == "" {
				return agency.Usage(errors.New("say why: --reason \"...\""))
			}
			cfg, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			client := kiosk.NewClient(cfg.Station.Data)
			for _, id := range ids {
				if err := do(client, cmd.Context(), id, by, reason); err != nil {
					return reachable(err)
				}
				fmt.Fprintln(cmd.OutOrStdout(), done, id)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "`TEXT`: why; kept encrypted, its commitment goes into the custody log")
	cmd.Flags().StringVar(&by, "by", "", "`NAME` on whose behalf; the account that calls is recorded in any case")
	return cmd
}

// reachable adds the next step to the error of a station that does not answer.
func reachable(err error) error {
	if errors.Is(err, kiosk.ErrNotRunning) {
		return agency.Unreachable(fmt.Errorf("%w: start it with `berth run`, or see `systemctl status berth`", err))
	}
	return err
}
