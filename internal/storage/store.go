// Package storage keeps Parley's state in SQLite or PostgreSQL. Row structs are
// unexported and never leave it; not-found, duplicate and stale-version become
// domain errors here, once. Every write happens in InTx.
package storage

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/parley-cx/parley/internal/secret"
	"github.com/parley-cx/parley/migrations"
)

// Store is one open database. It is safe for use by many goroutines.
type Store struct {
	read    *gorm.DB
	engine  engine
	sealer  *secret.Sealer
	log     *slog.Logger
	schemas sync.Map
	tail    atomic.Int64 // a position of the event log that this process has seen
	stats   Stats

	onEvents func()
}

// Stats counts what reached the database; a test holds the hot moves to their figures.
type Stats struct {
	Statements atomic.Int64
	Commits    atomic.Int64
}

// Stats gives the counters of this store.
func (s *Store) Stats() *Stats { return &s.stats }

// engine is what differs between the two databases.
type engine interface {
	// transact runs fn in one transaction, or in a savepoint of one that it
	// shares with others; nil means that fn's effects are on disk.
	transact(ctx context.Context, fn func(ctx context.Context, tx *gorm.DB) error) error
	// dialect names the migrations folder.
	dialect() string
	// postgres tells whether statements can be joined into one, and rows locked.
	postgres() bool
	// purge removes what overwritten content has left behind.
	purge(ctx context.Context) (done bool, err error)
	close() error
}

// Open connects to the database that the URL names, "sqlite:FILE" or
// "postgres://…", without changing it. Secrets are sealed with the sealer.
func Open(ctx context.Context, url string, sealer *secret.Sealer, log *slog.Logger) (*Store, error) {
	s := &Store{sealer: sealer, log: log}
	var err error
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		s.read, s.engine, err = openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"), &s.stats.Commits)
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		s.read, s.engine, err = openPostgres(url, &s.stats.Commits)
	default:
		return nil, fmt.Errorf("the database URL must begin with sqlite: or postgres://")
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return s, s.count()
}

// count makes every statement add to the store's figures.
func (s *Store) count() error {
	after := func(*gorm.DB) { s.stats.Statements.Add(1) }
	cb := s.read.Callback()
	for _, err := range []error{
		cb.Query().After("gorm:query").Register("parley:count", after),
		cb.Row().After("gorm:row").Register("parley:count", after),
		cb.Raw().After("gorm:raw").Register("parley:count", after),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// Close ends all connections.
func (s *Store) Close() error { return s.engine.close() }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	db, err := s.read.DB()
	if err != nil {
		return err
	}
	return db.PingContext(ctx)
}

// Migrate brings the schema up to date and tells how many steps that took.
func (s *Store) Migrate(ctx context.Context) (applied int, err error) {
	db, done, err := s.migrationDB(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	files, err := fs.Sub(migrations.Files, s.engine.dialect())
	if err != nil {
		return 0, err
	}
	dialect := goose.DialectSQLite3
	if s.engine.postgres() {
		dialect = goose.DialectPostgres
	}
	provider, err := goose.NewProvider(dialect, db, files, goose.WithVerbose(false))
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return len(results), fmt.Errorf("migrate: %w", err)
	}
	return len(results), nil
}

// migrationDB gives the pool that may write, once no other node migrates; done
// lets the next one in.
func (s *Store) migrationDB(ctx context.Context) (db *sql.DB, done func(), err error) {
	if e, ok := s.engine.(*sqliteEngine); ok {
		return e.db, func() {}, nil
	}
	if db, err = s.read.DB(); err != nil {
		return nil, nil, err
	}
	hold, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	done = func() { _ = hold.Rollback() }
	for _, statement := range []string{"SET LOCAL lock_timeout = '5min'", "SET LOCAL idle_in_transaction_session_timeout = 0",
		"SELECT pg_advisory_xact_lock(hashtext('parley migrations'))"} {
		if _, err := hold.ExecContext(ctx, statement); err != nil {
			done()
			return nil, nil, err
		}
	}
	return db, done, nil
}

func gormConfig() *gorm.Config {
	return &gorm.Config{SkipDefaultTransaction: true, Logger: logger.Discard, DisableAutomaticPing: true}
}
