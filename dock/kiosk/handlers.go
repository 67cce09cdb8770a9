package kiosk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// Bounds on what a person may say, in bytes.
const (
	maxID     = 64
	maxBy     = 100
	maxReason = 1000
)

func (s *Server) status(w http.ResponseWriter, r *http.Request, _ Caller) error {
	reply(w, http.StatusOK, presentable(s.station.Status(r.Context())))
	return nil
}

func (s *Server) version(w http.ResponseWriter, r *http.Request, _ Caller) error {
	status := s.station.Status(r.Context())
	reply(w, http.StatusOK, Version{Station: status.Station, Version: status.Version})
	return nil
}

func (s *Server) hold(w http.ResponseWriter, r *http.Request, c Caller) error {
	return act(w, r, c, s.station.Hold)
}

func (s *Server) release(w http.ResponseWriter, r *http.Request, c Caller) error {
	return act(w, r, c, s.station.Release)
}

func (s *Server) acceptStore(w http.ResponseWriter, r *http.Request, c Caller) error {
	return act(w, r, c, s.station.AcceptStore)
}

// act reads an Action, and does it in the name of who the kernel says asks.
func act(w http.ResponseWriter, r *http.Request, c Caller, do func(ctx context.Context, id, by, reason string) error) error {
	action, err := readAction(r.Body)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRequest, err)
	}
	if err := do(r.Context(), action.ID, c.By(action.By), action.Reason); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// readAction reads one Action and nothing after it.
func readAction(body io.Reader) (Action, error) {
	var action Action
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&action); err != nil {
		return Action{}, fmt.Errorf("read the body: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Action{}, errors.New("read the body: something follows the object")
	}
	switch {
	case action.ID == "":
		return Action{}, errors.New("id is missing")
	case len(action.ID) > maxID, len(action.By) > maxBy, len(action.Reason) > maxReason:
		return Action{}, fmt.Errorf("id, by or reason is longer than %d, %d or %d bytes", maxID, maxBy, maxReason)
	case strings.ContainsFunc(action.ID+action.By+action.Reason, unicode.IsControl):
		return Action{}, errors.New("id, by or reason has control characters")
	}
	return action, nil
}

// line is the status as one line of a stream.
func (s *Server) line(ctx context.Context) []byte {
	line, err := json.Marshal(presentable(s.station.Status(ctx)))
	if err != nil {
		s.log.Error("encode the status", "error", err)
		return nil
	}
	return append(line, '\n')
}

// watch streams until the client goes, does not take a line for too long, or
// the server ends.
func (s *Server) watch(w http.ResponseWriter, r *http.Request, _ Caller) error {
	lines, leave, err := s.pulse.join()
	if err != nil {
		return err
	}
	defer leave()
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	stream := http.NewResponseController(w)
	for {
		select {
		case <-r.Context().Done():
			return nil
		case <-s.closing:
			return nil
		case line := <-lines:
			if err := send(w, stream, line, s.limits.answer); err != nil {
				return nil // the client is gone or does not read: the stream ends with its connection
			}
		}
	}
}

func send(w io.Writer, stream *http.ResponseController, line []byte, within time.Duration) error {
	if err := stream.SetWriteDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	if _, err := w.Write(line); err != nil {
		return err
	}
	return stream.Flush()
}
