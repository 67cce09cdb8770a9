package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"berth/cmd/internal/agency"
	"berth/config"
)

func newConfig() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Check, show or explain the config file", Args: cobra.NoArgs}
	cmd.AddCommand(&cobra.Command{
		Use: "check FILE", Short: "List everything that is wrong with a config file",
		Args: agency.Args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(args[0])
			if err != nil {
				return agency.Usage(err)
			}
			if _, err := loadRecipients(cfg); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: fine\n", args[0])
			return nil
		},
	}, &cobra.Command{
		Use: "show", Short: "Print the config with every default filled in", Args: agency.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), cfg.Show())
			return nil
		},
	}, &cobra.Command{
		Use: "example", Short: "Print a config file that explains every key", Args: agency.Args(cobra.NoArgs),
		Run: func(cmd *cobra.Command, _ []string) { fmt.Fprint(cmd.OutOrStdout(), config.Example()) },
	})
	return cmd
}
