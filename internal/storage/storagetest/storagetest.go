// Package storagetest gives each test a database of its own, on SQLite and on PostgreSQL, so that tests run in
// parallel and one suite proves both. A missing PostgreSQL is a failure: a suite that skips half of its work is green
// for the wrong reason.
package storagetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
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
	server, err := serverURL()
	if err != nil {
		t.Fatal(err)
	}
	database, err := url.Parse(server)
	if err != nil {
		t.Fatalf("PARLEY_TEST_POSTGRES_URL: %v", err)
	}
	name := "parley_test_" + strings.ToLower(rand.Text())
	database.Path = "/" + name

	execute(t, server, "CREATE DATABASE "+quoted(name)+" TEMPLATE "+quoted(template))
	t.Cleanup(func() { execute(t, server, "DROP DATABASE "+quoted(name)+" WITH (FORCE)") })
	return database.String()
}

// serverURL is where databases are made.
func serverURL() (string, error) {
	server := os.Getenv("PARLEY_TEST_POSTGRES_URL")
	if server == "" {
		return "", errors.New("PARLEY_TEST_POSTGRES_URL is not set: run the tests with scripts/test, or scripts/with-postgres go test ./...")
	}
	return server, nil
}

func execute(t testing.TB, server, statement string) {
	t.Helper()
	if err := onServer(server, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// onServer runs one statement on a connection of its own. It brings its own context, because a test's context has ended
// by the time its cleanups run.
func onServer(server, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	connection, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("connect to PARLEY_TEST_POSTGRES_URL: %w", err)
	}
	defer connection.Close(ctx) // the statement's result is what counts
	_, err = connection.Exec(ctx, statement)
	return err
}
