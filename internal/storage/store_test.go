package storage

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"testing"

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
	return connect(t, template.SQLite(t))
}

func onPostgres(t *testing.T) database {
	t.Helper()
	return connect(t, template.Postgres(t))
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

// template is what the tests' databases are copies of.
var template = &storagetest.Template{Migrate: migrated}

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

func TestMain(m *testing.M) {
	code := m.Run()
	if err := template.Drop(); err != nil {
		panic(err)
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
