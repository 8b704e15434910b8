package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"testing"

	"modernc.org/sqlite"
)

// compiling counts what the connections of a connector compile.
type compiling struct {
	driver.Connector
	n *int
}

type countingConn struct {
	sqliteConn
	n *int
}

func (c compiling) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return countingConn{conn.(sqliteConn), c.n}, nil
}

func (c countingConn) PrepareContext(ctx context.Context, sql string) (driver.Stmt, error) {
	*c.n++
	return c.sqliteConn.PrepareContext(ctx, sql)
}

// onOneConnection gives a pool of one connection that keeps its statements, and
// how many it has compiled.
func onOneConnection(t *testing.T) (*sql.DB, *int) {
	t.Helper()
	c, err := sqlite.NewConnector("file:" + filepath.Join(t.TempDir(), "kept.db"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	db := sql.OpenDB(keeping{compiling{c, &n}})
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	must(t, db, "CREATE TABLE words (word TEXT PRIMARY KEY) WITHOUT ROWID")
	must(t, db, "INSERT INTO words VALUES ('a'), ('b'), ('c')")
	return db, &n
}

func must(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// words asks for a few words by a statement with a limit.
func words(t *testing.T, q interface {
	QueryContext(ctx context.Context, sql string, args ...any) (*sql.Rows, error)
}, limit int, each func(word string)) {
	t.Helper()
	rows, err := q.QueryContext(t.Context(), "SELECT * FROM words ORDER BY word LIMIT ?", limit)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var word string
		if err := rows.Scan(&word); err != nil {
			t.Fatal(err)
		}
		each(word)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestStatementsAreCompiledOnce(t *testing.T) {
	t.Parallel()
	db, compiled := onOneConnection(t)
	words(t, db, 1, func(string) {})
	before := *compiled
	for n := range 5 {
		got := 0
		words(t, db, n, func(string) { got++ })
		if want := min(n, 3); got != want {
			t.Errorf("a limit of %d gives %d words", n, got)
		}
	}
	if *compiled != before {
		t.Errorf("%d statements were compiled again", *compiled-before)
	}
}

// A statement that is asked for while its rows are read is another one.
func TestStatementsWithinTheirRows(t *testing.T) {
	t.Parallel()
	db, compiled := onOneConnection(t)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	before, pairs := *compiled, ""
	for range 2 {
		words(t, tx, 2, func(outer string) {
			words(t, tx, 3, func(inner string) { pairs += outer + inner + " " })
		})
	}
	if want := "aa ab ac ba bb bc "; pairs != want+want {
		t.Errorf("got %s", pairs)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	if n := *compiled - before; n > 3 {
		t.Errorf("%d statements were compiled for two that run at once", n)
	}
}

// A statement that failed, or whose table has changed, is as good as a new one.
func TestStatementsThatAreUsedAgain(t *testing.T) {
	t.Parallel()
	db, compiled := onOneConnection(t)
	for range 2 {
		if _, err := db.ExecContext(t.Context(), "INSERT INTO words VALUES (?)", "a"); err == nil {
			t.Error("a word is there twice")
		}
		if _, err := db.ExecContext(t.Context(), "INSERT INTO nothing VALUES (?)", "a"); err == nil {
			t.Error("there is no such table")
		}
	}
	must(t, db, "INSERT INTO words VALUES (?)", "d")
	columns := func() int {
		rows, err := db.QueryContext(t.Context(), "SELECT * FROM words WHERE word = ?", "d")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		names, err := rows.Columns()
		if err != nil || !rows.Next() {
			t.Error("the word is not there", err)
		}
		return len(names)
	}
	if n := columns(); n != 1 {
		t.Errorf("%d columns", n)
	}
	must(t, db, "ALTER TABLE words ADD COLUMN meaning TEXT")
	if n := columns(); n != 2 {
		t.Errorf("%d columns after one was added", n)
	}
	before := *compiled
	for n := range maxKept + 9 {
		must(t, db, fmt.Sprintf("DELETE FROM words WHERE word = 'x' AND %d = ?", n), 1)
	}
	columns()
	if n := *compiled - before; n != maxKept+10 {
		t.Errorf("%d statements were compiled: one that was used long ago is still kept", n)
	}
}

// A pragma works every time.
func TestPragmasAreNotKept(t *testing.T) {
	t.Parallel()
	db, compiled := onOneConnection(t)
	before := *compiled
	for range 2 {
		must(t, db, "PRAGMA cache_size = 100")
	}
	if n := *compiled - before; n != 2 {
		t.Errorf("compiled %d times", n)
	}
}
