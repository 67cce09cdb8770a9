package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/mattn/go-sqlite3"
)

// A misspelt key of a data source name is ignored silently, and a wrong value
// can lose a commit at a power cut. So every connection is asked what it is,
// in every pragma that a promise rests on, before it is used.

var (
	writerKeys = url.Values{
		"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_busy_timeout": {"5000"}, "_txlock": {"immediate"},
		"_foreign_keys": {"on"}, "_recursive_triggers": {"on"}, "_secure_delete": {"on"},
	}
	writerPragmas = map[string]string{
		"journal_mode": "wal", "synchronous": "2", "busy_timeout": "5000",
		"foreign_keys": "1", "recursive_triggers": "1", "secure_delete": "1", "query_only": "0",
	}
	readerKeys    = url.Values{"_busy_timeout": {"5000"}, "_query_only": {"on"}, "mode": {"ro"}}
	readerPragmas = map[string]string{"journal_mode": "wal", "busy_timeout": "5000", "query_only": "1"}
)

// connector opens connections to one database and asserts their pragmas.
type connector struct {
	driver *sqlite3.SQLiteDriver
	dsn    string
}

func openDatabase(path string, keys url.Values, want map[string]string, connections int) *sql.DB {
	location := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: keys.Encode()}
	db := sql.OpenDB(&connector{
		dsn: location.String(),
		driver: &sqlite3.SQLiteDriver{ConnectHook: func(conn *sqlite3.SQLiteConn) error {
			return assertPragmas(conn, want)
		}},
	})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}

// Connect opens one connection.
func (c *connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

// Driver is the SQLite driver with its assertions.
func (c *connector) Driver() driver.Driver { return c.driver }

func assertPragmas(conn *sqlite3.SQLiteConn, want map[string]string) error {
	for name, expected := range want {
		got, err := pragma(conn, name)
		if err != nil {
			return fmt.Errorf("read pragma %s: %w", name, err)
		}
		if got != expected {
			return fmt.Errorf("%w: pragma %s is %q, not %q", ErrBroken, name, got, expected)
		}
	}
	return nil
}

func pragma(conn *sqlite3.SQLiteConn, name string) (value string, err error) {
	rows, err := conn.Query("PRAGMA "+name, nil)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	row := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(row); errors.Is(err, io.EOF) || len(row) != 1 {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return fmt.Sprint(row[0]), nil
}
