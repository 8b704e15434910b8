package storagetest

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestPostgresURLIsEmptyAndDroppedWithOpenConnections(t *testing.T) {
	t.Parallel()
	var name string
	used := t.Run("use", func(t *testing.T) {
		database := PostgresURL(t)
		name = nameOf(t, database)
		connection := connect(t, database)
		if _, err := connection.Exec(t.Context(), "CREATE TABLE t (id bigint PRIMARY KEY)"); err != nil {
			t.Fatal(err)
		}
	})
	if !used {
		return
	}
	var left int
	server := connect(t, os.Getenv("PARLEY_TEST_POSTGRES_URL"))
	if err := server.QueryRow(t.Context(), "SELECT count(*) FROM pg_database WHERE datname = $1", name).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if left != 0 {
		t.Errorf("database %s is still there after its test", name)
	}
}

func TestPostgresURLFromCopiesTheTemplate(t *testing.T) {
	t.Parallel()
	template := PostgresURL(t)
	connection := connect(t, template)
	if _, err := connection.Exec(t.Context(), "CREATE TABLE t AS SELECT 42 AS answer"); err != nil {
		t.Fatal(err)
	}
	if err := connection.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var answer int
	copied := connect(t, PostgresURLFrom(t, nameOf(t, template)))
	if err := copied.QueryRow(t.Context(), "SELECT answer FROM t").Scan(&answer); err != nil {
		t.Fatal(err)
	}
	if answer != 42 {
		t.Errorf("answer = %d in the copy, want 42", answer)
	}
}

func TestEachRunsOnBoth(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, databaseURL string) {
		want := strings.TrimPrefix(t.Name(), "TestEachRunsOnBoth/") + ":"
		if !strings.HasPrefix(databaseURL, want) {
			t.Errorf("database URL %q, want one that starts with %q", databaseURL, want)
		}
	})
}

// connect leaves the connection open: what a test forgets must not keep its database alive.
func connect(t *testing.T, databaseURL string) *pgx.Conn {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	return connection
}

func nameOf(t *testing.T, databaseURL string) string {
	t.Helper()
	database, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(database.Path, "/")
}
