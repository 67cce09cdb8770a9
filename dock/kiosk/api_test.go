package kiosk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/user"
	"reflect"
	"strings"
	"sync"
	"testing"

	"berth/dock"
)

func TestStatusTravelsWhole(t *testing.T) {
	dir := t.TempDir()
	want := dock.Status{
		Station: "hq-dock-1", Version: "v1", Mode: dock.ModeEraseLocked, Healthy: false,
		Problems: []dock.Problem{{Code: "c", Text: "t", Do: "d", Advice: true}},
		Bays:     []dock.BayStatus{{Bay: "A1", State: dock.BayReading, Camera: "acme", ETASeconds: new(int64(7)), BytesTotal: 1 << 60}},
		Stores:   []dock.StoreStatus{{Store: "nas", Reachable: true, Queued: 3, QueuedBytes: 4, WaitingFor: "w"}},
		Spool:    dock.SpoolStatus{FreeBytes: 1, UsedBytes: 2},
	}
	serve(t, dir, &fakeStation{status: want}, nil)
	got, err := NewClient(dir).Status(t.Context())
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	version, err := NewClient(dir).Version(t.Context())
	must(t, err)
	if version != (Version{Station: "hq-dock-1", Version: "v1"}) {
		t.Errorf("got %+v", version)
	}
}

func TestListsAreNeverNull(t *testing.T) {
	body, err := json.Marshal(presentable(dock.Status{}))
	must(t, err)
	if bytes.Contains(body, []byte(`"problems":null`)) || bytes.Contains(body, []byte(`"bays":null`)) || bytes.Contains(body, []byte(`"stores":null`)) {
		t.Errorf("got %s", body)
	}
}

// Two cameras whose ids differ only in bytes that are no UTF-8 must stay two,
// and neither may reach a terminal as it is.
func TestHostileCameraIDsAreEscapedAndStayDistinct(t *testing.T) {
	dir := t.TempDir()
	station := &fakeStation{status: dock.Status{Bays: []dock.BayStatus{{Camera: "\x1b[2J\xff"}, {Camera: "\x1b[2J\xfe"}}}}
	serve(t, dir, station, nil)
	got, err := NewClient(dir).Status(t.Context())
	must(t, err)
	if got.Bays[0].Camera != `\x1b[2J\xff` || got.Bays[1].Camera != `\x1b[2J\xfe` {
		t.Errorf("got %q and %q", got.Bays[0].Camera, got.Bays[1].Camera)
	}
	if station.status.Bays[0].Camera != "\x1b[2J\xff" {
		t.Error("the station's own snapshot was changed")
	}
}

func TestTheKernelSaysWhoAsked(t *testing.T) {
	dir := t.TempDir()
	station := &fakeStation{}
	serve(t, dir, station, nil)
	client := NewClient(dir)
	must(t, client.Hold(t.Context(), "r1", "Sgt. Lee", "case 26-1182"))
	must(t, client.Release(t.Context(), "x1", "", ""))
	must(t, client.AcceptStore(t.Context(), "nas", "", "new disk"))
	me, err := user.Current()
	must(t, err)
	account := fmt.Sprintf("%s, uid %d", me.Username, os.Geteuid())
	want := []asked{
		{"hold", "r1", "Sgt. Lee (" + account + ")", "case 26-1182"},
		{"release", "x1", account, ""},
		{"accept", "nas", account, "new disk"},
	}
	if got := station.all(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEveryRefusalArrivesAsItself(t *testing.T) {
	dir := t.TempDir()
	station := &fakeStation{}
	serve(t, dir, station, nil)
	for _, refusal := range refusals() {
		station.refuse = fmt.Errorf("hold r1: %w", refusal.err)
		err := NewClient(dir).Hold(t.Context(), "r1", "", "")
		wantErr(t, err, refusal.err)
		if !strings.HasPrefix(err.Error(), "hold r1: ") {
			t.Errorf("the station's words are lost: %v", err)
		}
	}
	station.refuse = errors.New("disk on fire")
	err := NewClient(dir).Hold(t.Context(), "r1", "", "")
	wantErr(t, err, ErrFailed)
	if err == nil || err.Error() != "disk on fire" {
		t.Errorf("got %v", err)
	}
}

func TestOnlyOperatorsAct(t *testing.T) {
	me := uint32(os.Geteuid())
	for caller, allowed := range map[Caller]bool{
		{Known: true, UID: 0}: true, {Known: true, UID: me}: true,
		{Known: true, UID: me + 4711}: false, {}: false, {UID: me}: false,
	} {
		if err := (operator{}).permits(caller); (err == nil) != allowed {
			t.Errorf("%+v: %v", caller, err)
		}
	}
	for _, r := range routes() {
		_, limited := r.access.(operator)
		if (r.method == http.MethodPost) != limited {
			t.Errorf("%s %s: whatever changes something is for operators, and nothing else", r.method, r.path)
		}
	}
}

func TestBadRequestsAreRefused(t *testing.T) {
	dir := t.TempDir()
	station := &fakeStation{}
	serve(t, dir, station, nil)
	for name, body := range map[string]string{
		"empty":            "",
		"no object":        "[]",
		"unknown field":    `{"id":"r1","force":true}`,
		"wrong type":       `{"id":7}`,
		"something after":  `{"id":"r1"}{"id":"r2"}`,
		"no id":            `{"reason":"x"}`,
		"long id":          `{"id":"` + strings.Repeat("r", maxID+1) + `"}`,
		"long name":        `{"id":"r1","by":"` + strings.Repeat("b", maxBy+1) + `"}`,
		"long reason":      `{"id":"r1","reason":"` + strings.Repeat("w", maxReason+1) + `"}`,
		"control bytes":    `{"id":"r1","by":"\u001b[2J"}`,
		"newline":          `{"id":"r1","reason":"a\nb"}`,
		"larger than read": `{"id":"r1"` + strings.Repeat(" ", 9<<10) + `}`,
	} {
		response, err := raw(dir).Post("http://station/v1/hold", "application/json", strings.NewReader(body))
		must(t, err)
		wantErr(t, refused(response), ErrRequest)
		response.Body.Close()
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", name, response.Status)
		}
	}
	if got := station.all(); len(got) > 0 {
		t.Errorf("the station was asked %q", got)
	}
}

func TestOnlyTheTableIsServed(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir, &fakeStation{}, nil)
	for request, want := range map[string]int{
		"GET /": 404, "GET /v1/nothing": 404, "DELETE /v1/status": 405, "GET /v1/hold": 405, "POST /v1/status": 405,
		"GET /v1/status": 200, "GET /v1/version": 200,
	} {
		method, path, _ := strings.Cut(request, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, "http://station"+path, nil)
		must(t, err)
		response, err := raw(dir).Do(r)
		must(t, err)
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %s, want %d", request, response.Status, want)
		}
	}
}

func TestActionsOfStrangersAreDenied(t *testing.T) {
	station := &fakeStation{}
	s := newServer(nil, station, slog.New(slog.DiscardHandler), defaultLimits())
	for _, path := range []string{"/v1/hold", "/v1/release"} {
		for name, ctx := range map[string]context.Context{
			"unknown":      t.Context(),
			"another user": context.WithValue(t.Context(), callerKey{}, Caller{Known: true, UID: uint32(os.Geteuid()) + 4711}),
		} {
			answer := httptest.NewRecorder()
			s.handler().ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodPost, path, strings.NewReader(`{"id":"r1"}`)))
			wantErr(t, refused(answer.Result()), ErrDenied)
			if answer.Code != http.StatusForbidden {
				t.Errorf("%s by %s: %d", path, name, answer.Code)
			}
		}
	}
	if got := station.all(); len(got) > 0 {
		t.Errorf("the station was asked %q", got)
	}
}

// 10 MB of headers cost the station 16 KiB and the connection.
func TestHugeHeadersAreCutOff(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir, &fakeStation{}, nil)
	for _, size := range []int64{64 << 10, 10 << 20} {
		conn := dial(t, dir)
		var sender sync.WaitGroup
		sender.Go(func() {
			fmt.Fprintf(conn, "GET /v1/status HTTP/1.1\r\nHost: s\r\nX: ")
			io.Copy(conn, io.LimitReader(endless{}, size)) // fails when the station hangs up
		})
		answer, _ := io.ReadAll(conn)
		sender.Wait()
		if !strings.Contains(string(answer), "431") {
			t.Errorf("%d bytes: got %q", size, answer)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
