package main

import (
	"context"
	"fmt"
	"time"

	"berth/cmd/berth/view"
	"berth/dock"
	"berth/dock/journal"
)

// exceptionRow is one row of `berth recordings --exceptions --json`.
type exceptionRow struct {
	ID        dock.ExceptionID   `json:"id"`
	Camera    dock.CameraID      `json:"camera"`
	Bay       dock.BayName       `json:"bay"`
	Docking   dock.DockingID     `json:"docking"`
	Kind      dock.ExceptionKind `json:"kind"`
	Name      string             `json:"name"` // escaped
	SizeBytes int64              `json:"size"`
	Detail    string             `json:"detail"`
	Blocking  bool               `json:"blocking"` // keeps its camera from being emptied
	Seen      time.Time          `json:"seen"`
}

// exceptionsMost bounds the list: a card can hold a hundred thousand links.
const exceptionsMost = 1000

func listExceptions(ctx context.Context, j *journal.Journal, asJSON bool) error {
	rows, err := j.Exceptions(ctx, journal.ExceptionFilter{Limit: exceptionsMost})
	if err != nil {
		return err
	}
	list := make([]exceptionRow, len(rows))
	for i, r := range rows {
		list[i] = exceptionRow{
			ID: r.ID, Camera: r.Camera, Bay: r.Bay, Docking: r.Docking, Kind: r.Kind, Name: r.Name.Display(),
			SizeBytes: r.SizeBytes, Detail: r.Detail, Blocking: r.Blocking, Seen: r.Seen,
		}
	}
	if asJSON {
		return printJSON(list)
	}
	if len(list) == 0 {
		fmt.Println("no exceptions")
	}
	for _, r := range list {
		verdict := "listed only"
		if r.Blocking {
			verdict = "keeps its camera from being emptied"
		}
		fmt.Printf("%s  %-12s %s  bay %s, camera %s\n    %s\n", r.ID, r.Kind, verdict, r.Bay, view.Safe(string(r.Camera)), r.Name)
		if r.Detail != "" {
			fmt.Printf("    %s\n", view.Safe(r.Detail))
		}
	}
	return nil
}
