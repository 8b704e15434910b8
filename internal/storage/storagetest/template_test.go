package storagetest

import (
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// A template is made once on each database, whoever asks, and each test has a copy of its own.
func TestTemplateIsMadeOnceAndCopied(t *testing.T) {
	t.Parallel()
	var made atomic.Int32
	template := &Template{Migrate: func(databaseURL string) error {
		made.Add(1)
		if file, lite := strings.CutPrefix(databaseURL, "sqlite:"); lite {
			return os.WriteFile(file, []byte("schema"), 0o600)
		}
		connection, err := pgx.Connect(t.Context(), databaseURL)
		if err != nil {
			return err
		}
		_, err = connection.Exec(t.Context(), "CREATE TABLE t AS SELECT 42 AS answer")
		return errors.Join(err, connection.Close(t.Context()))
	}}
	first, second := template.Postgres(t), template.Postgres(t)
	if first == second {
		t.Error("two tests share a database")
	}
	for _, database := range []string{first, second} {
		var answer int
		if err := connect(t, database).QueryRow(t.Context(), "SELECT answer FROM t").Scan(&answer); err != nil || answer != 42 {
			t.Errorf("the copy has %d (%v)", answer, err)
		}
	}
	for range 2 {
		raw, err := os.ReadFile(strings.TrimPrefix(template.SQLite(t), "sqlite:"))
		if err != nil || string(raw) != "schema" {
			t.Errorf("the file has %q (%v)", raw, err)
		}
	}
	if made.Load() != 2 {
		t.Errorf("the template was made %d times", made.Load())
	}
	gone := template.postgres.value
	if err := template.Drop(); err != nil {
		t.Fatal(err)
	}
	if there := exists(t, gone); there {
		t.Errorf("the template %s is still there", gone)
	}
}

// exists tells whether the server has a database.
func exists(t *testing.T, name string) (there bool) {
	t.Helper()
	server := connect(t, os.Getenv("PARLEY_TEST_POSTGRES_URL"))
	if err := server.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil {
		t.Fatal(err)
	}
	return there
}
