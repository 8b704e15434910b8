package storagetest

import (
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Template is a database without rows whose schema is there already, for tests to copy: to copy one is faster than to
// migrate each. It is made when the first test asks for it. One Template serves all tests of a package.
type Template struct {
	// Migrate brings the database at a URL up to date, and lets go of it.
	Migrate func(databaseURL string) error

	sqlite   once[[]byte]
	postgres once[string]
}

// once keeps what the first caller makes; the others wait for it.
type once[T any] struct {
	sync.Once
	value T
	err   error
}

func (o *once[T]) get(t testing.TB, build func() (T, error)) T {
	t.Helper()
	o.Do(func() { o.value, o.err = build() })
	if o.err != nil {
		t.Fatal(o.err)
	}
	return o.value
}

// Each is the package's Each on copies of the template.
func (m *Template) Each(t *testing.T, run func(t *testing.T, databaseURL string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); run(t, m.SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); run(t, m.Postgres(t)) })
}

// SQLite copies the template into a file of the test's own.
func (m *Template) SQLite(t testing.TB) (databaseURL string) {
	t.Helper()
	schema := m.sqlite.get(t, m.makeSQLite)
	file := filepath.Join(t.TempDir(), "parley.db")
	if err := os.WriteFile(file, schema, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + file
}

// Postgres copies the template into a PostgreSQL database of the test's own.
func (m *Template) Postgres(t testing.TB) (databaseURL string) {
	t.Helper()
	return PostgresURLFrom(t, m.postgres.get(t, m.makePostgres))
}

// Drop takes the template away, when all tests are over.
func (m *Template) Drop() error {
	if m.postgres.value == "" {
		return nil
	}
	return onServer(os.Getenv("PARLEY_TEST_POSTGRES_URL"), "DROP DATABASE IF EXISTS "+quoted(m.postgres.value)+" WITH (FORCE)")
}

// makeSQLite gives the bytes of the template's file.
func (m *Template) makeSQLite() ([]byte, error) {
	folder, err := os.MkdirTemp("", "parley-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "parley.db")
	if err := m.Migrate("sqlite:" + file); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}

// makePostgres gives the name of the template's database.
func (m *Template) makePostgres() (name string, err error) {
	server, err := serverURL()
	if err != nil {
		return "", err
	}
	database, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	name = "parley_template_" + strings.ToLower(rand.Text())
	if err := onServer(server, "CREATE DATABASE "+quoted(name)); err != nil {
		return "", err
	}
	database.Path = "/" + name
	return name, m.Migrate(database.String())
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }
