package queue

import (
	"context"
	"fmt"

	"berth/dock"
	"berth/dock/journal"
)

// StoreNames returns what the config called the stores that the journal
// remembers, by UUID. It needs no running queue; j may be read-only.
func StoreNames(ctx context.Context, j *journal.Journal) (map[dock.StoreID]string, error) {
	names := map[dock.StoreID]string{}
	err := j.Read(ctx, func(tx *journal.Tx) error {
		rows, err := tx.Query(`SELECT name, id FROM offload_stores`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			var id dock.StoreID
			if err := rows.Scan(&name, &id); err != nil {
				return err
			}
			names[id] = name
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("look up the stores' names: %w", err)
	}
	return names, nil
}
