package arch

// room is one package of the house and what its code may import beside the
// standard library. Its tests may import more; see testImports.
type room struct {
	ours   []string // packages of this module, without "berth/"
	others []string // packages of other modules, each with all below it
}

// rooms is the whole house. A package that is not in it does not belong to it.
func rooms() map[string]room {
	return map[string]room{
		"hashing":      {},
		"config":       {others: []string{"github.com/spf13/viper", "github.com/go-viper/mapstructure/v2", "github.com/bmatcuk/doublestar/v4", "go.yaml.in/yaml/v3"}},
		"dock":         {ours: []string{"hashing"}},
		"dock/journal": {ours: []string{"dock", "hashing"}, others: []string{"github.com/mattn/go-sqlite3", "github.com/pressly/goose/v3", "golang.org/x/sys"}},
		"dock/kiosk":   {ours: []string{"dock"}, others: []string{"golang.org/x/sync", "golang.org/x/sys"}},
		"dock/station": {
			ours:   []string{"dock", "hashing", "dock/journal", "usb", "ingest", "offload", "offload/queue"},
			others: []string{"golang.org/x/sync", "golang.org/x/sys"},
		},
		"usb/privileged/fakeport": {
			ours: []string{"dock"}, others: []string{"golang.org/x/sys"},
		},
		"usb":               {ours: []string{"dock"}, others: []string{"github.com/google/gousb", "github.com/jochenvg/go-udev"}},
		"usb/filetree":      {ours: []string{"dock"}, others: []string{"github.com/bmatcuk/doublestar/v4", "golang.org/x/sys"}},
		"usb/privileged":    {ours: []string{"dock"}, others: []string{"golang.org/x/sys"}},
		"usb/massstorage":   {ours: []string{"dock", "usb/filetree", "usb/privileged"}, others: []string{"golang.org/x/sys"}},
		"usb/sim":           {ours: []string{"dock", "usb", "usb/filetree"}, others: []string{"golang.org/x/sys"}},
		"usb/rack":          {ours: []string{"usb/rack/call", "usb/rack/content"}},
		"usb/rack/agent":    {ours: []string{"usb/rack/call", "usb/rack/content"}, others: []string{"golang.org/x/sys"}},
		"usb/rack/call":     {},
		"usb/rack/cmd":      {ours: []string{"usb/rack", "usb/rack/scenario"}},
		"usb/rack/scenario": {ours: []string{"dock", "hashing", "ingest/custody", "usb/rack", "usb/rack/call"}},
		"usb/rack/content":  {},
		"usb/cameratest":    {ours: []string{"dock", "hashing"}, others: []string{"go.uber.org/goleak"}},
		"ingest":            {ours: []string{"dock", "hashing", "dock/journal", "ingest/seal", "ingest/media"}, others: []string{"golang.org/x/sync", "golang.org/x/sys"}},
		"ingest/seal":       {ours: []string{"hashing"}, others: []string{"github.com/go-jose/go-jose/v4"}},
		"ingest/media":      {others: []string{"github.com/abema/go-mp4"}},
		"ingest/custody":    {ours: []string{"dock", "hashing", "ingest/seal"}},
		"offload":           {ours: []string{"dock", "hashing"}, others: []string{"github.com/google/uuid", "golang.org/x/sys"}},
		"offload/queue":     {ours: []string{"dock", "hashing", "offload", "dock/journal"}, others: []string{"golang.org/x/sync"}},
		"offload/storetest": {ours: []string{"dock", "hashing", "offload"}, others: []string{"github.com/google/uuid"}},
		"cmd/berth": {
			ours: []string{
				"cmd/berth/demo", "cmd/berth/view", "cmd/internal/agency", "config", "dock", "dock/journal", "dock/kiosk",
				"dock/station", "hashing", "ingest", "ingest/custody", "ingest/media", "ingest/seal", "offload", "offload/queue",
				"usb", "usb/filetree", "usb/massstorage", "usb/privileged", "usb/sim",
			},
			others: []string{"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/sync", "golang.org/x/term"},
		},
		"cmd/berth/demo":       {},
		"cmd/berth/view":       {ours: []string{"dock"}, others: []string{"golang.org/x/term", "golang.org/x/text"}},
		"cmd/berth-open":       {ours: []string{"cmd/internal/agency", "dock", "hashing", "ingest/custody", "ingest/seal"}, others: []string{"github.com/spf13/cobra"}},
		"cmd/internal/agency":  {ours: []string{"dock", "hashing", "ingest/custody", "ingest/seal"}, others: []string{"github.com/spf13/cobra", "golang.org/x/term"}},
		"cmd/internal/arch":    {},
		"cmd/internal/crash":   {},
		"cmd/internal/faults":  {},
		"cmd/internal/mutants": {},
		"cmd/internal/bench": {
			ours:   []string{"dock", "dock/journal", "ingest", "ingest/seal", "usb/sim"},
			others: []string{"golang.org/x/sync", "golang.org/x/sys"},
		},
	}
}

// testImports are the modules that any test may use beside what its room may.
func testImports() []string {
	return []string{
		"pgregory.net/rapid", "go.uber.org/goleak", "github.com/rogpeppe/go-internal", "golang.org/x/sys", "golang.org/x/sync",
		"go.yaml.in/yaml/v3",
	}
}

// onlyIn names packages of the standard library that one room keeps to itself.
func onlyIn() map[string]string {
	return map[string]string{"database/sql": "dock/journal", "database/sql/driver": "dock/journal"}
}

// deepest is how many edges there may be from a command to the ground.
const deepest = 5

// portable rooms build without cgo for the systems of the agency's side.
func portable() []string {
	return []string{"hashing", "dock", "ingest/seal", "ingest/custody", "cmd/internal/agency", "cmd/berth-open"}
}

// topLevel is everything that may stand at the top of the tree, beside names
// that begin with a dot.
func topLevel() []string {
	return []string{
		"cmd", "dock", "usb", "ingest", "hashing", "offload", "config", "systemd",
		"go.mod", "go.sum", "Makefile", "README.md", "LICENSE", "CHANGELOG.md",
	}
}
