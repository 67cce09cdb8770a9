package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"berth/cmd/internal/agency"
	"berth/config"
	"berth/dock"
	"berth/dock/kiosk"
	"berth/offload"
)

func newStores() *cobra.Command {
	stores := &cobra.Command{Use: "stores", Short: "Prepare the stores", Args: cobra.NoArgs}
	stores.AddCommand(&cobra.Command{
		Use:   "commission NAME",
		Short: "Make an empty directory or share a store: write its UUID into it, once",
		Long: "Writes a fresh UUID into the store that the config calls NAME. The station counts only\n" +
			"on stores that carry one, so that an empty disk mounted in a store's place, or a missing\n" +
			"mount, is noticed before anything is erased. A store that has one keeps it.",
		Example: "  berth stores commission nas",
		Args:    agency.Args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			id, err := commission(cmd.Context(), cfg, args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "store %s is %s\n", args[0], id)
			return nil
		},
	})
	accept := newAction("accept NAME...", "Tell the station that a store was replaced on purpose", "accepted", (*kiosk.Client).AcceptStore)
	accept.Long = "The station remembers the UUID that it first saw in each store, and trusts no other in its\n" +
		"place. After a disk was replaced and commissioned, this makes the new one the store NAME:\n" +
		"what is on the spool is forwarded to it. Receipts of the old one stay the old one's."
	accept.Example = `  berth stores accept nas --reason "disk failed, replaced by IT"`
	stores.AddCommand(accept)
	return stores
}

// commission makes the directory a store, or returns the UUID that it has.
func commission(ctx context.Context, cfg *config.Config, name string) (dock.StoreID, error) {
	for _, s := range cfg.Stores {
		if s.Name != name {
			continue
		}
		id, err := offload.NewDirectory(s.Name, s.Path, s.SharesDevice, "").Commission(ctx)
		if err != nil && !errors.Is(err, offload.ErrCommissioned) {
			return "", fmt.Errorf("commission store %s: %w", name, err)
		}
		return id, nil
	}
	return "", agency.Usage(fmt.Errorf("the config has no store %q", name))
}
