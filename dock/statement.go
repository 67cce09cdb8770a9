package dock

// Statement is the completeness statement of a docking: what was listed and
// what became of all of it. It is journalled and chained; every number counts
// things on the camera, none is an estimate.
type Statement struct {
	Docking     DockingID             `json:"docking"`
	Camera      CameraID              `json:"camera"`
	Listed      int                   `json:"listed"` // entries of the latest complete listing and all earlier ones of this docking
	ListedBytes int64                 `json:"listed_bytes"`
	Ingested    int                   `json:"ingested"`    // of those, sealed and verified on the station
	Excepted    map[ExceptionKind]int `json:"excepted"`    // by kind; with "_" for "-" in the custody log
	Vanished    int                   `json:"vanished"`    // listed earlier, never erased by us, absent now
	Gaps        []Gap                 `json:"gaps"`        // missing numbers in series of names
	GapsCut     bool                  `json:"gaps_cut"`    // there were more gaps than are listed
	UsedBytes   *int64                `json:"used_bytes"`  // null where the filesystem cannot tell
	Unaccounted *int64                `json:"unaccounted"` // used minus accounted, null where unknown
}

// Complete reports whether everything listed was ingested or is an exception
// that cannot hold content.
func (s Statement) Complete() bool {
	for kind, n := range s.Excepted {
		if n > 0 && kind.MayHoldContent() {
			return false
		}
	}
	return s.Listed == s.Ingested
}

// Gap is a run of missing numbers between two names of one series. The series
// is not named: only its numbers are.
type Gap struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}
