package kiosk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// limits bound what a client can cost the station.
type limits struct {
	header   time.Duration // for a request's header to come
	request  time.Duration // for a whole request to come
	answer   time.Duration // for an answer, or one line of a stream, to be taken
	idle     time.Duration // for the next request on a connection
	grace    time.Duration // for requests under way to end at shutdown
	interval time.Duration // between two looks at the station for watchers
	body     int64         // bytes
	headers  int           // bytes
	watchers int
}

func defaultLimits() limits {
	return limits{
		header: 5 * time.Second, request: 10 * time.Second, answer: time.Minute, idle: time.Minute,
		grace: 10 * time.Second, interval: 250 * time.Millisecond,
		body: 8 << 10, headers: 16 << 10, watchers: 64,
	}
}

// Server answers the API on one listener.
type Server struct {
	station  Station
	log      *slog.Logger // paths and codes only, nothing personal
	listener net.Listener
	limits   limits
	pulse    *pulse
	closing  chan struct{} // closed when watchers must end

	mu      sync.Mutex
	stopped bool           // guarded by mu; no handler begins once it is set
	running sync.WaitGroup // handlers under way
}

// Listen makes the socket of the station that keeps its data in dir, open to
// its owner alone (0600). One that a dead station left behind is replaced; where
// a station still lives, or anybody answers, it fails with ErrInUse. Clients
// wait from now on; Run answers them.
func Listen(dir string, station Station, log *slog.Logger) (*Server, error) {
	l, err := listen(dir)
	if err != nil {
		return nil, err
	}
	return newServer(l, station, log, defaultLimits()), nil
}

func newServer(l net.Listener, station Station, log *slog.Logger, limits limits) *Server {
	s := &Server{station: station, log: log, listener: l, limits: limits, closing: make(chan struct{})}
	s.pulse = newPulse(limits.interval, limits.watchers, s.line)
	return s
}

// Run answers until ctx ends, then lets requests under way end (those that
// take too long are cut off), removes the socket, and returns once no handler
// runs any more. It may be called once; an ordinary end is a nil error.
func (s *Server) Run(ctx context.Context) error {
	// A request under way outlives ctx by the grace; cut ends it.
	base, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	server := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: s.limits.header,
		ReadTimeout:       s.limits.request,
		WriteTimeout:      s.limits.answer,
		IdleTimeout:       s.limits.idle,
		MaxHeaderBytes:    s.limits.headers,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return base },
		ConnContext:       withCaller,
	}
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error {
		if err := server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve the local api: %w", err)
		}
		return nil
	})
	work.Go(func() error {
		s.pulse.run(ctx)
		return nil
	})
	work.Go(func() error {
		<-ctx.Done()
		close(s.closing)
		grace, cancel := context.WithTimeout(base, s.limits.grace)
		defer cancel()
		if server.Shutdown(grace) != nil {
			_ = server.Close() // says what Shutdown said
		}
		cut()
		s.wait()
		return nil
	})
	return work.Wait()
}

// handler routes by the table and nothing else.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes() {
		mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, req *http.Request) {
			if !s.enter() {
				http.Error(w, "the station is stopping", http.StatusServiceUnavailable)
				return
			}
			defer s.running.Done()
			req.Body = http.MaxBytesReader(w, req.Body, s.limits.body)
			caller, _ := req.Context().Value(callerKey{}).(Caller)
			err := r.access.permits(caller)
			if err == nil {
				err = r.answer(s, w, req, caller)
			}
			if err != nil {
				s.fail(w, r, err)
			}
		})
	}
	return mux
}

// enter counts a handler in, unless the server has stopped.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.running.Add(1)
	}
	return !s.stopped
}

// wait lets no further handler begin and waits for those that run.
func (s *Server) wait() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.running.Wait()
}

// fail writes what went wrong as the table of refusals says.
func (s *Server) fail(w http.ResponseWriter, r route, err error) {
	table := refusals()
	found := table[len(table)-1]
	for _, refusal := range table {
		if errors.Is(err, refusal.err) {
			found = refusal
			break
		}
	}
	s.log.Warn("local api refused", "path", r.path, "code", found.code, "error", err)
	reply(w, found.status, Failure{Code: found.code, Text: err.Error()})
}

// reply writes v as JSON. A client that does not take it is its own problem:
// there is nobody left to tell.
func reply(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "encode the answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
