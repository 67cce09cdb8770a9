package queue_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"berth/dock"
	"berth/dock/journal"
	"berth/offload/storetest"
)

// The first UUID that a store shows is the one it must have from then on, also
// after a restart and although no recording was stored meanwhile.
func TestFirstUUIDIsRememberedOverARestart(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		s.a.Reset("uuid-x")
		s.restart()
		if got := s.status("nas"); got.ID != "uuid-a" || got.Reachable {
			t.Errorf("after the swap the store is %+v", got)
		}
		if stores := s.queue.Stores(); !slices.Equal(stores, []dock.StoreID{"uuid-b"}) {
			t.Errorf("commissioned stores %v", stores)
		}
	})
}

// A store that a person replaced while it was asked who it is has not been seen
// as the one that is expected now.
func TestStoreReplacedWhileItSaysWhoItIsCountsForNothing(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		gate := storetest.NewGate()
		s.a.Plant(storetest.Identity,
			storetest.Fault{Then: func() { s.must(s.queue.Expect(t.Context(), "nas", "uuid-x")) }},
			storetest.Fault{Gate: gate})
		s.later(2 * time.Minute)
		if stores := s.queue.Stores(); !slices.Equal(stores, []dock.StoreID{"uuid-b"}) {
			t.Errorf("commissioned stores %v, uuid-x was never seen", stores)
		}
		gate.Open()
		synctest.Wait()
	})
}

// Which UUID a store must have is in the custody log, each time it changes.
func TestExpectedStoresAreOnRecord(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		s.a.Reset("uuid-x")
		s.must(s.queue.Accept(t.Context(), "nas", "lee", "new disk"))
		synctest.Wait()
		for _, body := range []string{
			`{"id":"uuid-a","store":"nas"}`, `{"id":"uuid-b","store":"cloud"}`, `{"id":"uuid-x","store":"nas"}`,
		} {
			if lines := s.events("store-expected", body); len(lines) != 1 {
				t.Errorf("the log has %d events with %s, want one", len(lines), body)
			} else if byPerson := strings.Contains(lines[0], `"by"`); byPerson != strings.Contains(body, "uuid-x") {
				t.Errorf("who wanted it: %s", lines[0])
			}
		}
	})
}

// events are the custody log's lines of a kind with this body.
func (s *station) events(kind, body string) []string {
	s.t.Helper()
	var lines []string
	s.must(s.journal.Read(s.t.Context(), func(tx *journal.Tx) error {
		rows, err := tx.Query(`SELECT line FROM events ORDER BY seq`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var line []byte
			if err := rows.Scan(&line); err != nil {
				return err
			}
			if text := string(line); strings.Contains(text, `"kind":"`+kind+`"`) && strings.Contains(text, `"body":`+body) {
				lines = append(lines, text)
			}
		}
		return rows.Err()
	}))
	return lines
}
