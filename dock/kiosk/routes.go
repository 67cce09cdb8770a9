package kiosk

import (
	"net/http"

	"berth/dock"
)

// route is one row of the table: what is asked, who may, what answers.
type route struct {
	method string
	path   string
	access access
	takes  string // the request's body, for API.md
	gives  string // the answer's body, for API.md
	says   string // what it does, for API.md
	answer func(*Server, http.ResponseWriter, *http.Request, Caller) error
}

// routes is the whole API.
func routes() []route {
	return []route{
		{
			http.MethodGet, "/v1/status", anyone{}, "", "Status",
			"Everything the station says about itself now.",
			(*Server).status,
		},
		{
			http.MethodGet, "/v1/watch", anyone{}, "", "Status, one a line",
			"The status now and after every change, at most four a second, until the client goes. " +
				"A client that reads slowly misses states in between, never the latest.",
			(*Server).watch,
		},
		{
			http.MethodPost, "/v1/hold", operator{}, "Action", "nothing",
			"Keeps a recording from being erased until it is released.",
			(*Server).hold,
		},
		{
			http.MethodPost, "/v1/release", operator{}, "Action", "nothing",
			"Lifts the holds of a recording, or releases an exception that may hold content.",
			(*Server).release,
		},
		{
			http.MethodPost, "/v1/accept-store", operator{}, "Action", "nothing",
			"Takes the store that is now at a configured place for the one that is expected there: it was replaced on purpose.",
			(*Server).acceptStore,
		},
		{
			http.MethodGet, "/v1/version", anyone{}, "", "Version",
			"Which station and which version of berth answers.",
			(*Server).version,
		},
	}
}

// Action is the body of a request to hold, release or accept.
type Action struct {
	// The recording, the exception of a docking, or the store's name in the config.
	ID string `json:"id"`
	// Who asks, in their own word; optional. The user that the kernel names is recorded beside it.
	By string `json:"by"`
	// Why, in a sentence; optional.
	Reason string `json:"reason"`
}

// Version says which program answers.
type Version struct {
	// The station's id.
	Station dock.StationID `json:"station"`
	// The version of berth that runs.
	Version string `json:"version"`
}

// Failure is the body of every answer that is not a success.
type Failure struct {
	// A stable word for scripts.
	Code string `json:"code"`
	// What was refused or failed, in a sentence.
	Text string `json:"text"`
}

// refusal is how one kind of error travels: server and client read the same table.
type refusal struct {
	err    error
	status int
	code   string
}

// refusals ends with the one that everything else becomes.
func refusals() []refusal {
	return []refusal{
		{ErrUnknownID, http.StatusNotFound, "unknown-id"},
		{ErrNotHeld, http.StatusConflict, "not-held"},
		{ErrDenied, http.StatusForbidden, "denied"},
		{ErrRequest, http.StatusBadRequest, "bad-request"},
		{ErrBusy, http.StatusServiceUnavailable, "busy"},
		{ErrFailed, http.StatusInternalServerError, "failed"},
	}
}
