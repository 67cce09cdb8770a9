package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"berth/cmd/berth/view"
	"berth/cmd/internal/agency"
	"berth/config"
	"berth/dock"
	"berth/dock/journal"
	"berth/dock/station"
	"berth/hashing"
	"berth/offload/queue"
)

// recordingRow is one row of `berth recordings --json`: a stable contract.
// Unknown is null, never 0.
type recordingRow struct {
	ID                dock.RecordingID `json:"id"`
	Camera            dock.CameraID    `json:"camera"`
	Basis             string           `json:"basis"` // what camera rests on, such as "usb-serial"
	Bay               dock.BayName     `json:"bay"`
	Docking           dock.DockingID   `json:"docking"`
	Name              string           `json:"name"` // escaped: printable, "\\xNN" for other bytes
	SizeBytes         int64            `json:"size"`
	SHA256            hashing.Digest   `json:"sha256"`
	SealedSHA256      hashing.Digest   `json:"sealed_sha256"`
	State             dock.State       `json:"state"`
	Started           *time.Time       `json:"started"` // by the camera's clock
	Docked            *time.Time       `json:"docked"`  // by the station's clock
	ClockOffsetSecond *float64         `json:"clock_offset_s"`
	Receipts          []receiptRow     `json:"receipts"`
	HeldReason        string           `json:"held_reason"`
}

type receiptRow struct {
	Store        dock.StoreID   `json:"store"`
	Key          string         `json:"key"`
	SealedSHA256 hashing.Digest `json:"sealed_sha256"`
	SizeBytes    int64          `json:"size"`
	Version      dock.Version   `json:"version"`
	Grade        dock.Grade     `json:"grade"`
	RetainUntil  *time.Time     `json:"retain_until"`
	Verified     time.Time      `json:"verified"`
}

func newRecordings() *cobra.Command {
	var filter journal.Filter
	var camera, state, docking string
	var exceptions, asJSON bool
	cmd := &cobra.Command{
		Use:   "recordings [ID]",
		Short: "List recordings, or tell one recording's whole story",
		Long: "Reads the journal, with or without a running station. The youngest come first.\n" +
			"States: seen, spooled, stored, cleared, erased, held, vanished.",
		Example: "  berth recordings --state held\n  berth recordings r4w0c5t1k8m2n6p9x\n  berth recordings --exceptions",
		Args:    agency.Args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			j, err := readJournal(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			defer j.Close()
			filter.Camera, filter.State, filter.Docking = dock.CameraID(camera), dock.State(state), dock.DockingID(docking)
			switch {
			case exceptions:
				return listExceptions(cmd.Context(), j, asJSON)
			case len(args) == 1:
				return tellStory(cmd.Context(), j, dock.RecordingID(args[0]), asJSON)
			}
			return listRecordings(cmd.Context(), j, filter, asJSON)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&camera, "camera", "", "only recordings of the camera `ID`")
	flags.StringVar(&state, "state", "", "only recordings in this `STATE`")
	flags.StringVar(&docking, "docking", "", "only recordings that the docking `ID` listed")
	flags.IntVar(&filter.Limit, "limit", 100, "at most `N`; 0 for all")
	flags.BoolVar(&exceptions, "exceptions", false, "list what on cameras could not become a recording")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// readJournal opens the journal for reading, beside a station or without one.
func readJournal(ctx context.Context, cfg *config.Config) (*journal.Journal, error) {
	key, err := existingDataKey(cfg.Station.Data)
	if err != nil {
		return nil, err
	}
	clock, err := station.NewSystemClock()
	if err != nil {
		return nil, err
	}
	j, err := journal.OpenReadOnly(ctx, journal.Options{
		Path: journalPath(cfg.Station.Data), Station: dock.StationID(cfg.Station.ID), DataKey: key, Clock: clock,
		Rooms: []journal.Room{queue.Room()},
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the station in %s has no journal yet: start it with `berth run`", cfg.Station.Data)
	}
	return j, err
}

func listRecordings(ctx context.Context, j *journal.Journal, filter journal.Filter, asJSON bool) error {
	rows, err := j.Recordings(ctx, filter)
	if err != nil {
		return err
	}
	if asJSON {
		list := make([]recordingRow, len(rows))
		for i, row := range rows {
			list[i] = newRow(row)
		}
		return printJSON(list)
	}
	lines := make([]view.Recording, len(rows))
	for i, row := range rows {
		lines[i] = recordingLine(row)
	}
	for _, line := range view.Recordings(lines, screen()) {
		fmt.Println(line)
	}
	return nil
}

func recordingLine(row journal.Row) view.Recording {
	return view.Recording{
		ID: row.ID, State: row.State, Camera: row.Camera, Name: row.Name, SizeBytes: row.SizeBytes,
		Docked: row.Docked, Copies: len(row.Receipts), Held: row.HeldReason,
	}
}

func newRow(row journal.Row) recordingRow {
	out := recordingRow{
		ID: row.ID, Camera: row.Camera, Basis: row.Basis, Bay: row.Bay, Docking: row.Docking, Name: row.Name.Display(),
		SizeBytes: row.SizeBytes, SHA256: row.SHA256, SealedSHA256: row.SealedSHA256, State: row.State,
		Started: row.Started, Docked: row.Docked, HeldReason: row.HeldReason, Receipts: []receiptRow{},
	}
	if row.ClockOffsetMillis != nil {
		seconds := float64(*row.ClockOffsetMillis) / 1000
		out.ClockOffsetSecond = &seconds
	}
	for _, c := range row.Receipts {
		r := c.Receipt.Record()
		out.Receipts = append(out.Receipts, receiptRow{
			Store: r.Store, Key: r.Key, SealedSHA256: r.SealedSHA256, SizeBytes: r.SizeBytes,
			Version: r.Version, Grade: r.Grade, Verified: c.At.Wall,
		})
	}
	return out
}
