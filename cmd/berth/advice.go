package main

import (
	"berth/config"
	"berth/dock"
	"berth/ingest"
)

// advice is what status says about the configuration itself, for as long as it
// is as it is.
func advice(cfg *config.Config, spool *ingest.Spool, demo tryOut) []dock.Problem {
	list := []dock.Problem{{
		Code: "data-key", Advice: true,
		Text: "the key of the journal's personal fields lies on the same disk as the journal",
		Do:   "A thief of the disk can read names of officers and files, but no recording. Encrypt the disk.",
	}, {
		Code: "drill", Advice: true,
		Text: "nobody has proven to this station that the agency's private key opens what it seals",
		Do:   "Prove it now on the agency's side: berth-open open --identity KEY.pem -o OUT FILE.sealed",
	}}
	for _, s := range cfg.Stores {
		if s.SharesDevice {
			list = append(list, dock.Problem{
				Code: "shares-device", Advice: true,
				Text: "store " + s.Name + " counts although it shares a disk (shares-device: true)",
				Do:   "Give it a disk or a server of its own before evidence depends on it.",
			})
		}
	}
	if !spool.DirectIO() {
		list = append(list, dock.Problem{
			Code: "no-direct-io", Advice: true,
			Text: "the spool's filesystem has no direct I/O: reading back is slower and less certain",
			Do:   "Put the data directory on ext4 or XFS.",
		})
	}
	if cfg.Erase.After == config.EraseAfterNever {
		list = append(list, dock.Problem{
			Code: "erase-never", Advice: true, Text: "cameras are never emptied (erase: {after: never})",
			Do: "Set erase: {after: copies} when you trust the station.",
		})
	}
	if demo {
		list = append(list, dock.Problem{
			Code: "demo", Advice: true, Text: "this is a try-out: the agency's private key lies beside the station",
			Do: "For real use, make the key pair on another machine: berth keys new agency",
		})
	}
	return list
}
