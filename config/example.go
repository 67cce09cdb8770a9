package config

import (
	"reflect"
	"time"
)

const exampleHead = `# The configuration of a Berth station: the one file that IT edits.
# 'berth config check FILE' lists all that is wrong with it; 'berth config show' prints it with
# every default filled in. Durations are written with ms, s, m, h or d, sizes with KB, MB, GB, TB
# or KiB, MiB, GiB, TiB. Relative paths begin at this file's directory.

`

// Example is a config file that explains every key and passes Parse.
func Example() string {
	r := &render{docs: true}
	r.b.WriteString(exampleHead)
	r.section(schema(), reflect.ValueOf(exampleConfig()), "", "", "")
	return r.b.String()
}

func exampleConfig() Config {
	return Config{
		Station: Station{
			ID: "hq-dock-1", Agency: "Springfield PD", Data: "/var/lib/berth", Contact: "IT 555-0100",
		},
		Bays: []Bay{
			{Name: "A1", Port: "1-1.1", Priority: PriorityNormal},
			{Name: "A2", Port: "1-1.2", Priority: PriorityHigh},
			{Name: "T1", Directory: "/srv/berth/T1", Priority: PriorityNormal},
		},
		Cameras: []Camera{{
			Name: "acme-bc2", USB: "1234:5678", Driver: DriverMassStorage,
			Recordings: []string{"DCIM/**/*.MP4"}, Auxiliary: []string{"*.THM"},
			Identity: []string{"file:ID.TXT", "usb-serial"},
		}},
		Sealing: Sealing{Recipients: []string{"/etc/berth/agency.pem", "/etc/berth/escrow.pem"}},
		Stores: []Store{
			{Name: "nas", Type: "directory", Path: "/mnt/evidence", Rate: 40e6},
			{Name: "vault", Type: "directory", Path: "/mnt/vault"},
		},
		Copies:   2,
		Erase:    Erase{After: EraseAfterCopies, Grace: Duration(12 * time.Hour), SecondRead: "full"},
		USB:      USB{Stall: Duration(time.Minute)},
		Metadata: Metadata{Location: "on"},
	}
}
