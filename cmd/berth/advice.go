package main

import (
	"berth/config"
	"berth/dock"
	"berth/ingest"
)

// advice is what status says about the configuration itself, for as long as it
// is as it is.
func advice(cfg *config.Config, spool *ingest.Spool, demo tryOut) []dock.Problem {
	list := []dock.Problem{
		dock.ProblemOf("data-key", "the key of the journal's personal fields lies on the same disk as the journal"),
		dock.ProblemOf("drill", "nobody has proven to this station that the agency's private key opens what it seals"),
	}
	for _, s := range cfg.Stores {
		if s.SharesDevice {
			list = append(list, dock.ProblemOf("shares-device", "store "+s.Name+" counts although it shares a disk (shares-device: true)"))
		}
	}
	if !spool.DirectIO() {
		list = append(list, dock.ProblemOf("no-direct-io", "the spool's filesystem has no direct I/O: reading back is slower and less certain"))
	}
	if cfg.Erase.After == config.EraseAfterNever {
		list = append(list, dock.ProblemOf("erase-never", "cameras are never emptied (erase: {after: never})"))
	}
	if demo {
		list = append(list, dock.ProblemOf("demo", "this is a try-out: the agency's private key lies beside the station"))
	}
	return list
}
