package config

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// whole is a config without a problem; the tests break one thing in it.
const whole = `station: {id: hq-dock-1, agency: Springfield PD, data: /var/lib/berth}
bays:
  - {name: A1, directory: /srv/berth/A1}
  - {name: A2, directory: /srv/berth/A2, priority: high}
cameras:
  - {name: acme, recordings: ["DCIM/**"], auxiliary: ["*.THM"], identity: ["file:ID.TXT", folder-name]}
sealing: {recipients: [/etc/berth/agency.pem]}
stores:
  - {name: nas, type: directory, path: /mnt/evidence, rate: 40MB/s}
  - {name: vault, type: directory, path: /mnt/vault}
copies: 2
erase: {after: copies, grace: 12h, second-read: full}
metadata: {location: on}
`

// mistake is one edit of the file above, and what must be said of it.
type mistake struct{ name, old, new, want string }

func mistakesInValues() []mistake {
	return []mistake{
		{"unknown key", "agency:", "agncy:", `:1: station.agncy: unknown key (did you mean "agency"?)`},
		{"unknown key at the top", "sealing:", "seeling:", `:7: seeling: unknown key (did you mean "sealing"?)`},
		{"key in the wrong case", "copies: 2", "Copies: 2", `:11: Copies: unknown key (did you mean "copies"?)`},
		{"key of another section", "copies: 2", "copies: 2\nrate: 1MB/s", `:12: rate: unknown key (did you mean "stores[].rate"?)`},
		{"key of a later version", "directory: /srv/berth/A1", "row: 1", `:3: bays[0].row: unknown key (here may stand name, port, directory, priority)`},
		{"bare number as duration", "grace: 12h", "grace: 30", `:12: erase.grace: "30" has no unit: write 30s, 30m, 30h or 30d`},
		{"bare zero as duration", "grace: 12h", "grace: 0", `:12: erase.grace: "0" has no unit: write 0s, 0m, 0h or 0d`},
		{"wrong unit of a duration", "grace: 12h", "grace: 12hours", `:12: erase.grace: "12hours" is no duration: write for example 500ms, 90s, 15m, 1h30m or 7d`},
		{"clock as duration", "grace: 12h", "grace: 1:30", `:12: erase.grace: "1:30" is no duration`},
		{"negative duration", "grace: 12h", "grace: -12h", `:12: erase.grace: "-12h" is no duration`},
		{"endless duration", "grace: 12h", "grace: 9999d", `:12: erase.grace: "9999d" is longer than ten years`},
		{"rate without time", "40MB/s", "40MB", `:9: stores[0].rate: "40MB" is no rate: write for example 40MB/s (bytes, not bits), or unlimited`},
		{"rate in bits", "40MB/s", "40Mbit/s", `:9: stores[0].rate: "40Mbit/s" is no rate`},
		{"rate as bare number", "40MB/s", "40", `:9: stores[0].rate: "40" is no rate`},
		{"rate of nothing", "40MB/s", "0MB/s", `:9: stores[0].rate: "0MB/s" is no rate`},
		{"same key twice", "copies: 2", "copies: 2\ncopies: 1", `:12: copies: is given twice, first in line 11 (keep one of them)`},
		{"same key twice in two cases", "copies: 2", "copies: 2\nCOPIES: 1", `:12: COPIES: is given twice, first in line 11`},
		{"duplicate bay", "name: A2", "name: A1", `:4: bays[1].name: "a1" is given twice, first in line 3`},
		{"bays that differ in case", "name: A2", "name: a1", `:4: bays[1].name: "a1" is given twice, first in line 3`},
		{"duplicate store", "name: vault", "name: NAS", `:10: stores[1].name: "nas" is given twice, first in line 9`},
		{"duplicate recipient", "[/etc/berth/agency.pem]", "[/a.pem, /b/../a.pem]", `:7: sealing.recipients[1]: "/a.pem" is given twice`},
		{"missing recipient", "{recipients: [/etc/berth/agency.pem]}", "{}", `:7: sealing.recipients: is missing (write a list, such as [/path/to/it])`},
		{"no recipient", "[/etc/berth/agency.pem]", "[]", `:7: sealing.recipients: is empty (write a list, such as [/path/to/it])`},
		{"empty recipient", "[/etc/berth/agency.pem]", `[""]`, `:7: sealing.recipients[0]: is empty (write a path)`},
		{"section left empty", "sealing: {recipients: [/etc/berth/agency.pem]}", "sealing:", `:7: sealing.recipients: is missing`},
		{"station without id", "id: hq-dock-1, ", "", `:1: station.id: is missing (write for example id: hq-dock-1)`},
		{"bay without a place", "{name: A1, directory: /srv/berth/A1}", "{name: A1}", `:3: bays[0]: has neither a port nor a directory (write for example port: 1-1.4 as 'berth ports' shows it, or directory: /path/to/it)`},
		{"key without a value", "agency: Springfield PD", "agency: ", `:1: station.agency: has no value`},
		{"too many copies", "copies: 2", "copies: 3", `:11: copies: is 3, and 2 stores are configured (set copies: 2, or add a store)`},
		{"default copies with one store", "  - {name: vault, type: directory, path: /mnt/vault}\ncopies: 2\n", "", `:8: copies: is 2 unless you say otherwise, and 1 store is configured (set copies: 1, or add a store)`},
		{"no copies", "copies: 2", "copies: 0", `:11: copies: "0" is no number that can be used here (write a whole number from 1 to 16)`},
		{"copies in words", "copies: 2", "copies: two", `:11: copies: "two" is no number that can be used here`},
		{"copies in quotes", "copies: 2", `copies: "2"`, `:11: copies: "2" is no number that can be used here`},
		{"unknown word", "after: copies", "after: coppies", `:12: erase.after: "coppies" is not one of copies, never (did you mean "copies"?)`},
		{"boolean for a word", "location: on", "location: true", `:13: metadata.location: "true" is not one of on, off (write on or off)`},
		{"word for a boolean", "path: /mnt/vault", "path: /mnt/vault, shares-device: yes", `:10: stores[1].shares-device: "yes" is neither true nor false`},
	}
}

func mistakesInStructure() []mistake {
	return []mistake{
		{"number for a text", "agency: Springfield PD", "agency: 911", `:1: station.agency: "911" is no text to YAML (put it in quotes: "911")`},
		{"unusable station id", "id: hq-dock-1", "id: HQ Dock", `:1: station.id: "HQ Dock" is no name that can be used here`},
		{"station id as a path", "id: hq-dock-1", "id: ../x", `:1: station.id: "../x" is no name`},
		{"bay named with a slash", "name: A2", "name: A/2", `:4: bays[1].name: "A/2" is no name that can be used here`},
		{"bay named at length", "name: A2", "name: " + strings.Repeat("A", 33), `:4: bays[1].name: "` + strings.Repeat("A", 33) + `" is no name`},
		{"bay named with a line break", "name: A2", `name: "A\n2"`, `:4: bays[1].name: "A\n2" is no name`},
		{"agency with an escape sequence", "Springfield PD", `"\e[31m"`, `:1: station.agency: "\x1b[31m" holds characters that cannot be shown`},
		{"agency at length", "Springfield PD", strings.Repeat("x", 129), `:1: station.agency: is longer than 128 bytes`},
		{"home", "/mnt/vault", "~/vault", `:10: stores[1].path: "~/vault" begins with '~'`},
		{"variable", "/mnt/vault", "$HOME/vault", `:10: stores[1].path: "$HOME/vault" holds '$'`},
		{"pattern that does not compile", `"DCIM/**"`, `"DCIM/[a"`, `:6: cameras[0].recordings[0]: "DCIM/[a" is a pattern that does not compile`},
		{"pattern above the root", `"DCIM/**"`, `"../**"`, `:6: cameras[0].recordings[0]: "../**" is no path below a camera's root`},
		{"absolute pattern", `"DCIM/**"`, `"/DCIM/**"`, `:6: cameras[0].recordings[0]: "/DCIM/**" is no path below a camera's root`},
		{"unknown source of identity", `"file:ID.TXT"`, `"serial"`, `:6: cameras[0].identity[0]: "serial" is no source of an identity`},
		{"identity above the root", `"file:ID.TXT"`, `"file:../ID.TXT"`, `:6: cameras[0].identity[0]: "file:../ID.TXT" names no file below`},
		{"one value for a list", `["DCIM/**"]`, `"DCIM/**"`, `:6: cameras[0].recordings: holds "DCIM/**" and should hold a list`},
		{"list for one value", "/mnt/vault", "[/mnt/vault]", `:10: stores[1].path: holds a list and should hold one value`},
		{"keys for a list", "{name: A1, directory: /srv/berth/A1}", "A1", `:3: bays[0]: holds "A1" (here stand keys: name, port, directory, priority)`},
		{"value for a section", "metadata: {location: on}", "metadata: on", `:13: metadata: holds "on" (here stand keys: location)`},
		{"same directory for two bays", "/srv/berth/A2", "/srv/berth/A1/", `:4: bays[1].directory: "/srv/berth/A1" is that of bay "A1" ("/srv/berth/A1", line 3)`},
		{"bay inside a bay", "/srv/berth/A2", "/srv/berth/A1/x", `:4: bays[1].directory: "/srv/berth/A1/x" lies inside that of bay "A1"`},
		{"bay around a bay", "/srv/berth/A2", "/srv/berth", `:4: bays[1].directory: "/srv/berth" contains that of bay "A1"`},
		{"bay at the root", "/srv/berth/A2", "/", `:4: bays[1].directory: "/" contains that of`},
		{"bay inside the data", "/srv/berth/A2", "/var/lib/berth/A2", `:4: bays[1].directory: "/var/lib/berth/A2" lies inside that of the station's data ("/var/lib/berth", line 1)`},
		{"data inside a bay", "/srv/berth/A2", "/var/lib", `:4: bays[1].directory: "/var/lib" contains that of the station's data`},
		{"store inside a bay", "/mnt/vault", "/srv/berth/A1/vault", `:10: stores[1].path: "/srv/berth/A1/vault" lies inside that of bay "A1"`},
		{"two stores in one place", "/mnt/vault", "/mnt/evidence", `:10: stores[1].path: "/mnt/evidence" is that of store "nas"`},
		{"too many recipients", "[/etc/berth/agency.pem]", "[" + strings.Repeat("/a, ", 17) + "]", `:7: sealing.recipients: has 17 entries; at most 16 are allowed`},
		{"relative path", "/mnt/vault", "../../mnt/evidence/x", `:10: stores[1].path: "/mnt/evidence/x" lies inside that of store "nas"`},
		{"anchor", "copies: 2", "copies: &n 2", `:11: copies: anchors and aliases ('&' and '*') are not used here`},
		{"alias", "/mnt/evidence, rate: 40MB/s", "&p /mnt/evidence}\n  - {name: x, type: directory, path: *p", `:10: stores[1].path: anchors and aliases`},
		{"merge", "copies: 2", "copies: 2\n<<: {copies: 1}", `:12: <<: merging is not used here`},
		{"tag", "copies: 2", "copies: !!int 2", `:11: copies: tags ('!') are not used here`},
		{"key that is a list", "copies: 2", "copies: 2\n[a]: 2", `:12: has a key that is no plain word`},
		{"tab", "  - {name: A1,", "\t- {name: A1,", `:3: is indented with a tab (YAML is indented with blanks)`},
		{"no YAML", "copies: 2", "copies: {2", `is no YAML: `},
		{"second document", "copies: 2", "copies: 2\n---\ncopies: 2", `: holds a second document (remove the line '---' and what follows)`},
	}
}

func mistakesOnUSB() []mistake {
	const first, second = "directory: /srv/berth/A1", "directory: /srv/berth/A2"
	both := first + "}\n  - {name: A2, " + second
	two := func(a, b string) string { return "port: " + a + "}\n  - {name: A2, port: " + b }
	return []mistake{
		{"empty place", first, `directory: ""`, ":3: bays[0]: has neither a port nor a directory"},
		{"port beside directory", first, first + ", port: 1-1", ":3: bays[0].port: stands beside a directory (a bay is one or the other: remove one of them)"},
		{"port as a path", first, "port: /sys/bus/usb/devices/1-1", `:3: bays[0].port: "/sys/bus/usb/devices/1-1" is no name that can be used here (use a port as 'berth ports' shows it, such as 1-1.4)`},
		{"port of a controller", first, "port: usb1", `:3: bays[0].port: "usb1" is no name`},
		{"port as a number", first, "port: 1", `:3: bays[0].port: "1" is no text`},
		{"port behind six hubs", first, "port: 1-1.1.1.1.1.1.1", `:3: bays[0].port: "1-1.1.1.1.1.1.1" is no name`},
		{"one port for two bays", both, two("1-1.4", "1-1.4"), `:4: bays[1].port: "1-1.4" is the port of bay "A1" (line 3) ('berth ports' shows which port is which)`},
		{"a bay behind a bay", both, two("1-1", "1-1.4"), `:4: bays[1].port: "1-1.4" and the port "1-1" of bay "A1" (line 3) lie behind one another`},
		{"a bay before a bay", both, two("1-1.4", "1-1"), `:4: bays[1].port: "1-1" and the port "1-1.4" of bay "A1" (line 3) lie behind one another`},
		{"vendor alone", "name: acme,", `name: acme, usb: "1234",`, `:6: cameras[0].usb: "1234" is no name that can be used here (use vendor and product`},
		{"any vendor", "name: acme,", `name: acme, usb: "*:*",`, `:6: cameras[0].usb: "*:*" is no name`},
		{"vendor of a folder", "name: acme,", "name: acme, usb: 1234:5678, driver: directory,", `:6: cameras[0].usb: stands beside driver: directory, and a folder has no USB vendor`},
		{"unknown driver", "name: acme,", "name: acme, driver: mass-store,", `:6: cameras[0].driver: "mass-store" is not one of any, directory, mass-storage (did you mean "mass-storage"?)`},
		{"folder name of a USB camera", "name: acme,", "name: acme, usb: 1234:5678,", `:6: cameras[0].identity[1]: "folder-name" is what a camera in a directory bay has`},
		{"folder name of a card", "name: acme,", "name: acme, driver: mass-storage,", `:6: cameras[0].identity[1]: "folder-name" is what a camera in a directory bay has`},
		{"serial of a folder", "folder-name]}", "usb-serial], driver: directory}", `:6: cameras[0].identity[1]: "usb-serial" is what a camera in a USB bay has`},
		{"volume of a folder", "folder-name]}", "volume-id], driver: directory}", `:6: cameras[0].identity[1]: "volume-id" is what a camera in a USB bay has`},
		{"impatience", "metadata:", "usb: {stall: 5s}\nmetadata:", `:13: usb.stall: 5s is no time that makes sense (write 10s to 1h, such as 60s)`},
		{"endless patience", "metadata:", "usb: {stall: 2h}\nmetadata:", `:13: usb.stall: 2h is no time that makes sense`},
		{"patience without a unit", "metadata:", "usb: {stall: 60}\nmetadata:", `:13: usb.stall: "60" has no unit`},
	}
}

func TestPortsWithACommonBeginningOfTheirNamesAreTwoBays(t *testing.T) {
	text := strings.Replace(whole, "directory: /srv/berth/A1", "port: 1-1.1", 1)
	mustParse(t, strings.Replace(text, "directory: /srv/berth/A2", "port: 1-1.10", 1))
}

func TestEveryMistakeIsNamedWithItsLineAndWhatToWrite(t *testing.T) {
	const file = "/etc/berth/berth.yaml"
	for _, c := range slices.Concat(mistakesInValues(), mistakesInStructure(), mistakesOnUSB()) {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(whole, c.old) {
				t.Fatalf("the test breaks nothing: %q is not in the file", c.old)
			}
			_, problems := Parse(file, []byte(strings.Replace(whole, c.old, c.new, 1)))
			for _, p := range problems {
				if text := p.String(); strings.HasPrefix(text, file) && strings.Contains(text, c.want) {
					return
				}
			}
			t.Fatalf("want a problem with\n%s\ngot\n%v", c.want, problems)
		})
	}
}

func TestWhatIsNoConfigIsSaidToBeNone(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "f.yaml: is empty ('berth config example' prints one)"},
		{"only comments", "# nothing\n", "f.yaml: is empty"},
		{"empty document", "---\n...\n", "f.yaml: is empty"},
		{"null", "null\n", "f.yaml: is empty"},
		{"a text", "hello\n", `f.yaml:1: holds "hello" and should hold keys`},
		{"a list", "- a\n", "f.yaml:1: holds a list and should hold keys"},
		{"an alias", "*a\n", "f.yaml: is no YAML: unknown anchor 'a' referenced"},
		{"binary", "\x00\x01\x02", "f.yaml: is no YAML: control characters are not allowed"},
		{"larger than any config", strings.Repeat("#", SizeMax+1), "f.yaml: is larger than 1 MiB"},
		{"nested without end", strings.Repeat("[", 20_000), "is no YAML: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, problems := Parse("f.yaml", []byte(c.text))
			if cfg != nil || len(problems) != 1 || !strings.Contains(problems[0].String(), c.want) {
				t.Fatalf("want one problem with %q, got %v and %v", c.want, cfg, problems)
			}
		})
	}
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	_, problems := Parse("f.yaml", []byte(`station: {id: "A B", agncy: x}
bays:
  - {name: A1, directory: /srv/A1}
  - {name: A1, directory: /srv/A1/x}
sealing: {}
stores: [{name: nas, type: directory, path: /mnt/a, rate: 40}]
erase: {grace: 30}
`))
	want := []string{
		"f.yaml:1: station.agncy: unknown key",
		"f.yaml:1: station.id:",
		"f.yaml:1: station.data: is missing",
		"f.yaml:4: bays[1].name:",
		"f.yaml:4: bays[1].directory:",
		"f.yaml:5: sealing.recipients: is missing",
		"f.yaml:6: stores[0].rate:",
		"f.yaml:6: copies: is 2 unless you say otherwise",
		"f.yaml:7: erase.grace:",
	}
	if len(problems) != len(want) {
		t.Fatalf("want %d problems, got %d:\n%v", len(want), len(problems), problems)
	}
	lines := strings.Split(problems.Error(), "\n")
	for i, w := range want {
		if !strings.HasPrefix(lines[i], w) {
			t.Errorf("problem %d: want %q, got %q", i, w, lines[i])
		}
	}
}

func TestProblemsOfAFileThatIsNoConfigAreBounded(t *testing.T) {
	var text strings.Builder
	for i := range 2000 {
		text.WriteString(strings.Repeat("k", 300)[:200+i%7] + strconv.Itoa(i) + ": 1\n")
	}
	_, problems := Parse("f.yaml", []byte(text.String()))
	if len(problems) > problemsMax+1 {
		t.Fatalf("%d problems", len(problems))
	}
	if last := problems[len(problems)-1].String(); !strings.Contains(last, "more problems") {
		t.Fatalf("the rest is not counted: %s", last)
	}
	for _, p := range problems {
		if len(p.String()) > 400 {
			t.Fatalf("a problem of %d bytes", len(p.String()))
		}
	}
}
