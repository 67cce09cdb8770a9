package agency

import (
	"crypto/fips140"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// NewVersionCommand is the command `version`.
func NewVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and which cryptographic module is active",
		Args:  Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s %s %s/%s\n%s\n", cmd.Root().Name(), Version(), runtime.GOOS, runtime.GOARCH, Cryptography())
			return err
		},
	}
}

// Cryptography says which Go Cryptographic Module this program was built with
// and whether it runs in FIPS 140-3 mode: "on" where it tests itself at start
// and prefers approved algorithms, "only" where it refuses all others.
func Cryptography() string {
	module, mode := fips140.Version(), "off"
	if module == "latest" {
		module = "of the Go release, not validated"
	}
	switch {
	case fips140.Enforced():
		mode = "only"
	case fips140.Enabled():
		mode = "on"
	}
	return fmt.Sprintf("Go Cryptographic Module %s; FIPS 140-3 mode %s", module, mode)
}

// Version is what the build recorded about itself: a module version, or else
// "devel" with the revision and "+changes" if it was built from changed files.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	version, changes := "devel", ""
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision" && len(setting.Value) >= 12:
			version += "-" + setting.Value[:12]
		case setting.Key == "vcs.modified" && setting.Value == "true":
			changes = "+changes"
		}
	}
	return version + changes
}
