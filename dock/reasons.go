package dock

// Reason is one thing that a station can say about itself: the one table from
// which every problem, every lock and every refusal takes its code.
type Reason struct {
	Code   string // stable, for scripts
	Kind   ReasonKind
	Means  string // in a sentence, without the particulars
	Do     string // the next step for a person; empty where only time helps
	Advice bool   // to be improved, but the station is healthy
}

// ReasonKind says what a reason keeps the station from.
type ReasonKind string

// The kinds of reasons.
const (
	ReasonSafe    ReasonKind = "safe mode"      // nothing is ingested and nothing erased
	ReasonLock    ReasonKind = "erase lock"     // nothing is erased from any camera
	ReasonProblem ReasonKind = "problem"        // somebody should see to it
	ReasonClause  ReasonKind = "not erased yet" // one recording, or one camera, is not erased at the moment
)

// Reasons is the whole table, kind by kind.
func Reasons() []Reason {
	return append(append(safeReasons(), lockReasons()...), append(problemReasons(), clauseReasons()...)...)
}

// ProblemOf is the problem with this code, told in text; what to do comes from
// the table.
func ProblemOf(code, text string) Problem {
	for _, r := range Reasons() {
		if r.Code == code {
			return Problem{Code: code, Text: text, Do: r.Do, Advice: r.Advice}
		}
	}
	return Problem{Code: code, Text: text}
}

// tryAgain ends what is to be done in safe mode.
const tryAgain = " Then try again: berth release safe-mode --reason \"...\""

func safeReasons() []Reason {
	var list []Reason
	for _, r := range []Reason{
		{Code: "private-key", Means: "A private key that opens the recordings lies on the station.", Do: "Move it to the agency's side and make sure no copy is left: whoever steals this station could read what it sealed."},
		{Code: "keys", Means: "A key of the station or of the agency cannot be read, or is not the one it was.", Do: "Put the file that the text names back as it was, from a backup; never make a new data key over an old journal."},
		{Code: "data", Means: "The data directory cannot be used.", Do: "See that its disk is mounted, writable and belongs to the station's account."},
		{Code: "journal", Means: "The journal's disk or file fails.", Do: "See the log and the disk (dmesg, smartctl). Leave the data directory as it is; replace the disk if it fails again."},
		{Code: "journal-newer", Means: "A newer version of berth wrote the journal.", Do: "Install the version of berth that ran last, or a later one."},
		{Code: "spool", Means: "The spool cannot be opened, read or written.", Do: "See that its disk is mounted, writable and sound (mount, dmesg, smartctl). Recordings on it are kept: remove nothing."},
		{Code: "stores", Means: "A store in the config cannot be used in any way.", Do: "Correct the store that the text names: berth config check."},
		{Code: "failing", Means: "The station ended several times in a row because its disk did not acknowledge writes.", Do: "See the log and the disk (dmesg, smartctl); replace the disk if it fails."},
		{Code: "start", Means: "The start failed for another reason, which the text says.", Do: "See the text and the log."},
	} {
		r.Kind = ReasonSafe
		r.Do += tryAgain
		list = append(list, r)
	}
	return list
}

func lockReasons() []Reason {
	return []Reason{
		{Code: "epoch", Kind: ReasonLock, Means: "The journal was lost, corrupt or an older copy of itself, and another one was begun.", Do: "Find out why, and keep the set-aside folder beside the journal. Recordings are secured and stored meanwhile. Once you know, allow erasing: berth release epoch --reason \"...\""},
		{Code: "witness", Kind: ReasonLock, Means: "The file that remembers how far the journal has come cannot be written.", Do: "See to the disk of the data directory; erasing goes on by itself."},
		{Code: "clock", Kind: ReasonLock, Means: "The station's clock cannot be right.", Do: "Set the clock (timedatectl); erasing goes on by itself when it is right. If it is right already: berth release clock --reason \"...\""},
		{Code: "disk", Kind: ReasonLock, Means: "The spool's disk is full to the last byte, or does not answer.", Do: "See to the disk and to the stores; erasing goes on by itself."},
	}
}

func problemReasons() []Reason {
	return []Reason{
		{Code: "spool-full", Kind: ReasonProblem, Means: "The spool has no room for the next recording: ingest pauses before the disk is full.", Do: "Recordings stay on the cameras and are taken by themselves as soon as the stores have taken what waits; see to the stores, or to a larger disk."},
		{Code: "store", Kind: ReasonProblem, Means: "A store is missing, slow, another one than before, or does not take a recording.", Do: "Recordings wait on the station and go on by themselves; see to the store. If it was replaced on purpose: berth stores accept NAME --reason \"...\""},
		{Code: "stuck", Kind: ReasonProblem, Means: "The kernel keeps something that was asked of a camera that left or hangs.", Do: "Other bays go on, and so does this one. If it stays, the kernel has a fault with this camera or hub (dmesg): unplug the hub, or restart the machine when it suits."},
		{Code: "usb", Kind: ReasonProblem, Means: "The USB bays in the config cannot be served.", Do: "See the text and `berth ports`. Bays that are directories go on meanwhile."},
		{Code: "journal-read", Kind: ReasonProblem, Means: "The journal cannot be read at the moment.", Do: "See the log and the disk."},
		{Code: "data-key", Kind: ReasonProblem, Advice: true, Means: "The key of the journal's personal fields lies on the same disk as the journal.", Do: "A thief of the disk can read names of officers and files, but no recording. Encrypt the disk."},
		{Code: "drill", Kind: ReasonProblem, Advice: true, Means: "Nobody has proven to this station that the agency's private key opens what it seals.", Do: "Prove it now on the agency's side: berth-open open --identity KEY.pem -o OUT FILE.sealed"},
		{Code: "shares-device", Kind: ReasonProblem, Advice: true, Means: "A store counts although it shares a disk with the station or another store.", Do: "Give it a disk or a server of its own before evidence depends on it."},
		{Code: "no-direct-io", Kind: ReasonProblem, Advice: true, Means: "The spool's filesystem has no direct I/O: reading back is slower and less certain.", Do: "Put the data directory on ext4 or XFS."},
		{Code: "erase-never", Kind: ReasonProblem, Advice: true, Means: "The config says that cameras are never emptied.", Do: "Set erase: {after: copies} when you trust the station."},
		{Code: "demo", Kind: ReasonProblem, Advice: true, Means: "This is a try-out: the agency's private key lies beside the station.", Do: "For real use, make the key pair on another machine: berth keys new agency"},
	}
}

// clauseReasons are those of Clear.
func clauseReasons() []Reason {
	var list []Reason
	for _, r := range []Reason{
		{Code: "policy", Means: "The config says that nothing is erased.", Do: "Set erase: {after: copies}."},
		{Code: "docking", Means: "The camera is not docked."},
		{Code: "camera", Means: "The recording is of another camera."},
		{Code: "listing", Means: "The camera's listing is not complete and settled."},
		{Code: "unclean", Means: "The camera's filesystem is not clean.", Do: "Switch the camera on and off once, or have its card checked; it is copied all the same."},
		{Code: "identity", Means: "Two cameras claim this identity.", Do: "Give each camera an identity of its own and dock them again."},
		{Code: "camera-copies", Means: "Recordings of this docking are not in enough stores yet.", Do: "See to the stores."},
		{Code: "exceptions", Means: "Things on the camera may hold content and could not be pulled.", Do: "Look at them (berth recordings --exceptions) and release what may be lost: berth release ID --reason \"...\""},
		{Code: "spooled", Means: "The recording is not sealed yet."},
		{Code: "copies", Means: "Fewer stores than asked for confirmed their copy lately.", Do: "See to the stores."},
		{Code: "rehashed", Means: "No store's copy was read back and hashed.", Do: "See to the stores."},
		{Code: "grace", Means: "The grace period is not over."},
		{Code: "held", Means: "The recording is held for a person.", Do: "Look at it and release it: berth release ID --reason \"...\""},
		{Code: "gone", Means: "The recording is erased or vanished already."},
		{Code: "second-read", Means: "The camera was not read a second time in this docking, or gave other bytes."},
		{Code: "changed", Means: "The object changed after the second read."},
		{Code: "unlisted", Means: "The latest listing does not have this object as this recording."},
		{Code: "object", Means: "The camera lists another object than the one that was sealed."},
	} {
		r.Kind = ReasonClause
		list = append(list, r)
	}
	return list
}
