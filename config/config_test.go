package config

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write REFERENCE.md")

func mustParse(t *testing.T, text string) *Config {
	t.Helper()
	c, problems := Parse("/etc/berth/berth.yaml", []byte(text))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAWholeConfigIsReadAsItIsWritten(t *testing.T) {
	c := mustParse(t, whole)
	want := &Config{
		File:    "/etc/berth/berth.yaml",
		Station: Station{ID: "hq-dock-1", Agency: "Springfield PD", Data: "/var/lib/berth"},
		Bays: []Bay{
			{Name: "A1", Directory: "/srv/berth/A1", Priority: PriorityNormal},
			{Name: "A2", Directory: "/srv/berth/A2", Priority: PriorityHigh},
		},
		Cameras: []Camera{{
			Name: "acme", Driver: DriverAny, Recordings: []string{"DCIM/**"},
			Auxiliary: []string{"*.THM"}, Identity: []string{"file:ID.TXT", "folder-name"},
		}},
		Sealing: Sealing{Recipients: []string{"/etc/berth/agency.pem"}},
		Stores: []Store{
			{Name: "nas", Type: "directory", Path: "/mnt/evidence", Rate: 40_000_000},
			{Name: "vault", Type: "directory", Path: "/mnt/vault"},
		},
		Copies:    2,
		Erase:     Erase{After: EraseAfterCopies, Grace: Duration(12 * time.Hour), SecondRead: "full"},
		USB:       USB{Stall: Duration(time.Minute)},
		Metadata:  Metadata{Location: "on"},
		defaulted: c.defaulted,
	}
	if !reflect.DeepEqual(c, want) {
		t.Fatalf("got  %+v\nwant %+v", c, want)
	}
}

func TestWhatIsLeftOutHasItsDefault(t *testing.T) {
	c := mustParse(t, `
station: {id: s, data: data}
bays: [{name: A1, directory: A1}]
cameras: [{name: acme}]
sealing: {recipients: [agency.pem]}
stores: [{name: a, type: directory, path: a}, {name: b, type: directory, path: /b}]
`)
	if c.Copies != 2 || c.Erase.After != EraseAfterCopies || c.Erase.Grace != 0 || c.Erase.SecondRead != "full" ||
		!c.Metadata.LocationOn() || c.Bays[0].Priority != PriorityNormal || c.Cameras[0].Driver != DriverAny ||
		len(c.Cameras[0].Identity) > 0 || c.USB.Stall.Duration() != time.Minute || c.Bays[0].Port != "" || c.Stores[0].Rate != 0 || c.Stores[0].SharesDevice {
		t.Fatalf("defaults: %+v", c)
	}
}

func TestRelativePathsBeginAtTheFilesDirectory(t *testing.T) {
	c := mustParse(t, `
station: {id: s, data: ./data}
bays: [{name: A1, directory: bays/A1}]
sealing: {recipients: [../agency.pem]}
stores: [{name: a, type: directory, path: "007"}]
copies: 1
`)
	got := []string{c.Station.Data, c.Bays[0].Directory, c.Sealing.Recipients[0], c.Stores[0].Path}
	want := []string{"/etc/berth/data", "/etc/berth/bays/A1", "/etc/agency.pem", "/etc/berth/007"}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %q", got)
	}
}

func TestPlacesWithACommonBeginningOfTheirNamesAreApart(t *testing.T) {
	mustParse(t, strings.Replace(whole, "/srv/berth/A2", "/srv/berth/A11", 1))
}

func TestABayIsAUSBPortAndAProfileIsForUSBCameras(t *testing.T) {
	text := strings.Replace(whole, "directory: /srv/berth/A1", "port: 1-1.4.2", 1)
	text = strings.Replace(text, "name: acme, recordings", "name: acme, usb: 12aB:5678, driver: mass-storage, recordings", 1)
	text = strings.Replace(text, "folder-name]", "usb-serial, volume-id]", 1)
	c := mustParse(t, strings.Replace(text, "metadata:", "usb: {stall: 90s}\nmetadata:", 1))
	if c.Bays[0].Port != "1-1.4.2" || c.Bays[0].Directory != "" {
		t.Errorf("bay: %+v", c.Bays[0])
	}
	if p := c.Cameras[0]; p.USB != "12aB:5678" || p.Driver != DriverMassStorage {
		t.Errorf("profile: %+v", p)
	}
	if c.USB.Stall.Duration() != 90*time.Second {
		t.Errorf("stall: %v", c.USB.Stall)
	}
}

func TestLocationIsOffHoweverItIsQuoted(t *testing.T) {
	for _, written := range []string{"off", `"off"`, "'off'"} {
		c := mustParse(t, strings.Replace(whole, "location: on", "location: "+written, 1))
		if c.Metadata.LocationOn() {
			t.Errorf("location: %s is on", written)
		}
	}
}

func TestShowMarksEveryDefaultAndReadsBackTheSame(t *testing.T) {
	c := mustParse(t, strings.Replace(whole, "metadata: {location: on}\n", "", 1))
	shown := c.Show()
	for _, want := range []string{
		"  contact: \"\"  # default\n", "    priority: normal  # default\n", "    priority: high\n",
		"    rate: 40MB/s\n", "    rate: unlimited  # default\n", "    shares-device: false  # default\n",
		"copies: 2\n", "  grace: 12h\n", "  location: \"on\"  # default\n",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is not in\n%s", want, shown)
		}
	}
	back := mustParse(t, shown)
	c.defaulted, back.defaulted = nil, nil
	if !reflect.DeepEqual(c, back) {
		t.Fatalf("read back:\n%+v\nwas:\n%+v", back, c)
	}
}

func TestExampleExplainsEveryKeyAndHasNoProblem(t *testing.T) {
	text := Example()
	c := mustParse(t, text)
	want := exampleConfig()
	c.File, c.defaulted = "", nil
	if !reflect.DeepEqual(*c, want) {
		t.Fatalf("got %+v", c)
	}
	plain := strings.Join(strings.Fields(strings.ReplaceAll(text, "#", "")), " ")
	everyField(schema(), "", func(path string, f field) {
		if !strings.Contains(text, f.key+":") {
			t.Errorf("%s is not in the example", path)
		}
		if f.doc == "" || !strings.Contains(plain, strings.Join(strings.Fields(f.doc), " ")) {
			t.Errorf("%s is not explained", path)
		}
	})
	for i, line := range strings.Split(text, "\n") {
		if len(line) > 100 {
			t.Errorf("line %d has %d characters", i+1, len(line))
		}
	}
}

func TestEveryDefaultObeysItsOwnRule(t *testing.T) {
	everyField(schema(), "", func(path string, f field) {
		if strings.ToLower(f.key) != f.key {
			t.Errorf("%s: keys are lower case", path)
		}
		if list := f.kind == kindSections || f.kind == kindTexts; (list || f.kind == kindNumber) && f.max == 0 {
			t.Errorf("%s has no bound", path)
		}
		if f.need && f.initial != "" {
			t.Errorf("%s is needed and has a default", path)
		}
	})
}

func everyField(s *section, path string, visit func(string, field)) {
	for _, f := range s.fields {
		visit(join(path, f.key), f)
		if f.below != nil {
			everyField(f.below, join(path, f.key), visit)
		}
	}
}

func TestReferenceIsCurrent(t *testing.T) {
	if *update {
		if err := os.WriteFile("REFERENCE.md", []byte(Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile("REFERENCE.md")
	if err != nil || string(committed) != Reference() {
		t.Fatalf("REFERENCE.md is not what the code says (%v); run this test with -update", err)
	}
}

func TestLoadReturnsACompleteConfig(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "berth.yaml")
	text := "station: {id: s, data: data}\nbays: [{name: A1, directory: A1}]\nsealing: {recipients: [agency.pem]}\n" +
		"stores: [{name: a, type: directory, path: a}]\ncopies: 1\n"
	write(t, path, text)
	write(t, filepath.Join(dir, "agency.pem"), "")
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if c.File != path || c.Station.Data != filepath.Join(dir, "data") {
		t.Fatalf("got %+v", c)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
