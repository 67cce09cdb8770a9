package main

import (
	"fmt"

	"berth/dock"
	"berth/usb"
)

// portsReport is what `berth ports --json` prints.
type portsReport struct {
	Ports  []portRow  `json:"ports"`
	Shared []shareRow `json:"shared"`
}

// portRow is one port under one of its names.
type portRow struct {
	Port     string     `json:"port"`
	Peer     string     `json:"peer"` // the other name of the same socket, at the other speed; empty if it has one
	Hub      string     `json:"hub"`
	Depth    int        `json:"depth"` // hubs between the port and the controller
	Bay      string     `json:"bay"`   // empty if it is none
	Link     string     `json:"link"`  // the port of the hub whose link is the narrowest; empty if it has its own
	LinkMbps int        `json:"link_mbit_s"`
	Off      bool       `json:"off"`
	Device   *deviceRow `json:"device"` // null if nothing is plugged in
}

// deviceRow is what is plugged in, in its own words.
type deviceRow struct {
	Number     int     `json:"number"`
	Vendor     string  `json:"vendor"` // four hexadecimal digits
	Product    string  `json:"product"`
	Maker      string  `json:"maker"`
	Name       string  `json:"name"`
	Serial     string  `json:"serial"`
	Mbps       float64 `json:"mbit_s"`
	Kind       string  `json:"kind"`
	Hub        bool    `json:"hub"`
	Authorised bool    `json:"authorised"`
	Refused    string  `json:"refused"` // why its descriptors are not believed; empty if they are
}

// shareRow is one link that several bays share.
type shareRow struct {
	Link        string         `json:"link"`
	Mbps        int            `json:"link_mbit_s"`
	BytesPerSec int64          `json:"bytes_per_s"` // about, for all of them together; 0 if unknown
	Bays        []dock.BayName `json:"bays"`
}

func portsOf(ports []usb.PortInfo, bays []usb.Slot) portsReport {
	report := portsReport{Ports: []portRow{}, Shared: []shareRow{}}
	for _, p := range ports {
		row := portRow{
			Port: string(p.Port), Peer: string(p.Peer), Hub: p.Hub, Depth: p.Depth,
			Link: string(p.Link), LinkMbps: p.LinkMbps, Off: p.Off,
		}
		for _, bay := range bays {
			if bay.Port == p.Port || p.Peer != "" && bay.Port == p.Peer {
				row.Bay = string(bay.Bay)
			}
		}
		if d := p.Device; d != nil {
			row.Device = &deviceRow{
				Number: d.Number, Vendor: fmt.Sprintf("%04x", d.Vendor), Product: fmt.Sprintf("%04x", d.Product),
				Maker: d.Maker.Display(), Name: d.Name.Display(), Serial: d.Serial.Display(), Mbps: d.Mbps,
				Kind: d.Kind, Hub: d.Hub, Authorised: d.Authorised, Refused: d.Refused,
			}
		}
		report.Ports = append(report.Ports, row)
	}
	for _, s := range usb.Shares(ports, bays) {
		report.Shared = append(report.Shared, shareRow{Link: string(s.Link), Mbps: s.Mbps, BytesPerSec: bandwidth(s.Mbps), Bays: s.Bays})
	}
	return report
}
