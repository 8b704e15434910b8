// Package storagetest gives each test a database of its own, on SQLite and on PostgreSQL, so that tests run in
// parallel and one suite proves both. A missing PostgreSQL is a failure: a suite that skips half of its work is green
// for the wrong reason.
package storagetest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Each runs a test once on a fresh SQLite file and once on a fresh PostgreSQL database, side by side.
func Each(t *testing.T, run func(t *testing.T, databaseURL string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		run(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		run(t, PostgresURL(t))
	})
}

// PostgresURL creates an empty PostgreSQL database and returns its URL. The database is dropped when the test ends,
// with whatever connections are still open to it.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return PostgresURLFrom(t, "template1")
}

// PostgresURLFrom is PostgresURL with a copy of the database named template instead of an empty one. Copying a migrated
// database is faster than migrating again; nobody may be connected to the template meanwhile.
func PostgresURLFrom(t testing.TB, template string) string {
	t.Helper()
	server := os.Getenv("PARLEY_TEST_POSTGRES_URL")
	if server == "" {
		t.Fatal("PARLEY_TEST_POSTGRES_URL is not set: run the tests with scripts/test, or scripts/with-postgres go test ./...")
	}
	database, err := url.Parse(server)
	if err != nil {
		t.Fatalf("PARLEY_TEST_POSTGRES_URL: %v", err)
	}
	name := "parley_test_" + strings.ToLower(rand.Text())
	database.Path = "/" + name

	quoted := pgx.Identifier{name}.Sanitize()
	execute(t, server, "CREATE DATABASE "+quoted+" TEMPLATE "+pgx.Identifier{template}.Sanitize())
	t.Cleanup(func() { execute(t, server, "DROP DATABASE "+quoted+" WITH (FORCE)") })
	return database.String()
}

// execute runs one statement on a connection of its own. It brings its own context, because a test's context has ended
// by the time its cleanups run.
func execute(t testing.TB, server, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	connection, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("connect to PARLEY_TEST_POSTGRES_URL: %v", err)
	}
	defer connection.Close(ctx) // the statement's result is what counts
	if _, err := connection.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
