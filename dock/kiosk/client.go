package kiosk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"time"

	"berth/dock"
)

const (
	// patience bounds everything but a stream.
	patience = 15 * time.Second
	// maxAnswer bounds one status: 70 bays take some 50 KiB.
	maxAnswer = 4 << 20
)

// Client asks the station that keeps its data in one directory. It is safe for
// concurrent use and keeps nothing open between calls. Its errors wrap
// ErrNotRunning where no station answers, and the refusals of this package
// where it says no.
type Client struct {
	dir  string
	http *http.Client
}

// NewClient makes a client; it does no I/O.
func NewClient(dataDirectory string) *Client {
	c := &Client{dir: dataDirectory}
	c.http = &http.Client{Transport: &http.Transport{
		DisableKeepAlives:  true,
		DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var conn net.Conn
			err := atAddress(c.dir, func(address string) (err error) {
				var dialer net.Dialer
				conn, err = dialer.DialContext(ctx, "unix", address)
				return err
			})
			return conn, err
		},
	}}
	return c
}

// Status returns what the station says about itself now.
func (c *Client) Status(ctx context.Context) (dock.Status, error) {
	var status dock.Status
	return status, c.call(ctx, http.MethodGet, "/v1/status", nil, &status)
}

// Version returns which station answers and which berth it runs.
func (c *Client) Version(ctx context.Context) (Version, error) {
	var version Version
	return version, c.call(ctx, http.MethodGet, "/v1/version", nil, &version)
}

// Hold keeps a recording from being erased. by is a name to record beside the
// user that the kernel names; it may be empty, as may the reason.
func (c *Client) Hold(ctx context.Context, id, by, reason string) error {
	return c.call(ctx, http.MethodPost, "/v1/hold", &Action{ID: id, By: by, Reason: reason}, nil)
}

// Release lifts the holds of a recording or releases an exception.
func (c *Client) Release(ctx context.Context, id, by, reason string) error {
	return c.call(ctx, http.MethodPost, "/v1/release", &Action{ID: id, By: by, Reason: reason}, nil)
}

// AcceptStore takes the store that is now at a configured place for the one
// that is expected there; id is its name.
func (c *Client) AcceptStore(ctx context.Context, id, by, reason string) error {
	return c.call(ctx, http.MethodPost, "/v1/accept-store", &Action{ID: id, By: by, Reason: reason}, nil)
}

// Watch yields the status now and after every change. It ends quietly when ctx
// does or the caller breaks off, and with one error, ErrNotRunning among them,
// when the station goes away.
func (c *Client) Watch(ctx context.Context) iter.Seq2[dock.Status, error] {
	return func(yield func(dock.Status, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		response, err := c.send(ctx, http.MethodGet, "/v1/watch", nil)
		if err != nil {
			if ctx.Err() == nil {
				yield(dock.Status{}, err)
			}
			return
		}
		defer response.Body.Close()
		for decoder := json.NewDecoder(response.Body); ; {
			var status dock.Status
			if err := decoder.Decode(&status); err != nil {
				if ctx.Err() == nil {
					yield(dock.Status{}, fmt.Errorf("%w: the stream from %s ended: %w", ErrNotRunning, SocketPath(c.dir), err))
				}
				return
			}
			if !yield(status, nil) {
				return
			}
		}
	}
}

// call sends a request and reads its answer into into, unless that is nil.
func (c *Client) call(ctx context.Context, method, path string, action *Action, into any) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	response, err := c.send(ctx, method, path, action)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(into); err != nil {
		return fmt.Errorf("%w: read the answer to %s: %w", ErrNotRunning, path, err)
	}
	return nil
}

// send returns the answer if it is a success, and otherwise the refusal.
func (c *Client) send(ctx context.Context, method, path string, action *Action) (*http.Response, error) {
	var body io.Reader
	if action != nil {
		encoded, err := json.Marshal(action)
		if err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		body = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://station"+path, body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w at %s: %w", ErrNotRunning, SocketPath(c.dir), errors.Unwrap(err))
	}
	if response.StatusCode/100 == 2 {
		return response, nil
	}
	defer response.Body.Close()
	return nil, refused(response)
}

// refused turns an answer into the error that the server began with.
func refused(response *http.Response) error {
	var failure Failure
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&failure); err != nil {
		return fmt.Errorf("%w: the station answers %s", ErrRequest, response.Status)
	}
	for _, refusal := range refusals() {
		if refusal.code == failure.Code {
			return &Refused{kind: refusal.err, Failure: failure}
		}
	}
	return &Refused{kind: ErrFailed, Failure: failure}
}

// Refused is a station's no, in its own words; errors.Is finds which one.
type Refused struct {
	Failure
	kind error
}

func (r *Refused) Error() string { return r.Text }

// Unwrap returns the kind of refusal, one of this package's errors.
func (r *Refused) Unwrap() error { return r.kind }
