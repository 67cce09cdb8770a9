package journal

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"berth/dock"
)

func TestManySmallFiles(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	var entries []dock.Entry
	for i := range manyFiles {
		entries = append(entries, file(fmt.Sprintf("DCIM/%03d/MOV_%05d.MP4", i/1000, i), int64(i)))
	}
	began := time.Now()
	step := func(what string) {
		t.Logf("%-24s %v", what, time.Since(began).Round(time.Millisecond))
		began = time.Now()
	}
	r := s.reconcile(d, listing(entries...))
	step("first listing")
	if again := s.reconcile(d, listing(entries...)); again.NewRecordings != 0 || again.Vanished != 0 {
		t.Fatal("an equal listing changed something")
	}
	step("equal listing")
	for _, p := range r.Items[:20] {
		s.store(d, p)
		s.secondRead(d, p)
	}
	step("20 recordings stored")
	s.refused(request(d, r.Items[0]), "camera-copies")
	step("a refusal")
	s.must(s.Write(s.ctx, func(tx *Tx) error { // as if the others were stored too
		_, err := tx.exec(`UPDATE docking_entries SET holding = (SELECT holding FROM recordings WHERE id = ?)`, r.Items[0].Recording)
		return err
	}))
	for _, p := range r.Items[:20] {
		_, err := s.Clear(s.ctx, request(d, p))
		s.must(err)
	}
	step("20 clearances")
	statement, err := s.Statement(s.ctx, d.ID)
	s.must(err)
	if statement.Listed != manyFiles || statement.Ingested != 20 || len(statement.Gaps) != 0 {
		t.Fatalf("%+v", statement)
	}
	step("statement")
}

// TestClearLooksAtFewRows reads SQLite's own plan: each question is a search in
// an index, with no sorting and no scan of a docking.
func TestClearLooksAtFewRows(t *testing.T) {
	s := newStation(t)
	for query, index := range map[string]string{
		nextGroup:     "INDEX entries_to_secure (docking=? AND (wanted,holding)>(?,?))",
		countGroup:    "INDEX entries_to_secure (docking=? AND wanted=? AND holding=?)",
		countBlocking: "INDEX exceptions_blocking (docking=?)",
		listedEntry:   "PRIMARY KEY (docking=? AND recording=?)",
		otherDocking:  "INDEX dockings_open (camera=?)",
	} {
		var plan []string
		s.must(s.Read(s.ctx, func(tx *Tx) error {
			rows, err := tx.Query("EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "?"))...)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var id, parent, unused int
				var detail string
				if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
					return err
				}
				plan = append(plan, detail)
			}
			return rows.Err()
		}))
		text := strings.Join(plan, "; ")
		if !strings.Contains(text, index) || strings.Contains(text, "TEMP B-TREE") {
			t.Errorf("%s\nis answered by %s", query, text)
		}
	}
}
