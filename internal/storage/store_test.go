package storage

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/parley-cx/parley/internal/secret"
	"github.com/parley-cx/parley/internal/storage/storagetest"
	"github.com/parley-cx/parley/migrations"
)

// database is an open store of one test, and where it is.
type database struct {
	*Store
	url string
}

// both runs a test on SQLite and on PostgreSQL, each with a database of its own
// whose schema is there already.
func both(t *testing.T, run func(t *testing.T, db database)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); run(t, onSQLite(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); run(t, onPostgres(t)) })
}

func onSQLite(t *testing.T) database {
	t.Helper()
	schema, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "parley.db")
	if err := os.WriteFile(file, schema, 0o600); err != nil {
		t.Fatal(err)
	}
	return connect(t, "sqlite:"+file)
}

func onPostgres(t *testing.T) database {
	t.Helper()
	template, err := postgresTemplate()
	if err != nil {
		t.Fatal(err)
	}
	return connect(t, storagetest.PostgresURLFrom(t, template))
}

// connect opens a database that is there already; doing so again makes another
// node of the product.
func connect(t *testing.T, url string) database {
	t.Helper()
	s, err := Open(context.Background(), url, sealer(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return database{s, url}
}

// sealer is the same in all tests: nodes of one database share their key.
var sealer = sync.OnceValue(func() *secret.Sealer {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	key, err := secret.ParseKey(base64.StdEncoding.EncodeToString(raw))
	if err != nil {
		panic(err)
	}
	return secret.NewSealer(key)
})

// sqliteTemplate is the file of a migrated database without rows.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "parley-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "parley.db")
	if err := migrated("sqlite:" + file); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

var templateName = "parley_template_" + strings.ToLower(rand.Text())

// postgresTemplate names a migrated database to copy; to copy one is faster than
// to migrate each.
var postgresTemplate = sync.OnceValues(func() (string, error) {
	server := os.Getenv("PARLEY_TEST_POSTGRES_URL")
	if server == "" {
		return "template1", nil // the helper says what is missing
	}
	if err := onServer(server, "CREATE DATABASE "+templateName); err != nil {
		return "", err
	}
	database, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	database.Path = "/" + templateName
	return templateName, migrated(database.String())
})

func migrated(url string) error {
	s, err := Open(context.Background(), url, sealer(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if _, err := s.Migrate(context.Background()); err != nil {
		return err
	}
	return s.Close()
}

func onServer(server, statement string) error {
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer connection.Close(ctx)
	_, err = connection.Exec(ctx, statement)
	return err
}

func TestMain(m *testing.M) {
	code := m.Run()
	if server := os.Getenv("PARLEY_TEST_POSTGRES_URL"); server != "" {
		if err := onServer(server, "DROP DATABASE IF EXISTS "+templateName+" WITH (FORCE)"); err != nil {
			panic(err)
		}
	}
	os.Exit(code)
}

func TestMigrateTwice(t *testing.T) {
	t.Parallel()
	steps, err := fs.ReadDir(migrations.Files, "sqlite")
	if err != nil {
		t.Fatal(err)
	}
	storagetest.Each(t, func(t *testing.T, url string) {
		db := connect(t, url)
		for _, want := range []int{len(steps), 0} {
			if applied, err := db.Migrate(t.Context()); err != nil || applied != want {
				t.Fatalf("applied %d steps (%v), want %d", applied, err, want)
			}
		}
	})
}

// Nodes are started together, and each migrates.
func TestMigrateOnManyNodesAtOnce(t *testing.T) {
	t.Parallel()
	url := storagetest.PostgresURL(t)
	var nodes sync.WaitGroup
	for range 4 {
		db := connect(t, url)
		nodes.Go(func() {
			if _, err := db.Migrate(t.Context()); err != nil {
				t.Errorf("migrate: %v", err)
			}
		})
	}
	nodes.Wait()
}

func TestOpenRefusesOtherDatabases(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "parley.db", "mysql://localhost/parley"} {
		if s, err := Open(t.Context(), url, sealer(), slog.New(slog.DiscardHandler)); err == nil {
			_ = s.Close()
			t.Errorf("%q was opened", url)
		}
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, db database) {
		if err := db.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
